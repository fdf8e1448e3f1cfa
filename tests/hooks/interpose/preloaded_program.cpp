#include "tests/hooks/interpose/preloaded_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "harness/base/unique_fd.h"
#include "harness/process/control_page.h"

namespace dearth::tests {
namespace {

using harness::ChildProcess;
using harness::ControlPage;
using harness::PageShape;
using harness::SpawnRequest;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kOutputLimit = 1u << 20;
constexpr uint32_t kSlots = 8;
// A run that is past this hangs: the deadline inside should have ended it long before.
constexpr auto kOverdue = std::chrono::seconds(120);

PageShape shape_of(const ProgramPlan& plan) {
    PageShape shape;
    shape.slot_count = plan.mode == DEARTH_MODE_FORK ? kSlots : 1;
    shape.stream_capacity = plan.mode == DEARTH_MODE_BASELINE ? 1u << 20 : 0;
    shape.site_capacity = plan.mode == DEARTH_MODE_BASELINE ? 1u << 14 : 0;
    shape.leftover_capacity = plan.mode == DEARTH_MODE_BASELINE ? 1u << 14 : plan.leftovers.size();
    return shape;
}

void configure(ControlPage& page, const ProgramPlan& plan) {
    dearth_config& config = page.header().config;
    config.mode = plan.mode;
    config.jobs = plan.jobs;
    config.slot_count = static_cast<uint32_t>(page.header().slots.capacity);
    config.checks = plan.checks;
    config.deadline_ms = plan.deadline_ms;
    config.memory_bytes = plan.memory_bytes;
    config.options.layers = plan.layers;
    config.options.guard_before_bytes = 16;
    config.options.guard_after_bytes = 16;
    config.options.clean_byte = 0xCD;
    config.options.dead_byte = 0xDD;
    config.options.forbidden_byte = 0xFD;
    config.schedule.term_count = 1;
    dearth_term_default(&config.schedule.terms[0]);
    if (!plan.schedule.empty()) {
        char error[256];
        size_t offset = 0;
        EXPECT_EQ(dearth_schedule_parse(plan.schedule.c_str(), &config.schedule, error,
                                        sizeof error, &offset),
                  0)
            << error;
    }
    config.explores_all_points = 1;
    config.kind_count = static_cast<uint32_t>(plan.kinds.size());
    for (size_t i = 0; i < plan.kinds.size(); ++i) {
        config.kinds[i].kind = plan.kinds[i];
        config.kinds[i].burst = 1;
    }
    config.event_fd = page.event_write_fd();
    for (uint32_t i = 0; i < config.slot_count; ++i) {
        config.out_fds[i] = page.out_fd(i);
        config.err_fds[i] = page.err_fd(i);
    }
    std::ranges::copy(plan.leftovers, page.leftovers().begin());
    page.set_leftover_count(plan.leftovers.size());
}

SpawnRequest request_of(const ProgramPlan& plan, const ControlPage& page, int null_fd) {
    SpawnRequest request;
    request.program = plan.program;
    request.arguments = plan.arguments;
    request.environment = {{"LC_ALL", "C"}, {"PATH", "/usr/bin:/bin"}, {"HOME", "/"}};
    for (const auto& [name, value] : plan.environment)
        request.environment[name] = value;
    if (plan.is_preloaded)
        request.environment["LD_PRELOAD"] = preload_library();
    const auto keep = [&](int fd) { request.descriptors.emplace_back(fd, fd); };
    if (plan.has_page) {
        request.environment[DEARTH_CONTROL_FD_VARIABLE] = std::to_string(page.page_fd());
        keep(page.page_fd());
        keep(page.event_write_fd());
        for (uint32_t i = 0; i < page.header().slots.capacity; ++i) {
            keep(page.out_fd(i));
            keep(page.err_fd(i));
        }
    }
    request.descriptors.emplace_back(null_fd, STDIN_FILENO);
    request.descriptors.emplace_back(page.out_fd(0), STDOUT_FILENO);
    request.descriptors.emplace_back(page.err_fd(0), STDERR_FILENO);
    return request;
}

void collect_trials(ControlPage& page, ProgramResult& result) {
    unsigned char indices[kSlots];
    const ssize_t got = read(page.event_read_fd(), indices, sizeof indices);
    for (ssize_t i = 0; i < got; ++i) {
        result.trials.push_back(page.reader().slot(indices[i]));
        page.free_slot(indices[i]);
    }
}

// Until it ends; a run past its deadline is killed.
void attend(ChildProcess& process, ControlPage& page, ProgramResult& result) {
    const auto limit = Clock::now() + kOverdue;
    for (;;) {
        pollfd waits[] = {{process.exit_fd(), POLLIN, 0}, {page.event_read_fd(), POLLIN, 0}};
        poll(waits, 2, 1000);
        if (waits[1].revents != 0)
            collect_trials(page, result);
        if (waits[0].revents != 0)
            return;
        if (Clock::now() > limit) {
            result.was_overdue = true;
            process.kill_group();
        }
    }
}

}  // namespace

ProgramResult run_program(const ProgramPlan& plan) {
    ProgramResult result;
    auto made = ControlPage::create(shape_of(plan));
    EXPECT_TRUE(made) << "no control page";
    ControlPage page = made.take();
    configure(page, plan);
    page.seal();
    const harness::UniqueFd null_fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto started = ChildProcess::spawn(request_of(plan, page, null_fd.get()));
    EXPECT_TRUE(started) << "cannot start " << plan.program;
    if (!started)
        return result;
    ChildProcess process = started.take();
    attend(process, page, result);
    result.exit = process.wait();
    collect_trials(page, result);
    result.header = page.header();
    EXPECT_EQ(page.defect(), "");
    const harness::ControlReader reader = page.reader();
    result.slot = reader.slot(0);
    for (uint64_t i = 0; i < reader.stream_count(); ++i)
        result.stream.push_back(reader.stream_entry(i));
    for (uint64_t i = 0; i < reader.module_count(); ++i) {
        const auto module = reader.module(i);
        result.modules.emplace_back(module ? module->path : "");
    }
    for (uint64_t i = 0; i < reader.leftover_count(); ++i)
        result.leftovers.push_back(reader.leftover(i));
    result.out = page.read_output(0, false, 0, kOutputLimit);
    result.err = page.read_output(0, true, 0, kOutputLimit);
    EXPECT_FALSE(result.was_overdue) << plan.program << " hangs";
    return result;
}

uint64_t count_in_phase(const ProgramResult& result, dearth_phase phase) {
    return static_cast<uint64_t>(std::ranges::count_if(
        result.stream, [&](const dearth_stream_entry& entry) { return entry.phase == phase; }));
}

std::string target_path(const std::string& name) {
    return std::string(DEARTH_TARGETS_FOLDER) + "/dearth_preload_" + name;
}

std::string preload_library() {
    return DEARTH_PRELOAD_LIBRARY;
}

}  // namespace dearth::tests
