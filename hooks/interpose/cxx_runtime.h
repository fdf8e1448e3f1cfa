// What operator new needs of the program's own C++ runtime, which we do not link: the handler to
// ask when memory is out, and the throw. A program that calls operator new has one somewhere.
#pragma once

namespace dearth::hooks {

using NewHandler = void (*)();

/// std::get_new_handler. `caller` is an address in the code that called operator new: a runtime
/// that was loaded for it alone is found by way of its module.
NewHandler installed_new_handler(const void* caller);

/// Throws std::bad_alloc through our frames, which have unwind tables and nothing to clean up.
[[noreturn]] void throw_bad_alloc(const void* caller);

/// A function of the runtime behind ours; ends the process when there is none.
void* find_in_runtime(const char* name, const void* caller);

}  // namespace dearth::hooks
