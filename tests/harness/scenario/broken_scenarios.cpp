// Everything a scenario file can get wrong; see broken_scenarios.h. Add a case here, run the test
// with DEARTH_APPROVE=1, read the new text as somebody who has just made that mistake.
#include "tests/harness/scenario/broken_scenarios.h"

namespace dearth::harness {
namespace {

// A right scenario with `more` behind it.
std::string with(std::string_view more) {
    return "version: 1\ntarget: { engine: lua, script: return 1 }\n" + std::string(more);
}

BrokenTheme keys_theme() {
    return {
        "keys",
        {
            {"near miss", "version: 1\ntarget:\n  enigne: lua\n  engine: lua\n  script: x\n"},
            {"far off", with("banana: 1\n")},
            {"right word, wrong place", with("nth: 1..\nengine: lua\n")},
            {"below a list", with("known:\n  - { id: \"01234567\", why: x, reason: y }\n")},
            {"below unless", with("inject: { unless: { sizes: 64B } }\n")},
            {"duplicate at the top", with("name: a\nname: b\n")},
            {"duplicate in braces", with("limits: { timeout: 1s, memory: 1GiB, timeout: 2s }\n")},
            {"missing version", "target: { engine: lua, script: x }\n"},
            {"version 2", "version: 2\ntarget: { engine: lua, script: x }\n"},
            {"version as text", "version: \"1\"\ntarget: { engine: lua, script: x }\n"},
            {"version of another kind", "version: 1.0\ntarget: { engine: lua, script: x }\n"},
            {"missing target", "version: 1\n"},
            {"missing engine", "version: 1\ntarget: { script: x }\n"},
            {"empty value", "version: 1\nname:\ntarget: { engine: lua, script: x }\n"},
            {"empty target", "version: 1\ntarget:\n"},
            {"merge key", with("limits: { <<: { timeout: 1s } }\n")},
            {"keys of the future",
             with("gate: { min-sites: 90% }\nguard: { check: [free] }\nexpect: { stderr: x }\n")},
            {"engine exec",
             "version: 1\ntarget: { engine: exec, run: [ls], stdin: x, preload: { a: b } }\n"},
            {"a page as a key", with(std::string(300, 'k') + ": 1\n")},
            {"everything at once",
             "version: 1\ncolor: red\ntarget: { engine: luaa, scirpt: x }\n"
             "limits: { timeout: 5, memroy: 1GB }\nexpect: { outcome: [okay] }\n"},
        }};
}

BrokenTheme values_theme() {
    return {
        "values",
        {
            {"unknown engine", "version: 1\ntarget: { engine: ruby, script: x }\n"},
            {"engine by another name", "version: 1\ntarget: { engine: cpython, script: x }\n"},
            {"capitals in a name", with("name: My Scenario\n")},
            {"decimal unit", with("limits: { memory: 256MB }\n")},
            {"no unit", with("limits: { memory: 256, timeout: 5 }\n")},
            {"fraction", with("limits: { timeout: 1.5s, memory: 0.5GiB }\n")},
            {"minutes", with("limits: { timeout: 5m }\n")},
            {"no size at all", with("limits: { memory: much, timeout: -5s }\n")},
            {"too much for 64 bits", with("limits: { memory: 99999999999999999999B }\n")},
            {"out of range",
             with("limits: { timeout: 0ms, memory: 1KiB, failures: 0, stack: 2GiB }\n")},
            {"guard ranges", with("guard: { before: 8B, after: 8KiB, quarantine: 2GiB }\n")},
            {"guard not a multiple", with("guard: { before: 24B }\n")},
            {"guard bytes", with("guard: { fill: { alloc: 256, free: 0xCDD } }\n")},
            {"guard on", with("guard: on\n")},
            {"guard false", with("guard: false\n")},
            {"number as text", with("inject: { schedule: { every: \"7\" } }\n")},
            {"number with blanks", with("inject: { schedule: { every: 1_000 } }\n")},
            {"ordinals", with("inject: { schedule: { nth: 0 } }\n")},
            {"ordinals backwards", with("inject: { schedule: { nth: 40..17 } }\n")},
            {"ordinals as a list", with("inject: { schedule: { nth: [3, 17] } }\n")},
            {"probability", with("inject: { schedule: { probability: 101% } }\n")},
            {"probability zero", with("inject: { schedule: { probability: 0 } }\n")},
            {"probability too fine",
             with("inject: { schedule: { probability: 0.00000000001 } }\n")},
            {"size filter", with("inject: { when: { size: \">64\" } }\n")},
            {"size filter below zero", with("inject: { when: { size: \"<=0B\" } }\n")},
            {"alignment", with("inject: { when: { align: \">=48B\" } }\n")},
            {"long pattern", with("inject: { when: { module: " + std::string(64, 'm') + " } }\n")},
            {"phases of other tools",
             with("inject: { when: { phase: [startup, finalize, rnu] } }\n")},
            {"check is no phase to fail", with("inject: { when: { phase: check } }\n")},
            {"kinds", with("inject: { kind: [twice, burst, burst=0, once+move] }\n")},
            {"operations", with("inject: { ops: [new, maloc] }\n")},
            {"points", with("inject: { points: sample }\n")},
            {"outcomes", with("expect: { outcome: [fine, exit:256, signal:BANG] }\n")},
            {"outcome with a blank", with("expect: { outcome: [ok, exit: 1] }\n")},
            {"exception", with("expect: { outcome: [{ exception: \"Memory Error\" }] }\n")},
            {"invariants", with("expect: { invariants: [no-leaks, clean] }\n")},
            {"regular expression", with("expect: { error: { matches: \"a(b\" } }\n")},
            {"long regular expression",
             with("expect: { error: { matches: " + std::string(600, 'a') + " } }\n")},
            {"verdicts", with("gate: { fail-on: [overflows, handled] }\n")},
            {"known finding",
             with("known:\n  - { id: 12ab, reason: x }\n  - { id: \"0123456g\", reason: x }\n"
                  "  - { id: \"01234567\", reason: \" \" }\n  - { id: \"01234567\" }\n")},
            {"no day of the calendar",
             with("known:\n  - { id: \"01234567\", reason: x, until: \"2026-02-30\" }\n")},
            {"names of variables",
             "version: 1\ntarget:\n  engine: lua\n  script: x\n  env: { \"A B\": 1, 1A: 2, "
             "DEARTH_CONTROL_FD: 3 }\n"},
            {"zero byte", "version: 1\ntarget: { engine: lua, script: \"a\\0b\" }\n"},
        }};
}

BrokenTheme conflicts_theme() {
    return {
        "conflicts",
        {
            {"two selectors", with("inject: { schedule: { nth: 1.., every: 7, budget: 1MiB } }\n")},
            {"no selector", with("inject: { schedule: { step: 2 } }\n")},
            {"empty schedule", with("inject: { schedule: {} }\n")},
            {"options of other selectors",
             with("inject: { schedule: { nth: 1.., after: 5, times: 2, seed: 1 } }\n")},
            {"step without nth", with("inject: { schedule: { every: 7, step: 2 } }\n")},
            {"points without nth", with("inject: { schedule: { every: 7 }, points: sites }\n")},
            {"a sample of many seeds",
             with("inject: { schedule: { nth: 1.., seed: 1..3 }, points: sample:5 }\n")},
            {"two kinds of one schedule",
             with("inject: { schedule: { every: 7 }, kind: [once, persistent] }\n")},
            {"a kind twice", with("inject: { kind: [once, once] }\n")},
            {"no kinds", with("inject: { kind: [] }\n")},
            {"nine kinds",
             with("inject: { kind: [once, persistent, sticky, burst=2, burst=3, burst=4, "
                  "burst=5, burst=6, burst=7] }\n")},
            {"ops twice", with("inject: { ops: malloc, when: { op: malloc } }\n")},
            {"empty lists",
             with("inject: { ops: [], when: { phase: [], domain: [] } }\nexpect: { outcome: [] "
                  "}\ncases: []\n")},
            {"caller twice", with("inject: { when: { caller: a, stack: { require: b } } }\n")},
            {"two patterns", with("inject: { when: { stack: { require: [a, b] } } }\n")},
            {"reject in unless", with("inject: { unless: { stack: { reject: a } } }\n")},
            {"reject beside unless",
             with("inject: { when: { stack: { reject: a } }, unless: { size: \">=64B\" } }\n")},
            {"nothing left", with("inject: { when: { phase: run }, unless: { phase: run } }\n")},
            {"text beside mapping", with("inject: { text: nth=1.., kind: once, ops: malloc }\n")},
            {"text that is no schedule", with("inject: { text: \"nth=1..;twice\" }\n")},
            {"text with points", with("inject: { text: every=7, points: sites }\n")},
            {"cases beside inject",
             with("inject: { kind: once }\ncases:\n  - { name: a, inject: { kind: once } }\n")},
            {"case names twice",
             with("cases:\n  - { name: a, inject: { kind: once } }\n  - { name: a, inject: { "
                  "kind: sticky } }\n")},
            {"case without its keys", with("cases:\n  - name: a\n  - inject: {}\n  - b\n")},
            {"script of a program", "version: 1\ntarget: { engine: c-api, script: x }\n"},
            {"program of an interpreter", "version: 1\ntarget: { engine: lua, run: [a] }\n"},
            {"empty program", "version: 1\ntarget: { engine: c-api, run: [] }\n"},
            {"domains of lua", "version: 1\ntarget: { engine: lua, script: x, domains: [raw] }\n"},
            {"no domains", "version: 1\ntarget: { engine: python, script: x, domains: [] }\n"},
            {"corrupting without guard", with("guard: off\ninject: { action: corrupt-rear }\n")},
            {"page guard on one side of both", with("guard: { mode: both, side: rear }\n")},
            {"page guard without pages", with("guard: { alignment: 8, sample: 100 }\n")},
            {"gate both ways", with("gate: { fail-on: [leak, crash], warn-on: [crash] }\n")},
            {"known twice",
             with("known:\n  - { id: 0123ABCD, reason: x }\n  - { id: 0123abcd, reason: y }\n")},
            {"folded script",
             "version: 1\ntarget:\n  engine: lua\n  script: >\n    a = 1\n    b = 2\n"},
            {"joined script", "version: 1\ntarget:\n  engine: lua\n  script: a = 1\n    b = 2\n"},
            {"missing script",
             "version: 1\ntarget: { engine: lua, script: { file: no/such.lua } }\n"},
            {"folder as script", "version: 1\ntarget: { engine: lua, script: { file: . } }\n"},
            {"script without file", "version: 1\ntarget: { engine: lua, script: { path: x } }\n"},
            {"no script", "version: 1\ntarget: { engine: python }\n"},
        }};
}

BrokenTheme matrix_theme() {
    return {
        "matrix",
        {
            {"empty", with("matrix: {}\n")},
            {"empty list", with("matrix: { kind: [] }\n")},
            {"no list", with("matrix: { kind: once }\n")},
            {"lists of lists", with("matrix: { kind: [[once]] }\n")},
            {"unknown variable",
             with("matrix: { kind: [once] }\ninject: { kind: \"${{ matrix.knid }}\" }\n")},
            {"no matrix", with("description: \"${{ matrix.a }}\"\n")},
            {"other variable", with("matrix: { a: [1] }\nname: \"${{ env.HOME }}\"\n")},
            {"never closed", with("matrix: { a: [1] }\ndescription: \"${{ matrix.a\"\n")},
            {"wrong value",
             with("matrix: { k: [once, twice] }\ninject: { kind: \"${{ matrix.k }}\" }\n")},
            {"equal names",
             with("name: same\nmatrix: { k: [a, b] }\ntags: [x]\ncases:\n  - { name: "
                  "a, inject: {} }\n  - { name: a, inject: {} }\n")},
            {"too large",
             with("matrix:\n  a: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n  b: [0, 1, 2, 3, 4, 5, 6, 7, 8, "
                  "9]\n  c: [1, 2, 3]\n")},
            {"the rest of the file is read too", with("matrix: { a: [] }\ncolour: red\n")},
        }};
}

std::string alias_bomb() {
    std::string bomb = with("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (char name = 'b'; name <= 'k'; ++name) {
        const std::string one(1, name);
        const std::string before(1, static_cast<char>(name - 1));
        bomb += one + ": &" + one + " [";
        for (int times = 0; times < 10; ++times) {
            bomb += "*" + before + ", ";
        }
        bomb += "x]\n";
    }
    return bomb;
}

std::string many_tags() {
    std::string many = with("tags: [");
    for (int count = 0; count < 11'000; ++count) {
        many += "a,";
    }
    return many;
}

BrokenTheme yaml_theme() {
    const std::string deep(100, '[');
    return {
        "yaml",
        {
            {"empty", ""},
            {"only a comment", "# nothing here\n"},
            {"only null", "~\n"},
            {"a list", "- version: 1\n"},
            {"a word", "version\n"},
            {"two documents", with("---\nversion: 1\n")},
            {"something behind the end", with("...\nx\n")},
            {"tab", "version: 1\ntarget:\n\tengine: lua\n"},
            {"tab at the top", "\tversion: 1\n"},
            {"tab before a list", "version: 1\ntags:\n\t- a\n"},
            {"open bracket", with("tags: [a, b\nname: x\ndescription: y\n")},
            {"open brace", with("limits: { timeout: 5s\nname: x\n")},
            {"open quote", with("name: \"x\ndescription: y\n")},
            {"open single quote", with("name: 'it''s\n")},
            {"closing alone", with("tags: ]\n")},
            {"colon in text", with("description: a: b\n")},
            {"deeper line", with("name: x\n  description: y\n")},
            {"line without colon", with("name: x\ndescription\ntags: [a]\n")},
            {"list in a mapping", with("- a\n")},
            {"reserved character", with("description: @x\n")},
            {"unquoted filter", with("inject: { when: { size: >=64B } }\n")},
            {"unknown escape", with("description: \"a\\qb\"\n")},
            {"tag", with("name: !!str x\n")},
            {"list as a key", with("[a, b]: c\n")},
            {"null as a key", with("~: c\n")},
            {"unknown alias", with("name: *x\n")},
            {"alias in itself", with("tags: &x [a, *x]\n")},
            {"not UTF-8", with("description: caf\xE9\n")},
            {"UTF-16", std::string("\xFF\xFEv\0e\0", 6)},
            {"escape sequence", with("description: \x1B[31mred\n")},
            {"zero byte", std::string("version: 1\nname: a\0b\n", 21)},
            {"windows line ends",
             "version: 1\r\ntarget: { engine: lua, script: x }\r\nnaem: y\r\n"},
            {"byte order mark", "\xEF\xBB\xBFverison: 1\n"},
            {"column behind other letters",
             with("description: \xC3\xA9\xE2\x82\xAC\nlimits: { \"\xC3\xA9\": 1, timeout: 5 }\n")},
            {"long line",
             with("tags: [" + std::string(200, 'a') + "] # " + std::string(200, 'b') + "\n")},
            {"deep nesting", with("tags: " + deep + "\n")},
            {"alias bomb", alias_bomb()},
            {"many values", many_tags()},
        }};
}

}  // namespace

std::vector<BrokenTheme> broken_themes() {
    return {keys_theme(), values_theme(), conflicts_theme(), matrix_theme(), yaml_theme()};
}

}  // namespace dearth::harness
