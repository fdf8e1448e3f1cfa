// Wraps through get and set, never replaces (unless asked for malloc under all domains): what the
// interpreter was built with stays beneath. Holds no state: dearth_wrap keeps the layers.
#include "hooks/install/cpython.h"

// Python.h wants to be before the standard headers: it sets feature macros.
#include <Python.h>
#include <stddef.h>

#include "dearth/allocator.h"
#include "dearth/install.h"
#include "hooks/layers/layer_stack.h"

namespace {

// The tables are copied field by field; these hold the two apart only where the order matters to
// people who cast one into the other.
static_assert(offsetof(dearth_allocator, malloc) == offsetof(PyMemAllocatorEx, malloc));
static_assert(offsetof(dearth_allocator, calloc) == offsetof(PyMemAllocatorEx, calloc));
static_assert(offsetof(dearth_allocator, realloc) == offsetof(PyMemAllocatorEx, realloc));
static_assert(offsetof(dearth_allocator, free) == offsetof(PyMemAllocatorEx, free));
static_assert(sizeof(PyMemAllocatorEx) == offsetof(dearth_allocator, aligned_alloc));
static_assert(sizeof(dearth_arena_allocator) == sizeof(PyObjectArenaAllocator));
static_assert(int{DEARTH_DOMAIN_RAW} == int{PYMEM_DOMAIN_RAW});
static_assert(int{DEARTH_DOMAIN_MEM} == int{PYMEM_DOMAIN_MEM});
static_assert(int{DEARTH_DOMAIN_OBJECT} == int{PYMEM_DOMAIN_OBJ});

constexpr uint32_t kAllDomains = (1u << DEARTH_DOMAIN_COUNT) - 1u;

int wrap_domain(dearth_domain domain, const PyMemAllocatorEx& installed) {
    // CPython has neither an aligned form nor a way to ask for a block's size.
    const dearth_allocator beneath = {
        installed.ctx,  installed.malloc, installed.calloc, installed.realloc,
        installed.free, nullptr,          nullptr};
    dearth_allocator wrapped;
    if (dearth_wrap(domain, &beneath, &wrapped) != 0) {
        return -1;
    }
    PyMemAllocatorEx replacement = {wrapped.ctx, wrapped.malloc, wrapped.calloc, wrapped.realloc,
                                    wrapped.free};
    PyMem_SetAllocator(static_cast<PyMemAllocatorDomain>(domain), &replacement);
    return 0;
}

int wrap_arenas() {
    PyObjectArenaAllocator installed;
    PyObject_GetArenaAllocator(&installed);
    const dearth_arena_allocator beneath = {installed.ctx, installed.alloc, installed.free};
    dearth_arena_allocator wrapped;
    if (dearth::hooks::stack_wrap_arenas(&beneath, &wrapped) != 0) {
        return -1;
    }
    PyObjectArenaAllocator replacement = {wrapped.ctx, wrapped.alloc, wrapped.free};
    PyObject_SetArenaAllocator(&replacement);
    return 0;
}

}  // namespace

int dearth_cpython_install(uint32_t domain_mask, enum dearth_cpython_object_source source) {
    if (domain_mask == 0) {
        domain_mask = kAllDomains;
    }
    // Read before the raw domain is wrapped: malloc under the others must not pass its layers too.
    PyMemAllocatorEx raw;
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
    for (uint32_t index = 0; index < DEARTH_DOMAIN_COUNT; ++index) {
        PyMemAllocatorEx installed;
        PyMem_GetAllocator(static_cast<PyMemAllocatorDomain>(index), &installed);
        if (source == DEARTH_CPYTHON_MALLOC) {
            installed = raw;
            PyMem_SetAllocator(static_cast<PyMemAllocatorDomain>(index), &installed);
        }
        if ((domain_mask & (1u << index)) != 0 &&
            wrap_domain(static_cast<dearth_domain>(index), installed) != 0) {
            return -1;
        }
    }
    return (domain_mask & (1u << DEARTH_DOMAIN_OBJECT)) != 0 ? wrap_arenas() : 0;
}
