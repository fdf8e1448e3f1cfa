// dearth/install.h for programs that hand out their own allocators: forwards, no logic.
#include "dearth/install.h"

#include "dearth/guard.h"
#include "dearth/ledger.h"
#include "hooks/base/next_place.h"
#include "hooks/layers/fault_layer.h"
#include "hooks/layers/layer_stack.h"
#include "hooks/layers/ledger_layer.h"

using namespace dearth::hooks;

int dearth_start(const struct dearth_layer_options* options,
                 const struct dearth_schedule* schedule) {
    return stack_start(options, schedule);
}

int dearth_wrap(enum dearth_domain domain, const struct dearth_allocator* beneath,
                struct dearth_allocator* wrapped) {
    return stack_wrap(domain, beneath, wrapped);
}

enum dearth_phase dearth_enter_phase(enum dearth_phase phase) {
    return set_phase(phase);
}

enum dearth_phase dearth_current_phase(void) {
    return current_phase();
}

void dearth_control_returned(void) {
    control_returned();
}

void dearth_disarm(void) {
    disarm();
}

void dearth_arm(void) {
    arm();
}

void dearth_expect_size(enum dearth_domain domain, void* block, size_t told_bytes) {
    expect_size(static_cast<uint32_t>(domain), block, told_bytes);
}

void dearth_next_place(const char* file, int line) {
    next_place.file = file;
    next_place.line = line;
}

size_t dearth_check_blocks(void) {
    return stack_check_blocks();
}

void dearth_read_counters(struct dearth_counters* counters) {
    stack_read_counters(*counters);
}

void dearth_page_guard_read_facts(struct dearth_page_guard_facts* facts) {
    stack_read_page_guard_facts(*facts);
}

dearth_snapshot dearth_take_snapshot(void) {
    // Blocks made so far may have no serial: they count as older than any snapshot, and are.
    ledger_keep_serials(true);
    return read_fault_counters().requests;
}
