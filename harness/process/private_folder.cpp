#include "harness/process/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace dearth::harness {

Result<PrivateFolder> PrivateFolder::create() {
    const char* chosen = std::getenv("TMPDIR");
    const std::string below = chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
    std::string path = below + "/dearth-run-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
        return Error{ErrorClass::kInternal,
                     fmt::format("make a private folder below {}: {}", below, std::strerror(errno)),
                     "set TMPDIR to a folder that can be written"};
    return PrivateFolder(std::move(path));
}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept
    : path_(std::exchange(other.path_, std::string())) {}

PrivateFolder& PrivateFolder::operator=(PrivateFolder&& other) noexcept {
    std::swap(path_, other.path_);  // what was ours goes with the other
    return *this;
}

PrivateFolder::~PrivateFolder() {
    // What the target made unremovable stays; there is nobody to tell here.
    std::error_code ignored;
    if (!path_.empty())
        std::filesystem::remove_all(path_, ignored);
}

}  // namespace dearth::harness
