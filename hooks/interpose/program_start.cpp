// Beginning and end of the program: __libc_start_main, which calls main, and all that ends a
// process from inside. Libraries are initialised by then, the executable is not.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>

#include "hooks/agent/program_run.h"
#include "hooks/base/leave_process.h"
#include "hooks/install/process_wide.h"
#include "hooks/interpose/next_function.h"
#include "hooks/interpose/shadow.h"
#include "hooks/interpose/transfers.h"

extern "C" __attribute__((visibility("hidden"))) void* dearth_own_malloc(
    size_t size_bytes) noexcept;

namespace dearth::hooks {
namespace {

using Main = int (*)(int argc, char** argv, char** environment);
using Call = void (*)();
using StartMain = int (*)(Main, int, char**, Call, Call, Call, void*);

constinit Main program_main = nullptr;
constinit int quick_status = 0;

int run_main(int argc, char** argv, char** environment) {
    enter_main();
    const int status = program_main(argc, argv, environment);
    leave_main();
    return status;
}

const char* own_file() {
    Dl_info info = {};
    return dladdr(reinterpret_cast<const void*>(dearth_own_malloc), &info) != 0 ? info.dli_fname
                                                                                : "";
}

// The module whose malloc everybody else finds; NULL: it is ours.
const char* shadowing_module() {
    const void* found = dlsym(RTLD_DEFAULT, "malloc");
    Dl_info info = {};
    void* entry = nullptr;
    if (found == reinterpret_cast<const void*>(dearth_own_malloc) ||
        dladdr1(found, &info, &entry, RTLD_DL_SYMENT) == 0) {
        return nullptr;
    }
    // An executable that takes malloc's address may stand for it by an entry that leads to ours.
    const auto* symbol = static_cast<const ElfW(Sym)*>(entry);
    return symbol != nullptr && symbol->st_shndx == SHN_UNDEF ? nullptr : info.dli_fname;
}

void start() {
    if (start_program(own_file(), shadowing_module()) == ProgramMode::kPassing) {
        pass_all_requests();
        return;
    }
    prepare_transfers();
    if (!put_layers_in()) {
        refuse_program("the layers cannot be put around the process's allocator");
    }
    open_program();
}

void end_quickly() {
    end_program(quick_status);
}

}  // namespace
}  // namespace dearth::hooks

using namespace dearth::hooks;

DEARTH_SHADOW int __libc_start_main(Main main, int argc, char** argv, Call init, Call fini,
                                    Call loader_fini, void* stack_end) {
    static constinit void* next = nullptr;
    const auto start_main = next_function<StartMain>("__libc_start_main", next);
    program_main = main;
    at_quick_exit(end_quickly);
    start();
    return start_main(run_main, argc, argv, init, fini, loader_fini, stack_end);
}

DEARTH_SHADOW __attribute__((noreturn)) void exit(int status) noexcept {
    static constinit void* next = nullptr;
    leave_main();
    next_function<void (*)(int)>("exit", next)(status);
    __builtin_unreachable();
}

DEARTH_SHADOW __attribute__((noreturn)) void quick_exit(int status) noexcept {
    static constinit void* next = nullptr;
    quick_status = status;
    leave_main();
    next_function<void (*)(int)>("quick_exit", next)(status);
    __builtin_unreachable();
}

DEARTH_SHADOW __attribute__((noreturn)) void _exit(int status) {
    end_program(status);
    leave_process(status);
}

DEARTH_SHADOW __attribute__((noreturn)) void _Exit(int status) noexcept {
    end_program(status);
    leave_process(status);
}
