// Stack patterns of filters, answered once per stack and pattern: naming the functions of a stack
// costs some 7 us a frame. Lock-free: two threads may both find an answer, and find the same one.
#include <dlfcn.h>
#include <string.h>

#include "hooks/base/errno_saver.h"
#include "hooks/base/fork_locks.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/spin_lock.h"
#include "hooks/record/module_table.h"
#include "hooks/record/stack_depot.h"

namespace dearth::hooks {

namespace {

constexpr size_t kPatternsMax = 2 * DEARTH_TERMS_MAX;
// Answers are found by stack id; ids beyond are worked out anew each time.
constexpr size_t kAnswersMax = size_t{1} << 24;

enum Answer : unsigned char { kUnknown = 0, kNo = 1, kYes = 2 };

struct Pattern {
    char glob[DEARTH_PATTERN_BYTES];
    bool is_module;
    unsigned char* answers;  // kAnswersMax, reserved
};

struct PatternCache {
    Pattern patterns[kPatternsMax];
    uint64_t count;
    SpinLock lock;  // guards adding a pattern
};
constinit PatternCache cache = {};

Pattern* find_pattern(const char* glob, bool is_module, uint64_t count) noexcept {
    for (uint64_t index = 0; index < count; ++index) {
        Pattern& pattern = cache.patterns[index];
        if (pattern.is_module == is_module &&
            strncmp(pattern.glob, glob, sizeof(pattern.glob)) == 0) {
            return &pattern;
        }
    }
    return nullptr;
}

Pattern* pattern_of(const char* glob, bool is_module) noexcept {
    Pattern* found = find_pattern(glob, is_module, __atomic_load_n(&cache.count, __ATOMIC_ACQUIRE));
    if (found != nullptr) {
        return found;
    }
    add_fork_lock(cache.lock, LockRank::kPatterns);
    SpinLockScope scope(cache.lock);
    found = find_pattern(glob, is_module, cache.count);
    if (found != nullptr || cache.count == kPatternsMax ||
        strnlen(glob, DEARTH_PATTERN_BYTES) == DEARTH_PATTERN_BYTES) {
        return found;
    }
    Pattern& pattern = cache.patterns[cache.count];
    pattern.answers = static_cast<unsigned char*>(reserve_pages(kAnswersMax));
    if (pattern.answers == nullptr) {
        return nullptr;
    }
    copy_text(pattern.glob, sizeof(pattern.glob), glob);
    pattern.is_module = is_module;
    __atomic_store_n(&cache.count, cache.count + 1, __ATOMIC_RELEASE);
    return &pattern;
}

bool find_function(StackId id, const char* glob, GlobMatcher matches) noexcept {
    ErrnoSaver saver;
    void* const* frames = nullptr;
    const size_t depth = stack_frames(id, &frames);
    for (size_t index = 0; index < depth; ++index) {
        // A return address may already belong to the next function: the call is before it.
        const void* call = static_cast<const char*>(frames[index]) - 1;
        Dl_info info = {};
        const bool has_name = dladdr(call, &info) != 0 && info.dli_sname != nullptr;
        if (matches(glob, has_name ? info.dli_sname : "")) {
            return true;
        }
    }
    return false;
}

bool find_module_name(StackId id, const char* glob, GlobMatcher matches) noexcept {
    void* const* frames = nullptr;
    const size_t depth = stack_frames(id, &frames);
    const char* name = depth == 0 ? nullptr : module_name_at(frames[0]);
    return name != nullptr && matches(glob, name);
}

bool answer(StackId id, const char* glob, bool is_module, GlobMatcher matches) noexcept {
    if (id == 0) {
        return false;
    }
    Pattern* pattern = id < kAnswersMax ? pattern_of(glob, is_module) : nullptr;
    if (pattern != nullptr) {
        const unsigned char known = __atomic_load_n(&pattern->answers[id], __ATOMIC_RELAXED);
        if (known != kUnknown) {
            return known == kYes;
        }
    }
    const bool found =
        is_module ? find_module_name(id, glob, matches) : find_function(id, glob, matches);
    if (pattern != nullptr) {
        __atomic_store_n(&pattern->answers[id], found ? kYes : kNo, __ATOMIC_RELAXED);
    }
    return found;
}

}  // namespace

bool stack_matches_function(StackId id, const char* glob, GlobMatcher matches) noexcept {
    return answer(id, glob, false, matches);
}

bool stack_matches_module(StackId id, const char* glob, GlobMatcher matches) noexcept {
    return answer(id, glob, true, matches);
}

}  // namespace dearth::hooks
