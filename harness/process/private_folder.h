// An empty folder that is removed, with all that was put into it, when its owner goes.
#pragma once

#include <string>

#include "harness/base/result.h"

namespace dearth::harness {

class PrivateFolder {
public:
    // Below TMPDIR, or /tmp.
    static Result<PrivateFolder> create();

    PrivateFolder(PrivateFolder&& other) noexcept;
    PrivateFolder& operator=(PrivateFolder&& other) noexcept;
    ~PrivateFolder();

    const std::string& path() const { return path_; }

private:
    explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace dearth::harness
