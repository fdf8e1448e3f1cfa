// Which frames of a stack belong to the code under test: two tables of names and their use.
#include "harness/triage/stack_trim.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "harness/triage/function_name.h"

namespace dearth::harness {
namespace {

// A `*` at the end stands for any rest.
bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*')) {
        pattern.remove_suffix(1);
        return name.starts_with(pattern);
    }
    return name == pattern;
}

template <size_t kCount>
bool matches_any(const std::array<std::string_view, kCount>& patterns, std::string_view name) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [name](std::string_view pattern) { return matches(pattern, name); });
}

constexpr std::array<std::string_view, 2> kOwnFunctions = {"dearth_*", "dearth::*"};
constexpr std::array<std::string_view, 2> kOwnModules = {"libdearth*", "dearth-engine-*"};

// Debug information of some builds leaves namespaces out.
constexpr std::array<std::string_view, 7> kOwnFolders = {
    "hooks/layers/",  "hooks/record/",   "hooks/agent/",    "hooks/base/",
    "hooks/domains/", "hooks/schedule/", "harness/engines/"};

constexpr std::array<std::string_view, 6> kStartFunctions = {
    "main", "_start", "__libc_start_main*", "__libc_start_call_main", "start_thread", "clone*"};

constexpr std::array<std::string_view, 5> kLibcModules = {"libc.so*", "libc-2*", "ld-linux*",
                                                          "ld-2*", "libpthread*"};

constexpr std::array<std::string_view, 36> kAllocatorFunctions = {
    // libc, the C++ runtime
    "malloc", "calloc", "realloc", "reallocarray", "free", "cfree", "aligned_alloc", "memalign",
    "posix_memalign", "valloc", "pvalloc", "__libc_*", "strdup", "strndup", "__strdup",
    "operator new*", "operator delete*",
    // Lua: lmem.c and the auxiliary library's allocator
    "l_alloc", "luaM_*",
    // CPython: obmalloc.c and the allocation functions of gcmodule.c and object.c
    "PyMem_*", "_PyMem_*", "PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc",
    "PyObject_Free", "_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc", "_PyObject_Free",
    "pymalloc_*", "_PyObject_GC_Alloc", "_PyObject_GC_Malloc", "_PyObject_GC_Calloc", "gc_alloc",
    "new_arena", "allocate_from_new_pool"};

}  // namespace

bool is_own_frame(const SymbolFrame& frame) {
    // The unwinder that dearth opens for itself; the preload library has nothing but hooks in it,
    // by whatever name of libc's.
    if (matches("libunwind.so*", frame.module) || matches("libdearth-preload*", frame.module))
        return true;
    // An engine may carry its interpreter inside, so where there is a name, the name decides, or
    // the folder its source is in; an interpreter written in C has no unnamed namespaces.
    const bool is_in_own_module = matches_any(kOwnModules, frame.module);
    if (frame.function.empty())
        return is_in_own_module;
    const auto is_in_folder = [&](std::string_view folder) {
        return frame.file.find(folder) != std::string::npos;
    };
    return std::any_of(kOwnFolders.begin(), kOwnFolders.end(), is_in_folder) ||
           (is_in_own_module && frame.function.starts_with("(anonymous namespace)::")) ||
           matches_any(kOwnFunctions, bare_function_name(frame.function));
}

bool is_allocator_frame(const SymbolFrame& frame) {
    return matches_any(kAllocatorFunctions, bare_function_name(frame.function));
}

bool is_libc_frame(const SymbolFrame& frame) {
    return matches_any(kLibcModules, frame.module);
}

std::vector<SymbolFrame> people_frames(const std::vector<SymbolFrame>& frames) {
    std::vector<SymbolFrame> kept;
    std::copy_if(frames.begin(), frames.end(), std::back_inserter(kept),
                 [](const SymbolFrame& frame) { return !is_own_frame(frame); });
    // Without symbols the frames below main are known by their module alone. The last frame stays:
    // main may be the one to blame.
    while (kept.size() > 1 && (matches_any(kStartFunctions, kept.back().function) ||
                               (kept.back().function.empty() && is_libc_frame(kept.back())))) {
        kept.pop_back();
    }
    // The way from a signal to dearth's handler starts in libc's trampoline.
    const auto first = std::find_if(kept.begin(), kept.end(), [](const SymbolFrame& frame) {
        return frame.function != "__restore_rt";
    });
    kept.erase(kept.begin(), first);
    return kept.empty() ? frames : kept;
}

}  // namespace dearth::harness
