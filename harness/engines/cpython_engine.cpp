// dearth-engine-cpython: embeds CPython 3.11, isolated from the machine it runs on, so that the
// same script makes the same requests. Flags (dearth_config.engine_flags): see CpythonFlags.
//
// Injection is for what the interpreter does for the script. When the embedder itself looks at the
// result (exception text, flush) it does so in phase check, which is never injected and not
// numbered; unlike dearth_disarm that nests inside whatever the kit is doing.
#include <Python.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "dearth/engine.h"
#include "harness/engines/cpython_frames.h"
#include "hooks/install/cpython.h"

namespace {

enum CpythonFlags : uint32_t {
    kWithSite = 1u,    // import `site`, as the python command does; adds some 8,000 requests
    kWithMalloc = 2u,  // malloc under all domains; default: the small-object allocator, as shipped
};

// Where Debian keeps the interpreter. Only its path is used, to find the standard library in the
// ordinary way; another python earlier in PATH must not be asked.
constexpr const wchar_t* kProgramName = L"/usr/bin/python3.11";

class EmbeddersOwnCalls {
public:
    EmbeddersOwnCalls() : before_(dearth_enter_phase(DEARTH_PHASE_CHECK)) {}
    ~EmbeddersOwnCalls() { dearth_enter_phase(before_); }
    EmbeddersOwnCalls(const EmbeddersOwnCalls&) = delete;
    EmbeddersOwnCalls& operator=(const EmbeddersOwnCalls&) = delete;

private:
    dearth_phase before_;
};

template <size_t kBytes>
void set_text(char (&to)[kBytes], const char* text) {
    snprintf(to, kBytes, "%s", text != nullptr ? text : "");
}

void set_error(dearth_outcome& outcome, const char* kind, const char* message) {
    outcome.status = DEARTH_STATUS_ERROR;
    set_text(outcome.kind, kind);
    set_text(outcome.message, message);
}

void report_init_status(const PyStatus& status, dearth_outcome& outcome) {
    outcome.status = DEARTH_STATUS_ERROR;
    set_text(outcome.kind, "PyStatus");
    if (PyStatus_IsExit(status) != 0) {
        snprintf(outcome.message, sizeof outcome.message, "asked to exit with status %d",
                 status.exitcode);
        return;
    }
    snprintf(outcome.message, sizeof outcome.message, "%s: %s",
             status.func != nullptr ? status.func : "initialization",
             status.err_msg != nullptr ? status.err_msg : "no message");
}

// An exception that was taken out of the thread state.
struct Exception {
    PyObject* type;
    PyObject* value;
    PyObject* traceback;

    void release() {
        Py_CLEAR(type);
        Py_CLEAR(value);
        Py_CLEAR(traceback);
    }
};

// Unset: type is NULL. Allocates nothing.
Exception take_exception() {
    Exception taken = {};
    PyErr_Fetch(&taken.type, &taken.value, &taken.traceback);
    return taken;
}

// The name as the class statement, or the C source, gives it: without the module.
const char* kind_of(const Exception& exception) {
    return PyExceptionClass_Check(exception.type) ? PyExceptionClass_Name(exception.type) : "?";
}

// str(value), which runs the script's code and may raise: then there is just no text.
void describe_value(PyObject* value, char* text, size_t text_bytes) {
    PyObject* described = value != nullptr ? PyObject_Str(value) : nullptr;
    const char* utf8 = described != nullptr ? PyUnicode_AsUTF8(described) : nullptr;
    snprintf(text, text_bytes, "%s", utf8 != nullptr ? utf8 : "");
    Py_XDECREF(described);
    PyErr_Clear();
}

// sys.exit() and sys.exit(0) end a script well.
bool is_exit_without_error(const Exception& exception) {
    if (PyErr_GivenExceptionMatches(exception.type, PyExc_SystemExit) == 0 ||
        exception.value == nullptr) {
        return false;
    }
    PyObject* code = PyObject_GetAttrString(exception.value, "code");
    const bool is_clean =
        code != nullptr && (code == Py_None || (PyLong_Check(code) && PyLong_AsLong(code) == 0));
    Py_XDECREF(code);
    PyErr_Clear();
    return is_clean;
}

void report_exception(Exception exception, dearth_outcome& outcome) {
    PyErr_NormalizeException(&exception.type, &exception.value, &exception.traceback);
    if (is_exit_without_error(exception)) {
        outcome.status = DEARTH_STATUS_OK;
    } else {
        outcome.status = DEARTH_STATUS_ERROR;
        set_text(outcome.kind, kind_of(exception));
        describe_value(exception.value, outcome.message, sizeof outcome.message);
    }
    exception.release();
}

// What PyEval_EvalCode gave back: a result or an exception, and never both or neither.
void report_result(PyObject* result, const Exception& exception, dearth_outcome& outcome) {
    if (result == nullptr && exception.type == nullptr) {
        outcome.status = DEARTH_STATUS_ERROR_UNSET;
        set_text(outcome.message, "NULL returned without an exception set");
        return;
    }
    if (exception.type == nullptr) {
        outcome.status = DEARTH_STATUS_OK;
        return;
    }
    report_exception(exception, outcome);
    if (result != nullptr) {
        const dearth_outcome cause = outcome;
        outcome.status = DEARTH_STATUS_ERROR;
        set_text(outcome.kind, "SystemError");
        snprintf(outcome.message, sizeof outcome.message,
                 "result returned with an exception set: %.32s: %.120s", cause.kind, cause.message);
    }
}

// A stream that the script closed or took away is its own affair; one that cannot be flushed lost
// output, which nobody else would notice.
void flush_stream(const char* name, dearth_outcome& outcome) {
    PyObject* stream = PySys_GetObject(name);
    if (stream == nullptr || stream == Py_None) {
        return;
    }
    Py_INCREF(stream);
    PyObject* closed = PyObject_GetAttrString(stream, "closed");
    const bool is_closed = closed != nullptr && PyObject_IsTrue(closed) == 1;
    Py_XDECREF(closed);
    PyErr_Clear();
    PyObject* flushed = is_closed ? nullptr : PyObject_CallMethod(stream, "flush", nullptr);
    Py_XDECREF(flushed);
    Py_DECREF(stream);
    if (!is_closed && flushed == nullptr && outcome.status == DEARTH_STATUS_OK) {
        const Exception exception = take_exception();
        dearth_outcome cause = {};
        if (exception.type != nullptr) {
            report_exception(exception, cause);
        }
        outcome.status = DEARTH_STATUS_ERROR;
        set_text(outcome.kind, cause.kind);
        snprintf(outcome.message, sizeof outcome.message, "flush of sys.%s failed: %.120s", name,
                 cause.message);
    }
    PyErr_Clear();
}

PyObject* make_namespace() {
    PyObject* globals = PyDict_New();
    PyObject* name = globals != nullptr ? PyUnicode_FromString("__main__") : nullptr;
    const bool is_made = name != nullptr && PyDict_SetItemString(globals, "__name__", name) == 0 &&
                         PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) == 0;
    Py_XDECREF(name);
    if (!is_made) {
        Py_CLEAR(globals);
    }
    return globals;
}

// The part that is swept: a namespace, the compiler, the script, and the namespace's end.
PyObject* compile_and_run(const char* source, const char* name, Exception& exception) {
    PyObject* result = nullptr;
    PyObject* globals = make_namespace();
    if (globals != nullptr) {
        PyCompilerFlags flags = {0, PY_MINOR_VERSION};
        PyObject* code = Py_CompileStringExFlags(source, name, Py_file_input, &flags, -1);
        if (code != nullptr) {
            result = PyEval_EvalCode(code, globals, globals);
            Py_DECREF(code);
        }
    }
    exception = take_exception();
    Py_XDECREF(globals);
    return result;
}

int install(void* self, dearth_outcome* outcome) {
    static_cast<void>(self);
    // The interpreter copies the environment into os.environ, one object a variable: the number of
    // a descriptor must not decide how many requests a run makes. Children need it even less.
    unsetenv(DEARTH_CONTROL_FD_VARIABLE);
    setenv("LC_ALL", "C", 1);
    const bool with_malloc = (dearth_engine_flags() & kWithMalloc) != 0;
    if (dearth_cpython_install(
            dearth_engine_domain_mask(),
            with_malloc ? DEARTH_CPYTHON_MALLOC : DEARTH_CPYTHON_SMALL_OBJECTS) != 0) {
        snprintf(outcome->message, sizeof outcome->message, "wrap CPython's allocators: %s",
                 strerror(errno));
        return -1;
    }
    return 0;
}

PyStatus preinitialize() {
    PyPreConfig config;
    PyPreConfig_InitIsolatedConfig(&config);
    config.allocator = PYMEM_ALLOCATOR_NOT_SET;  // any other value replaces what install put there
    config.utf8_mode = 1;
    return Py_PreInitialize(&config);
}

PyStatus initialize() {
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.use_hash_seed = 1;
    config.hash_seed = 0;
    config.site_import = (dearth_engine_flags() & kWithSite) != 0 ? 1 : 0;
    config.user_site_directory = 0;
    config.write_bytecode = 0;
    config.install_signal_handlers = 0;
    config.pathconfig_warnings = 0;
    config.parse_argv = 0;
    PyStatus status = PyConfig_SetString(&config, &config.program_name, kProgramName);
    if (PyStatus_Exception(status) == 0) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

void open_interpreter(void* self, dearth_outcome* outcome) {
    static_cast<void>(self);
    PyStatus status = preinitialize();
    if (PyStatus_Exception(status) == 0) {
        status = initialize();
    }
    dearth_control_returned();
    if (PyStatus_Exception(status) != 0) {
        // There is no way back from here in CPython's contract: Py_FinalizeEx does nothing unless
        // the initialization was finished.
        report_init_status(status, *outcome);
        return;
    }
    outcome->status = DEARTH_STATUS_OK;
}

void run_script(void* self, const char* source, size_t source_bytes, const char* name,
                dearth_outcome* outcome) {
    static_cast<void>(self);
    // The compiler wants a terminator, and would take a zero byte inside for one.
    const std::string terminated(source, source_bytes);
    if (terminated.find('\0') != std::string::npos) {
        set_error(*outcome, "ValueError", "source code cannot contain null bytes");
        return;
    }
    Exception exception = {};
    PyObject* result = compile_and_run(terminated.c_str(), name, exception);
    dearth_control_returned();

    const EmbeddersOwnCalls own_calls;
    report_result(result, exception, *outcome);
    Py_XDECREF(result);
    flush_stream("stdout", *outcome);
    flush_stream("stderr", *outcome);
    fflush(stdout);
}

void close_interpreter(void* self, dearth_outcome* outcome) {
    static_cast<void>(self);
    const int status = Py_FinalizeEx();
    dearth_control_returned();
    fflush(stdout);
    if (status != 0) {
        set_error(*outcome, "Py_FinalizeEx", "buffered output could not be flushed");
        return;
    }
    outcome->status = DEARTH_STATUS_OK;
}

size_t script_stack(void* self, dearth_script_frame* frames, size_t capacity) {
    static_cast<void>(self);
    return dearth_cpython_frames(frames, capacity);
}

}  // namespace

int main(int argc, char** argv) {
    const dearth_engine engine = {
        .name = "cpython",
        .version = "CPython " PY_VERSION,
        .install = install,
        .open = open_interpreter,
        .run = run_script,
        .close = close_interpreter,
        .script_stack = script_stack,
        .self = nullptr,
    };
    return dearth_engine_main(argc, argv, &engine);
}
