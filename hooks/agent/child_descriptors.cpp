#include "hooks/agent/child_descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dearth::hooks {
namespace {

constinit int first_free_ = -1;

// The number that the next descriptor will get; -1: none is free.
int lowest_free_descriptor() {
    const int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd;
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
    const off_t offset = lseek(fd, 0, SEEK_CUR);
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

}  // namespace

void note_first_free_descriptor() {
    first_free_ = lowest_free_descriptor();
}

void give_child_descriptors(int out_fd, int err_fd) {
    dup2(out_fd, STDOUT_FILENO);
    dup2(err_fd, STDERR_FILENO);
    if (first_free_ >= 0 && lowest_free_descriptor() == first_free_)
        return;
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
                reopen(fd);
            at += entry->length;
        }
    }
    close(folder);
}

}  // namespace dearth::hooks
