/// What a C++ program has besides: operator new and delete in all forms, mismatches of families and
/// sizes (CWE 762), blocks inside standard containers.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "tests/detection/variant.h"

namespace {

using Function = void (*)(const variant*, int);

constexpr auto kAlignment = std::align_val_t{64};
constexpr auto kPageAlignment = std::align_val_t{4096};

void release_new(void* block) {
    ::operator delete(block);
}

void release_array(void* block) {
    ::operator delete[](block);
}

const maker kMakers[] = {
    {"new", [](size_t size) { return ::operator new(size); }, release_new, 0},
    {"new-array", [](size_t size) -> void* { return new char[size]; },
     [](void* block) { delete[] static_cast<char*>(block); }, 0},
    {"new-nothrow", [](size_t size) { return ::operator new(size, std::nothrow); },
     [](void* block) { ::operator delete(block, std::nothrow); }, 0},
    {"new-array-nothrow", [](size_t size) { return ::operator new[](size, std::nothrow); },
     [](void* block) { ::operator delete[](block, std::nothrow); }, 0},
    {"new-aligned-64", [](size_t size) { return ::operator new(size, kAlignment); },
     [](void* block) { ::operator delete(block, kAlignment); }, 0},
    {"new-array-aligned-64", [](size_t size) { return ::operator new[](size, kAlignment); },
     [](void* block) { ::operator delete[](block, kAlignment); }, 0},
    {"new-aligned-4096", [](size_t size) { return ::operator new(size, kPageAlignment); },
     [](void* block) { ::operator delete(block, kPageAlignment); }, 0},
};

void add(const char* name, int cwe, const char* report, Function run) {
    variant added = {};
    added.needs_failure = cwe == 690 ? 1 : 0;
    std::strncpy(added.name, name, sizeof added.name - 1);
    added.cwe = cwe;
    added.report = report;
    added.run = run;
    added.size_bytes = 40;
    add_variant(&added);
}

struct Made {
    const char* name;
    void* (*make)(size_t size_bytes);
    void (*release)(void* block);
};

const Made kFamilies[] = {
    {"malloc", std::malloc, std::free},
    {"new", [](size_t size) { return ::operator new(size); }, release_new},
    {"new-array", [](size_t size) { return ::operator new[](size); }, release_array},
    {"calloc", [](size_t size) { return std::calloc(1, size); }, std::free},
    {"strdup", [](size_t) -> void* { return strdup("a text"); }, std::free},
    {"new-nothrow", [](size_t size) { return ::operator new(size, std::nothrow); }, release_new},
    {"new-array-nothrow", [](size_t size) { return ::operator new[](size, std::nothrow); },
     release_array},
};
constexpr size_t kFamilyCount = sizeof kFamilies / sizeof kFamilies[0];

struct Release {
    const char* name;
    void (*release)(void* block);
};
const Release kReleases[] = {
    {"free", std::free},
    {"delete", release_new},
    {"delete-array", release_array},
    {"delete-nothrow", [](void* block) { ::operator delete(block, std::nothrow); }},
    {"realloc", [](void* block) { keep_block(std::realloc(block, 300)); }}};

// `size_bytes` and `distance_bytes` are the rows of kFamilies and kReleases.
void run_mismatch(const variant* chosen, int is_bad) {
    const Made& made = kFamilies[chosen->size_bytes];
    void* block = made.make(100);
    (is_bad ? kReleases[chosen->distance_bytes].release : made.release)(block);
}

bool is_same_family(const Made& made, const Release& release) {
    const auto is_array = [](const char* name) { return std::strstr(name, "array") != nullptr; };
    const bool is_freed =
        std::strcmp(release.name, "free") == 0 || std::strcmp(release.name, "realloc") == 0;
    const bool is_made_by_new = std::strncmp(made.name, "new", 3) == 0;
    return is_freed != is_made_by_new &&
           (is_freed || is_array(made.name) == is_array(release.name));
}

void add_mismatches() {
    for (size_t family = 0; family < kFamilyCount; ++family) {
        for (size_t release = 0; release < sizeof kReleases / sizeof kReleases[0]; ++release) {
            if (is_same_family(kFamilies[family], kReleases[release])) {
                continue;
            }
            variant added = {};
            std::snprintf(added.name, sizeof added.name, "mismatch-%s-%s", kFamilies[family].name,
                          kReleases[release].name);
            added.cwe = 762;
            added.report = "mismatched free";
            added.run = run_mismatch;
            added.size_bytes = family;
            added.distance_bytes = static_cast<ptrdiff_t>(release);
            for (int place = IN_MAIN; place < PLACE_COUNT; ++place) {
                added.place = static_cast<enum place>(place);
                if (place == IN_MAIN || family < 3) {
                    add_variant(&added);
                }
            }
        }
    }
}

struct Base {
    int number = 1;
};
struct Derived : Base {
    int more[20] = {};
};

void add_sizes_told() {
    add("wrong-size-delete", 762, "mismatched free", [](const variant*, int is_bad) {
        ::operator delete (::operator new(40), is_bad ? std::size_t{48} : std::size_t{40});
    });
    add("wrong-size-delete-array", 762, "mismatched free", [](const variant*, int is_bad) {
        ::operator delete[](::operator new[](40), is_bad ? std::size_t{8} : std::size_t{40});
    });
    add("delete-through-base", 762, "mismatched free", [](const variant*, int is_bad) {
        Base* base = new Derived;
        if (is_bad) {
            delete base;
        } else {
            delete static_cast<Derived*>(base);
        }
    });
}

char byte_of(const char* data, ptrdiff_t at) {
    static volatile char sink;
    sink = data[at];
    return sink == 0x7F ? 'y' : 'n';
}

void add_containers() {
    add("vector-write-behind", 122, "overflow", [](const variant*, int is_bad) {
        std::vector<char> vector(33, 'x');
        vector.data()[is_bad ? 33 : 32] = 'A';
    });
    add("vector-write-before", 124, "underflow", [](const variant*, int is_bad) {
        std::vector<int> vector(33, 1);
        vector.data()[is_bad ? -1 : 0] = 7;
    });
    add("vector-read-behind", 126, "overflow", [](const variant*, int is_bad) {
        std::vector<char> vector(32, 'x');
        byte_of(vector.data(), is_bad ? 32 : 31);
    });
    add("vector-read-before", 127, "underflow", [](const variant*, int is_bad) {
        std::vector<char> vector(32, 'x');
        byte_of(vector.data(), is_bad ? -1 : 0);
    });
    add("string-write-behind", 122, "overflow", [](const variant*, int is_bad) {
        std::string text(100, 'x');
        text.data()[text.capacity() + (is_bad ? 1 : 0)] = '\0';
        text.data()[text.capacity() + (is_bad ? 2 : 0)] = is_bad ? 'A' : '\0';
    });
    add("string-read-before", 127, "underflow", [](const variant*, int is_bad) {
        const std::string text(100, 'x');
        byte_of(text.data(), is_bad ? -1 : 0);
    });
}

void add_dangling() {
    add("stale-iterator-write", 416, "use after free", [](const variant*, int is_bad) {
        std::vector<int> vector(10, 1);
        auto first = vector.begin();
        vector.resize(1000);
        *(is_bad ? first : vector.begin()) = 7;
    });
    add("stale-iterator-read", 416, "use after free", [](const variant*, int is_bad) {
        std::vector<char> vector(10, 'x');
        const char* first = vector.data();
        vector.resize(1000);
        byte_of(is_bad ? first : vector.data(), 0);
    });
    add("dangling-c-string", 416, "use after free", [](const variant*, int is_bad) {
        const char* text = nullptr;
        std::string keeps(64, 'k');
        {
            const std::string gone(64, 'g');
            text = is_bad ? gone.c_str() : keeps.c_str();
        }
        byte_of(text, 3);
    });
    add("deleted-object-call", 416, "use after free", [](const variant*, int is_bad) {
        struct Shape {
            virtual ~Shape() = default;
            virtual int sides() { return 3; }
        };
        Shape* shape = new Shape;
        if (!is_bad) {
            shape->sides();
        }
        delete shape;
        if (is_bad) {
            shape->sides();
        }
    });
    add("lost-vector", 401, "leak", [](const variant*, int is_bad) {
        auto* vector = new std::vector<std::string>(10, std::string(50, 'x'));
        if (!is_bad) {
            delete vector;
        }
    });
}

void add_foreign_deletes() {
    add("delete-of-stack", 590, "invalid free", [](const variant*, int is_bad) {
        int local[10] = {};
        int* pointer = is_bad ? local : new int[10];
        ::operator delete[](pointer);
    });
    add("delete-of-global", 590, "invalid free", [](const variant*, int is_bad) {
        static int global[10];
        ::operator delete(is_bad ? global : ::operator new(40));
    });
    add("delete-of-second-element", 761, "invalid free", [](const variant*, int is_bad) {
        auto* array = new long[10];
        keep_block(is_bad ? array : nullptr);
        ::operator delete[](is_bad ? array + 1 : array);
    });
    add("delete-of-array-of-objects", 761, "invalid free", [](const variant*, int is_bad) {
        auto* array = new std::string[3];
        keep_block(is_bad ? array : nullptr);
        if (is_bad) {
            ::operator delete(array);  // behind the count that new[] put in front
        } else {
            delete[] array;
        }
    });
    add("unchecked-nothrow", 690, "signal", [](const variant*, int is_bad) {
        int* block = new (std::nothrow) int[10];
        if (is_bad || block != nullptr) {
            block[3] = 7;
        }
        delete[] block;
    });
}

}  // namespace

void add_all_variants() {
    constexpr size_t kMakerCount = sizeof kMakers / sizeof kMakers[0];
    add_bounds(kMakers, kMakerCount);
    add_lifetimes(kMakers, kMakerCount);
    add_leaks(kMakers, kMakerCount);
    add_mismatches();
    add_sizes_told();
    add_containers();
    add_dangling();
    add_foreign_deletes();
}
