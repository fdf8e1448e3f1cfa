// Arithmetic on the bounds of memory that is searched for pointers.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

// From here on it pays to ask which pages were ever used.
inline constexpr size_t kLargeRange = size_t{64} << 10;

constexpr uintptr_t word_up(uintptr_t address) noexcept {
    return (address + 7) & ~uintptr_t{7};
}
constexpr uintptr_t word_down(uintptr_t address) noexcept {
    return address & ~uintptr_t{7};
}
constexpr uintptr_t least(uintptr_t left, uintptr_t right) noexcept {
    return left < right ? left : right;
}
constexpr uintptr_t most(uintptr_t left, uintptr_t right) noexcept {
    return left < right ? right : left;
}

}  // namespace dearth::hooks
