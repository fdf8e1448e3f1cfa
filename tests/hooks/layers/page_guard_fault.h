// Runs a piece of code in a child until a page of the page guard stops it, and hands over what the
// signal handler could say about that.
#pragma once

#include <signal.h>
#include <sys/mman.h>

#include <cstdint>

#include "hooks/layers/page_guard_explain.h"
#include "tests/support/forked_child.h"

namespace dearth::tests {

struct PageFault {
    uint32_t was_caught;  ///< SIGSEGV was raised
    uint32_t is_explained;
    uint64_t address;
    dearth_misuse misuse;
};

inline PageFault* shared_page_fault() {
    static auto* fault = static_cast<PageFault*>(mmap(
        nullptr, sizeof(PageFault), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return fault;
}

/// `body` runs in a child of its own; nothing is caught when it comes to its end.
template <typename Body>
PageFault page_fault_of(Body&& body) {
    PageFault* fault = shared_page_fault();
    *fault = PageFault{};
    status_of_child([&] {
        struct sigaction action = {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = [](int, siginfo_t* info, void*) {
            PageFault* caught = shared_page_fault();
            caught->was_caught = 1;
            caught->address = reinterpret_cast<uint64_t>(info->si_addr);
            caught->is_explained = hooks::page_guard_explain(
                                       reinterpret_cast<uintptr_t>(info->si_addr), caught->misuse)
                                       ? 1
                                       : 0;
            _exit(0);
        };
        sigaction(SIGSEGV, &action, nullptr);
        body();
    });
    return *fault;
}

}  // namespace dearth::tests
