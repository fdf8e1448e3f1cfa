// Laws of the schedule's text form: what is written reads back equal, and no bytes whatever make
// the reader misbehave.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <string>

#include "dearth/schedule.h"
#include "tests/hooks/schedule/schedule_generators.h"

namespace dearth::hooks {

namespace {

RC_GTEST_PROP(ScheduleText, WrittenSchedulesReadBackEqual, ()) {
    const dearth_schedule schedule = *any_schedule();
    const std::string text = format(schedule);
    RC_LOG() << text << '\n';
    dearth_schedule again;
    char error[1024];
    size_t offset = 0;
    const int result = dearth_schedule_parse(text.c_str(), &again, error, sizeof error, &offset);
    RC_LOG() << (result == 0 ? "" : error) << '\n';
    RC_ASSERT(result == 0);
    RC_ASSERT(std::memcmp(&schedule, &again, sizeof schedule) == 0);
    RC_ASSERT(format(again) == text);
}

// Either it reads, and then what it read is stable, or it says why in one terminated line.
void check_text(const std::string& text) {
    const size_t error_bytes = *rc::gen::inRange<size_t>(0, 400);
    std::string error(error_bytes + 1, '\x7f');
    dearth_schedule schedule;
    size_t offset = SIZE_MAX;
    const int result =
        dearth_schedule_parse(text.c_str(), &schedule, error.data(), error_bytes, &offset);
    RC_ASSERT(error.back() == '\x7f');
    if (result == 0) {
        const std::string canonical = format(schedule);
        dearth_schedule again;
        RC_ASSERT(dearth_schedule_parse(canonical.c_str(), &again, nullptr, 0, nullptr) == 0);
        RC_ASSERT(std::memcmp(&schedule, &again, sizeof schedule) == 0);
        return;
    }
    RC_ASSERT(offset <= std::strlen(text.c_str()));
    if (error_bytes != 0) {
        const size_t length = error.find('\0');
        RC_ASSERT(length != std::string::npos);
        for (size_t index = 0; index < length; ++index) {
            RC_ASSERT((error[index] >= ' ' && error[index] <= '~'));
        }
        RC_ASSERT((error_bytes == 1 || length > 0));
    }
}

RC_GTEST_PROP(ScheduleText, AnyBytesEitherReadOrAreRefusedInOneLine, ()) {
    check_text(*rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

RC_GTEST_PROP(ScheduleText, AnyHeapOfTokensEitherReadsOrIsRefusedInOneLine, ()) {
    const auto tokens = *rc::gen::container<std::vector<std::string>>(
        rc::gen::elementOf(std::vector<std::string>{"nth",
                                                    "=",
                                                    "1",
                                                    "17",
                                                    "..",
                                                    ",",
                                                    ";",
                                                    "|",
                                                    " ",
                                                    "every",
                                                    "size",
                                                    ">=",
                                                    "<=",
                                                    "KiB",
                                                    "once",
                                                    "burst",
                                                    "op",
                                                    "malloc",
                                                    "unless-",
                                                    "stack",
                                                    "*[",
                                                    "fill",
                                                    "0x",
                                                    "AB",
                                                    "%",
                                                    "0.5",
                                                    "@",
                                                    "budget",
                                                    "seed",
                                                    "after",
                                                    "probability",
                                                    "corrupt-rear",
                                                    "align",
                                                    "site",
                                                    "18446744073709551615",
                                                    "phase",
                                                    "run"}));
    std::string text;
    for (const std::string& token : tokens) {
        text += token;
    }
    check_text(text);
}

RC_GTEST_PROP(ScheduleText, AScheduleCutShortOrWithAByteChangedIsReadOrRefused, ()) {
    std::string text = format(*any_schedule());
    const size_t at = *rc::gen::inRange<size_t>(0, text.size());
    if (*rc::gen::arbitrary<bool>()) {
        text.resize(at);
    } else {
        text[at] = *rc::gen::arbitrary<char>();
    }
    check_text(text);
}

}  // namespace

}  // namespace dearth::hooks
