#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "harness/process/control_page.h"
#include "harness/process/control_reader.h"

namespace dearth::harness {
namespace {

// Reads everything a reader offers; under a sanitizer any read outside the bytes would show.
void read_all(const ControlReader& reader) {
    if (!reader.defect().empty())
        return;
    const auto some = [](uint64_t count) { return count < 4 ? count : uint64_t{4}; };
    for (uint64_t i = 0; i < some(reader.slot_count()); ++i)
        reader.slot(i);
    for (uint64_t i = 0; i < some(reader.module_count()); ++i)
        reader.module(i);
    for (uint64_t i = 0; i < some(reader.stream_count()); ++i)
        reader.stream_entry(i);
    for (uint64_t i = 0; i < some(reader.site_count()); ++i)
        reader.site_entry(i);
    for (uint64_t i = 0; i < some(reader.leftover_count()); ++i)
        reader.leftover(i);
    reader.slot(UINT64_MAX);
}

RC_GTEST_PROP(ControlReader, SurvivesArbitraryBytes, (std::vector<uint8_t> bytes)) {
    read_all(ControlReader(std::as_bytes(std::span(bytes))));
}

// Arbitrary bytes seldom get past the magic number: damage a good page instead.
RC_GTEST_PROP(ControlReader, SurvivesADamagedPage, ()) {
    PageShape shape;
    shape.slot_count = 2;
    shape.stream_capacity = 3;
    shape.leftover_capacity = 2;
    const auto page = ControlPage::create(shape);
    RC_ASSERT(page.ok());
    const auto* begin = reinterpret_cast<const uint8_t*>(&page.value().header());
    std::vector<uint8_t> bytes(begin, begin + page.value().header().total_bytes);
    const auto damage = *rc::gen::container<std::vector<std::pair<uint32_t, uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<uint32_t>(12, sizeof(dearth_control_header)),
                      rc::gen::arbitrary<uint8_t>()));
    for (const auto& [at, value] : damage)
        bytes[at] = value;
    bytes.resize(*rc::gen::inRange<size_t>(sizeof(dearth_control_header), bytes.size() + 1));
    read_all(ControlReader(std::as_bytes(std::span(bytes))));
}

}  // namespace
}  // namespace dearth::harness
