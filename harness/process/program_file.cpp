// Where a check needs the file, the file is opened once and asked by its descriptor.
#include "harness/process/program_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/text.h"
#include "harness/base/unique_fd.h"
#include "harness/process/engine_path.h"
#include "harness/process/target_environment.h"

namespace dearth::harness {
namespace {

// What the kernel reads of a script's first line.
constexpr size_t kFirstLineBytes = 256;

Error cannot_start(const std::string& subject, const std::string& cause, std::string next_step) {
    return {ErrorClass::kBaseline, fmt::format("start {}: {}", subject, cause),
            std::move(next_step)};
}

bool read_at(int fd, uint64_t offset, std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        offset += static_cast<uint64_t>(got);
        bytes = bytes.subspan(static_cast<size_t>(got));
    }
    return true;
}

// A program's first bytes; fewer where the file is shorter.
std::string head_of(int fd) {
    std::string head(kFirstLineBytes, '\0');
    const ssize_t got = pread(fd, head.data(), head.size(), 0);
    head.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return head;
}

// `#!/usr/bin/env python3`: the kernel takes all behind the first word as one argument.
struct InterpreterLine {
    std::string path;
    std::string argument;  // empty: none
};

std::optional<InterpreterLine> interpreter_line(std::string_view head) {
    if (!head.starts_with("#!"))
        return std::nullopt;
    const std::string_view line = trim(head.substr(2, head.find('\n') - 2));
    const size_t blank = line.find_first_of(" \t");
    InterpreterLine result;
    result.path = line.substr(0, blank);
    if (blank != std::string_view::npos)
        result.argument = trim(line.substr(blank));
    return result;
}

bool is_env(const InterpreterLine& line) {
    const bool names_env = line.path == "/usr/bin/env" || line.path == "/bin/env";
    return names_env && !line.argument.empty() && line.argument.front() != '-' &&
           line.argument.find_first_of(" \t=") == std::string::npos;
}

class ProgramFinder {
public:
    explicit ProgramFinder(const Target& target)
        : target_(target), environment_(target_environment(target)) {}

    Result<ProgramStart> find();

private:
    Result<std::string> look_up(const std::string& name) const;
    // Opened; its status in `facts`.
    Result<UniqueFd> open_program(const std::string& path, const std::string& subject,
                                  struct stat& facts) const;
    Status check_privileges(int fd, const struct stat& facts, const std::string& subject) const;
    Status check_elf(int fd, uint64_t bytes, const std::string& subject);
    Status follow_script(const std::string& head, const std::string& script);

    const Target& target_;
    std::map<std::string, std::string> environment_;
    ProgramStart start_;
};

Result<std::string> ProgramFinder::look_up(const std::string& name) const {
    if (name.find('/') != std::string::npos)
        return name;
    const auto path = environment_.find("PATH");
    const std::string folders = path != environment_.end() ? path->second : "/bin:/usr/bin";
    for (const std::string_view folder : split(folders, ':')) {
        std::string candidate = folder.empty() ? "." : std::string(folder);
        candidate.append("/").append(name);
        struct stat facts = {};
        if (access(candidate.c_str(), X_OK) == 0 && stat(candidate.c_str(), &facts) == 0 &&
            !S_ISDIR(facts.st_mode))
            return candidate;
    }
    std::string shipped = own_folder() + "/dearth-target-" + name;
    if (access(shipped.c_str(), X_OK) == 0)
        return shipped;
    return cannot_start(printable_text(name), "no such program in PATH",
                        fmt::format("the PATH it would get is {}; write ./{} for a file here",
                                    printable_text(folders), printable_text(name)));
}

Result<UniqueFd> ProgramFinder::open_program(const std::string& path, const std::string& subject,
                                             struct stat& facts) const {
    if (stat(path.c_str(), &facts) != 0)
        return cannot_start(subject, std::strerror(errno), "check the path");
    if (S_ISDIR(facts.st_mode))
        return cannot_start(subject, "it is a directory", "name the program in it");
    if (!S_ISREG(facts.st_mode))
        return cannot_start(subject, "it is not a regular file", "name a program");
    if (access(path.c_str(), X_OK) != 0)
        return cannot_start(subject, "it is not executable", fmt::format("chmod +x {}", subject));
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.is_open())
        return cannot_start(subject, fmt::format("it cannot be read: {}", std::strerror(errno)),
                            "dearth has to see whether its preload library can work in it");
    return fd;
}

Status ProgramFinder::check_privileges(int fd, const struct stat& facts,
                                       const std::string& subject) const {
    FilePrivileges file;
    file.mode = facts.st_mode;
    file.owner = facts.st_uid;
    file.group = facts.st_gid;
    file.has_capabilities = fgetxattr(fd, "security.capability", nullptr, 0) > 0;
    const std::string privilege = gained_privilege(file, getuid(), getgid());
    if (privilege.empty())
        return Done{};
    return cannot_start(
        subject,
        fmt::format("it is {}, and the loader preloads nothing into such a program", privilege),
        "run a copy of it without these privileges");
}

Status ProgramFinder::check_elf(int fd, uint64_t bytes, const std::string& subject) {
    const ReadAt read = [fd](uint64_t offset, std::span<std::byte> into) {
        return read_at(fd, offset, into);
    };
    const Result<ElfImage> image = read_elf_image(read, bytes);
    if (!image)
        return cannot_start(subject, image.error().message, "the file is damaged: build it again");
    if (Status checked = check_image(image.value(), subject); !checked)
        return checked;
    if (access(image.value().loader.c_str(), X_OK) != 0)
        return cannot_start(subject,
                            fmt::format("its loader {} cannot be used: {}",
                                        printable_text(image.value().loader), std::strerror(errno)),
                            "install the C library that it was built for");
    start_.warnings = image_warnings(image.value(), subject);
    return Done{};
}

Status ProgramFinder::follow_script(const std::string& head, const std::string& script) {
    const auto line = interpreter_line(head);
    if (!line)
        return cannot_start(script, "it is neither an ELF file nor a script with a #! line",
                            fmt::format("name its interpreter: dearth run -- sh {}", script));
    if (line->path.empty())
        return cannot_start(script, "its #! line names no interpreter",
                            "write the interpreter's path behind #!");
    std::string interpreter = line->path;
    if (is_env(*line)) {
        auto found = look_up(line->argument);
        if (!found)
            return found.error();
        interpreter = found.take();
        std::vector<std::string> arguments = {line->argument, start_.path};
        arguments.insert(arguments.end(), start_.arguments.begin() + 1, start_.arguments.end());
        start_.arguments = std::move(arguments);
        start_.path = interpreter;
    }
    const std::string subject =
        fmt::format("{} (the interpreter of {})", printable_text(interpreter), script);
    struct stat facts = {};
    auto opened = open_program(interpreter, subject, facts);
    if (!opened)
        return opened.error();
    const std::string first = head_of(opened.value().get());
    if (!is_elf(std::as_bytes(std::span(first))))
        return cannot_start(subject, "it is a script itself, or no program",
                            "name the program that reads it: dearth run -- PROGRAM " + script);
    if (Status checked = check_privileges(opened.value().get(), facts, subject); !checked)
        return checked;
    return check_elf(opened.value().get(), static_cast<uint64_t>(facts.st_size), subject);
}

Result<ProgramStart> ProgramFinder::find() {
    auto path = look_up(target_.run.front());
    if (!path)
        return path.error();
    start_.path = path.take();
    start_.arguments = target_.run;
    const std::string subject = printable_text(start_.path);
    struct stat facts = {};
    auto opened = open_program(start_.path, subject, facts);
    if (!opened)
        return opened.error();
    const int fd = opened.value().get();
    const std::string head = head_of(fd);
    Status checked = Done{};
    if (is_elf(std::as_bytes(std::span(head)))) {
        checked = check_privileges(fd, facts, subject);
        if (checked)
            checked = check_elf(fd, static_cast<uint64_t>(facts.st_size), subject);
    } else {
        checked = follow_script(head, subject);
    }
    if (!checked)
        return checked.error();
    return start_;
}

std::string machine_word(uint16_t machine) {
    switch (machine) {
        case EM_386:
            return "i386";
        case EM_X86_64:
            return "x86-64";
        case EM_ARM:
            return "ARM";
        case EM_AARCH64:
            return "AArch64";
        case EM_RISCV:
            return "RISC-V";
        default:
            return fmt::format("machine {}", machine);
    }
}

}  // namespace

std::string gained_privilege(const FilePrivileges& file, uid_t user, gid_t group) {
    if ((file.mode & S_ISUID) != 0 && file.owner != user)
        return "setuid";
    // Without the group's execute bit the setgid bit means mandatory locking, and gains nothing.
    if ((file.mode & S_ISGID) != 0 && (file.mode & S_IXGRP) != 0 && file.group != group)
        return "setgid";
    return file.has_capabilities && user != 0 ? "with file capabilities" : "";
}

Status check_image(const ElfImage& image, const std::string& subject) {
    if (!image.is_64_bit || image.machine != EM_X86_64)
        return cannot_start(
            subject,
            fmt::format("it is a {} program for {}, and the preload library is for "
                        "64-bit x86-64",
                        image.is_64_bit ? "64-bit" : "32-bit", machine_word(image.machine)),
            "build it for this machine");
    if (image.type != ET_EXEC && image.type != ET_DYN)
        return cannot_start(subject, "it is an object file or a core dump, no program",
                            "link it first");
    if (!image.sanitizer.empty())
        return cannot_start(
            subject,
            fmt::format("{} is linked in, which is the allocator then and bears no other",
                        image.sanitizer),
            "build it without -fsanitize for dearth; dearth brings guard bytes of its own");
    if (image.loader.empty())
        return cannot_start(subject,
                            "it is statically linked (or a library), so nothing can be preloaded",
                            "link it dynamically");
    if (image.loader.find("/ld-linux") == std::string::npos)
        return cannot_start(subject,
                            fmt::format("its loader is {}, and the preload library is for glibc's",
                                        printable_text(image.loader)),
                            "build it for glibc");
    if (image.exports_malloc)
        return cannot_start(subject,
                            "it brings its own malloc, which comes before any preloaded one: the "
                            "injector would be shadowed",
                            "link it without that allocator (jemalloc, tcmalloc, mimalloc, ...)");
    return Done{};
}

std::vector<std::string> image_warnings(const ElfImage& image, const std::string& subject) {
    std::vector<std::string> warnings;
    if (image.hides_malloc)
        warnings.push_back(fmt::format(
            "{} has a malloc of its own for itself: only its libraries' requests are seen",
            subject));
    for (const std::string& library : image.needed) {
        for (const std::string_view allocator : {"libjemalloc", "libtcmalloc", "libmimalloc"}) {
            if (library.starts_with(allocator))
                warnings.push_back(
                    fmt::format("{} uses {}; under dearth its requests are served by libc instead",
                                subject, printable_text(library)));
        }
    }
    return warnings;
}

Result<ProgramStart> find_program(const Target& target) {
    return ProgramFinder(target).find();
}

}  // namespace dearth::harness
