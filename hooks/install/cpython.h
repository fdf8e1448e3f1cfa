/// CPython in linked mode: dearth's layers around the interpreter's raw, mem and object allocators
/// and its arenas, through PEP 445's own get and set functions. Needs CPython 3.11's headers to
/// compile and its library to link.
#ifndef DEARTH_INSTALL_CPYTHON_H
#define DEARTH_INSTALL_CPYTHON_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dearth_cpython_object_source {
    /// What the interpreter ships with: mem and object are served by its small-object allocator,
    /// which takes arenas and passes anything above 512 bytes on to the raw domain. That inner
    /// request goes straight to what lies beneath dearth's layers: each request is seen once, in
    /// the domain in which it was made.
    DEARTH_CPYTHON_SMALL_OBJECTS = 0,
    /// The raw domain's allocator under all three, as PYTHONMALLOC=malloc does: no arenas.
    DEARTH_CPYTHON_MALLOC = 1
};

/// Wraps the domains of `domain_mask` (bit 1u << enum dearth_domain; 0: all). Arenas go with the
/// object domain. Call once a process, after dearth_start and before Py_PreInitialize; the hooks
/// outlive Py_FinalizeEx and serve every later interpreter, so calling it for each would wrap the
/// wrapper. PyPreConfig.allocator must be PYMEM_ALLOCATOR_NOT_SET: any other value silently
/// replaces what is installed here. Returns 0, or -1 with the errno of dearth_wrap; then some
/// domains may be wrapped and others not.
int dearth_cpython_install(uint32_t domain_mask, enum dearth_cpython_object_source source);

#ifdef __cplusplus
}
#endif

#endif
