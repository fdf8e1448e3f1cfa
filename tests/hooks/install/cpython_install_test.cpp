// The hooks around a real interpreter. CPython's allocators, and the layers, are one set a process,
// so each case runs in a child, through the life of two interpreters.
#include "hooks/install/cpython.h"

#include <Python.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "dearth/install.h"

namespace {

dearth_counters counters() {
    dearth_counters counters = {};
    dearth_read_counters(&counters);
    return counters;
}

void start_layers() {
    dearth_layer_options options = {};
    options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_GUARD;
    options.guard_before_bytes = 16;
    options.guard_after_bytes = 8;
    options.clean_byte = 0xCD;
    options.dead_byte = 0xDD;
    options.forbidden_byte = 0xFD;
    ASSERT_EQ(dearth_start(&options, nullptr), 0);
}

void open_interpreter() {
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.allocator = PYMEM_ALLOCATOR_NOT_SET;
    ASSERT_EQ(PyStatus_Exception(Py_PreInitialize(&before)), 0);
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    const PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    ASSERT_EQ(PyStatus_Exception(status), 0) << status.err_msg;
}

void expect_same_allocator(PyMemAllocatorDomain domain, const PyMemAllocatorEx& expected) {
    PyMemAllocatorEx installed;
    PyMem_GetAllocator(domain, &installed);
    EXPECT_EQ(installed.ctx, expected.ctx);
    EXPECT_EQ(installed.malloc, expected.malloc);
    EXPECT_EQ(installed.calloc, expected.calloc);
    EXPECT_EQ(installed.realloc, expected.realloc);
    EXPECT_EQ(installed.free, expected.free);
}

void live_twice(dearth_cpython_object_source source) {
    constexpr PyMemAllocatorDomain kDomains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                                 PYMEM_DOMAIN_OBJ};
    start_layers();
    ASSERT_EQ(dearth_cpython_install(0, source), 0);
    PyMemAllocatorEx wrapped[3];
    for (const PyMemAllocatorDomain domain : kDomains) {
        PyMem_GetAllocator(domain, &wrapped[domain]);
    }
    for (int cycle = 0; cycle < 2; ++cycle) {
        const uint64_t requests = counters().requests;
        open_interpreter();
        for (const PyMemAllocatorDomain domain : kDomains) {
            expect_same_allocator(domain, wrapped[domain]);
        }
        EXPECT_EQ(PyRun_SimpleString("import json\njson.loads(json.dumps([{'a': 'b' * 1000}]))\n"),
                  0);
        EXPECT_GT(counters().requests, requests);
        EXPECT_EQ(Py_FinalizeEx(), 0);
    }
    EXPECT_EQ(dearth_check_blocks(), 0u);
    EXPECT_EQ(counters().misuses, 0u);
    // Above 512 bytes the small-object allocator asks the raw domain: still one request.
    const uint64_t requests = counters().requests;
    PyObject_Free(PyObject_Malloc(4096));
    EXPECT_EQ(counters().requests, requests + 1);
    // The domain is part of a block's identity: giving it back to another one is seen.
    PyMem_RawFree(PyMem_RawMalloc(1));
    EXPECT_EQ(counters().misuses, 0u);
    void* block = PyMem_Malloc(1);
    PyMem_RawFree(block);
    EXPECT_EQ(counters().misuses, 1u);
}

class CpythonInstall : public ::testing::TestWithParam<dearth_cpython_object_source> {};

TEST_P(CpythonInstall, SeesEveryDomainThroughTwoInterpretersWithoutAMisuse) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        live_twice(GetParam());
        fflush(nullptr);
        _exit(HasFailure() ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

INSTANTIATE_TEST_SUITE_P(Sources, CpythonInstall,
                         ::testing::Values(DEARTH_CPYTHON_SMALL_OBJECTS, DEARTH_CPYTHON_MALLOC),
                         [](const ::testing::TestParamInfo<dearth_cpython_object_source>& tested) {
                             return tested.param == DEARTH_CPYTHON_MALLOC ? "Malloc"
                                                                          : "SmallObjects";
                         });

}  // namespace
