// Approved-text tests: what a program says is held against a file in the tree. Run the test with
// DEARTH_APPROVE=1 to accept what it says now, then read the difference before it is committed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dearth::harness {

// `file` is the approved file's full path. A missing file fails like a different one.
testing::AssertionResult is_approved(const std::string& file, std::string_view text);

// The same, with the part between the lines `begin` and `end` of the file (both end in a line
// feed).
testing::AssertionResult is_approved_part(const std::string& file, std::string_view begin,
                                          std::string_view end, std::string_view text);

}  // namespace dearth::harness
