// Death of the writer, full disks, and a long run: what happens to the file is tried on a child
// process, which reports its progress through a pipe.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "harness/store/result_store.h"
#include "tests/harness/store/sample_events.h"
#include "tests/harness/store/scratch_folder.h"

// There when the test is built with a sanitizer that has an allocator of its own.
extern "C" [[gnu::weak]] size_t __sanitizer_get_current_allocated_bytes();

namespace dearth::harness {
namespace {

constexpr const char* kFindingId = "9c0f2a7700000001";

TrialFinished trial_at(uint64_t ordinal) {
    TrialFinished event = samples::trial(ordinal);
    if (ordinal % 10 == 0) {
        event.verdict = Verdict::kOverflow;
        event.finding_ids = {kFindingId};
    }
    return event;
}

bool begin(ResultStore& store, const Scenario& scenario) {
    ScenarioStarted started;
    started.scenario = &scenario;
    started.baseline = samples::baseline();
    started.planned_trials = 1'000'000;
    return store.consume(samples::run_started()).ok() && store.consume(started).ok() &&
           store.consume(FindingSeen{0, samples::finding(kFindingId), true}).ok();
}

// What is allocated and not freed: unlike the resident size it is exact, and a sanitizer's
// quarantine does not count.
uint64_t heap_bytes() {
    if (__sanitizer_get_current_allocated_bytes != nullptr)
        return __sanitizer_get_current_allocated_bytes();
    const struct mallinfo2 facts = ::mallinfo2();
    return facts.uordblks + facts.hblkhd;
}

// Runs `body` in a child, which never returns into the test.
pid_t in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0)
        ::_exit(body());
    return pid;
}

int wait_for(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
}

// Goal: kill -9 loses no trial whose event was consumed. Method: the child says through a pipe
// after each one that it is done, and is killed in the middle of the next.
TEST(ResultStoreKill, NoConsumedTrialIsLost) {
    const Scenario scenario = samples::scenario("table-sweep");
    for (const uint64_t kill_after : {1u, 2u, 10u, 333u, 5'000u}) {
        ScratchFolder folder;
        const std::string path = folder.file("run.db");
        int pipe_fds[2];
        ASSERT_EQ(::pipe(pipe_fds), 0);
        const pid_t pid = in_child([&] {
            ::close(pipe_fds[0]);
            auto store = ResultStore::create(path);
            if (!store || !begin(*store.value(), scenario))
                return 1;
            for (uint64_t ordinal = 1;; ++ordinal) {
                if (!store.value()->consume(trial_at(ordinal)))
                    return 2;
                if (::write(pipe_fds[1], &ordinal, sizeof ordinal) != sizeof ordinal)
                    return 3;
            }
        });
        ::close(pipe_fds[1]);
        uint64_t acknowledged = 0;
        while (acknowledged < kill_after)
            ASSERT_EQ(::read(pipe_fds[0], &acknowledged, sizeof acknowledged),
                      static_cast<ssize_t>(sizeof acknowledged));
        ::kill(pid, SIGKILL);
        const int status = wait_for(pid);
        ASSERT_TRUE(WIFSIGNALED(status));
        while (::read(pipe_fds[0], &acknowledged, sizeof acknowledged) > 0)
            continue;
        ::close(pipe_fds[0]);

        const Result<ResultReader> killed = ResultReader::open_existing(path);
        ASSERT_TRUE(killed.ok()) << killed.error().message;
        EXPECT_TRUE(killed.value().run().value().is_interrupted());
        EXPECT_FALSE(killed.value().scenarios().value().at(0).is_finished);

        auto resumed = ResultStore::open_for_resume(path);
        ASSERT_TRUE(resumed.ok()) << resumed.error().message;
        const FinishedTrials done =
            resumed.value()
                ->reader()
                .finished_trials(scenario.name, scenario_fingerprint_text(scenario))
                .take();
        EXPECT_GE(done.count, acknowledged);
        EXPECT_LE(done.count, acknowledged + 1) << "one may be written and not yet told";
        for (uint64_t ordinal = 1; ordinal <= acknowledged; ++ordinal)
            ASSERT_EQ(done.find(trial_at(ordinal).point), trial_at(ordinal).verdict) << ordinal;
        ASSERT_TRUE(begin(*resumed.value(), scenario));
        EXPECT_TRUE(resumed.value()->consume(trial_at(acknowledged + 2)).ok());
    }
}

// Goal: a disk that takes no more. Method: the kernel's limit on the size of a file, whose error
// comes from write itself, as that of a quota does.
TEST(ResultStoreKill, RefusedWriteIsReportedAndLosesNothing) {
    const Scenario scenario = samples::scenario("table-sweep");
    ScratchFolder folder;
    const std::string path = folder.file("run.db");
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t pid = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        auto store = ResultStore::create(path);
        if (!store || !begin(*store.value(), scenario))
            return 1;
        const rlimit limit = {2'000'000, 2'000'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        uint64_t written = 0;
        Status status = Done{};
        while (status && written < 100'000) {
            status = store.value()->consume(trial_at(written + 1));
            written += status ? 1 : 0;
        }
        if (status)
            return 2;
        if (!status.error().message.starts_with("write results to " + path +
                                                ": writing failed: a disk quota") ||
            status.error().error_class != ErrorClass::kInternal)
            return 3;
        if (store.value()->consume(trial_at(1)))
            return 4;
        return ::write(pipe_fds[1], &written, sizeof written) == sizeof written ? 0 : 5;
    });
    const int status = wait_for(pid);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 0);
    uint64_t written = 0;
    ASSERT_EQ(::read(pipe_fds[0], &written, sizeof written), static_cast<ssize_t>(sizeof written));
    ::close(pipe_fds[0]);
    ::close(pipe_fds[1]);
    auto resumed = ResultStore::open_for_resume(path);
    ASSERT_TRUE(resumed.ok()) << resumed.error().message;
    EXPECT_EQ(resumed.value()->reader().scenarios().value().at(0).outcome.trials, written);
    ASSERT_TRUE(begin(*resumed.value(), scenario));
    EXPECT_TRUE(resumed.value()->consume(trial_at(written + 1)).ok());
}

TEST(ResultStoreKill, FullDiskIsReportedAndLosesNothing) {
    const Scenario scenario = samples::scenario("table-sweep");
    ScratchFolder folder;
    const std::string path = folder.file("run.db");
    auto store = ResultStore::create(path).take();
    ASSERT_TRUE(begin(*store, scenario));
    ASSERT_TRUE(store->limit_pages_for_test(40).ok());
    Status status = Done{};
    uint64_t written = 0;
    while (status && written < 100'000) {
        status = store->consume(trial_at(written + 1));
        written += status ? 1 : 0;
    }
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "write results to " + path + ": the disk is full");
    EXPECT_EQ(store->reader().scenarios().value().at(0).outcome.trials, written);
}

// Goal: memory that does not grow with the trials, neither in the writer nor in the reader, and a
// file of less than 100 bytes a trial.
TEST(ResultStoreKill, ManyTrialsNeedLittleMemory) {
    constexpr uint64_t kTrials = 200'000;
    const Scenario scenario = samples::scenario("table-sweep");
    ScratchFolder folder;
    const std::string path = folder.file("run.db");
    auto store = ResultStore::create(path).take();
    ASSERT_TRUE(begin(*store, scenario));
    uint64_t after_warm_up = 0;
    for (uint64_t i = 0; i < kTrials; ++i) {
        const uint32_t kind = i % 2 == 0 ? DEARTH_KIND_ONCE : DEARTH_KIND_PERSISTENT;
        ASSERT_TRUE(store->consume(samples::trial(1 + i / 2, kind)).ok());
        if (i == kTrials / 10)
            after_warm_up = heap_bytes();
    }
    EXPECT_LT(heap_bytes(), after_warm_up + (1u << 20));

    const uint64_t before_resume = heap_bytes();
    const FinishedTrials done =
        store->reader().finished_trials(scenario.name, scenario_fingerprint_text(scenario)).take();
    EXPECT_EQ(done.count, kTrials);
    EXPECT_LT(heap_bytes(), before_resume + (4u << 20));
    uint64_t rows = 0;
    ASSERT_TRUE(store->reader()
                    .for_each_trial(0,
                                    [&](const TrialFinished&) -> Status {
                                        ++rows;
                                        return Done{};
                                    })
                    .ok());
    EXPECT_EQ(rows, kTrials);
    EXPECT_LT(heap_bytes(), before_resume + (8u << 20));
    ASSERT_TRUE(store->close().ok());
    EXPECT_LT(std::filesystem::file_size(path), kTrials * 100);
}

}  // namespace
}  // namespace dearth::harness
