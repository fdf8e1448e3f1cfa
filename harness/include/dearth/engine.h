/// An engine: a program that embeds an interpreter or a library and lets dearth sweep it. Fill in
/// this table and call dearth_engine_main from main; strategies, phases, ledger, crash handling
/// and the control page are the kit's. C11 and C++20. Link dearth::engine_kit.
#ifndef DEARTH_ENGINE_H
#define DEARTH_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "dearth/control_page.h"
#include "dearth/engine_outcome.h"
#include "dearth/install.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dearth_engine {
    const char* name;     ///< "lua"
    const char* version;  ///< "Lua 5.4.4"

    /// Optional, once, before anything else and before faults are armed: install allocators for
    /// good (process-wide APIs). Return 0, or -1 with the reason in `outcome->message`.
    int (*install)(void* self, struct dearth_outcome* outcome);

    /// Makes the interpreter. On DEARTH_STATUS_OK `close` will be called, otherwise not.
    void (*open)(void* self, struct dearth_outcome* outcome);

    /// Runs a script in it; `source` is not terminated. Called for the warm-up, for the trial and
    /// again for the check afterwards. Output goes to standard output and error, flushed before
    /// returning.
    void (*run)(void* self, const char* source, size_t source_bytes, const char* name,
                struct dearth_outcome* outcome);

    /// Takes it down.
    void (*close)(void* self, struct dearth_outcome* outcome);

    /// Optional: the script's own stack at this moment, innermost first; returns the number of
    /// frames filled, at most `capacity`. Called from inside a request: must not allocate.
    size_t (*script_stack)(void* self, struct dearth_script_frame* frames, size_t capacity);

    void* self;
};

/// What the control page asks of this engine: dearth_config.engine_flags, whose bits each engine
/// documents, and dearth_config.domain_mask (0: wrap all). 0 without a control page. Valid from
/// `install` on.
uint32_t dearth_engine_flags(void);
uint32_t dearth_engine_domain_mask(void);

/// Runs the engine as the control page says, or, without DEARTH_CONTROL_FD, as a plain
/// interpreter of the script named by argv[1] with the schedule of DEARTH_SCHEDULE. Returns the
/// exit status for main.
int dearth_engine_main(int argc, char** argv, const struct dearth_engine* engine);

#ifdef __cplusplus
}
#endif

#endif
