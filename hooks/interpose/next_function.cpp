// See the header. Two threads that look at once find the same.
#include "hooks/interpose/next_function.h"

#include <dlfcn.h>

#include "hooks/base/die.h"

namespace dearth::hooks {

void* next_symbol(const char* name, void*& kept) {
    void* symbol = __atomic_load_n(&kept, __ATOMIC_ACQUIRE);
    if (symbol == nullptr) {
        symbol = dlsym(RTLD_NEXT, name);
        if (symbol == nullptr) {
            die("libc lacks a function that the preload library shadows");
        }
        __atomic_store_n(&kept, symbol, __ATOMIC_RELEASE);
    }
    return symbol;
}

}  // namespace dearth::hooks
