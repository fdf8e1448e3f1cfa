// What `dearth memcheck` found, as Valgrind would write it: CTest and editors parse these lines.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "harness/cli/memcheck_arguments.h"
#include "harness/sweep/heap_check.h"
#include "harness/triage/symbolizer.h"

namespace dearth::harness {

class MemcheckReport {
public:
    // `modules` is the list that the checks translate their frames to.
    MemcheckReport(const MemcheckArguments& arguments, const ModuleList& modules)
        : arguments_(arguments), modules_(modules) {}

    // Once for each run, in their order. A later run tells only what the earlier ones did not.
    void add_errors(const HeapCheck& check);
    void add_leaks(const HeapCheck& check);
    void add_note(std::string_view text);
    void add_summary();

    uint64_t error_count() const { return errors_; }
    // Lines of the program with this process id: "==PID== text".
    std::string text(pid_t pid) const;

private:
    void line(std::string_view text) { lines_ += std::string(text) + "\n"; }
    void add_stack(const dearth_stack& stack, std::string_view first_word);
    void add_misuse(const dearth_misuse& misuse);
    void add_block(const dearth_misuse& misuse);
    void add_crash(const HeapCheck& check);
    bool is_stream_buffer(const dearth_stack& stack);
    std::string key_of(const dearth_misuse& misuse, bool with_detected);

    const MemcheckArguments& arguments_;
    const ModuleList& modules_;
    Symbolizer symbolizer_;
    std::string lines_;
    std::set<std::string> told_;  // in this run
    std::set<std::string> told_before_;
    uint64_t errors_ = 0;
    uint64_t contexts_ = 0;
};

}  // namespace dearth::harness
