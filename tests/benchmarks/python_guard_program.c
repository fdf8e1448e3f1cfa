// Runs one Python script in an embedded interpreter with the allocators of one mode: plain (as
// shipped), debug (CPython's own debug hooks, as PYTHONMALLOC=debug) or dearth (guard bytes of the
// same layout and the ledger, no call stacks, nothing armed). Measures nothing: whoever starts it
// reads what the process cost. Exits with 2 when asked for something else.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dearth/guard.h"
#include "dearth/install.h"
#include "hooks/install/cpython.h"

static int start_dearth(void) {
    struct dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
    return dearth_start(&options, NULL) == 0 &&
           dearth_cpython_install(0, DEARTH_CPYTHON_SMALL_OBJECTS) == 0;
}

static int choose_allocators(const char* mode, PyPreConfig* config) {
    if (strcmp(mode, "plain") == 0) {
        config->allocator = PYMEM_ALLOCATOR_PYMALLOC;
        return 1;
    }
    if (strcmp(mode, "debug") == 0) {
        config->allocator = PYMEM_ALLOCATOR_PYMALLOC_DEBUG;
        return 1;
    }
    return strcmp(mode, "dearth") == 0 && start_dearth();
}

static int open_interpreter(const PyPreConfig* preconfig) {
    if (PyStatus_Exception(Py_PreInitialize(preconfig))) {
        return 0;
    }
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    // The same dicts in every round, and nothing written beside the library.
    config.use_hash_seed = 1;
    config.hash_seed = 1;
    config.write_bytecode = 0;
    config.site_import = 0;
    const PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return !PyStatus_Exception(status);
}

// A benchmark of hooks that were not there, or found fault with CPython, would prove nothing.
static int dearth_was_at_work(const char* mode) {
    struct dearth_counters counters;
    dearth_read_counters(&counters);
    if (strcmp(mode, "dearth") != 0) {
        return counters.requests == 0;
    }
    return counters.requests > 0 && counters.live_blocks > 0 && counters.misuses == 0;
}

int main(int argument_count, char** arguments) {
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s plain|debug|dearth SCRIPT\n", arguments[0]);
        return 2;
    }
    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.allocator = PYMEM_ALLOCATOR_NOT_SET;
    preconfig.utf8_mode = 1;
    if (!choose_allocators(arguments[1], &preconfig)) {
        fprintf(stderr, "%s: unknown mode, or the hooks did not start\n", arguments[1]);
        return 2;
    }
    FILE* script = fopen(arguments[2], "r");
    if (script == NULL) {
        perror(arguments[2]);
        return 2;
    }
    if (!open_interpreter(&preconfig)) {
        fprintf(stderr, "the interpreter did not start\n");
        fclose(script);
        return 2;
    }
    const int failed = PyRun_SimpleFile(script, arguments[2]) != 0;
    fclose(script);
    if (!dearth_was_at_work(arguments[1])) {
        fprintf(stderr, "%s: not the hooks this mode is about\n", arguments[1]);
        return 2;
    }
    return Py_FinalizeEx() != 0 || failed;
}
