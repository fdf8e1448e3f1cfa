// Every way a child can end, and what it is given, against a child that does as it is told.
#include "harness/process/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace dearth::harness {
namespace {

SpawnRequest request_for(std::vector<std::string> arguments) {
    SpawnRequest request;
    request.program = DEARTH_SCRIPTED_CHILD;
    request.arguments = std::move(arguments);
    return request;
}

// Standard output of a child that is expected to end by itself.
std::string output_of(SpawnRequest request) {
    const UniqueFd file(memfd_create("output", MFD_CLOEXEC));
    request.descriptors.emplace_back(file.get(), STDOUT_FILENO);
    auto child = ChildProcess::spawn(request);
    EXPECT_TRUE(child.ok());
    EXPECT_EQ(child.value().wait().code, 0);
    std::string text(4096, '\0');
    const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
}

bool is_readable_within(int fd, int timeout_ms) {
    pollfd wait = {fd, POLLIN, 0};
    return poll(&wait, 1, timeout_ms) == 1;
}

TEST(ChildProcess, ReportsExitStatus) {
    for (const int status : {0, 1, 86, 255}) {
        auto child = ChildProcess::spawn(request_for({"exit", std::to_string(status)}));
        ASSERT_TRUE(child.ok());
        const ExitReport report = child.value().wait();
        EXPECT_FALSE(report.was_signaled);
        EXPECT_EQ(report.code, status);
    }
}

TEST(ChildProcess, ReportsSignal) {
    for (const int number : {SIGSEGV, SIGABRT, SIGTERM}) {
        auto child = ChildProcess::spawn(request_for({"signal", std::to_string(number)}));
        ASSERT_TRUE(child.ok());
        const ExitReport report = child.value().wait();
        EXPECT_TRUE(report.was_signaled);
        EXPECT_EQ(report.code, number);
    }
}

TEST(ChildProcess, ExitDescriptorBecomesReadableAtTheEnd) {
    auto ended = ChildProcess::spawn(request_for({"exit", "0"}));
    ASSERT_TRUE(ended.ok());
    EXPECT_TRUE(is_readable_within(ended.value().exit_fd(), 5000));
    auto sleeping = ChildProcess::spawn(request_for({"sleep"}));
    ASSERT_TRUE(sleeping.ok());
    EXPECT_FALSE(is_readable_within(sleeping.value().exit_fd(), 20));
}

TEST(ChildProcess, KillsTheWholeGroup) {
    const UniqueFd file(memfd_create("output", MFD_CLOEXEC));
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    SpawnRequest request = request_for({"spawn-sleeper"});
    request.descriptors.emplace_back(write_end.get(), STDOUT_FILENO);
    auto child = ChildProcess::spawn(request);
    ASSERT_TRUE(child.ok());
    write_end.reset();
    char text[32] = {};
    ASSERT_GT(read(read_end.get(), text, sizeof text - 1), 0);
    child.value().kill_group();
    EXPECT_TRUE(child.value().wait().was_signaled);
    // The grandchild held the pipe's other end: it closes when that process dies.
    ASSERT_TRUE(is_readable_within(read_end.get(), 5000));
    EXPECT_EQ(read(read_end.get(), text, sizeof text), 0);
}

TEST(ChildProcess, IsKilledWithItsOwner) {
    pid_t pid = -1;
    {
        auto child = ChildProcess::spawn(request_for({"sleep"}));
        ASSERT_TRUE(child.ok());
        pid = child.value().pid();
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(ChildProcess, InheritsNoEnvironment) {
    ASSERT_EQ(setenv("DEARTH_TEST_VARIABLE", "ours", 1), 0);
    EXPECT_EQ(output_of(request_for({"env", "DEARTH_TEST_VARIABLE"})), "(unset)\n");
    SpawnRequest request = request_for({"env", "DEARTH_TEST_VARIABLE"});
    request.environment["DEARTH_TEST_VARIABLE"] = "theirs";
    EXPECT_EQ(output_of(request), "theirs\n");
}

TEST(ChildProcess, GetsOnlyTheDescriptorsItIsTold) {
    const UniqueFd extra(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const UniqueFd high(fcntl(extra.get(), F_DUPFD, 50));  // not close-on-exec, above all others
    EXPECT_EQ(output_of(request_for({"fds"})), "0\n1\n2\n");
}

TEST(ChildProcess, PinsTheAddressLayout) {
    const std::string pinned = output_of(request_for({"layout"}));
    if (pinned == "0\n")
        GTEST_SKIP() << "personality is filtered here";
    EXPECT_EQ(pinned, "1\n");
    SpawnRequest request = request_for({"layout"});
    request.pins_layout = false;
    EXPECT_EQ(output_of(request), "0\n") << "our own layout must stay as it was";
}

TEST(ChildProcess, CountsProcessorTime) {
    auto child = ChildProcess::spawn(request_for({"burn"}));
    ASSERT_TRUE(child.ok());
    EXPECT_GT(child.value().wait().cpu_s, 0.0);
}

TEST(ChildProcess, MissingProgramIsAnErrorOfTheBaseline) {
    SpawnRequest request;
    request.program = "/nonexistent/engine";
    const auto child = ChildProcess::spawn(request);
    ASSERT_FALSE(child.ok());
    EXPECT_EQ(child.error().error_class, ErrorClass::kBaseline);
    EXPECT_THAT(child.error().message, testing::HasSubstr("/nonexistent/engine"));
    EXPECT_THAT(child.error().next_step, testing::HasSubstr("dearth doctor"));
}

}  // namespace
}  // namespace dearth::harness
