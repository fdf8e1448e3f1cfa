// The first 100 bytes of a database hold all that is asked here: page size and count at 16 and 28,
// two counters that say whether the count can be believed at 24 and 92, our format and id at 60
// and 68, all big-endian (SQLite's file format, section 1.3).
#include "harness/store/results_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include "harness/store/results_schema.h"

namespace dearth::harness {
namespace {

constexpr size_t kHeaderBytes = 100;
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr const char* kNameAResultsFile = "name a file that `dearth run --db FILE` wrote";

Error cannot(std::string_view attempt, const std::string& path, std::string_view why,
             std::string next_step, ErrorClass error_class = ErrorClass::kUsage) {
    return {error_class, fmt::format("{} {}: {}", attempt, path, why), std::move(next_step)};
}

Error cannot_read(const std::string& path, std::string_view why, std::string next_step) {
    return cannot("read results from", path, why, std::move(next_step));
}

uint64_t big_endian(const char* bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

Status check_header(const std::string& path, std::string_view header, uint64_t file_bytes) {
    if (header.empty())
        return cannot_read(path, "it is empty: the run that made it stopped before it began",
                           "delete it and run again");
    const size_t known = std::min(header.size(), kMagic.size());
    if (header.substr(0, known) != kMagic.substr(0, known))
        return cannot_read(path, "it is not a results file", kNameAResultsFile);
    if (header.size() < kHeaderBytes)
        return cannot_read(path, fmt::format("it is cut short: {} bytes are left", file_bytes),
                           "copy it again from where it was made");
    if (big_endian(header.data() + 68, 4) != kResultsApplicationId)
        return cannot_read(path, "it is a database, but not one of dearth's", kNameAResultsFile);
    const uint64_t format = big_endian(header.data() + 60, 4);
    if (format > kResultsFormat)
        return cannot_read(path,
                           fmt::format("it has format {}, written by a newer dearth; this one "
                                       "reads up to format {}",
                                       format, kResultsFormat),
                           "use the dearth that wrote it, or a newer one");
    if (format == 0)
        return cannot_read(path, "it has no format number", kNameAResultsFile);

    // 1 stands for 65536, which does not fit into the field.
    uint64_t page_bytes = big_endian(header.data() + 16, 2);
    page_bytes = page_bytes == 1 ? 65'536 : page_bytes;
    const uint64_t page_count = big_endian(header.data() + 28, 4);
    const bool is_count_valid =
        big_endian(header.data() + 24, 4) == big_endian(header.data() + 92, 4);
    // While a -wal file stands beside it, the pages that are missing here may be there.
    if (is_count_valid && stands_alone(path) && file_bytes < page_bytes * page_count)
        return cannot_read(path,
                           fmt::format("it is cut short: {} of {} bytes are left", file_bytes,
                                       page_bytes * page_count),
                           "copy it again from where it was made");
    return Done{};
}

Result<UniqueFd> open_file(const std::string& path, int flags) {
    UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd.is_open()) {
        if (errno == ENOENT || errno == ENOTDIR)
            return cannot_read(path, "there is no such file",
                               "check the name, or make one with `dearth run --db FILE`");
        return cannot_read(path, std::strerror(errno), "check the permissions of the file");
    }
    return fd;
}

}  // namespace

bool stands_alone(const std::string& path) {
    struct stat wal = {};
    return ::stat((path + "-wal").c_str(), &wal) != 0 || wal.st_size == 0;
}

Status check_results_file(const std::string& path) {
    struct stat facts = {};
    if (::stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode))
        return cannot_read(path, "it is a folder", "name the results file in it");
    if (facts.st_mode != 0 && !S_ISREG(facts.st_mode))
        return cannot_read(path, "it is not a regular file", kNameAResultsFile);
    Result<UniqueFd> fd = open_file(path, O_RDONLY);
    if (!fd)
        return fd.error();
    std::array<char, kHeaderBytes> header = {};
    const ssize_t length = ::pread(fd.value().get(), header.data(), header.size(), 0);
    if (length < 0)
        return cannot_read(path, std::strerror(errno), "");
    return check_header(path, {header.data(), static_cast<size_t>(length)},
                        static_cast<uint64_t>(facts.st_size));
}

Status make_results_file(const std::string& path) {
    constexpr std::string_view kAttempt = "make the results file";
    struct stat facts = {};
    if (path.empty())
        return cannot("make the results file", "\"\"", "the name is empty", "pass --db FILE");
    if (::stat(path.c_str(), &facts) == 0) {
        if (S_ISDIR(facts.st_mode))
            return cannot(kAttempt, path, "it is a folder", "name a file in it: --db FILE");
        if (!S_ISREG(facts.st_mode))
            return cannot(kAttempt, path, "it is not a regular file", "choose another --db FILE");
        if (facts.st_size > 0)
            return cannot(kAttempt, path, "it exists already",
                          "go on with it by --resume, delete it, or choose another --db FILE");
    }
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd.is_open())
        return Done{};
    const int reason = errno;
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (reason == ENOENT || reason == ENOTDIR)
        return cannot(kAttempt, path, fmt::format("there is no folder {}", folder),
                      fmt::format("mkdir -p {}", folder));
    if (reason == EACCES || reason == EROFS || reason == EPERM)
        return cannot(kAttempt, path, "the folder cannot be written", "choose another --db FILE");
    if (reason == ENOSPC || reason == EDQUOT)
        return cannot(kAttempt, path, "the disk is full", "make room, or choose another --db FILE",
                      ErrorClass::kInternal);
    return cannot(kAttempt, path, std::strerror(reason), "choose another --db FILE",
                  ErrorClass::kInternal);
}

void forget_empty_file(const std::string& path) {
    struct stat facts = {};
    if (::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size == 0)
        ::unlink(path.c_str());
}

Result<UniqueFd> lock_results_file(const std::string& path) {
    constexpr std::string_view kAttempt = "write results to";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd.is_open()) {
        if (errno == EACCES || errno == EROFS || errno == EPERM)
            return cannot(kAttempt, path, "the file cannot be written",
                          "check its permissions, or copy it to another place");
        return cannot(kAttempt, path, std::strerror(errno), "");
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return cannot(kAttempt, path, "another dearth is writing to it",
                          "wait for it or end it, or choose another --db FILE");
        return cannot(kAttempt, path, std::strerror(errno), "", ErrorClass::kInternal);
    }
    return fd;
}

}  // namespace dearth::harness
