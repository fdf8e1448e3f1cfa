#include "hooks/agent/child_descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"

namespace dearth::hooks {
namespace {

// Descriptors above are rare, and taken for the target's own.
constexpr int kKnownMax = 1024;
// Those above are looked for only when something below is new.
constexpr int kWatched = 256;

struct DescriptorSet {
    uint64_t words[kKnownMax / 64];

    bool has(int fd) const { return fd < kKnownMax && (words[fd / 64] >> (fd % 64) & 1) != 0; }
    void add(int fd) {
        if (fd < kKnownMax)
            words[fd / 64] |= uint64_t{1} << (fd % 64);
    }
    bool operator==(const DescriptorSet& other) const = default;
};

constinit DescriptorSet known_ = {};
constinit DescriptorSet watched_ = {};  // what open_descriptors said at first

// Offsets before the split: the parent reads on while a child still opens its files.
constinit off_t offsets_[kWatched] = {};

// Set in the parent before a split: its child inherits the answer.
constinit bool has_files_to_reopen_ = false;

// Which of the watched numbers are in use, by one call. The lowest free number would tell less: it
// is the old one again as soon as the target has closed the first of two files.
DescriptorSet open_descriptors() {
    pollfd places[kWatched];
    for (int fd = 0; fd < kWatched; ++fd)
        places[fd] = {fd, 0, 0};
    DescriptorSet open = {};
    // Refused where a process may not have that many: look closer each time.
    const bool is_refused = poll(places, kWatched, 0) < 0;
    for (int fd = 0; fd < kWatched; ++fd) {
        if (is_refused || (places[fd].revents & POLLNVAL) == 0)
            open.add(fd);
    }
    return open;
}

// The kernel's directory record; libc's readdir would allocate.
struct RawEntry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[1];
};

int parse_descriptor(const char* name) {
    int value = 0;
    if (*name < '0' || *name > '9')
        return -1;
    for (; *name >= '0' && *name <= '9'; ++name)
        value = value * 10 + (*name - '0');
    return value;
}

void write_path(char (&path)[40], int fd) {
    const char prefix[] = "/proc/self/fd/";
    char digits[12];
    int count = 0;
    do {
        digits[count++] = static_cast<char>('0' + fd % 10);
        fd /= 10;
    } while (fd != 0);
    int at = 0;
    for (const char* p = prefix; *p != '\0'; ++p)
        path[at++] = *p;
    while (count > 0)
        path[at++] = digits[--count];
    path[at] = '\0';
}

void reopen(int fd) {
    struct stat facts;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return;
    // Anonymous files (our control page and outputs) have no link and are meant to be shared.
    if (facts.st_nlink == 0)
        return;
    const int flags = fcntl(fd, F_GETFL);
    const int descriptor_flags = fcntl(fd, F_GETFD);
    const off_t offset = fd < kWatched ? offsets_[fd] : lseek(fd, 0, SEEK_CUR);
    if (flags < 0 || offset < 0)
        return;
    char path[40];
    write_path(path, fd);
    const int fresh = open(path, (flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_CLOEXEC);
    if (fresh < 0)
        return;
    lseek(fresh, offset, SEEK_SET);
    dup3(fresh, fd, (descriptor_flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
    close(fresh);
}

// Calls `visit` for each open descriptor above standard error.
template <typename Visit>
void for_each_descriptor(Visit visit) {
    const int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    alignas(8) char buffer[4096];
    for (;;) {
        const long got = syscall(SYS_getdents64, folder, buffer, sizeof buffer);
        if (got <= 0)
            break;
        for (long at = 0; at < got;) {
            auto* entry = reinterpret_cast<RawEntry*>(buffer + at);
            const int fd = parse_descriptor(entry->name);
            if (fd > STDERR_FILENO && fd != folder)
                visit(fd);
            at += entry->length;
        }
    }
    close(folder);
}

// Reading takes from it, and reopening makes no second one.
bool is_consumed_by_reading(int fd) {
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return false;
    const mode_t kind = facts.st_mode & S_IFMT;
    // No kind at all: event counters, timers, and what waits for them.
    return kind == S_IFIFO || kind == S_IFSOCK || kind == 0;
}

}  // namespace

void note_known_descriptors() {
    for_each_descriptor([](int fd) { known_.add(fd); });
    watched_ = open_descriptors();
}

bool has_shared_descriptors() {
    static constinit DescriptorSet looked_at = {};
    const DescriptorSet open = open_descriptors();
    if (open == watched_ || open == looked_at)
        return false;
    looked_at = open;
    bool is_found = false;
    for_each_descriptor([&](int fd) { is_found |= !known_.has(fd) && is_consumed_by_reading(fd); });
    return is_found;
}

void note_offsets() {
    const ErrnoSaver saver;
    const DescriptorSet open = open_descriptors();
    has_files_to_reopen_ = open != watched_;
    for (int fd = 0; fd < kWatched; ++fd) {
        if (fd == STDIN_FILENO || (has_files_to_reopen_ && open.has(fd)))
            offsets_[fd] = lseek(fd, 0, SEEK_CUR);
    }
}

void give_child_descriptors(int out_fd, int err_fd) {
    dup2(out_fd, STDOUT_FILENO);
    dup2(err_fd, STDERR_FILENO);
    // A program's input is there for every child, from the forward run's place on.
    reopen(STDIN_FILENO);
    if (has_files_to_reopen_)
        for_each_descriptor(reopen);
}

}  // namespace dearth::hooks
