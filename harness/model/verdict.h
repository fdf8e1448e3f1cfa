// The answers an oracle can give about one trial, their words and their rule ids. The order is the
// order of gravity: when several hold for one trial, the last one names it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dearth::harness {

enum class Verdict : uint8_t {
    kNotReached,    // nothing was injected
    kUnaffected,    // same result as the baseline
    kHandled,       // reported as the scenario expects
    kInconclusive,  // we could not tell
    kUnreported,    // success claimed with another result
    kWrongOutcome,  // an error of the wrong kind, or an error return with no error set
    kLeak,
    kBrokenAfter,  // the same work without faults no longer gives the baseline's answer
    kHang,
    kStackOverflow,
    kAbort,
    kCrash,
    kMismatchedFree,
    kWrongDomain,
    kInvalidFree,
    kDoubleFree,
    kUseAfterFree,
    kUnderflow,
    kOverflow,
};

struct VerdictRow {
    Verdict verdict;
    std::string_view name;     // the word used in every output: "use-after-free"
    std::string_view rule;     // "DT1003"; empty when the verdict is no finding
    std::string_view cwe;      // "416"; empty when none fits
    std::string_view summary;  // one sentence
    std::string_view advice;   // what the owner of the code should look at
    bool fails_gate;           // by default; else it warns
};

// Every verdict once, in the order above.
std::span<const VerdictRow> verdict_rows();
const VerdictRow& verdict_row(Verdict verdict);
std::string_view verdict_name(Verdict verdict);
std::optional<Verdict> verdict_from_name(std::string_view name);
// A rule id ("DT1001") or a name ("overflow").
std::optional<Verdict> verdict_from_rule(std::string_view rule);
// True for everything that is an accusation against the target.
bool is_finding(Verdict verdict);

}  // namespace dearth::harness
