// Both directions of the schedule's text form by example: what each field means, what the
// canonical form looks like, and every message with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "dearth/schedule.h"

namespace {

std::string format(const dearth_schedule& schedule) {
    std::string text(dearth_schedule_format(&schedule, nullptr, 0) + 1, '\0');
    const size_t length = dearth_schedule_format(&schedule, text.data(), text.size());
    text.resize(length);
    return text;
}

struct Parsed {
    int result = 0;
    dearth_schedule schedule = {};
    std::string error;
    size_t offset = 0;
};

Parsed parse(const char* text) {
    Parsed parsed;
    char error[1024] = "";
    parsed.result =
        dearth_schedule_parse(text, &parsed.schedule, error, sizeof error, &parsed.offset);
    parsed.error = error;
    return parsed;
}

const dearth_term& only_term(const Parsed& parsed) {
    EXPECT_EQ(parsed.result, 0) << parsed.error << " at " << parsed.offset;
    EXPECT_EQ(parsed.schedule.term_count, 1u);
    return parsed.schedule.terms[0];
}

struct CanonicalCase {
    const char* text;
    const char* canonical;
};

const CanonicalCase kCanonicalCases[] = {
    {"all", "all;once"},
    {"fail", "all;once"},
    {"nth=17", "nth=17;once"},
    {"nth=17..17", "nth=17;once"},
    {"nth=17..40", "nth=17..40;once"},
    {"nth=17..", "nth=17..;once"},
    {"nth=3,17,40", "nth=3,17,40;once"},
    {"nth=0x11", "nth=17;once"},
    {"nth=18446744073709551615", "nth=18446744073709551615;once"},
    {"every=7;after=10;times=3", "every=7;once;after=10;times=3"},
    {"probability=0.5%;seed=42", "probability=0.5%;once;seed=42"},
    {"probability=0.005", "probability=0.5%;once"},
    {"probability=1", "probability=100%;once"},
    {"probability=100.000%", "probability=100%;once"},
    {"probability=0.0000001%", "probability=0.0000001%;once"},
    {"probability=0", "probability=0%;once"},
    {"budget=1MiB", "budget=1MiB;once"},
    {"budget=1048576", "budget=1MiB;once"},
    {"budget=2048KiB", "budget=2MiB;once"},
    {"budget=1025B", "budget=1025B;once"},
    {"budget=0", "budget=0B;once"},
    {"budget=3072GiB", "budget=3072GiB;once"},
    {"burst=3", "all;burst=3"},
    {"nth=2;persistent", "nth=2;persistent"},
    {"sticky;nth=2", "nth=2;sticky"},
    {"corrupt-front", "all;once;corrupt-front"},
    {"corrupt-front=1@0", "all;once;corrupt-front"},
    {"corrupt-rear=4", "all;once;corrupt-rear=4"},
    {"corrupt-rear=4@2", "all;once;corrupt-rear=4@2"},
    {"move", "all;once;move"},
    {"fill=0xAB", "all;once;fill=0xab"},
    {"fill=7", "all;once;fill=0x07"},
    {"op=realloc,malloc", "all;once;op=malloc,realloc"},
    {"op=malloc,calloc,realloc,shrink,aligned,arena",
     "all;once;op=malloc,calloc,realloc,shrink,aligned,arena"},
    {"domain=obj,raw,mem", "all;once;domain=raw,mem,obj"},
    {"phase=close,open", "all;once;phase=open,close"},
    {"size>=4KiB", "all;once;size>=4KiB"},
    {"size<=1MiB", "all;once;size<=1MiB"},
    {"size<=1MiB;size>=4KiB", "all;once;size>=4KiB;size<=1MiB"},
    {"size=64B", "all;once;size=64B"},
    {"size>=64;size<=64", "all;once;size=64B"},
    {"align>=64", "all;once;align>=64B"},
    {"thread=2", "all;once;thread=2"},
    {"site=0123ABCD", "all;once;site=000000000123abcd"},
    {"stack= operator new* ;module=lib[ab]?", "all;once;stack=operator new*;module=lib[ab]?"},
    {"unless-phase=open;phase=run", "all;once;phase=run;unless-phase=open"},
    {"unless-size>=4KiB;unless-stack=lua_*", "all;once;unless-size>=4KiB;unless-stack=lua_*"},
    {" nth = 3 .. 5 ;\top = malloc , calloc\n| every= 2 ",
     "nth=3..5;once;op=malloc,calloc | "
     "every=2;once"},
    {"nth=17;once;op=malloc,realloc;domain=obj", "nth=17;once;op=malloc,realloc;domain=obj"},
};

TEST(ScheduleText, ParsesToTheCanonicalForm) {
    for (const CanonicalCase& each : kCanonicalCases) {
        SCOPED_TRACE(each.text);
        const Parsed parsed = parse(each.text);
        ASSERT_EQ(parsed.result, 0) << parsed.error << " at " << parsed.offset;
        EXPECT_EQ(format(parsed.schedule), each.canonical);
    }
}

TEST(ScheduleText, CanonicalFormParsesBackToEqualBytes) {
    for (const CanonicalCase& each : kCanonicalCases) {
        SCOPED_TRACE(each.text);
        const Parsed first = parse(each.text);
        const Parsed second = parse(each.canonical);
        EXPECT_EQ(std::memcmp(&first.schedule, &second.schedule, sizeof first.schedule), 0);
    }
}

TEST(ScheduleText, FillsTheFieldsThatAFieldNames) {
    const dearth_term range = only_term(parse("nth=17..40"));
    EXPECT_EQ(range.selector, DEARTH_SELECT_RANGE);
    EXPECT_EQ(range.first, 17u);
    EXPECT_EQ(range.last, 40u);
    EXPECT_EQ(only_term(parse("nth=17..")).last, UINT64_MAX);

    const dearth_term list = only_term(parse("nth=3,17,40"));
    EXPECT_EQ(list.selector, DEARTH_SELECT_LIST);
    EXPECT_EQ(list.list_count, 3u);
    EXPECT_THAT(std::vector<uint64_t>(list.list, list.list + 3), testing::ElementsAre(3, 17, 40));
    EXPECT_EQ(list.first, 0u);

    EXPECT_EQ(only_term(parse("probability=0.5%")).probability_ppb, 5'000'000u);
    EXPECT_EQ(only_term(parse("budget=1MiB")).budget_bytes, 1u << 20);
    EXPECT_EQ(only_term(parse("every=7")).first, 7u);

    const dearth_term corrupt = only_term(parse("corrupt-rear=4@2"));
    EXPECT_EQ(corrupt.action, DEARTH_ACTION_CORRUPT_REAR);
    EXPECT_EQ(corrupt.corrupt_bytes, 4u);
    EXPECT_EQ(corrupt.corrupt_offset, 2u);
    EXPECT_EQ(only_term(parse("fill=0xAB")).fill_byte, 0xABu);

    const dearth_term filtered =
        only_term(parse("op=malloc,realloc;domain=obj;phase=run;thread=2;size=64;align>=32;site=ff;"
                        "stack=lua_*;module=liblua*;unless-size<=8"));
    EXPECT_EQ(filtered.when.op_mask, (1u << DEARTH_OP_MALLOC) | (1u << DEARTH_OP_REALLOC));
    EXPECT_EQ(filtered.when.domain_mask, 1u << 2);
    EXPECT_EQ(filtered.when.phase_mask, 1u << DEARTH_PHASE_RUN);
    EXPECT_EQ(filtered.when.thread, 2u);
    EXPECT_EQ(filtered.when.size_min_bytes, 64u);
    EXPECT_EQ(filtered.when.size_max_bytes, 64u);
    EXPECT_EQ(filtered.when.align_min_bytes, 32u);
    EXPECT_EQ(filtered.when.site, 0xFFu);
    EXPECT_STREQ(filtered.when.stack, "lua_*");
    EXPECT_STREQ(filtered.when.module, "liblua*");
    EXPECT_EQ(filtered.unless.size_max_bytes, 8u);
    EXPECT_EQ(filtered.unless.op_mask, 0u);
}

TEST(ScheduleText, StartsEveryTermFromTheDefaults) {
    dearth_term expected;
    std::memset(&expected, 0xA5, sizeof expected);
    dearth_term_default(&expected);
    const Parsed parsed = parse("all");
    EXPECT_EQ(std::memcmp(&parsed.schedule.terms[0], &expected, sizeof expected), 0);
    EXPECT_EQ(expected.burst, 1u);
    EXPECT_EQ(expected.corrupt_bytes, 1u);
}

#define ALL_FIELDS                                                                            \
    "(allowed: all, nth, every, probability, budget, once, burst, persistent, sticky, fail, " \
    "corrupt-front, corrupt-rear, move, fill, op, domain, phase, size, align, thread, site, " \
    "stack, module, seed, after, times)"
#define ALL_FILTERS "op, domain, phase, size, align, thread, site, stack, module)"
#define NTH_FORMS "(allowed: nth=17, nth=3,17,40, nth=17..40, nth=17..)"
#define OP_WORDS "(allowed: malloc, calloc, realloc, shrink, aligned, arena)"

struct ErrorCase {
    const char* text;
    size_t offset;
    const char* message;
};

const ErrorCase kErrorCases[] = {
    {"", 0, "the schedule is empty " ALL_FIELDS},
    {" \t", 0, "the schedule is empty " ALL_FIELDS},
    {";", 0, "expected a field, found ';' " ALL_FIELDS},
    {"all|", 4, "expected a field, found the end " ALL_FIELDS},
    {"all;;once", 4, "expected a field, found ';' " ALL_FIELDS},
    {"all | | all", 6, "expected a field, found '|' " ALL_FIELDS},
    {"nht=3", 0, "unknown field 'nht', did you mean 'nth'? " ALL_FIELDS},
    {"all;persistant", 4, "unknown field 'persistant', did you mean 'persistent'? " ALL_FIELDS},
    {"NTH=3", 0, "unknown field 'NTH', did you mean 'nth'? " ALL_FIELDS},
    {"zebra=3", 0, "unknown field 'zebra' " ALL_FIELDS},
    {"unless-phrase=run", 7,
     "unknown filter 'phrase', did you mean 'phase'? (allowed: " ALL_FILTERS},
    {"unless-seed=1", 0, "'unless-seed' excludes nothing (allowed after unless-: " ALL_FILTERS},
    {"once=3", 4, "'once' takes no value"},
    {"once once", 5, "once: unexpected 'once' (allowed: once)"},
    {"nth=17x", 6, "nth: unexpected 'x' " NTH_FORMS},
    {"nth", 0, "'nth' needs a value " NTH_FORMS},
    {"nth=", 4, "nth: expected a number, found the end " NTH_FORMS},
    {"nth=abc", 4, "nth: expected a number, found 'abc' " NTH_FORMS},
    {"nth=-3", 4, "nth: expected a number, found '-3' " NTH_FORMS},
    {"nth=0", 4, "nth: '0' is too small, at least 1 " NTH_FORMS},
    {"nth=18446744073709551616", 4,
     "nth: '18446744073709551616' is too large, at most 18446744073709551615 " NTH_FORMS},
    {"nth=5,3", 6, "nth: a list must ascend, but '3' follows 5 " NTH_FORMS},
    {"nth=5,5", 6, "nth: a list must ascend, but '5' follows 5 " NTH_FORMS},
    {"nth=5,", 6, "nth: expected a number, found the end " NTH_FORMS},
    {"nth=40..17", 8, "nth: the range ends at '17', before its start 40 " NTH_FORMS},
    {"nth=3,5..7", 7, "nth: unexpected '..7' " NTH_FORMS},
    {"every=0", 6, "every: '0' is too small, at least 1 (allowed: every=7)"},
    {"all;every=2", 4,
     "'every' beside 'all': a term has one selector (allowed: all, nth, every, probability, "
     "budget)"},
    {"nth=1;nth=2", 6, "'nth' is given twice in one term"},
    {"once;sticky", 5,
     "'sticky' beside 'once': a term has one kind (allowed: once, burst, persistent, sticky)"},
    {"move;fail", 5,
     "'fail' beside 'move': a term has one action (allowed: fail, corrupt-front, corrupt-rear, "
     "move, fill)"},
    {"burst=0", 6, "burst: '0' is too small, at least 1 (allowed: burst=3)"},
    {"burst=4294967296", 6,
     "burst: '4294967296' is too large, at most 4294967295 (allowed: burst=3)"},
    {"times=0", 6, "times: '0' is too small, at least 1 (allowed: times=3)"},
    {"nth=3;after=3", 6, "'after' beside 'nth': shift the ordinals instead"},
    {"probability=101%", 12,
     "probability: '101%' is above 100% (allowed: probability=0.5%, probability=0.005)"},
    {"probability=1.1", 12,
     "probability: '1.1' is above 100% (allowed: probability=0.5%, probability=0.005)"},
    {"probability=50", 12,
     "probability: '50' is above 100% (allowed: probability=0.5%, probability=0.005)"},
    {"probability=0.00000001%", 12,
     "probability: '0.00000001%' is finer than 1 in 1000000000 (allowed: probability=0.5%, "
     "probability=0.005)"},
    {"probability=.5", 12,
     "probability: expected a number, found '.5' (allowed: probability=0.5%, probability=0.005)"},
    {"budget=1MB", 8, "budget: unknown unit 'MB', did you mean 'MiB'? (allowed: B, KiB, MiB, GiB)"},
    {"budget=1parsec", 8, "budget: unknown unit 'parsec' (allowed: B, KiB, MiB, GiB)"},
    {"budget=17179869184GiB", 7,
     "budget: '17179869184GiB' is too large, at most 18446744073709551615B (allowed: "
     "budget=1MiB)"},
    {"fill=256", 5, "fill: '256' is too large, at most 255 (allowed: fill=0xAB, fill=171)"},
    {"fill", 0, "'fill' needs a value (allowed: fill=0xAB, fill=171)"},
    {"corrupt-rear=17", 13,
     "corrupt-rear: '17' is too large, at most 16 (allowed: corrupt-rear, corrupt-rear=4, "
     "corrupt-rear=4@2)"},
    {"corrupt-front=1@16", 16,
     "corrupt-front: '16' is too large, at most 15 (allowed: corrupt-front, corrupt-front=4, "
     "corrupt-front=4@2)"},
    {"op=mallok", 3, "op: unknown word 'mallok', did you mean 'malloc'? " OP_WORDS},
    {"op=malloc,free", 10, "op: unknown word 'free' " OP_WORDS},
    {"op=", 3, "op: expected a word, found the end " OP_WORDS},
    {"op=malloc,malloc", 10, "op: 'malloc' is given twice"},
    {"domain=object", 7, "domain: unknown word 'object' (allowed: raw, mem, obj)"},
    {"phase=check", 6, "phase: unknown word 'check' (allowed: open, run, close)"},
    {"size>4", 0, "'size' needs a value (allowed: size>=4KiB, size<=1MiB, size=64B)"},
    {"size=0", 5, "size: '0' is too small, at least 1 (allowed: size>=4KiB, size<=1MiB, size=64B)"},
    {"size>=2;size=3", 8, "'size' bounds the same side twice in one term"},
    {"size>=4KiB;size<=1", 17, "size: no request is of at least 4096 and at most 1 bytes"},
    {"align=64", 0, "'align' needs a value (allowed: align>=64)"},
    {"thread=0", 7, "thread: '0' is too small, at least 1 (allowed: thread=2)"},
    {"site=0", 5, "site: '0' names no site (allowed: site=0123abcd)"},
    {"site=xyz", 5, "site: expected hexadecimal digits, found 'xyz' (allowed: site=0123abcd)"},
    {"site=10000000000000000", 5,
     "site: '10000000000000000' is too large, at most 16 digits (allowed: site=0123abcd)"},
    {"stack=;all", 6, "stack: expected a pattern, found ';' (allowed: stack=lua_*)"},
    {"module=a\nb", 8, "module: a control character in 'a?b' (allowed: module=libfoo*)"},
    {"unless-op=malloc;unless-op=calloc", 17, "'unless-op' is given twice in one term"},
    {"\x01\xff", 0, "expected a field, found '\x3f?' " ALL_FIELDS},
};

TEST(ScheduleText, SaysWhatIsWrongAndWhere) {
    for (const ErrorCase& each : kErrorCases) {
        SCOPED_TRACE(each.text);
        const Parsed parsed = parse(each.text);
        EXPECT_EQ(parsed.result, -1);
        EXPECT_EQ(parsed.error, each.message);
        EXPECT_EQ(parsed.offset, each.offset);
    }
}

std::string repeat(const std::string& piece, int count) {
    std::string text;
    for (int index = 0; index < count; ++index) {
        text += piece;
    }
    return text;
}

TEST(ScheduleText, HoldsExactlyAsManyTermsAsTheHeaderSays) {
    std::string text = "all" + repeat("|all", DEARTH_TERMS_MAX - 1);
    EXPECT_EQ(parse(text.c_str()).schedule.term_count, unsigned{DEARTH_TERMS_MAX});
    const size_t offset = text.size() + 1;
    text += "|all";
    const Parsed parsed = parse(text.c_str());
    EXPECT_EQ(parsed.error, "too many terms, at most 32");
    EXPECT_EQ(parsed.offset, offset);
}

TEST(ScheduleText, HoldsExactlyAsManyListedOrdinalsAsTheHeaderSays) {
    std::string text = "nth=1";
    for (int ordinal = 2; ordinal <= DEARTH_LIST_MAX; ++ordinal) {
        text += "," + std::to_string(ordinal);
    }
    EXPECT_EQ(only_term(parse(text.c_str())).list_count, unsigned{DEARTH_LIST_MAX});
    const size_t offset = text.size() + 1;
    text += ",1000";
    const Parsed parsed = parse(text.c_str());
    EXPECT_EQ(parsed.error, "nth: too many ordinals in a list, at most 32 " NTH_FORMS);
    EXPECT_EQ(parsed.offset, offset);
}

TEST(ScheduleText, HoldsPatternsUpToTheirArray) {
    const std::string longest(DEARTH_PATTERN_BYTES - 1, 'a');
    EXPECT_EQ(only_term(parse(("stack=" + longest).c_str())).when.stack, longest);
    const Parsed parsed = parse(("stack=" + longest + "b").c_str());
    EXPECT_EQ(parsed.error, "stack: '" + std::string(32, 'a') +
                                "...' is too long, at most 63 bytes (allowed: stack=lua_*)");
    EXPECT_EQ(parsed.offset, 6u);
}

TEST(ScheduleText, CutsAMessageAtTheBufferAndTerminatesIt) {
    dearth_schedule schedule = {};
    char error[8];
    std::memset(error, 'x', sizeof error);
    EXPECT_EQ(dearth_schedule_parse("bad", &schedule, error, 5, nullptr), -1);
    EXPECT_STREQ(error, "unkn");
    EXPECT_EQ(error[5], 'x');
    EXPECT_EQ(dearth_schedule_parse("bad", &schedule, nullptr, 0, nullptr), -1);
    EXPECT_EQ(dearth_schedule_parse(nullptr, &schedule, nullptr, 0, nullptr), -1);
}

TEST(ScheduleText, WritesTheScheduleOnlyOnSuccess) {
    dearth_schedule schedule;
    std::memset(&schedule, 0x5A, sizeof schedule);
    const dearth_schedule before = schedule;
    EXPECT_EQ(dearth_schedule_parse("nth=3;bad", &schedule, nullptr, 0, nullptr), -1);
    EXPECT_EQ(std::memcmp(&schedule, &before, sizeof before), 0);
}

TEST(ScheduleText, CutsTheFormattedTextAtTheBufferAndTellsItsLength) {
    const Parsed parsed = parse("nth=17");
    char text[8];
    std::memset(text, 'x', sizeof text);
    EXPECT_EQ(dearth_schedule_format(&parsed.schedule, text, 5), std::strlen("nth=17;once"));
    EXPECT_STREQ(text, "nth=");
    EXPECT_EQ(text[5], 'x');
}

TEST(ScheduleText, NamesEveryValueAndNothingElse) {
    EXPECT_STREQ(dearth_op_name(DEARTH_OP_ARENA), "arena");
    EXPECT_EQ(dearth_op_name(DEARTH_OP_COUNT), nullptr);
    EXPECT_STREQ(dearth_domain_name(2), "obj");
    EXPECT_EQ(dearth_domain_name(3), nullptr);
    EXPECT_STREQ(dearth_phase_name(DEARTH_PHASE_WARMUP), "warmup");
    EXPECT_EQ(dearth_phase_name(DEARTH_PHASE_COUNT), nullptr);
    EXPECT_STREQ(dearth_kind_name(DEARTH_KIND_STICKY), "sticky");
    EXPECT_EQ(dearth_kind_name(4), nullptr);
    EXPECT_STREQ(dearth_action_name(DEARTH_ACTION_FILL), "fill");
    EXPECT_EQ(dearth_action_name(UINT32_MAX), nullptr);
}

}  // namespace
