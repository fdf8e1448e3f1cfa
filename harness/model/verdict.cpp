// The one table of verdicts; every output format, `explain` and the gate read it. CWE numbers are
// MITRE's.
#include "harness/model/verdict.h"

#include <array>
#include <cassert>

namespace dearth::harness {
namespace {

// Order: verdict, name, rule, cwe, summary, advice, fails_gate.
constexpr std::array kRows = {
    VerdictRow{Verdict::kNotReached, "not-reached", "", "",
               "Nothing was injected: the run ended before the chosen request.",
               "Nothing to fix in the target. If every trial ends so, the window or the filters "
               "select no request: look at `inject.when` and at the phases.",
               false},
    VerdictRow{Verdict::kUnaffected, "unaffected", "", "",
               "The failure was absorbed: the run gave the baseline's result.",
               "Nothing to fix: a retry, a cache or a fallback worked. If this failure must never "
               "be absorbed, add the invariant `failure-reported`.",
               false},
    VerdictRow{Verdict::kHandled, "handled", "", "",
               "The failure was reported as the scenario expects, and nothing else is wrong.",
               "Nothing to fix.", false},
    VerdictRow{Verdict::kInconclusive, "inconclusive", "", "",
               "The trial could not be judged; it counts neither as clean nor as a finding.",
               "Read the note beside it: the target was killed from outside, the machine ran out "
               "of something, or dearth itself failed. Run the trial again on its own.",
               false},
    VerdictRow{Verdict::kUnreported, "unreported", "DT2003", "252",
               "Success was claimed with another result: the failed allocation was swallowed.",
               "Find the caller of the failed request that drops the NULL: a return value not "
               "looked at, an error code overwritten by a later success, a half-made object handed "
               "on. Pass the failure up until somebody can report it.",
               false},
    VerdictRow{Verdict::kWrongOutcome, "wrong-outcome", "DT2004", "703",
               "The failure was reported as an error of the wrong kind, or as an error return with "
               "no error set.",
               "Look where the error is made: an out-of-memory error turned into another one, an "
               "error path that clears the error it should keep, or a NULL returned without "
               "setting one. If the outcome is right after all, name it in `expect.outcome`.",
               false},
    VerdictRow{Verdict::kLeak, "leak", "DT3001", "401",
               "Blocks stay allocated that the run without faults gives back.",
               "Follow the error path from the failed request upwards: each early return has to "
               "free what was taken before it. The stack shown made the block that stayed.",
               false},
    VerdictRow{Verdict::kBrokenAfter, "broken-after", "DT2007", "460",
               "After the failure the same work, without faults, no longer gives the baseline's "
               "answer.",
               "The error path left state half changed: a table resized but not filled, a counter "
               "raised but not lowered, a flag or a lock left set. Build the new state aside and "
               "swap it in last, or undo on the way out.",
               false},
    VerdictRow{Verdict::kHang, "hang", "DT2002", "835",
               "After the failure the run did not end by its deadline, or retried without end.",
               "Look for a loop that retries the allocation without a bound, waits for memory "
               "that nobody will free, or iterates over a structure whose end was never written. "
               "If the run is merely slow, raise `limits.timeout`.",
               true},
    VerdictRow{Verdict::kStackOverflow, "stack-overflow", "DT2006", "674",
               "The error path recursed until the stack ended.",
               "Reporting the failure allocates, fails again and reports that failure too. Keep "
               "the out-of-memory error ready made, or guard the handler against re-entry.",
               true},
    VerdictRow{Verdict::kAbort, "abort", "DT2005", "617",
               "The failure ended the process through abort: an assertion or a panic.",
               "An assertion is no error handling: return the failure instead. If the target ends "
               "so by design, say it in the scenario with `outcome: [ok, error, signal:ABRT]`.",
               true},
    VerdictRow{Verdict::kCrash, "crash", "DT2001", "690",
               "The process died of a signal after the failure, most often by using NULL.",
               "Check the pointer where the injected stack returns to, before its first use; then "
               "check what the error path touches: members not yet set, objects half built.",
               true},
    VerdictRow{Verdict::kMismatchedFree, "mismatched-free", "DT1006", "762",
               "A block was given back with a size or by a function that does not fit it.",
               "The size the caller remembers and the size the block has went apart: a resize that "
               "failed after its length was stored, or one that worked before it was. Store the "
               "new size only when realloc has returned the block.",
               true},
    VerdictRow{Verdict::kWrongDomain, "wrong-domain", "DT1007", "762",
               "A block of one allocator domain was given to another.",
               "Pair the families: what PyMem_Malloc made goes to PyMem_Free, what PyObject_Malloc "
               "made to PyObject_Free, and so on. Error paths often call the wrong one of two.",
               true},
    VerdictRow{Verdict::kInvalidFree, "invalid-free", "DT1005", "763",
               "A pointer was freed that is not the start of a live block.",
               "Look for a pointer that was advanced, never set, or made by another allocator. On "
               "error paths: clean-up code that frees members nobody has set yet. Clear the "
               "structure before the first request that may fail.",
               true},
    VerdictRow{Verdict::kDoubleFree, "double-free", "DT1004", "415", "A block was freed twice.",
               "Two owners clean up the same block on the error path: the callee frees on failure "
               "and so does its caller. Decide who owns it after a failure, and set the pointer "
               "to NULL where it was given away.",
               true},
    VerdictRow{Verdict::kUseAfterFree, "use-after-free", "DT1003", "416",
               "Memory was written after it had been freed.",
               "The error path freed a block that somebody still points to: a list that was not "
               "unlinked, an old pointer kept after realloc, a reference count dropped once too "
               "often. Unlink first, free last.",
               true},
    VerdictRow{Verdict::kUnderflow, "underflow", "DT1002", "124",
               "Bytes before the start of a heap block were overwritten.",
               "Look for an index that went below zero or a pointer moved back too far; on error "
               "paths: an unwinding loop that passes its first element.",
               true},
    VerdictRow{Verdict::kOverflow, "overflow", "DT1001", "122",
               "Bytes past the end of a heap block were overwritten.",
               "Compare the size at the write with the size of the block. On error paths: a "
               "capacity raised although the resize failed, so that the old, smaller block is "
               "filled as if it were the new one.",
               true},
};

constexpr bool rows_are_in_order() {
    for (size_t index = 0; index < kRows.size(); ++index) {
        if (static_cast<size_t>(kRows[index].verdict) != index) {
            return false;
        }
    }
    return kRows.size() == static_cast<size_t>(Verdict::kOverflow) + 1;
}
static_assert(rows_are_in_order(), "verdict_row looks rows up by index");

}  // namespace

std::span<const VerdictRow> verdict_rows() {
    return kRows;
}

const VerdictRow& verdict_row(Verdict verdict) {
    const auto index = static_cast<size_t>(verdict);
    assert(index < kRows.size());
    return kRows[index];
}

std::string_view verdict_name(Verdict verdict) {
    return verdict_row(verdict).name;
}

std::optional<Verdict> verdict_from_name(std::string_view name) {
    for (const VerdictRow& row : kRows) {
        if (row.name == name) {
            return row.verdict;
        }
    }
    return std::nullopt;
}

std::optional<Verdict> verdict_from_rule(std::string_view rule) {
    for (const VerdictRow& row : kRows) {
        if (!row.rule.empty() && row.rule == rule) {
            return row.verdict;
        }
    }
    return verdict_from_name(rule);
}

bool is_finding(Verdict verdict) {
    return !verdict_row(verdict).rule.empty();
}

}  // namespace dearth::harness
