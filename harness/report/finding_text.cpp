// Layout: a headline, then labelled lines at one indent. Everything that a target had a hand in is
// escaped, so that it cannot drive the terminal.
#include "harness/report/finding_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "dearth/schedule.h"
#include "harness/base/text.h"
#include "harness/report/report_words.h"
#include "harness/report/terminal_text.h"

namespace dearth::harness {
namespace {

constexpr size_t kIndent = 7;
constexpr size_t kLabelColumns = 14;
constexpr size_t kErrorLines = 4;

Style style_of(Disposition disposition) {
    switch (disposition) {
        case Disposition::kFails:
            return Style::kRed;
        case Disposition::kWarns:
            return Style::kYellow;
        case Disposition::kKnown:
            return Style::kDim;
    }
    return Style::kPlain;
}

class Block {
public:
    explicit Block(const ConsoleOptions& options) : options_(options) {}

    void line(std::string_view label, const std::string& text) { pieces(label, {text}, " "); }
    // Words of a sentence, broken where the line ends.
    void sentence(std::string_view label, std::string_view text) {
        std::vector<std::string> words;
        const std::string printable = printable_text(text);
        for (const std::string_view word : split(printable, ' '))
            words.emplace_back(word);
        pieces(label, words, " ");
    }
    void pieces(std::string_view label, const std::vector<std::string>& pieces,
                std::string_view separator) {
        const size_t indent = label.empty() ? kIndent : kIndent + kLabelColumns;
        text_ += std::string(kIndent, ' ');
        if (!label.empty()) {
            text_ += styled(label, Style::kDim, options_.has_color);
            text_ += std::string(kLabelColumns - std::min(label.size(), kLabelColumns), ' ');
        }
        text_ +=
            wrap_pieces(pieces, separator, options_.columns - indent, options_.columns, indent);
        text_ += '\n';
    }
    void stack(std::string_view label, std::vector<std::string> first,
               const std::vector<SymbolFrame>& frames) {
        size_t left_out = 0;
        std::vector<std::string> texts = useful_frames(frames, options_.frames_shown, left_out);
        if (left_out > 0)
            texts.push_back(fmt::format("{} more", left_out));
        // What was called stands before the first frame, without a "<" between them.
        if (!first.empty() && !texts.empty())
            texts.front() = fmt::format("{}   {}", first.front(), texts.front());
        else if (texts.empty())
            texts = std::move(first);
        if (!texts.empty())
            pieces(label, texts, " < ");
    }
    std::string take() { return std::move(text_); }

private:
    const ConsoleOptions& options_;
    std::string text_;
};

std::string injected_text(const Finding& finding) {
    std::string text = request_text(finding.request);
    if (finding.point.ordinal != 0)
        text += fmt::format(" #{}", finding.point.ordinal);
    const char* phase = dearth_phase_name(finding.phase);
    if (finding.phase != DEARTH_PHASE_RUN && phase != nullptr)
        text += fmt::format(" in {}", phase);
    return text;
}

void add_error_text(Block& block, const std::string& error_text) {
    size_t lines = 0;
    for (const std::string_view line : split(trim(error_text), '\n')) {
        if (trim(line).empty())
            continue;
        if (lines == kErrorLines) {
            block.line("", "              ...");
            break;
        }
        block.line(lines == 0 ? "target said" : " ", printable_text(line));
        ++lines;
    }
}

void add_script(Block& block, const Finding& finding) {
    std::vector<std::string> places;
    for (const dearth_script_frame& frame : finding.script) {
        if (const std::string place = script_text(frame); !place.empty())
            places.push_back(printable_text(place));
    }
    if (!places.empty())
        block.pieces("script", places, " < ");
}

// All ids: people list them under `known`, and replay them.
void add_followers(Block& block, const Finding& finding, const FindingContext& context) {
    if (context.followers.empty())
        return;
    const std::string confirmation = confirmation_text(finding);
    uint64_t trials = 0;
    std::vector<std::string> ids;
    for (const FollowingFinding& follower : context.followers) {
        trials += follower.trial_count;
        ids.push_back(printable_text(follower.id.substr(0, context.id_digits)));
        // Only what differs from the headline is worth a word.
        if (follower.confirmation != confirmation)
            ids.back() += fmt::format(" ({})", follower.confirmation);
    }
    const size_t count = context.followers.size();
    ids.front() = fmt::format("{} here ({}): {}",
                              plural(count, "more failed site leads", "more failed sites lead"),
                              plural(trials, "trial"), ids.front());
    block.pieces("", ids, ", ");
}

}  // namespace

std::string finding_headline(const Finding& finding, bool has_color) {
    const VerdictRow& row = verdict_row(finding.verdict);
    const std::string label = styled(fmt::format("{:<5}", disposition_label(finding.disposition)),
                                     style_of(finding.disposition), has_color);
    return fmt::format(" {} {} {}  {}  {}", label, row.rule,
                       styled(row.name, Style::kBold, has_color), printable_text(finding.scenario),
                       point_text(finding.point));
}

std::string finding_text(const Finding& finding, const FindingContext& context,
                         const ConsoleOptions& options) {
    const std::string id = printable_text(finding.id.substr(0, context.id_digits));
    std::string count;
    if (finding.trial_count > 1)
        count = fmt::format("  ×{}", finding.trial_count);
    const std::string facts = fmt::format("[{}] {}{}", id, confirmation_text(finding), count);
    std::string text = finding_headline(finding, options.has_color);
    // A long scenario name pushes the facts to a line of their own.
    const size_t columns = column_count(finding_headline(finding, false));
    text += columns + 2 + column_count(facts) <= options.columns ? "  "
                                                                 : "\n" + std::string(kIndent, ' ');
    text += styled(facts, Style::kCyan, options.has_color) + '\n';

    Block block(options);
    if (!finding.detail.empty())
        block.sentence("", finding.detail);
    if (finding.disposition == Disposition::kKnown && !finding.known_reason.empty())
        block.sentence("known", finding.known_reason);
    if (!context.other_scenarios.empty()) {
        std::vector<std::string> names;
        for (const std::string& name : context.other_scenarios)
            names.push_back(printable_text(name));
        block.pieces("also in", names, ", ");
    }
    block.stack("made to fail", {injected_text(finding)}, finding.injected);
    block.stack("found at", {}, finding.detected);
    block.stack("block made", {}, finding.allocated);
    block.stack("block freed", {}, finding.freed);
    add_script(block, finding);
    add_error_text(block, finding.error_text);
    add_followers(block, finding, context);
    const std::string replay = "dearth replay " + id;
    block.line("", fmt::format("replay  {:<30} debug  {} --gdb", replay, replay));
    return text + block.take();
}

}  // namespace dearth::harness
