// Source place that a caller announced for its thread's next request: set above the layers, taken
// by the one that records blocks. Neither allocates nor fails.
#pragma once

namespace dearth::hooks {

struct NextPlace {
    const char* file;  // NULL: none announced
    int line;
};

// Initial-exec (a build flag of the hooks): reading it is one instruction and never allocates.
inline constinit thread_local NextPlace next_place = {nullptr, 0};

inline void set_next_place(const char* file, int line) noexcept {
    next_place = {file, line};
}

inline void clear_next_place() noexcept {
    next_place = {nullptr, 0};
}

// The place, which is then no longer there for a later request.
inline NextPlace take_next_place() noexcept {
    const NextPlace place = next_place;
    clear_next_place();
    return place;
}

}  // namespace dearth::hooks
