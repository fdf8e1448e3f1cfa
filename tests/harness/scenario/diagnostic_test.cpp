#include "harness/scenario/diagnostic.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "harness/base/text.h"

namespace dearth::harness {
namespace {

std::string said(const SourceText& source, const Place& place, const std::string& hint = {},
                 const std::string& allowed = {}) {
    DiagnosticSink sink(source);
    sink.report(place, "code", "message", hint, allowed);
    return format_diagnostics(sink.take());
}

TEST(Diagnostic, ShowsLineCaretsHintAndWhatIsAllowed) {
    std::string text(9, '\n');
    text += "  key: value\n";
    EXPECT_EQ(said(SourceText("a.yaml", text), {10, 3, 3}, "hint", "allowed: x"),
              "a.yaml:10:3: error[code]: message\n"
              "   |\n"
              "10 |   key: value\n"
              "   |   ^^^ hint\n"
              "   = allowed: x");
}

TEST(Diagnostic, OfTheWholeFileHasNoPlace) {
    EXPECT_EQ(said(SourceText("a.yaml", ""), {0, 0, 1}, "hint"),
              "a.yaml: error[code]: message\n  = hint");
}

TEST(Diagnostic, StaysWithinTheText) {
    EXPECT_EQ(said(SourceText("a.yaml", "ab\n"), {7, 9, 4}),
              "a.yaml:1:3: error[code]: message\n  |\n1 | ab\n  |   ^");
    EXPECT_EQ(said(SourceText("a.yaml", ""), {1, 1, 1}),
              "a.yaml:1:1: error[code]: message\n  |\n1 | \n  | ^");
}

TEST(Diagnostic, CountsCodePointsNotBytes) {
    EXPECT_EQ(said(SourceText("a.yaml", "\xC3\xA9\xE2\x82\xAC x\n"), {1, 7, 1}),
              "a.yaml:1:4: error[code]: message\n  |\n1 | \xC3\xA9\xE2\x82\xAC x\n  |    ^");
}

TEST(Diagnostic, SamePlaceAndTextCountOnce) {
    const SourceText source("a.yaml", "x\n");
    DiagnosticSink sink(source);
    sink.report({1, 1, 1}, "a", "m");
    sink.report({1, 1, 1}, "a", "m");
    sink.report({1, 1, 1}, "b", "m");
    EXPECT_EQ(sink.take().size(), 2u);
}

TEST(Diagnostic, ManyAreCutAndCounted) {
    const SourceText source("a.yaml", std::string(400, '\n'));
    DiagnosticSink sink(source);
    for (size_t line = 300; line >= 1; --line) {
        sink.report({line, 1, 1}, "a", "m");
    }
    const std::vector<Diagnostic> taken = sink.take();
    ASSERT_EQ(taken.size(), DiagnosticSink::kDiagnosticsMax + 1);
    EXPECT_EQ(taken.back().message, "250 more errors are not shown; mend these first");
    EXPECT_LT(taken[0].line, taken[1].line);
}

RC_GTEST_PROP(Diagnostic, IsPrintableWhateverTheTextIs,
              (const std::string& text, const std::string& hint)) {
    const SourceText source("a.yaml", text);
    const auto offset = *rc::gen::inRange<size_t>(0, text.size() + 2);
    const auto length = *rc::gen::inRange<size_t>(0, text.size() + 200);
    const std::string shown = said(source, source.place_of(offset, length), hint);
    RC_ASSERT(first_invalid_utf8(shown) == std::nullopt);
    for (const std::string_view line : split(shown, '\n')) {
        RC_ASSERT(printable_text(line) == line);
    }
    RC_ASSERT(split(shown, '\n').size() == 4u);
}

}  // namespace
}  // namespace dearth::harness
