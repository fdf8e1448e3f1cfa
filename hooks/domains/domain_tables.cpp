// Defaults, environment, get and set, debug hooks. Requests are in domain_requests.cpp.
#include "hooks/domains/domain_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/debug_layers.h"
#include "hooks/base/errno_saver.h"
#include "hooks/base/mapped_pages.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/spin_lock.h"
#include "hooks/domains/libc_allocator.h"
#include "hooks/domains/small_object_allocator.h"

namespace dearth::hooks {

namespace {

constexpr const char* kVariable = "DEARTH_MALLOC";

struct Mode {
    const char* word;
    bool has_small_objects;
    bool has_debug_hooks;
};

// The first one is the default.
constexpr Mode kModes[] = {
    {"pool", true, false},
    {"debug", true, true},
    {"malloc", false, false},
    {"malloc_debug", false, true},
};

void* map_arena(void*, size_t size_bytes) noexcept {
    void* arena = map_target_pages(size_bytes);
    if (arena == nullptr) {
        errno = ENOMEM;
    }
    return arena;
}

void unmap_arena(void*, void* arena, size_t size_bytes) noexcept {
    unmap_pages(arena, size_bytes);
}

constinit SmallObjectAllocator small_objects(domain_tables.allocators[DEARTH_DOMAIN_MEM],
                                             domain_tables.arenas);

// Guards the transition to are_ready and the debug hooks: raw requests may come first in two
// threads at once.
constinit SpinLock tables_lock;
constinit bool has_debug_hooks[DEARTH_DOMAIN_COUNT] = {};

const Mode& mode_from_environment() noexcept {
    const char* word = getenv(kVariable);
    if (word == nullptr || word[0] == '\0') {
        return kModes[0];
    }
    RawOutput complaint;
    complaint.text("dearth: ").text(kVariable).text("=").text(word).text(" is none of ");
    for (const Mode& mode : kModes) {
        if (strcmp(word, mode.word) == 0) {
            return mode;
        }
        complaint.text(&mode == kModes ? "" : ", ").text(mode.word);
    }
    complaint.text("; going on with ").text(kModes[0].word).text("\n");
    complaint.write_to(STDERR_FILENO);
    return kModes[0];
}

// Under tables_lock.
void put_debug_hooks() noexcept {
    for (unsigned domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
        if (has_debug_hooks[domain]) {
            continue;
        }
        // The layers get a copy: the table they read must not be the one they replace.
        const dearth_allocator beneath = domain_tables.allocators[domain];
        dearth_allocator top = beneath;
        if (dearth_install_debug_layers(static_cast<dearth_domain>(domain), &beneath, &top) == 0) {
            domain_tables.allocators[domain] = top;
            has_debug_hooks[domain] = true;
            continue;
        }
        RawOutput complaint;
        complaint.text("dearth: no debug hooks on domain ").decimal(domain).text(", error ");
        complaint.signed_decimal(errno).text("\n");
        complaint.write_to(STDERR_FILENO);
    }
}

bool is_known(dearth_domain domain) noexcept {
    return static_cast<unsigned>(domain) < DEARTH_DOMAIN_COUNT;
}

}  // namespace

constinit DomainTables domain_tables = {};

void make_domain_tables_ready() noexcept {
    ErrnoSaver saver;
    SpinLockScope scope(tables_lock);
    if (domain_tables.are_ready) {
        return;
    }
    const Mode& mode = mode_from_environment();
    domain_tables.arenas = {nullptr, map_arena, unmap_arena};
    domain_tables.allocators[DEARTH_DOMAIN_RAW] = kLibcAllocator;
    domain_tables.allocators[DEARTH_DOMAIN_MEM] = kLibcAllocator;
    domain_tables.allocators[DEARTH_DOMAIN_OBJECT] =
        mode.has_small_objects ? small_objects.table() : kLibcAllocator;
    if (mode.has_debug_hooks) {
        put_debug_hooks();
    }
    __atomic_store_n(&domain_tables.are_ready, true, __ATOMIC_RELEASE);
}

}  // namespace dearth::hooks

using namespace dearth::hooks;

void dearth_get_allocator(enum dearth_domain domain, struct dearth_allocator* allocator) {
    *allocator = is_known(domain) ? domain_allocator(domain) : dearth_allocator{};
}

void dearth_set_allocator(enum dearth_domain domain, const struct dearth_allocator* allocator) {
    if (is_known(domain)) {
        // First the environment, or the first request would undo what is set here.
        make_domain_tables_ready();
        domain_tables.allocators[domain] = *allocator;
    }
}

void dearth_get_arena_allocator(struct dearth_arena_allocator* allocator) {
    make_domain_tables_ready();
    *allocator = domain_tables.arenas;
}

void dearth_set_arena_allocator(const struct dearth_arena_allocator* allocator) {
    make_domain_tables_ready();
    domain_tables.arenas = *allocator;
}

void dearth_setup_debug_hooks(void) {
    make_domain_tables_ready();
    ErrnoSaver saver;
    SpinLockScope scope(tables_lock);
    put_debug_hooks();
}
