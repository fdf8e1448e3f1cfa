/* The Python stack at the moment of a request, read without allocating and without touching the
 * interpreter's state. Follows the private frame structures of CPython 3.11 and of no other. */
#ifndef DEARTH_CPYTHON_FRAMES_H
#define DEARTH_CPYTHON_FRAMES_H

#include <stddef.h>

#include "dearth/control_page.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills `frames` innermost first and returns how many it filled: none when this thread does not
 * hold the GIL (a raw request may come from any thread) or runs no Python code. */
size_t dearth_cpython_frames(struct dearth_script_frame* frames, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
