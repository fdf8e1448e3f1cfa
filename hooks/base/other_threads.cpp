// Reads /proc/self/task/TID/syscall: "running", or "NUMBER ARGUMENTS... STACK PROGRAM-COUNTER", or
// "-1 STACK PROGRAM-COUNTER". A thread of one's own process may always be looked at so.
#include "hooks/base/other_threads.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/raw_output.h"

namespace dearth::hooks {

namespace {

constexpr size_t kNumbersMax = 9;

// Numbers of a line, hexadecimal ones with 0x in front.
size_t read_numbers(const char* text, uint64_t (&numbers)[kNumbersMax]) noexcept {
    size_t count = 0;
    for (const char* place = text; count < kNumbersMax;) {
        char* end = nullptr;
        numbers[count] = strtoull(place, &end, 0);
        if (end == place) {
            break;
        }
        ++count;
        place = end;
    }
    return count;
}

OtherThread read_thread(const char* task) noexcept {
    OtherThread thread = {};
    RawOutput path;
    path.text("/proc/self/task/").text(task).text("/syscall");
    char name[64] = {};
    if (path.length() >= sizeof(name)) {
        return thread;
    }
    memcpy(name, path.data(), path.length());
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return thread;
    }
    char line[256] = {};
    const ssize_t got = read(file, line, sizeof(line) - 1);
    close(file);
    uint64_t numbers[kNumbersMax] = {};
    const size_t count = got > 0 ? read_numbers(line, numbers) : 0;
    if (count == kNumbersMax) {
        memcpy(thread.arguments, numbers + 1, sizeof(thread.arguments));
        thread.argument_count = 6;
    }
    thread.stack_pointer = count >= 3 ? numbers[count - 2] : 0;
    return thread;
}

struct DirectoryEntry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t kind;
    char name[1];
};

}  // namespace

bool for_each_other_thread(void* ctx,
                           void (*visit)(void* ctx, const OtherThread& thread)) noexcept {
    ErrnoSaver saver;
    const int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    const auto own = static_cast<uint64_t>(gettid());
    alignas(8) char entries[2048];
    long got = 1;
    while (got > 0) {
        got = syscall(SYS_getdents64, folder, entries, sizeof(entries));
        for (long place = 0; place < got;) {
            const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + place);
            const char* name = entries + place + offsetof(DirectoryEntry, name);
            if (name[0] != '.' && strtoull(name, nullptr, 10) != own) {
                visit(ctx, read_thread(name));
            }
            place += entry->length;
        }
    }
    close(folder);
    return got == 0;
}

}  // namespace dearth::hooks
