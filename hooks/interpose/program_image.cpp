// The exec family: the program becomes another one, which is not watched, so the trial ends here.
// Their argument lists are collected on the stack, as libc does it.
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "hooks/agent/program_run.h"
#include "hooks/base/errno_saver.h"
#include "hooks/interpose/next_function.h"
#include "hooks/interpose/shadow.h"

using namespace dearth::hooks;

namespace {

// Comes back only when the call failed.
template <typename Exec>
int become(const char* path, Exec exec) {
    end_program_by_exec(path);
    const int result = exec();
    const ErrnoSaver saver;
    resume_program();
    return result;
}

using ExecVector = int (*)(const char* path, char* const* arguments, char* const* environment);

// Both take an environment, and stand for the functions that take the process's own.
int become_file(const char* path, char* const* arguments, char* const* environment) {
    static constinit void* next = nullptr;
    const auto exec = next_function<ExecVector>("execve", next);
    return become(path, [=] { return exec(path, arguments, environment); });
}

int become_found(const char* name, char* const* arguments, char* const* environment) {
    static constinit void* next = nullptr;
    const auto exec = next_function<ExecVector>("execvpe", next);
    return become(name, [=] { return exec(name, arguments, environment); });
}

// Leaves the list where it is. With `first` and the NULL.
size_t count_arguments(va_list list) {
    va_list ahead;
    va_copy(ahead, list);
    size_t count = 2;
    while (va_arg(ahead, char*) != nullptr) {
        ++count;
    }
    va_end(ahead);
    return count;
}

// `first` and the rest of the list, with its NULL.
void collect_arguments(const char** arguments, const char* first, va_list list) {
    arguments[0] = first;
    for (size_t index = 1; (arguments[index] = va_arg(list, const char*)) != nullptr; ++index) {
    }
}

}  // namespace

DEARTH_SHADOW int execve(const char* path, char* const* arguments,
                         char* const* environment) noexcept {
    return become_file(path, arguments, environment);
}

DEARTH_SHADOW int execv(const char* path, char* const* arguments) noexcept {
    return become_file(path, arguments, environ);
}

DEARTH_SHADOW int execvp(const char* name, char* const* arguments) noexcept {
    return become_found(name, arguments, environ);
}

DEARTH_SHADOW int execvpe(const char* name, char* const* arguments,
                          char* const* environment) noexcept {
    return become_found(name, arguments, environment);
}

DEARTH_SHADOW int fexecve(int fd, char* const* arguments, char* const* environment) noexcept {
    static constinit void* next = nullptr;
    using Exec = int (*)(int, char* const*, char* const*);
    const auto exec = next_function<Exec>("fexecve", next);
    return become("(descriptor)", [=] { return exec(fd, arguments, environment); });
}

DEARTH_SHADOW int execveat(int folder, const char* path, char* const* arguments,
                           char* const* environment, int flags) noexcept {
    static constinit void* next = nullptr;
    using Exec = int (*)(int, const char*, char* const*, char* const*, int);
    const auto exec = next_function<Exec>("execveat", next);
    return become(path, [=] { return exec(folder, path, arguments, environment, flags); });
}

// NOLINTBEGIN: the three are variadic because libc's are.
DEARTH_SHADOW int execl(const char* path, const char* first, ...) noexcept {
    va_list list;
    va_start(list, first);
    const auto arguments =
        static_cast<const char**>(__builtin_alloca(count_arguments(list) * sizeof(const char*)));
    collect_arguments(arguments, first, list);
    va_end(list);
    return become_file(path, const_cast<char* const*>(arguments), environ);
}

DEARTH_SHADOW int execlp(const char* name, const char* first, ...) noexcept {
    va_list list;
    va_start(list, first);
    const auto arguments =
        static_cast<const char**>(__builtin_alloca(count_arguments(list) * sizeof(const char*)));
    collect_arguments(arguments, first, list);
    va_end(list);
    return become_found(name, const_cast<char* const*>(arguments), environ);
}

DEARTH_SHADOW int execle(const char* path, const char* first, ...) noexcept {
    va_list list;
    va_start(list, first);
    const auto arguments =
        static_cast<const char**>(__builtin_alloca(count_arguments(list) * sizeof(const char*)));
    collect_arguments(arguments, first, list);
    // The environment follows the list's NULL, where collecting has come to.
    char* const* environment = va_arg(list, char* const*);
    va_end(list);
    return become_file(path, const_cast<char* const*>(arguments), environment);
}
// NOLINTEND
