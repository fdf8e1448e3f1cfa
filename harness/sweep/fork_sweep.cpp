#include "harness/sweep/fork_sweep.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

constexpr int kPollMs = 50;
constexpr uint64_t kGraceMs = 5000;

class ForkSweep {
public:
    ForkSweep(const TargetSetup& setup, TargetRun run, ModuleList& modules,
              const std::function<Status(TrialRecord)>& done)
        : setup_(setup), run_(std::move(run)), translation_(modules), done_(done) {}

    Result<ForkSweepResult> watch(bool (*should_stop)()) {
        ForkSweepResult result;
        uint64_t progress = 0;
        uint64_t moved_ms = monotonic_ms();
        for (;;) {
            std::array<pollfd, 2> waits = {pollfd{run_.page().event_read_fd(), POLLIN, 0},
                                           pollfd{run_.process().exit_fd(), POLLIN, 0}};
            const bool is_quiet = poll(waits.data(), waits.size(), kPollMs) == 0;
            if (Status drained = drain(); !drained)
                return drained.error();
            if (waits[1].revents != 0)
                break;
            if (is_quiet) {
                if (Status swept = take_unannounced(); !swept)
                    return swept.error();
            }
            if (should_stop()) {
                run_.process().kill_group();
                result.problem = "interrupted";
            }
            const uint64_t now = __atomic_load_n(&run_.page().header().progress, __ATOMIC_RELAXED);
            if (now != progress) {
                progress = now;
                moved_ms = monotonic_ms();
            } else if (monotonic_ms() - moved_ms > setup_.deadline_ms + kGraceMs) {
                result.problem = "the forward run stands still and was killed";
                run_.process().kill_group();
            }
        }
        const ExitReport exit = run_.finish();
        result.cpu_s = exit.cpu_s;
        // Slots announced between the last read and the end.
        if (Status drained = drain(); !drained)
            return drained.error();
        if (Status swept = take_unannounced(); !swept)
            return swept.error();
        describe_end(exit, result);
        return result;
    }

private:
    Status drain() {
        unsigned char indexes[64];
        for (;;) {
            const ssize_t got = read(run_.page().event_read_fd(), indexes, sizeof indexes);
            if (got < 0 && errno == EINTR)
                continue;
            if (got <= 0)
                return Done{};
            for (ssize_t i = 0; i < got; ++i) {
                if (Status taken = take(indexes[i]); !taken)
                    return taken;
            }
        }
    }

    // A target may close the descriptor that the announcements come by.
    Status take_unannounced() {
        const uint64_t count = run_.page().reader().header().slots.capacity;
        for (uint32_t index = 1; index < count; ++index) {
            if (Status taken = take(index); !taken)
                return taken;
        }
        return Done{};
    }

    Status take(uint32_t index) {
        // The byte comes from the target: it may name anything.
        if (index == 0 || index >= run_.page().reader().header().slots.capacity)
            return Done{};
        if (run_.page().reader().slot(index).state != DEARTH_SLOT_DONE)
            return Done{};  // taken before its announcement
        TrialRecord record = run_.read_slot(index, translation_, std::nullopt);
        const Injection& injection = setup_.scenario->injection;
        const size_t kind = std::min<size_t>(record.slot.kind_index, injection.kinds.size() - 1);
        record.point.kind = injection.kinds[kind];
        record.point.ordinal = record.slot.ordinal;
        record.strategy = Strategy::kFork;
        run_.page().free_slot(index);
        return done_(std::move(record));
    }

    void describe_end(const ExitReport& exit, ForkSweepResult& result) const {
        const dearth_control_header& header = run_.page().header();
        result.forward_run_finished = header.run_state == DEARTH_RUN_FINISHED &&
                                      !exit.was_signaled &&
                                      exit.code == setup_.scenario->expect.baseline_exit;
        if (result.forward_run_finished || !result.problem.empty())
            return;
        if (header.run_state == DEARTH_RUN_REFUSED)
            result.problem = bounded_text(header.refusal, sizeof header.refusal);
        else if (exit.was_signaled)
            result.problem = fmt::format("the forward run died of signal {}", exit.code);
        else
            result.problem = fmt::format("the forward run left early with status {}", exit.code);
    }

    const TargetSetup& setup_;
    TargetRun run_;
    ModuleList::Translation translation_;
    const std::function<Status(TrialRecord)>& done_;
};

}  // namespace

Result<ForkSweepResult> run_fork_sweep(const TargetSetup& setup, const SweepPlan& plan,
                                       uint32_t jobs, ModuleList& modules,
                                       const std::function<Status(TrialRecord)>& done,
                                       bool (*should_stop)()) {
    auto run = TargetRun::start_fork(setup, plan, jobs);
    if (!run)
        return run.error();
    return ForkSweep(setup, run.take(), modules, done).watch(should_stop);
}

}  // namespace dearth::harness
