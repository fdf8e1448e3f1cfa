// Where a program touches a closed page of the page guard it faults; the kernel does not: it
// answers EFAULT, or cuts the transfer short, and the misuse goes by unseen. These forward, and say
// so before. Without a page guard they cost a comparison.
#include "hooks/interpose/transfers.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "hooks/interpose/next_function.h"
#include "hooks/interpose/shadow.h"
#include "hooks/layers/page_guard_explain.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {

namespace {

using Read = ssize_t (*)(int, void*, size_t);
using Write = ssize_t (*)(int, const void*, size_t);
using ReadAt = ssize_t (*)(int, void*, size_t, off_t);
using WriteAt = ssize_t (*)(int, const void*, size_t, off_t);
using Receive = ssize_t (*)(int, void*, size_t, int);
using Send = ssize_t (*)(int, const void*, size_t, int);
using ReceiveFrom = ssize_t (*)(int, void*, size_t, int, sockaddr*, socklen_t*);
using SendTo = ssize_t (*)(int, const void*, size_t, int, const sockaddr*, socklen_t);
using ReadItems = size_t (*)(void*, size_t, size_t, FILE*);
using WriteItems = size_t (*)(const void*, size_t, size_t, FILE*);

enum Transfer : size_t {
    kRead,
    kReadAt,
    kReceive,
    kReceiveFrom,
    kReadItems,
    kWrite,
    kWriteAt,
    kSend,
    kSendTo,
    kWriteItems,
    kTransferCount
};
constexpr const char* kNames[kTransferCount] = {"read",  "pread64",  "recv", "recvfrom", "fread",
                                                "write", "pwrite64", "send", "sendto",   "fwrite"};
constinit void* kept[kTransferCount] = {};

template <typename Function>
Function next(Transfer transfer) {
    return next_function<Function>(kNames[transfer], kept[transfer]);
}

__attribute__((noinline)) void report_closed(uintptr_t closed, uint32_t access, void* caller) {
    dearth_misuse misuse = {};
    if (page_guard_explain(closed, misuse)) {
        misuse.access = access;
        request_context.op = DEARTH_OP_COUNT;
        request_context.caller = caller;
        report_misuse(misuse);
    }
}

uintptr_t closed_byte(const void* start, size_t count) {
    return page_guard_closed_byte(reinterpret_cast<uintptr_t>(start), count);
}

// Before the kernel reads. All of the source is the program's word for what is there.
inline void look_at_source(const void* start, size_t count, void* caller) {
    if (__builtin_expect(page_guard_may_hold(start), 0)) {
        const uintptr_t closed = closed_byte(start, count);
        if (closed != 0) {
            report_closed(closed, DEARTH_ACCESS_READ, caller);
        }
    }
}

// After the kernel wrote: a target may be told too long and yet not be overrun.
inline void look_at_target(const void* start, size_t count, size_t done, bool has_failed,
                           void* caller) {
    if (__builtin_expect(page_guard_may_hold(start), 0)) {
        const uintptr_t closed = closed_byte(start, count);
        const size_t room = closed - reinterpret_cast<uintptr_t>(start);
        if (closed != 0 && ((has_failed && errno == EFAULT) || (room != 0 && done >= room))) {
            report_closed(closed, DEARTH_ACCESS_WRITE, caller);
        }
    }
}

ssize_t filled(ssize_t result, const void* start, size_t count, void* caller) {
    look_at_target(start, count, result < 0 ? 0 : static_cast<size_t>(result), result < 0, caller);
    return result;
}

}  // namespace

void prepare_transfers() {
    for (size_t transfer = 0; transfer < kTransferCount; ++transfer) {
        next_symbol(kNames[transfer], kept[transfer]);
    }
}

}  // namespace dearth::hooks

using namespace dearth::hooks;

DEARTH_SHADOW ssize_t read(int fd, void* target, size_t count) {
    return filled(next<Read>(kRead)(fd, target, count), target, count, __builtin_return_address(0));
}

DEARTH_SHADOW ssize_t pread(int fd, void* target, size_t count, off_t place) {
    return filled(next<ReadAt>(kReadAt)(fd, target, count, place), target, count,
                  __builtin_return_address(0));
}

DEARTH_SHADOW ssize_t pread64(int fd, void* target, size_t count, off_t place) {
    return filled(next<ReadAt>(kReadAt)(fd, target, count, place), target, count,
                  __builtin_return_address(0));
}

DEARTH_SHADOW ssize_t recv(int fd, void* target, size_t count, int flags) {
    return filled(next<Receive>(kReceive)(fd, target, count, flags), target, count,
                  __builtin_return_address(0));
}

DEARTH_SHADOW ssize_t recvfrom(int fd, void* target, size_t count, int flags, sockaddr* from,
                               socklen_t* from_bytes) {
    return filled(next<ReceiveFrom>(kReceiveFrom)(fd, target, count, flags, from, from_bytes),
                  target, count, __builtin_return_address(0));
}

DEARTH_SHADOW size_t fread(void* target, size_t item_bytes, size_t count, FILE* file) {
    const size_t items = next<ReadItems>(kReadItems)(target, item_bytes, count, file);
    size_t bytes = 0;
    if (!__builtin_mul_overflow(item_bytes, count, &bytes)) {
        look_at_target(target, bytes, items * item_bytes, items < count,
                       __builtin_return_address(0));
    }
    return items;
}

DEARTH_SHADOW ssize_t write(int fd, const void* source, size_t count) {
    look_at_source(source, count, __builtin_return_address(0));
    return next<Write>(kWrite)(fd, source, count);
}

DEARTH_SHADOW ssize_t pwrite(int fd, const void* source, size_t count, off_t place) {
    look_at_source(source, count, __builtin_return_address(0));
    return next<WriteAt>(kWriteAt)(fd, source, count, place);
}

DEARTH_SHADOW ssize_t pwrite64(int fd, const void* source, size_t count, off_t place) {
    look_at_source(source, count, __builtin_return_address(0));
    return next<WriteAt>(kWriteAt)(fd, source, count, place);
}

DEARTH_SHADOW ssize_t send(int fd, const void* source, size_t count, int flags) {
    look_at_source(source, count, __builtin_return_address(0));
    return next<Send>(kSend)(fd, source, count, flags);
}

DEARTH_SHADOW ssize_t sendto(int fd, const void* source, size_t count, int flags,
                             const sockaddr* to, socklen_t to_bytes) {
    look_at_source(source, count, __builtin_return_address(0));
    return next<SendTo>(kSendTo)(fd, source, count, flags, to, to_bytes);
}

DEARTH_SHADOW size_t fwrite(const void* source, size_t item_bytes, size_t count, FILE* file) {
    size_t bytes = 0;
    if (!__builtin_mul_overflow(item_bytes, count, &bytes)) {
        look_at_source(source, bytes, __builtin_return_address(0));
    }
    return next<WriteItems>(kWriteItems)(source, item_bytes, count, file);
}
