// The interpreter's raw, mem and object allocators are wrapped by ones that walk the Python stack
// at every request, as the engine does at an injected fault. Scripts choose the request whose
// stack is kept by its size.
#include <Python.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <string>
#include <vector>

#include "harness/engines/cpython_frames.h"

// CPython leaves blocks behind by design; under ASan they would fail the program after its tests.
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0";
}

namespace {

// What `bytes(3000000)` in a script asks for, and nothing else comes near.
constexpr size_t kBigBytes = 3'000'000;

using Frames = std::vector<std::string>;

PyMemAllocatorEx beneath[3];
Frames at_big_request;
size_t walks = 0;
size_t requests_inside_walks = 0;
bool is_walking = false;

void walk(size_t size_bytes) {
    if (is_walking) {
        ++requests_inside_walks;
        return;
    }
    is_walking = true;
    dearth_script_frame frames[DEARTH_SCRIPT_FRAMES_MAX] = {};
    const size_t count = dearth_cpython_frames(frames, DEARTH_SCRIPT_FRAMES_MAX);
    is_walking = false;
    ++walks;
    if (size_bytes >= kBigBytes) {
        at_big_request.clear();
        for (size_t index = 0; index < count; ++index) {
            const dearth_script_frame& frame = frames[index];
            at_big_request.push_back(std::string(frame.file) + ":" + std::to_string(frame.line) +
                                     " " + frame.function);
        }
    }
}

PyMemAllocatorEx& beneath_of(void* ctx) {
    return *static_cast<PyMemAllocatorEx*>(ctx);
}

void* walking_malloc(void* ctx, size_t size_bytes) {
    walk(size_bytes);
    return beneath_of(ctx).malloc(beneath_of(ctx).ctx, size_bytes);
}

void* walking_calloc(void* ctx, size_t count, size_t element_bytes) {
    walk(count * element_bytes);
    return beneath_of(ctx).calloc(beneath_of(ctx).ctx, count, element_bytes);
}

void* walking_realloc(void* ctx, void* block, size_t size_bytes) {
    walk(size_bytes);
    return beneath_of(ctx).realloc(beneath_of(ctx).ctx, block, size_bytes);
}

void passing_free(void* ctx, void* block) {
    beneath_of(ctx).free(beneath_of(ctx).ctx, block);
}

class CpythonFrames : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        for (const auto domain : {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ}) {
            PyMem_GetAllocator(domain, &beneath[domain]);
            PyMemAllocatorEx walking = {&beneath[domain], walking_malloc, walking_calloc,
                                        walking_realloc, passing_free};
            PyMem_SetAllocator(domain, &walking);
        }
        PyConfig config;
        PyConfig_InitIsolatedConfig(&config);
        config.site_import = 0;
        const PyStatus status = Py_InitializeFromConfig(&config);
        PyConfig_Clear(&config);
        ASSERT_EQ(PyStatus_Exception(status), 0) << status.err_msg;
    }
    static void TearDownTestSuite() { EXPECT_EQ(Py_FinalizeEx(), 0); }

    static Frames run(const char* script) {
        at_big_request = {"nothing that large was asked for"};
        PyObject* globals = PyDict_New();
        PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins());
        PyObject* code = Py_CompileString(script, "script.py", Py_file_input);
        PyObject* result = code != nullptr ? PyEval_EvalCode(code, globals, globals) : nullptr;
        EXPECT_NE(result, nullptr);
        if (result == nullptr) {
            PyErr_Print();
        }
        Py_XDECREF(result);
        Py_XDECREF(code);
        Py_DECREF(globals);
        return at_big_request;
    }
};

TEST_F(CpythonFrames, NamesFunctionsInnermostFirst) {
    EXPECT_EQ(run("class Buffer:\n"
                  "    def fill(self):\n"
                  "        return bytes(3000000)\n"
                  "def outer():\n"
                  "    Buffer().fill()\n"
                  "outer()\n"),
              (Frames{"script.py:3 Buffer.fill", "script.py:5 outer", "script.py:6 <module>"}));
}

TEST_F(CpythonFrames, StopsAtTheCapacity) {
    EXPECT_EQ(run("def f(n):\n"
                  "    return bytes(3000000) if n == 0 else f(n - 1)\n"
                  "f(50)\n"),
              Frames(DEARTH_SCRIPT_FRAMES_MAX, "script.py:2 f"));
}

TEST_F(CpythonFrames, CrossesCFunctionsAndGenerators) {
    EXPECT_EQ(run("def numbers():\n"
                  "    yield bytes(3000000)\n"
                  "print(sum(map(len, numbers())) and '', end='')\n"),
              (Frames{"script.py:2 numbers", "script.py:3 <module>"}));
}

TEST_F(CpythonFrames, ReplacesANameThatIsNotAscii) {
    EXPECT_EQ(run("def größe():\n"
                  "    return bytes(3000000)\n"
                  "größe()\n"),
              (Frames{"script.py:2 ?", "script.py:3 <module>"}));
}

TEST_F(CpythonFrames, ThreadWithoutTheGilSeesNoFrames) {
    const auto request_raw = [](void*) -> void* {
        PyMem_RawFree(PyMem_RawMalloc(kBigBytes));
        return nullptr;
    };
    at_big_request = {"nothing that large was asked for"};
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, nullptr, request_raw, nullptr), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(at_big_request, Frames{});
}

TEST_F(CpythonFrames, WalksAllocateNothing) {
    run("import json\n"
        "async def work(): return [json.dumps(i) for i in range(20)]\n"
        "try:\n"
        "    work().send(None)\n"
        "except StopIteration as stop:\n"
        "    assert len(stop.value) == 20\n");
    EXPECT_GT(walks, 0u);
    EXPECT_EQ(requests_inside_walks, 0u);
}

}  // namespace
