// A library for symbolizer_test: an exported function, a hidden one and an inlined one, each of
// which tells an address inside itself. Built with debug information; copies of it are stripped.
#include <cstdint>

namespace sample {

// NOLINTNEXTLINE(misc-use-internal-linkage)
[[gnu::noinline]] uintptr_t here() {
    return reinterpret_cast<uintptr_t>(__builtin_return_address(0));
}

template <typename T>
[[gnu::always_inline]] inline uintptr_t inlined(T bias) {
    return here() + static_cast<uintptr_t>(bias);
}

}  // namespace sample

namespace {

[[gnu::noinline]] uintptr_t hidden_function() {
    return sample::here() + 0;
}

}  // namespace

extern "C" {

[[gnu::noinline, gnu::visibility("default")]] uintptr_t sample_exported() {
    return sample::here() + 0;
}

[[gnu::noinline, gnu::visibility("default")]] uintptr_t sample_hidden() {
    return hidden_function() + 0;
}

[[gnu::noinline, gnu::visibility("default")]] uintptr_t sample_inlined() {
    return sample::inlined(0L) + 0;
}

}  // extern "C"
