#include "harness/sweep/heap_check.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "harness/sweep/baseline_run.h"

namespace dearth::harness {
namespace {

bool is_loaders_own(const dearth_stack& stack, const ModuleList& modules) {
    if (stack.depth == 0)
        return false;
    const uint64_t number = stack.frames[0] >> DEARTH_MODULE_SHIFT;
    if (number >= modules.modules().size())
        return false;
    const std::string& path = modules.modules()[number].path;
    return path.substr(path.rfind('/') + 1).starts_with("ld-linux");
}

// The loader keeps pointers where nobody looks, such as in the stacks of threads that are gone.
std::vector<dearth_leak_site> leaks_of(const ControlReader& reader, const ModuleList& modules,
                                       ModuleList::Translation& translation) {
    std::unordered_map<uint64_t, dearth_stack> stacks;
    for (uint64_t i = 0; i < reader.site_count(); ++i) {
        const dearth_site_entry entry = reader.site_entry(i);
        stacks.emplace(entry.stack.site, entry.stack);
    }
    std::vector<dearth_leak_site> leaks;
    for (uint64_t i = 0; i < reader.leftover_count(); ++i) {
        const dearth_leftover leftover = reader.leftover(i);
        dearth_leak_site leak = {};
        leak.blocks = leftover.blocks;
        leak.bytes = leftover.bytes;
        leak.lost_blocks = std::min(leftover.lost_blocks, leftover.blocks);
        leak.lost_bytes = std::min(leftover.lost_bytes, leftover.bytes);
        if (const auto known = stacks.find(leftover.site); known != stacks.end())
            leak.allocated = known->second;
        translation.translate(leak.allocated, reader);
        if (!is_loaders_own(leak.allocated, modules))
            leaks.push_back(leak);
    }
    std::ranges::stable_sort(leaks, [](const dearth_leak_site& a, const dearth_leak_site& b) {
        return std::tie(a.lost_bytes, a.bytes) > std::tie(b.lost_bytes, b.bytes);
    });
    return leaks;
}

}  // namespace

Result<HeapCheck> check_heap(const TargetSetup& setup, ModuleList& modules) {
    auto started = TargetRun::start_baseline(setup);
    if (!started)
        return started.error();
    TargetRun run = started.take();
    HeapCheck check;
    check.pid = run.process().pid();
    check.exit = run.finish();
    ModuleList::Translation translation(modules);
    const TrialRecord record = run.read_slot(0, translation, check.exit);
    check.slot = record.slot;
    // A program without a request is none to complain of here, unless another malloc got them.
    const dearth_control_header& state = run.page().header();
    if (state.run_state == DEARTH_RUN_NEW || state.shadowed_by[0] != '\0') {
        if (Status seen = check_injector(setup, run.page(), record); !seen)
            return seen.error();
    }
    if (const std::string defect = run.page().defect(); !defect.empty())
        return Error{ErrorClass::kInternal,
                     fmt::format("read what {} left: {}", setup.program.start.path, defect),
                     "the program wrote over dearth's control page; Valgrind may find where"};
    const ControlReader reader = run.page().reader();
    const dearth_control_header& header = reader.header();
    if (header.run_state == DEARTH_RUN_REFUSED)
        return Error{ErrorClass::kBaseline,
                     fmt::format("check {}: {}", setup.program.start.path,
                                 bounded_text(header.refusal, sizeof header.refusal)),
                     "run `dearth doctor`"};
    check.page_way = header.page_way;
    check.requests = header.requests;
    check.leaks = leaks_of(reader, modules, translation);
    return check;
}

}  // namespace dearth::harness
