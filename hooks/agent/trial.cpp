#include "hooks/agent/trial.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooks/base/mapped_pages.h"
#include "hooks/layers/ledger_layer.h"
#include "hooks/record/page_writer.h"

namespace dearth::hooks {
namespace {

constinit uint64_t out_prefix_ = 0;
constinit uint64_t err_prefix_ = 0;
constinit pid_t owner_ = 0;

uint64_t position(int fd, uint64_t prefix) {
    struct stat facts;
    // A slot's output is a file; a terminal or pipe (stand-alone use) has no position.
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        return prefix;
    return prefix + static_cast<uint64_t>(facts.st_size);
}

constexpr size_t kLeftoverCapacity = 1u << 16;

// Reserved once, touched only as far as it is used.
dearth_leftover* leftover_buffer() {
    static constinit dearth_leftover* buffer = nullptr;
    if (buffer == nullptr)
        buffer = static_cast<dearth_leftover*>(
            reserve_pages(kLeftoverCapacity * sizeof(dearth_leftover)));
    return buffer;
}

bool comes_before(const dearth_leftover& a, const dearth_leftover& b) {
    return a.site != b.site ? a.site < b.site : a.domain < b.domain;
}

// The baseline's entry of the same site and domain, or NULL.
const dearth_leftover* find(const dearth_leftover* sorted, uint64_t count,
                            const dearth_leftover& key) {
    uint64_t low = 0;
    uint64_t high = count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (comes_before(sorted[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    const bool is_found = low < count && !comes_before(key, sorted[low]);
    return is_found ? &sorted[low] : nullptr;
}

const dearth_leftover* baseline_leftovers(const dearth_control_header& page) {
    return reinterpret_cast<const dearth_leftover*>(reinterpret_cast<const char*>(&page) +
                                                    page.leftovers.offset);
}

// The place for the next leaking site: a free one, or the one that matters least: which has the
// fewest lost bytes, then the fewest bytes. Which sites are kept must not depend on the order of
// signatures, which moves with every build.
dearth_leak_site& least_leak(dearth_trial_slot& slot) {
    dearth_leak_site* least = &slot.leaks[0];
    for (dearth_leak_site& leak : slot.leaks) {
        if (leak.blocks == 0)
            return leak;
        const bool is_less = leak.lost_bytes != least->lost_bytes
                                 ? leak.lost_bytes < least->lost_bytes
                                 : leak.bytes < least->bytes;
        if (is_less)
            least = &leak;
    }
    return *least;
}

uint64_t excess(uint64_t now, uint64_t before) {
    return now > before ? now - before : 0;
}

// What is left more than `before`, lost and reachable blocks each for themselves: one that the
// baseline leaves reachable and the trial loses is a leak.
dearth_leftover excess_of(const dearth_leftover& now, const dearth_leftover& before) {
    dearth_leftover more = {};
    more.site = now.site;
    more.domain = now.domain;
    more.lost_blocks = excess(now.lost_blocks, before.lost_blocks);
    if (more.lost_blocks != 0)
        more.lost_bytes = excess(now.lost_bytes, before.lost_bytes);
    more.blocks = excess(now.blocks - now.lost_blocks, before.blocks - before.lost_blocks);
    if (more.blocks != 0)
        more.bytes = excess(now.bytes - now.lost_bytes, before.bytes - before.lost_bytes);
    more.blocks += more.lost_blocks;
    more.bytes += more.lost_bytes;
    return more;
}

// Lost blocks matter more than any number of others.
bool matters_less(const dearth_leak_site& leak, const dearth_leftover& than) {
    return leak.lost_bytes != than.lost_bytes ? leak.lost_bytes < than.lost_bytes
                                              : leak.bytes < than.bytes;
}

void keep_leak(dearth_trial_slot& slot, const dearth_leftover& more) {
    slot.leak_blocks += more.blocks;
    slot.leak_bytes += more.bytes;
    slot.lost_blocks += more.lost_blocks;
    slot.lost_bytes += more.lost_bytes;
    ++slot.leak_site_count;
    dearth_leak_site& leak = least_leak(slot);
    if (leak.blocks != 0 && !matters_less(leak, more))
        return;
    leak.blocks = more.blocks;
    leak.bytes = more.bytes;
    leak.lost_blocks = more.lost_blocks;
    leak.lost_bytes = more.lost_bytes;
    leak.domain = more.domain;
    ledger_stack_of_site(more.site, more.domain, leak.allocated);
}

// Fills the buffer with what is left now; returns how many entries there are.
size_t gather_leftovers(dearth_leftover* buffer, const ScanStart* start) {
    if (start == nullptr)
        return ledger_leftovers(0, nullptr, buffer, kLeftoverCapacity);
    Reachability reachability;
    const bool is_known = reachability.search(*start, DEARTH_ROOT_ANONYMOUS);
    if (dearth_trial_slot* slot = current_slot(); slot != nullptr)
        slot->reachability = is_known ? DEARTH_REACHABILITY_KNOWN : DEARTH_REACHABILITY_UNKNOWN;
    return ledger_leftovers(0, &reachability, buffer, kLeftoverCapacity);
}

}  // namespace

void own_process() {
    owner_ = getpid();
}

bool is_own_process() {
    return owner_ == getpid();
}

void begin_step(dearth_step step) {
    dearth_trial_slot* slot = current_slot();
    if (slot == nullptr)
        return;
    dearth_step_result& result = slot->steps[step];
    result = {};
    result.status = DEARTH_STATUS_STARTED;
    result.out_begin = result.out_end = out_position();
    result.err_begin = result.err_end = err_position();
}

void end_step(dearth_step step, const dearth_outcome& outcome) {
    dearth_trial_slot* slot = current_slot();
    if (slot == nullptr)
        return;
    dearth_step_result& result = slot->steps[step];
    memcpy(result.kind, outcome.kind, sizeof result.kind);
    memcpy(result.message, outcome.message, sizeof result.message);
    result.out_end = out_position();
    result.err_end = err_position();
    result.status = outcome.status;
}

void record_injection(const RequestFacts& facts, const ScriptStackSource& script) {
    dearth_trial_slot* slot = current_slot();
    if (slot == nullptr)
        return;
    slot->ordinal = facts.ordinal;
    slot->serial = facts.serial;
    slot->occurrence = facts.occurrence;
    slot->request = facts.request;
    fill_stack(slot->injected, facts.stack_id);
    if (script.read != nullptr)
        slot->script_depth =
            static_cast<uint32_t>(script.read(script.ctx, slot->script, DEARTH_SCRIPT_FRAMES_MAX));
}

void note_exhausted() {
    if (dearth_trial_slot* slot = current_slot(); slot != nullptr)
        slot->exhausted = read_fault_counters().exhausted;
}

void set_output_prefix(uint64_t out_bytes, uint64_t err_bytes) {
    out_prefix_ = out_bytes;
    err_prefix_ = err_bytes;
}

uint64_t out_position() {
    return position(STDOUT_FILENO, out_prefix_);
}
uint64_t err_position() {
    return position(STDERR_FILENO, err_prefix_);
}

void write_baseline_leftovers(dearth_control_header& page, const ScanStart* start) {
    dearth_leftover* buffer = leftover_buffer();
    if (buffer == nullptr)
        return;
    const size_t count = gather_leftovers(buffer, start);
    const size_t kept = count < page.leftovers.capacity ? count : page.leftovers.capacity;
    memcpy(reinterpret_cast<char*>(&page) + page.leftovers.offset, buffer,
           kept * sizeof(dearth_leftover));
    page.leftovers.lost = count - kept;
    __atomic_store_n(&page.leftovers.count, kept, __ATOMIC_RELEASE);
}

void compare_leftovers(const dearth_control_header& page, const ScanStart* start) {
    dearth_trial_slot* slot = current_slot();
    dearth_leftover* buffer = leftover_buffer();
    if (slot == nullptr || buffer == nullptr)
        return;
    const size_t count = gather_leftovers(buffer, start);
    const dearth_leftover* known = baseline_leftovers(page);
    for (size_t i = 0; i < count; ++i) {
        const dearth_leftover* before = find(known, page.leftovers.count, buffer[i]);
        const dearth_leftover more =
            excess_of(buffer[i], before != nullptr ? *before : dearth_leftover{});
        if (more.blocks != 0)
            keep_leak(*slot, more);
    }
}

}  // namespace dearth::hooks
