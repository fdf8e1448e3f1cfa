// Runs a piece of a test in a forked child: for code that may die, or that sets up state which can
// be set up once a process. The child has a deadline; expectations that fail in it fail the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

namespace dearth::tests {

inline constexpr unsigned kChildDeadlineSeconds = 60;

/// The wait status of a child that runs `body` and exits with 0, or with 1 when an expectation in
/// it failed.
template <typename Body>
int status_of_child(Body&& body) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        alarm(kChildDeadlineSeconds);
        std::forward<Body>(body)();
        std::fflush(nullptr);
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
}

/// The body must come to its end with all expectations met.
template <typename Body>
void run_in_child(Body&& body) {
    const int status = status_of_child(std::forward<Body>(body));
    EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "expectations failed in the child";
}

/// What the child wrote to standard error, and how it ended.
struct ChildOutput {
    int status;
    std::string err;
};

template <typename Body>
ChildOutput output_of_child(Body&& body) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe(ends), 0);
    ChildOutput output = {0, {}};
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        alarm(kChildDeadlineSeconds);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        std::forward<Body>(body)();
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    close(ends[1]);
    char buffer[512];
    for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        output.err.append(buffer, static_cast<std::size_t>(count));
    }
    close(ends[0]);
    EXPECT_EQ(waitpid(child, &output.status, 0), child);
    return output;
}

}  // namespace dearth::tests
