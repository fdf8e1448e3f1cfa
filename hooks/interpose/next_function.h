// The function that one of ours shadows.
#pragma once

#include <string.h>

namespace dearth::hooks {

/// Looked up once and kept in `kept`; ends the process when there is none. Allocates nothing.
void* next_symbol(const char* name, void*& kept);

template <typename Function>
Function next_function(const char* name, void*& kept) {
    void* symbol = next_symbol(name, kept);
    Function function = nullptr;
    static_assert(sizeof(function) == sizeof(symbol), "POSIX: a function fits a data pointer");
    memcpy(&function, &symbol, sizeof(function));
    return function;
}

}  // namespace dearth::hooks
