// C++ in a plugin of a program that is none: its runtime is loaded with it, out of everybody's
// sight.
#include <cstdlib>
#include <new>

extern "C" int dearth_plugin_catches() {
    try {
        ::operator delete(::operator new (std::size_t{4321}));
    } catch (const std::bad_alloc&) {
        return 1;
    }
    return 0;
}
