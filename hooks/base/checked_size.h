// Size arithmetic that cannot wrap. A request that does not fit is answered like one that is too
// large: by failing, never by a smaller block.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

/// Largest request an allocator may serve: pointers into a block must be subtractable.
inline constexpr size_t kRequestMax = PTRDIFF_MAX;

/// False when the product, or the sum, exceeds PTRDIFF_MAX; `result` is then unchanged.
constexpr bool multiply_sizes(size_t count, size_t element_bytes, size_t& result) noexcept {
    size_t product = 0;
    if (__builtin_mul_overflow(count, element_bytes, &product) || product > kRequestMax) {
        return false;
    }
    result = product;
    return true;
}

constexpr bool add_sizes(size_t left, size_t right, size_t& result) noexcept {
    size_t sum = 0;
    if (__builtin_add_overflow(left, right, &sum) || sum > kRequestMax) {
        return false;
    }
    result = sum;
    return true;
}

constexpr bool is_power_of_two(size_t value) noexcept {
    return value != 0 && (value & (value - 1)) == 0;
}

/// `alignment` is a power of two and the result must fit.
constexpr size_t align_up(size_t size, size_t alignment) noexcept {
    return (size + alignment - 1) & ~(alignment - 1);
}

}  // namespace dearth::hooks
