#include "harness/sweep/target_run.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "harness/process/target_environment.h"
#include "harness/sweep/target_descriptors.h"
#include "harness/triage/point_schedule.h"

namespace dearth::harness {
namespace {

constexpr uint64_t kStreamCapacity = 8u << 20;
constexpr uint64_t kSiteCapacity = 1u << 18;
constexpr uint64_t kLeftoverCapacity = 1u << 16;
constexpr uint64_t kOutputLimit = 64u << 10;
// Slots beyond the running children, so that the target need not wait while we judge.
constexpr uint32_t kSpareSlots = 4;

dearth_layer_options layer_options(const TargetSetup& setup) {
    const Guard& guard = setup.scenario->guard;
    dearth_layer_options options = {};
    options.layers = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER | DEARTH_LAYER_STACKS;
    if (setup.captures_free_stacks)
        options.layers |= DEARTH_LAYER_FREE_STACKS;
    if (guard.is_on)
        options.layers |= DEARTH_LAYER_GUARD;
    if (guard.is_on && guard.quarantine_bytes > 0)
        options.layers |= DEARTH_LAYER_QUARANTINE;
    options.guard_before_bytes = guard.before_bytes;
    options.guard_after_bytes = guard.after_bytes;
    options.guard_every = guard.every;
    options.quarantine_bytes = guard.quarantine_bytes;
    options.clean_byte = guard.clean_byte;
    options.dead_byte = guard.dead_byte;
    options.forbidden_byte = 0xFD;
    if (guard.is_on && guard.way == GuardWay::kPage)
        options.layers |= DEARTH_LAYER_PAGE_GUARD;
    options.page_guard_side = guard.page_side;
    options.page_guard_alignment = setup.page_alignment;
    options.page_guard_every = guard.page_every;
    options.page_guard_seed = setup.scenario->injection.sample_seed;
    return options;
}

uint32_t checks_of(const Scenario& scenario) {
    const Expectation& expect = scenario.expect;
    uint32_t checks = 0;
    if (expect.needs_no_leak)
        checks |= DEARTH_CHECK_LEAKS;
    // A program may leave to the system what it still uses; an engine may not, it is closed.
    if (expect.needs_no_leak && scenario.target.engine == Engine::kExec)
        checks |= DEARTH_CHECK_REACHABLE;
    if (expect.needs_reusable)
        checks |= DEARTH_CHECK_AGAIN;
    if (expect.needs_restartable)
        checks |= DEARTH_CHECK_FRESH;
    return checks;
}

PageShape base_shape(const Scenario& scenario) {
    PageShape shape;
    shape.script = scenario.target.script.text;
    if (scenario.target.warmup)
        shape.warmup = scenario.target.warmup->text;
    return shape;
}

void configure(ControlPage& page, const TargetSetup& setup, uint32_t mode) {
    const Scenario& scenario = *setup.scenario;
    dearth_config& config = page.header().config;
    config.mode = mode;
    config.jobs = 1;
    config.slot_count = static_cast<uint32_t>(page.header().slots.capacity);
    config.checks = checks_of(scenario);
    config.deadline_ms = setup.deadline_ms;
    config.failure_limit = scenario.limits.failures;
    config.memory_bytes = scenario.limits.memory_bytes;
    config.stack_bytes = scenario.limits.stack_bytes;
    config.options = layer_options(setup);
    config.schedule.term_count = 1;
    dearth_term_default(&config.schedule.terms[0]);
    config.schedule.terms[0].when = scenario.injection.when;
    config.schedule.terms[0].unless = scenario.injection.unless;
    const TargetDescriptors descriptors(page, scenario.target.engine == Engine::kExec);
    config.event_fd = descriptors.event();
    for (uint32_t i = 0; i < config.slot_count; ++i) {
        config.out_fds[i] = descriptors.out(i);
        config.err_fds[i] = descriptors.err(i);
    }
    config.domain_mask = scenario.target.domain_mask;
    const std::string& name = scenario.target.script.name;
    std::strncpy(config.script_name, name.c_str(), sizeof config.script_name - 1);
}

}  // namespace

SpawnRequest spawn_request(const TargetSetup& setup, const ControlPage& page) {
    const Target& target = setup.scenario->target;
    SpawnRequest request;
    const ProgramStart& start = setup.program.start;
    request.program = start.path;
    request.own_name = start.arguments.front();
    request.arguments.assign(start.arguments.begin() + 1, start.arguments.end());
    request.environment = target_environment(target);
    if (!setup.program.preload.empty()) {
        std::string& preload = request.environment["LD_PRELOAD"];
        preload = setup.program.preload + (preload.empty() ? "" : ":" + preload);
    }
    const TargetDescriptors descriptors(page, target.engine == Engine::kExec);
    // The last word: a scenario must not redirect the page.
    request.environment[DEARTH_CONTROL_FD_VARIABLE] = std::to_string(descriptors.page());
    request.descriptors = {{page.page_fd(), descriptors.page()},
                           {page.event_write_fd(), descriptors.event()}};
    const auto slot_count = static_cast<uint32_t>(page.header().slots.capacity);
    for (uint32_t i = 0; i < slot_count; ++i) {
        request.descriptors.emplace_back(page.out_fd(i), descriptors.out(i));
        request.descriptors.emplace_back(page.err_fd(i), descriptors.err(i));
    }
    if (setup.is_attended) {
        request.is_foreground = true;
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            request.descriptors.emplace_back(stream, stream);
        return request;
    }
    request.descriptors.emplace_back(page.out_fd(0), STDOUT_FILENO);
    request.descriptors.emplace_back(page.err_fd(0), STDERR_FILENO);
    return request;
}

uint64_t monotonic_ms() {
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000 +
           static_cast<uint64_t>(time.tv_nsec) / 1'000'000;
}

Result<TargetRun> TargetRun::launch(const TargetSetup& setup, ControlPage page) {
    TargetRun run;
    page.seal();
    run.page_ = std::make_unique<ControlPage>(std::move(page));
    run.started_ms_ = monotonic_ms();
    run.is_program_ = setup.scenario->target.engine == Engine::kExec;
    SpawnRequest request = spawn_request(setup, *run.page_);
    UniqueFd input;
    if (!setup.input_path.empty() && !setup.is_attended) {
        input.reset(open(setup.input_path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!input.is_open()) {
            const bool is_out = errno == EMFILE || errno == ENFILE;
            return Error{
                is_out ? ErrorClass::kInternal : ErrorClass::kBaseline,
                fmt::format("open the input {}: {}", setup.input_path, std::strerror(errno)),
                is_out ? "raise the open-file limit (ulimit -n)" : "correct target.stdin"};
        }
        request.descriptors.emplace_back(input.get(), STDIN_FILENO);
    }
    if (setup.scenario->target.has_private_folder) {
        auto folder = PrivateFolder::create();
        if (!folder)
            return folder.error();
        run.folder_.emplace(folder.take());
        request.folder = run.folder_->path();
        request.program = std::filesystem::absolute(request.program).string();
    }
    auto process = ChildProcess::spawn(request);
    if (!process)
        return process.error();
    run.process_ = std::make_unique<ChildProcess>(process.take());
    return run;
}

Result<TargetSetup> make_setup(const Scenario& scenario) {
    auto program = find_target_program(scenario.target);
    if (!program)
        return program.error();
    TargetSetup setup;
    setup.scenario = &scenario;
    setup.program = program.take();
    if (scenario.guard.page_alignment != 0)
        setup.page_alignment = scenario.guard.page_alignment;
    if (scenario.target.engine != Engine::kExec)
        return setup;
    const std::optional<StandardInput>& input = scenario.target.input;
    setup.input_path = input ? input->path : "/dev/null";
    if (!setup.input_path.empty())
        return setup;
    // A file with a name: a child that is split off can then open it anew, and read on by itself.
    auto folder = PrivateFolder::create();
    if (!folder)
        return folder.error();
    setup.input_folder = std::make_shared<const PrivateFolder>(folder.take());
    setup.input_path = setup.input_folder->path() + "/stdin";
    std::ofstream file(setup.input_path, std::ios::binary);
    if (!(file << input->text).flush())
        return Error{ErrorClass::kInternal,
                     fmt::format("write {}: {}", setup.input_path, std::strerror(errno)),
                     "free some space below TMPDIR"};
    return setup;
}

Result<TargetRun> TargetRun::start_baseline(const TargetSetup& setup) {
    PageShape shape = base_shape(*setup.scenario);
    shape.stream_capacity = setup.is_attended ? 0 : kStreamCapacity;
    shape.site_capacity = kSiteCapacity;
    shape.leftover_capacity = kLeftoverCapacity;
    auto page = ControlPage::create(shape);
    if (!page)
        return page.error();
    configure(page.value(), setup, DEARTH_MODE_BASELINE);
    return launch(setup, page.take());
}

Result<ControlPage> TargetRun::prepare_single(const TargetSetup& setup, const TrialPoint& point) {
    PageShape shape = base_shape(*setup.scenario);
    shape.leftover_capacity = setup.leftovers.size();
    auto page = ControlPage::create(shape);
    if (!page)
        return page.error();
    configure(page.value(), setup, DEARTH_MODE_SINGLE);
    page.value().header().config.schedule =
        setup.schedule ? *setup.schedule : point_schedule(*setup.scenario, point);
    std::ranges::copy(setup.leftovers, page.value().leftovers().begin());
    page.value().set_leftover_count(setup.leftovers.size());
    return page;
}

Result<TargetRun> TargetRun::start_single(const TargetSetup& setup, const TrialPoint& point) {
    auto page = prepare_single(setup, point);
    if (!page)
        return page.error();
    return launch(setup, page.take());
}

Result<TargetRun> TargetRun::start_fork(const TargetSetup& setup, const SweepPlan& plan,
                                        uint32_t jobs) {
    PageShape shape = base_shape(*setup.scenario);
    shape.leftover_capacity = setup.leftovers.size();
    shape.slot_count = std::min<uint32_t>(1 + jobs + kSpareSlots, DEARTH_SLOTS_MAX);
    for (const PointMap& map : plan.points)
        shape.point_bits = std::max(shape.point_bits, map.size());
    auto made = ControlPage::create(shape);
    if (!made)
        return made.error();
    ControlPage page = made.take();
    configure(page, setup, DEARTH_MODE_FORK);
    dearth_config& config = page.header().config;
    config.jobs = std::min<uint32_t>(jobs, shape.slot_count - 1);
    const Injection& injection = setup.scenario->injection;
    config.kind_count =
        static_cast<uint32_t>(std::min<size_t>(injection.kinds.size(), DEARTH_SWEEP_KINDS_MAX));
    for (uint32_t i = 0; i < config.kind_count; ++i) {
        config.kinds[i].kind = injection.kinds[i].kind;
        config.kinds[i].burst = injection.kinds[i].burst;
        config.kinds[i].action = injection.kinds[i].action;
        std::ranges::copy(plan.points[i].words(), page.points(i).begin());
    }
    std::ranges::copy(setup.leftovers, page.leftovers().begin());
    page.set_leftover_count(setup.leftovers.size());
    return launch(setup, std::move(page));
}

ExitReport TargetRun::finish() {
    return process_->wait();
}

uint64_t TargetRun::elapsed_ms() const {
    return monotonic_ms() - started_ms_;
}

TrialRecord TargetRun::read_slot(uint32_t index, ModuleList::Translation& modules,
                                 const std::optional<ExitReport>& exit) const {
    TrialRecord record;
    const ControlReader reader = page_->reader();
    record.page_was_valid = page_->defect().empty();
    if (record.page_was_valid) {
        record.slot = reader.slot(index);
        modules.translate(record.slot, reader);
    }
    if (exit) {
        record.slot.elapsed_ns = elapsed_ms() * 1'000'000;
        record.slot.end_code = exit->code;
        if (record.slot.end == DEARTH_END_NONE && exit->was_signaled)
            record.slot.end = DEARTH_END_SIGNALED;
        else if (record.slot.end == DEARTH_END_NONE)
            record.slot.end = DEARTH_END_EXITED;
    }
    const uint64_t out_prefix = std::min(record.slot.out_prefix_bytes, kOutputLimit);
    const uint64_t err_prefix = std::min(record.slot.err_prefix_bytes, kOutputLimit);
    if (index != 0) {
        record.out = page_->read_output(0, false, 0, out_prefix);
        record.err = page_->read_output(0, true, 0, err_prefix);
    }
    record.out += page_->read_output(index, false, 0, kOutputLimit - record.out.size());
    record.err += page_->read_output(index, true, 0, kOutputLimit - record.err.size());
    if (is_program_) {
        // All that a program writes is its run's: libc writes what is buffered after the agent's
        // last word.
        dearth_step_result& step = record.slot.steps[DEARTH_STEP_RUN];
        const auto total = [&](bool is_error, uint64_t prefix) {
            return (index != 0 ? prefix : 0) + page_->output_bytes(index, is_error);
        };
        step.out_begin = step.err_begin = 0;
        step.out_end = total(false, record.slot.out_prefix_bytes);
        step.err_end = total(true, record.slot.err_prefix_bytes);
    }
    return record;
}

}  // namespace dearth::harness
