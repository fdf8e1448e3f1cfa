// Every form of operator new and delete; with arguments, what the test asks for. Built without
// optimisation of pairs: a compiler may leave out a new whose block nobody uses.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct alignas(128) Wide {
    char bytes[200];
};

int handler_calls = 0;

void counting_handler() {
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

void throwing_handler() {
    ++handler_calls;
    throw std::bad_alloc();
}

// Every pair that belongs together.
void call_all() {
    ::operator delete(::operator new(10));
    ::operator delete (::operator new(10), std::size_t{10});
    ::operator delete(::operator new(10, std::nothrow), std::nothrow);
    ::operator delete[](::operator new[](20));
    ::operator delete[](::operator new[](20), std::size_t{20});
    ::operator delete[](::operator new[](20, std::nothrow), std::nothrow);
    const std::align_val_t wide{256};
    ::operator delete(::operator new(30, wide), wide);
    ::operator delete (::operator new(30, wide), std::size_t{30}, wide);
    ::operator delete(::operator new(30, wide, std::nothrow), wide, std::nothrow);
    ::operator delete[](::operator new[](40, wide), wide);
    ::operator delete[](::operator new[](40, wide), std::size_t{40}, wide);
    ::operator delete[](::operator new[](40, wide, std::nothrow), wide, std::nothrow);
    auto* one = new Wide;
    auto* many = new Wide[3];
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(one) % 128 == 0 &&
                            reinterpret_cast<std::uintptr_t>(many) % 128 == 0;
    delete one;
    delete[] many;
    std::puts(is_aligned ? "aligned" : "crooked");
}

template <typename Make>
const char* outcome_of(Make make) {
    try {
        return make() == nullptr ? "null" : "made";
    } catch (const std::bad_alloc&) {
        return "bad_alloc";
    }
}

// Under a schedule that fails everything: writes with no help from the heap.
int call_failing() {
    const std::align_val_t wide{256};
    char text[512];
    std::snprintf(text, sizeof text, "%s %s %s %s %s %s %s %s\n",
                  outcome_of([] { return ::operator new(10); }),
                  outcome_of([] { return ::operator new[](10); }),
                  outcome_of([] { return ::operator new(10, std::nothrow); }),
                  outcome_of([] { return ::operator new[](10, std::nothrow); }),
                  outcome_of([&] { return ::operator new(10, wide); }),
                  outcome_of([&] { return ::operator new[](10, wide); }),
                  outcome_of([&] { return ::operator new(10, wide, std::nothrow); }),
                  outcome_of([&] { return ::operator new[](10, wide, std::nothrow); }));
    std::fputs(text, stderr);
    std::set_new_handler(counting_handler);
    const char* looped = outcome_of([] { return ::operator new(10); });
    std::snprintf(text, sizeof text, "%s after %d calls\n", looped, handler_calls);
    std::fputs(text, stderr);
    handler_calls = 0;
    std::set_new_handler(throwing_handler);
    const char* caught = outcome_of([] { return ::operator new(10, std::nothrow); });
    std::snprintf(text, sizeof text, "%s after %d calls\n", caught, handler_calls);
    std::fputs(text, stderr);
    return 0;
}

int mismatch(const std::string& which) {
    if (which == "new-free")
        std::free(::operator new(48));
    else if (which == "malloc-delete")
        ::operator delete(std::malloc(48));
    else if (which == "array-delete")
        ::operator delete(::operator new[](48));
    else if (which == "new-delete-array")
        ::operator delete[](::operator new(48));
    else if (which == "new-realloc")
        std::free(std::realloc(::operator new(48), 96));
    else if (which == "sized")
        ::operator delete (::operator new(48), std::size_t{47});
    else if (which == "aligned-free")
        std::free(::operator new (48, std::align_val_t{64}));
    else
        return 2;
    return 0;
}

int run_threads() {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] {
            for (int round = 0; round < 5000; ++round) {
                std::vector<std::string> words(static_cast<size_t>(round % 20),
                                               "a longer word here");
                if (round % 100 == 0) {
                    try {
                        throw std::runtime_error(words.empty() ? "none" : words.back());
                    } catch (const std::exception&) {
                    }
                }
            }
        });
    for (auto& thread : threads)
        thread.join();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "all";
    if (what == "all")
        call_all();
    else if (what == "failing")
        return call_failing();
    else if (what == "threads")
        return run_threads();
    else
        return mismatch(what);
    return 0;
}
