// Progress while a run goes on, for standard error. On a terminal: one line with a bar, redrawn in
// place at most ten times a second, and one line for each new finding above it. Elsewhere: one
// plain line when a scenario starts and ends, and at most one each ten seconds between.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "harness/model/sweep_event.h"
#include "harness/report/text_sink.h"

namespace dearth::harness {

struct LiveOptions {
    bool is_terminal = false;  // false also for TERM=dumb: nothing is ever drawn over
    bool has_color = false;
    size_t columns = 80;  // 0: unknown
};

class LiveDisplay final : public EventSink {
public:
    // Milliseconds that never run backwards.
    using Clock = std::function<uint64_t()>;

    LiveDisplay(const LiveOptions& options, Clock clock, TextSink& sink);
    // Takes the bar away, so that a prompt or a report starts on a clean line.
    ~LiveDisplay() override;
    LiveDisplay(const LiveDisplay&) = delete;
    LiveDisplay& operator=(const LiveDisplay&) = delete;

    // Never fails: a display that cannot be drawn is no reason to stop a run.
    Status consume(const SweepEvent& event) override;
    // For the pauses between events: shows that time passes.
    void tick();
    // When the terminal was resized.
    void set_columns(size_t columns);

private:
    struct Progress {
        std::string name;
        uint64_t planned = 0;
        uint64_t resumed = 0;
        uint64_t finished = 0;  // in this session
        uint64_t findings = 0;
        uint64_t started_ms = 0;
    };

    void show(const RunStarted&) {}
    void show(const ScenarioStarted& event);
    void show(const TrialFinished& event);
    void show(const FindingSeen& event);
    void show(const ScenarioFinished& event);
    void show(const RunFinished& event);

    std::string bar_line(const Progress& progress, uint64_t now_ms) const;
    static std::string facts_text(const Progress& progress, uint64_t now_ms);
    void redraw();  // unless the last one was just now
    void clear_bar();
    void print_line(const std::string& line);

    LiveOptions options_;
    size_t room_ = 0;  // columns that may be written to
    Clock clock_;
    TextSink& sink_;
    std::map<size_t, Progress> running_;  // by scenario index
    std::optional<uint64_t> last_shown_ms_;
    bool is_bar_shown_ = false;
};

}  // namespace dearth::harness
