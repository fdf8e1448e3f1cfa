// Reads the filter fields of a schedule's text into a dearth_filter. Knows nothing of the other
// fields, nor of how often a field may come; only the two sides of `size` are told apart here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dearth/schedule.h"
#include "hooks/schedule/schedule_reader.h"
#include "hooks/schedule/schedule_words.h"

namespace dearth::hooks {

// One field while it is read.
struct FieldDraft {
    Field field;
    const FieldRow* row;
    bool is_unless;
    size_t offset;
    TextView written;  // the word, `unless-` included
};

// A number into a narrower field that holds `most`.
template <typename Number>
bool read_number_into(ScheduleReader& reader, const FieldRow& row, uint64_t least, uint64_t most,
                      Number& target) noexcept {
    uint64_t number = 0;
    if (!reader.read_number(row, least, most, number)) {
        return false;
    }
    target = static_cast<Number>(number);
    return true;
}

// `size_bounds` remembers which sides of `size` this filter has: 1 from below, 2 from above.
bool read_filter(ScheduleReader& reader, const FieldDraft& draft, uint32_t& size_bounds,
                 dearth_filter& filter) noexcept;

}  // namespace dearth::hooks
