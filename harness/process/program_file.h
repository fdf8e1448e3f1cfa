// The program of `run -- CMD` and of engine exec: looked up as a shell would, and looked at before
// it is started, because most of what keeps a preload library out shows in the file.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/model/scenario.h"
#include "harness/process/elf_image.h"

namespace dearth::harness {

// What is to be started, and with which arguments.
struct ProgramStart {
    std::string path;
    std::vector<std::string> arguments;  // its own name included
    std::vector<std::string> warnings;   // one line each: what will be different under dearth
};

// Looks `target.run` up, in the PATH that the program gets and then, as dearth-target-NAME, beside
// dearth itself, and holds the file, and of a script
// the interpreter, against what the preload library needs. `env NAME` as a script's interpreter is
// followed to NAME, because the library does not follow an exec.
// Error class kBaseline; the message names the file and the cause.
Result<ProgramStart> find_program(const Target& target);

// Facts of a file that decide whether the loader drops LD_PRELOAD for the sake of security.
struct FilePrivileges {
    mode_t mode = 0;
    uid_t owner = 0;
    gid_t group = 0;
    bool has_capabilities = false;
};
// "setuid", "setgid" or "with file capabilities" where starting the file as `user` and `group`
// gains privileges; else empty.
std::string gained_privilege(const FilePrivileges& file, uid_t user, gid_t group);

// Why the preload library cannot work in a program like this; `Error::next_step` says what can be
// done. `subject` names the program in messages.
Status check_image(const ElfImage& image, const std::string& subject);
// What works, but differently.
std::vector<std::string> image_warnings(const ElfImage& image, const std::string& subject);

}  // namespace dearth::harness
