// A whole stack as dearth_start and dearth_wrap build it, over libc, with a slot for what it finds.
// Once a process: use it in a forked child.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "dearth/guard.h"
#include "dearth/install.h"
#include "hooks/layers/base_layer.h"
#include "hooks/record/page_writer.h"

namespace dearth::tests {

inline dearth_layer_options options_with(uint32_t layers) {
    dearth_layer_options options;
    dearth_guard_default_options(&options);
    options.layers = layers;
    options.quarantine_bytes = 1u << 20;
    options.aborts_on_misuse = 0;
    return options;
}

inline constexpr uint32_t kEveryLayer = DEARTH_LAYER_FAULT | DEARTH_LAYER_LEDGER |
                                        DEARTH_LAYER_GUARD | DEARTH_LAYER_QUARANTINE |
                                        DEARTH_LAYER_STACKS | DEARTH_LAYER_FREE_STACKS;

struct StartedStack {
    explicit StartedStack(uint32_t layers, const std::string& schedule_text = {})
        : StartedStack(options_with(layers), schedule_text) {}
    explicit StartedStack(const dearth_layer_options& options,
                          const std::string& schedule_text = {}) {
        start(options, schedule_text);
        for (uint32_t domain = 0; domain < DEARTH_DOMAIN_COUNT; ++domain) {
            EXPECT_EQ(dearth_wrap(static_cast<dearth_domain>(domain), &hooks::libc_allocator(),
                                  &domains[domain]),
                      0);
        }
        hooks::attach_slot(&slot);
        dearth_enter_phase(DEARTH_PHASE_RUN);
    }
    ~StartedStack() { hooks::attach_slot(nullptr); }
    StartedStack(const StartedStack&) = delete;
    StartedStack& operator=(const StartedStack&) = delete;

    static void start(const dearth_layer_options& options, const std::string& schedule_text) {
        dearth_schedule schedule = {};
        char error[256] = {};
        size_t offset = 0;
        if (!schedule_text.empty()) {
            EXPECT_EQ(dearth_schedule_parse(schedule_text.c_str(), &schedule, error, sizeof(error),
                                            &offset),
                      0)
                << error;
        }
        EXPECT_EQ(dearth_start(&options, &schedule), 0);
    }

    unsigned char* make(size_t size_bytes, uint32_t domain = 0) {
        const dearth_allocator& top = domains[domain];
        return static_cast<unsigned char*>(top.malloc(top.ctx, size_bytes));
    }
    unsigned char* resize(void* block, size_t size_bytes, uint32_t domain = 0) {
        const dearth_allocator& top = domains[domain];
        return static_cast<unsigned char*>(top.realloc(top.ctx, block, size_bytes));
    }
    void release(void* block, uint32_t domain = 0) {
        domains[domain].free(domains[domain].ctx, block);
    }

    dearth_trial_slot slot = {};
    dearth_allocator domains[DEARTH_DOMAIN_COUNT] = {};
};

}  // namespace dearth::tests
