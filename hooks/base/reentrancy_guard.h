// Tells a request made by a program from one made inside another request of the same thread: by
// an allocator built on a second one, by the loader, or by ourselves. The inner one must go
// straight down.
#pragma once

namespace dearth::hooks {

// Initial-exec (a build flag of the hooks): reading it is one instruction and never allocates.
inline constinit thread_local bool is_inside_request = false;

/// Raises the flag for a scope. `is_outermost` says whether this scope raised it.
class ReentrancyGuard {
public:
    ReentrancyGuard() noexcept : is_outermost_(!is_inside_request) { is_inside_request = true; }
    ~ReentrancyGuard() { is_inside_request = !is_outermost_; }
    ReentrancyGuard(const ReentrancyGuard&) = delete;
    ReentrancyGuard& operator=(const ReentrancyGuard&) = delete;

    bool is_outermost() const noexcept { return is_outermost_; }

private:
    bool is_outermost_;
};

}  // namespace dearth::hooks
