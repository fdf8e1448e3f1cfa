// Facts of a made-up run for the tests of store and reports: small, but every field differs from
// its default, so that a field that is lost on the way shows.
#pragma once

#include <cstring>
#include <string>
#include <utility>

#include "harness/model/run_facts.h"

namespace dearth::harness::samples {

inline SymbolFrame frame(std::string function, std::string file, int line) {
    return {"liblua5.4.so.0", 0x1000u + static_cast<uint64_t>(line), std::move(function),
            std::move(file), line};
}

inline dearth_script_frame script_frame(const char* file, const char* function, int line) {
    dearth_script_frame result = {};
    std::strncpy(result.file, file, sizeof result.file - 1);
    std::strncpy(result.function, function, sizeof result.function - 1);
    result.line = line;
    return result;
}

inline Scenario scenario(std::string name) {
    Scenario result;
    result.name = std::move(name);
    result.file = "scenarios/lua/" + result.name + ".dearth.yaml";
    result.description = "fills a table until it has to grow";
    result.tags = {"quick", "tables"};
    result.target.engine = Engine::kLua;
    result.target.script = {"local t = {}\n", "table.lua"};
    return result;
}

inline Baseline baseline() {
    Baseline result;
    result.out = "done\n";
    result.err = std::string("note\0\xff", 6);
    result.requests = 140;
    result.selected = 118;
    result.sites_seen = 44;
    result.elapsed_ms = 7;
    result.is_repeatable = false;
    result.drift = "request 31 differs";
    result.engine_version = "Lua 5.4.4";
    return result;
}

inline RunStarted run_started() {
    RunStarted result;
    result.run_id = "3f9c0a11";
    result.command_line = "dearth run scenarios/lua";
    result.version = "0.1.0";
    result.seed = 42;
    result.jobs = 8;
    result.started_unix_ms = 1'767'323'045'000;
    return result;
}

inline TrialFinished trial(uint64_t ordinal, uint32_t kind = DEARTH_KIND_ONCE,
                           Verdict verdict = Verdict::kHandled) {
    TrialFinished result;
    result.point.kind.kind = kind;
    result.point.ordinal = ordinal;
    result.strategy = Strategy::kFork;
    result.verdict = verdict;
    result.site = 0xf000000000000000 + ordinal % 41;
    result.phase = DEARTH_PHASE_CLOSE;
    result.elapsed_us = 1'000 + ordinal;
    return result;
}

inline Finding finding(std::string id, uint64_t ordinal = 17) {
    Finding result;
    result.id = std::move(id);
    result.verdict = Verdict::kOverflow;
    result.scenario = "table-sweep";
    result.detail = "1 byte written 0 bytes past the end of a 64-byte block";
    result.point.ordinal = ordinal;
    result.phase = DEARTH_PHASE_RUN;
    result.request = {DEARTH_OP_MALLOC, 1, DEARTH_PHASE_RUN, 1, 64, 16, 4'096, 0xfedcba9876543210};
    result.injected = {frame("luaM_malloc_", "lmem.c", 201), frame("luaH_resize", "ltable.c", 512),
                       frame("main", "lua.c", 660)};
    result.detected = {frame("luaV_concat", "lvm.c", 640), {"liblua5.4.so.0", 0x1234, "", "", 0}};
    result.allocated = {frame("luaS_createlngstrobj", "lstring.c", 170)};
    result.freed = {{"", 0xabc, "", "", 0}};
    result.script = {script_frame("table.lua", "grow", 3), script_frame("table.lua", "", 9)};
    result.schedule_text = "nth=17;once";
    result.error_text = "lua: table.lua:3: not enough memory";
    result.trial_count = 8;
    result.replays = 3;
    result.replays_agreeing = 3;
    result.disposition = Disposition::kWarns;
    result.known_reason = "upstream issue";
    return result;
}

}  // namespace dearth::harness::samples
