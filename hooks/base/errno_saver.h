// Keeps errno over a scope, so that a hook never disturbs its caller.
#pragma once

#include <errno.h>

namespace dearth::hooks {

class ErrnoSaver {
public:
    ErrnoSaver() noexcept : saved_(errno) {}
    ~ErrnoSaver() { errno = saved_; }
    ErrnoSaver(const ErrnoSaver&) = delete;
    ErrnoSaver& operator=(const ErrnoSaver&) = delete;

private:
    int saved_;
};

}  // namespace dearth::hooks
