/* The way tracemalloc walks: thread state -> C frame -> interpreter frames -> code objects. The
 * public functions would make frame objects on the way. In C, because the private headers are not
 * C++. Lines are decoded on the spot: a code object may be gone by the time anyone asks. */
#define Py_BUILD_CORE 1
#include <Python.h>

#include "harness/engines/cpython_frames.h"

#include <internal/pycore_frame.h>
#include <string.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030C0000
#error "written for the frame structures of CPython 3.11"
#endif

/* Only compact ASCII, whose characters lie behind the header as they are; anything else would
 * need a conversion. */
static void copy_text(PyObject* text, char* buffer, size_t buffer_bytes) {
    const char* from = "?";
    size_t length = 1;
    if (text != NULL && PyUnicode_Check(text) && PyUnicode_IS_COMPACT_ASCII(text)) {
        from = (const char*)PyUnicode_1BYTE_DATA(text);
        length = (size_t)PyUnicode_GET_LENGTH(text);
    }
    if (length >= buffer_bytes) {
        length = buffer_bytes - 1;
    }
    memcpy(buffer, from, length);
    buffer[length] = '\0';
}

static void describe(const _PyInterpreterFrame* frame, struct dearth_script_frame* described) {
    PyCodeObject* code = frame->f_code;
    copy_text(code->co_filename, described->file, sizeof described->file);
    copy_text(code->co_qualname, described->function, sizeof described->function);
    /* In bytes from the start of the code, which is how PyCode_Addr2Line counts. */
    const ptrdiff_t instruction = (const char*)frame->prev_instr - code->co_code_adaptive;
    const int line = PyCode_Addr2Line(code, (int)instruction);
    described->line = line > 0 ? line : 0;
}

size_t dearth_cpython_frames(struct dearth_script_frame* frames, size_t capacity) {
    /* The unchecked getter returns whoever holds the GIL, so ask first whether that is us. */
    if (!PyGILState_Check()) {
        return 0;
    }
    const PyThreadState* thread = _PyThreadState_UncheckedGet();
    if (thread == NULL || thread->cframe == NULL) {
        return 0;
    }
    size_t filled = 0;
    for (_PyInterpreterFrame* frame = thread->cframe->current_frame;
         frame != NULL && filled < capacity; frame = frame->previous) {
        if (!_PyFrame_IsIncomplete(frame)) {
            describe(frame, &frames[filled++]);
        }
    }
    return filled;
}
