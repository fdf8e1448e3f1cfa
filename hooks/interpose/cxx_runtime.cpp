// Weak references find a runtime that was there when the program started. Otherwise the module that
// called us depends on one: a look-up there succeeds, and a look-up that succeeds does not
// allocate.
#include "hooks/interpose/cxx_runtime.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "hooks/base/die.h"

// std::get_new_handler and std::__throw_bad_alloc; libstdc++ and libc++ name them alike.
extern "C" {
__attribute__((weak)) dearth::hooks::NewHandler _ZSt15get_new_handlerv();
__attribute__((weak)) void _ZSt17__throw_bad_allocv();
}

namespace dearth::hooks {

namespace {

template <typename Function>
Function as_function(void* symbol) {
    Function function = nullptr;
    static_assert(sizeof(function) == sizeof(symbol), "POSIX: a function fits a data pointer");
    memcpy(&function, &symbol, sizeof(function));
    return function;
}

}  // namespace

void* find_in_runtime(const char* name, const void* caller) {
    Dl_info info = {};
    void* module = nullptr;
    void* symbol = nullptr;
    if (_ZSt17__throw_bad_allocv != nullptr) {
        symbol = dlsym(RTLD_NEXT, name);
    } else if (dladdr1(caller, &info, &module, RTLD_DL_LINKMAP) != 0) {
        symbol = dlsym(module, name);
    }
    if (symbol == nullptr) {
        die("operator new is called, but no C++ runtime is to be found");
    }
    return symbol;
}

NewHandler installed_new_handler(const void* caller) {
    using GetNewHandler = NewHandler (*)();
    GetNewHandler get = _ZSt15get_new_handlerv;
    if (get == nullptr) {
        get = as_function<GetNewHandler>(find_in_runtime("_ZSt15get_new_handlerv", caller));
    }
    return get();
}

void throw_bad_alloc(const void* caller) {
    using Throw = void (*)();
    Throw throws = _ZSt17__throw_bad_allocv;
    if (throws == nullptr) {
        throws = as_function<Throw>(find_in_runtime("_ZSt17__throw_bad_allocv", caller));
    }
    throws();
    __builtin_unreachable();
}

}  // namespace dearth::hooks
