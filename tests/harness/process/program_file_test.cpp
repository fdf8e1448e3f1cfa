// Programs that can be started, and each kind that cannot: found by name, refused with its cause.
#include "harness/process/program_file.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/process/private_folder.h"

namespace dearth::harness {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ProgramFile : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text, mode_t mode = 0755) {
        const std::string path = folder_.path() + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        chmod(path.c_str(), mode);
        return path;
    }
    // A copy of a real program whose header was changed.
    std::string changed_program(const std::string& name, size_t offset, char byte) {
        std::ifstream in("/bin/true", std::ios::binary);
        std::string image{std::istreambuf_iterator<char>(in), {}};
        image[offset] = byte;
        return write(name, image);
    }
    Result<ProgramStart> find(std::vector<std::string> run) {
        Target target;
        target.engine = Engine::kExec;
        target.run = std::move(run);
        target.env["PATH"] = folder_.path() + ":/usr/bin";
        return find_program(target);
    }
    // "CAUSE", of an error of class kBaseline that names the file and a next step.
    std::string refusal(const std::string& path) {
        const auto found = find({path});
        if (found)
            return "none";
        EXPECT_EQ(found.error().error_class, ErrorClass::kBaseline);
        EXPECT_FALSE(found.error().next_step.empty());
        EXPECT_THAT(found.error().message, HasSubstr(path));
        return found.error().message;
    }

    PrivateFolder folder_ = PrivateFolder::create().take();
};

TEST_F(ProgramFile, ANameIsLookedUpInThePathOfTheProgram) {
    const auto found = find({"true", "a", "b c"});
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found.value().path, "/usr/bin/true");
    EXPECT_THAT(found.value().arguments, ElementsAre("true", "a", "b c"));
    EXPECT_TRUE(found.value().warnings.empty());
    std::filesystem::copy_file("/bin/true", folder_.path() + "/mine");
    EXPECT_EQ(find({"mine"}).value().path, folder_.path() + "/mine");
    // A folder of that name, or a file that is not executable, does not stop the search.
    std::filesystem::create_directory(folder_.path() + "/true");
    write("false", "", 0644);
    EXPECT_EQ(find({"true"}).value().path, "/usr/bin/true");
    EXPECT_EQ(find({"false"}).value().path, "/usr/bin/false");
}

TEST_F(ProgramFile, WhatIsNoProgramIsRefused) {
    EXPECT_THAT(refusal("no-such-program-anywhere"), HasSubstr("no such program in PATH"));
    EXPECT_THAT(refusal("/no/such/program"), HasSubstr("No such file or directory"));
    EXPECT_THAT(refusal(folder_.path()), HasSubstr("it is a directory"));
    EXPECT_THAT(refusal("/dev/null"), HasSubstr("it is not a regular file"));
    EXPECT_THAT(refusal(write("data", "x", 0644)), HasSubstr("it is not executable"));
    EXPECT_THAT(refusal(write("empty", "")), HasSubstr("neither an ELF file nor a script"));
    EXPECT_THAT(refusal(write("text", "echo hello\n")),
                HasSubstr("neither an ELF file nor a script"));
    EXPECT_THAT(refusal(write("cut",
                              "\x7f"
                              "ELF")),
                HasSubstr("it is no ELF file"));
}

TEST_F(ProgramFile, AScriptsInterpreterIsHeldToTheSameRules) {
    const std::string script = write("script", "#!/bin/sh -e\nexit 0\n");
    const auto found = find({script, "x"});
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found.value().path, script);
    EXPECT_THAT(found.value().arguments, ElementsAre(script, "x"));
    EXPECT_THAT(refusal(write("lost", "#!/no/such/interpreter\n")),
                HasSubstr("/no/such/interpreter (the interpreter of "));
    EXPECT_THAT(refusal(write("nameless", "#!\nexit\n")), HasSubstr("names no interpreter"));
    EXPECT_THAT(refusal(write("nested", "#!" + script + "\n")),
                HasSubstr("it is a script itself, or no program"));
}

TEST_F(ProgramFile, EnvIsFollowedToTheProgramThatItWouldStart) {
    const std::string script = write("by-env", "#!/usr/bin/env  sh\nexit 0\n");
    const auto found = find({script, "x"});
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found.value().path, "/usr/bin/sh");
    EXPECT_THAT(found.value().arguments, ElementsAre("sh", script, "x"));
    const auto lost = find({write("by-env-lost", "#!/usr/bin/env no-such-program-anywhere\n")});
    ASSERT_FALSE(lost.ok());
    EXPECT_THAT(lost.error().message, HasSubstr("no such program in PATH"));
}

TEST_F(ProgramFile, WhatThePreloadLibraryCannotEnterIsRefused) {
    EXPECT_THAT(refusal(changed_program("small", EI_CLASS, ELFCLASS32)),
                HasSubstr("it is a 32-bit program"));
    EXPECT_THAT(refusal(changed_program("foreign", 18, static_cast<char>(EM_AARCH64))),
                HasSubstr("it is a 64-bit program for AArch64"));
    EXPECT_THAT(refusal(changed_program("object", 16, ET_REL)), HasSubstr("it is an object file"));
    EXPECT_THAT(refusal(DEARTH_STATIC_PROGRAM), HasSubstr("it is statically linked"));
    EXPECT_THAT(refusal(DEARTH_OWN_MALLOC_PROGRAM), HasSubstr("it brings its own malloc"));
}

TEST_F(ProgramFile, ImagesAreRefusedForOneReasonEach) {
    ElfImage image;
    image.is_64_bit = true;
    image.machine = EM_X86_64;
    image.type = ET_DYN;
    image.loader = "/lib64/ld-linux-x86-64.so.2";
    EXPECT_TRUE(check_image(image, "p").ok());
    ElfImage sanitized = image;
    sanitized.sanitizer = "AddressSanitizer";
    sanitized.exports_malloc = true;
    EXPECT_THAT(check_image(sanitized, "p").error().message, HasSubstr("AddressSanitizer"));
    ElfImage other_libc = image;
    other_libc.loader = "/lib/ld-musl-x86_64.so.1";
    EXPECT_THAT(check_image(other_libc, "p").error().message, HasSubstr("ld-musl"));
    ElfImage shared_allocator = image;
    shared_allocator.needed = {"libjemalloc.so.2", "libc.so.6"};
    EXPECT_TRUE(check_image(shared_allocator, "p").ok());
    EXPECT_THAT(image_warnings(shared_allocator, "p"), ElementsAre(HasSubstr("libjemalloc.so.2")));
    ElfImage hidden = image;
    hidden.hides_malloc = true;
    EXPECT_THAT(image_warnings(hidden, "p"), ElementsAre(HasSubstr("malloc of its own")));
}

TEST_F(ProgramFile, PrivilegesCountOnlyWhereTheyAreGained) {
    const FilePrivileges plain{.mode = 0755, .owner = 0, .group = 0};
    EXPECT_EQ(gained_privilege(plain, 1000, 1000), "");
    const FilePrivileges setuid{.mode = 04755, .owner = 0, .group = 0};
    EXPECT_EQ(gained_privilege(setuid, 1000, 1000), "setuid");
    EXPECT_EQ(gained_privilege(setuid, 0, 0), "");
    const FilePrivileges setgid{.mode = 02755, .owner = 0, .group = 42};
    EXPECT_EQ(gained_privilege(setgid, 0, 0), "setgid");
    EXPECT_EQ(gained_privilege(setgid, 0, 42), "");
    const FilePrivileges locking{.mode = 02745, .owner = 0, .group = 42};
    EXPECT_EQ(gained_privilege(locking, 0, 0), "");
    const FilePrivileges capable{.mode = 0755, .has_capabilities = true};
    EXPECT_EQ(gained_privilege(capable, 1000, 1000), "with file capabilities");
    EXPECT_EQ(gained_privilege(capable, 0, 0), "");
}

TEST_F(ProgramFile, ASetuidProgramIsRefused) {
    const std::string path = folder_.path() + "/privileged";
    std::filesystem::copy_file("/bin/true", path);
    if (chown(path.c_str(), 65534, 65534) != 0)
        GTEST_SKIP() << "no right to give a file away";
    ASSERT_EQ(chmod(path.c_str(), 04755), 0);
    EXPECT_THAT(refusal(path), HasSubstr("it is setuid"));
}

}  // namespace
}  // namespace dearth::harness
