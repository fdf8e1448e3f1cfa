// The one place where the order of layers is decided; layer_stack.cpp argues it. Everything that
// has state for the whole process (domains, options) is here; layers only have state of their own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/allocator.h"
#include "dearth/control_page.h"
#include "dearth/guard.h"
#include "dearth/install.h"
#include "dearth/schedule.h"

namespace dearth::hooks {

/// See dearth_start. What a schedule needs is added to the layers asked for: guards for a
/// corrupting action, the ledger for a budget and under guards (it knows every live block, so the
/// sweep at the end reaches those that are never freed), stacks for call-stack, module and sticky
/// filters.
int stack_start(const dearth_layer_options* options, const dearth_schedule* schedule) noexcept;

/// Options in force; all zero before stack_start.
const dearth_layer_options& stack_options() noexcept;

/// See dearth_wrap.
int stack_wrap(dearth_domain domain, const dearth_allocator* beneath,
               dearth_allocator* wrapped) noexcept;
int stack_wrap_arenas(const dearth_arena_allocator* beneath,
                      dearth_arena_allocator* wrapped) noexcept;

/// See dearth_check_blocks.
size_t stack_check_blocks() noexcept;

/// See dearth_page_guard_read_facts.
void stack_read_page_guard_facts(dearth_page_guard_facts& facts) noexcept;

/// See dearth_read_counters.
void stack_read_counters(dearth_counters& counters) noexcept;

}  // namespace dearth::hooks
