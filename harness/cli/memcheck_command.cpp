// `dearth memcheck`: a program's own run, its heap watched.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "harness/base/unique_fd.h"
#include "harness/cli/commands.h"
#include "harness/cli/memcheck_report.h"
#include "harness/cli/stop_signal.h"
#include "harness/scenario/scenario_files.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kQuarantineBytes = 16u << 20;
constexpr int kSignalBase = 128;

Scenario scenario_of(const MemcheckArguments& arguments) {
    Scenario scenario = scenario_for_command(arguments.command);
    dearth_term everything = {};
    dearth_term_default(&everything);
    scenario.injection.when = everything.when;  // call sites of all phases
    scenario.guard.quarantine_bytes = kQuarantineBytes;
    scenario.guard.way = arguments.guard == "bytes" ? GuardWay::kBytes : GuardWay::kPage;
    scenario.guard.page_side = arguments.guard == "both" ? DEARTH_SIDE_FRONT : DEARTH_SIDE_REAR;
    scenario.expect.needs_no_leak = arguments.leak_check != LeakCheck::kNo;
    return scenario;
}

bool is_same_end(const HeapCheck& a, const HeapCheck& b) {
    return a.exit.was_signaled == b.exit.was_signaled && a.exit.code == b.exit.code;
}

// Standard streams of the second run: the same input again, and no output.
class SecondStreams {
public:
    // Where standard input can be read again from the place it has now, or is empty.
    static Result<SecondStreams> prepare() {
        SecondStreams streams;
        struct stat facts = {};
        struct stat null = {};
        streams.offset_ = lseek(STDIN_FILENO, 0, SEEK_CUR);
        const bool is_file = fstat(STDIN_FILENO, &facts) == 0 && S_ISREG(facts.st_mode);
        const bool is_null = stat("/dev/null", &null) == 0 && S_ISCHR(facts.st_mode) &&
                             facts.st_rdev == null.st_rdev;
        if (!is_file && !is_null)
            return Error{ErrorClass::kUsage,
                         "run twice: standard input is no file that can be read again",
                         "redirect it: dearth memcheck --guard=both PROGRAM < FILE (or /dev/null)"};
        streams.is_file_ = is_file;
        streams.null_.reset(open("/dev/null", O_RDWR | O_CLOEXEC));
        streams.out_.reset(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
        streams.err_.reset(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
        if (!streams.null_.is_open() || !streams.out_.is_open() || !streams.err_.is_open())
            return Error{ErrorClass::kInternal,
                         fmt::format("keep the standard streams: {}", std::strerror(errno)),
                         "raise the open-file limit (ulimit -n)"};
        return streams;
    }

    void enter() const {
        if (is_file_)
            lseek(STDIN_FILENO, offset_, SEEK_SET);
        dup2(null_.get(), STDOUT_FILENO);
        dup2(null_.get(), STDERR_FILENO);
    }
    void leave() const {
        dup2(out_.get(), STDOUT_FILENO);
        dup2(err_.get(), STDERR_FILENO);
    }

private:
    SecondStreams() = default;
    UniqueFd null_, out_, err_;
    off_t offset_ = 0;
    bool is_file_ = false;
};

Result<HeapCheck> check_silently(const TargetSetup& setup, ModuleList& modules,
                                 const SecondStreams& streams) {
    streams.enter();
    auto check = check_heap(setup, modules);
    streams.leave();
    return check;
}

// The other side at the page: as tight as the program bears.
Result<HeapCheck> check_rear(TargetSetup setup, ModuleList& modules, const HeapCheck& front,
                             const SecondStreams& streams, MemcheckReport& report) {
    Scenario scenario = *setup.scenario;
    scenario.guard.page_side = DEARTH_SIDE_REAR;
    setup.scenario = &scenario;
    setup.page_alignment = 1;
    auto strict = check_silently(setup, modules, streams);
    if (!strict || strict.value().slot.misuse_count != 0 || is_same_end(strict.value(), front) ||
        front.slot.misuse_count != 0)
        return strict;
    report.add_note(
        "the program relies on aligned blocks: up to 15 bytes behind a block are guard "
        "bytes, a read of them is not seen");
    setup.page_alignment = 16;
    return check_silently(setup, modules, streams);
}

void add_notes(const MemcheckArguments& arguments, const HeapCheck& check, MemcheckReport& report) {
    for (const std::string& flag : arguments.ignored)
        report.add_note(flag + " does nothing here");
    if (arguments.guard != "bytes" && check.page_way == DEARTH_PAGES_PROTECTION)
        report.add_note(
            "pages by mprotect, this kernel has no MADV_GUARD_INSTALL: where very many "
            "blocks live at once, a sample of them has pages");
    else if (arguments.guard != "bytes" && check.page_way != DEARTH_PAGES_ADVICE)
        report.add_note("no pages could be had: guard bytes alone watch");
    const dearth_step_result& run = check.slot.steps[DEARTH_STEP_RUN];
    if (std::string_view(run.kind) == "exec")
        report.add_note(fmt::format("it became {} by exec, which was not watched", run.message));
    if (check.slot.exhausted != 0)
        report.add_note(
            fmt::format("{} requests failed: memory was really exhausted", check.slot.exhausted));
}

std::string log_path(const std::string& pattern, pid_t pid) {
    std::string path;
    for (size_t i = 0; i < pattern.size(); ++i) {
        const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
        if (pattern[i] != '%' || (next != 'p' && next != '%')) {
            path += pattern[i];
            continue;
        }
        path += next == 'p' ? std::to_string(pid) : "%";
        ++i;
    }
    return path;
}

Status write_all(int fd, std::string_view text, const std::string& name) {
    while (!text.empty()) {
        const ssize_t count = write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return Error{ErrorClass::kInternal,
                         fmt::format("write {}: {}", name, std::strerror(errno)),
                         "free some space there"};
        text.remove_prefix(static_cast<size_t>(count));
    }
    return Done{};
}

Result<UniqueFd> open_log(const std::string& path) {
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd.is_open())
        return Error{ErrorClass::kUsage,
                     fmt::format("write the log {}: {}", path, std::strerror(errno)),
                     "name a file in a folder that you can write to"};
    return fd;
}

struct Checked {
    pid_t pid = 0;
    ExitReport exit;
};

Result<Checked> check_into(const MemcheckArguments& arguments, const TargetSetup& setup,
                           ModuleList& modules, MemcheckReport& report) {
    std::optional<SecondStreams> streams;
    if (arguments.guard == "both") {
        auto prepared = SecondStreams::prepare();
        if (!prepared)
            return prepared.error();
        streams.emplace(prepared.take());
    }
    const auto first = check_heap(setup, modules);
    if (!first)
        return first.error();
    add_notes(arguments, first.value(), report);
    report.add_errors(first.value());
    if (streams) {
        const auto second = check_rear(setup, modules, first.value(), *streams, report);
        if (!second)
            return second.error();
        report.add_errors(second.value());
    }
    if (arguments.leak_check != LeakCheck::kNo)
        report.add_leaks(first.value());
    report.add_summary();
    return Checked{first.value().pid, first.value().exit};
}

Result<int> check(const MemcheckArguments& arguments) {
    // Before the program runs: a report that nobody gets is a run for nothing.
    const bool is_named_by_pid = log_path(arguments.log_file, 1) != log_path(arguments.log_file, 2);
    UniqueFd log;
    if (!arguments.log_file.empty() && !is_named_by_pid) {
        auto opened = open_log(log_path(arguments.log_file, 0));
        if (!opened)
            return opened.error();
        log = opened.take();
    }
    const Scenario scenario = scenario_of(arguments);
    auto made = make_setup(scenario);
    if (!made)
        return made.error();
    TargetSetup setup = made.take();
    setup.is_attended = true;
    setup.captures_free_stacks = true;
    setup.deadline_ms = 0;
    watch_for_stop();
    ModuleList modules;
    MemcheckReport report(arguments, modules);
    const auto checked = check_into(arguments, setup, modules, report);
    if (!checked)
        return checked.error();
    const auto& [pid, exit] = checked.value();
    if (is_named_by_pid) {
        auto opened = open_log(log_path(arguments.log_file, pid));
        if (!opened)
            return opened.error();
        log = opened.take();
    }
    const std::string name = arguments.log_file.empty() ? "standard error" : arguments.log_file;
    if (Status written =
            write_all(log.is_open() ? log.get() : STDERR_FILENO, report.text(pid), name);
        !written)
        return written.error();
    if (report.error_count() != 0 && arguments.error_exit_code != 0)
        return arguments.error_exit_code;
    return exit.was_signaled ? kSignalBase + exit.code : exit.code;
}

}  // namespace

int memcheck_command(const MemcheckArguments& arguments) {
    if (arguments.shows_help) {
        print_out(memcheck_help());
        return 0;
    }
    const auto status = check(arguments);
    return status ? status.value() : static_cast<int>(report_error(status.error()));
}

}  // namespace dearth::harness
