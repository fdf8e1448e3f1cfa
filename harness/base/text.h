// Text for people and for formats: nearest spelling, plurals, sizes and durations, escaping. Knows
// nothing of scenarios or findings; prints nothing.
// Edit distance: optimal string alignment (insert, delete, replace, swap of neighbours cost one).
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dearth::harness {

size_t edit_distance(std::string_view left, std::string_view right);

// The candidate nearest to `word` when it is near enough to be a slip (distance at most
// max(1, length / 3)); the first of several equals. For "did you mean".
std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> candidates);

// "1 trial", "2 trials", "0 trials"; `many` for words that do not just take an s.
std::string plural(uint64_t count, std::string_view one, std::string_view many = {});

std::string join(std::span<const std::string_view> words, std::string_view separator);
std::string join(std::span<const std::string> words, std::string_view separator);
// Splits at every separator; "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

// Exact, with the largest unit that divides: "64B", "8MiB", "1536KiB". Reads back with
// size_from_text.
std::string size_text(uint64_t bytes);
// Rounded, for summaries: "64 B", "1.5 KiB", "8.0 MiB".
std::string rounded_size_text(uint64_t bytes);
// A whole number and B, KiB, MiB or GiB. nullopt: something else, or more than 64 bits.
std::optional<uint64_t> size_from_text(std::string_view text);

// Exact, with the largest unit that divides: "250ms", "5s", "90s", "2min", "1h".
std::string duration_text(uint64_t milliseconds);
// A whole number and ms, s, min or h. nullopt: something else, or more than 64 bits.
std::optional<uint64_t> duration_from_text(std::string_view text);

// "2026-01-31", in UTC.
std::string utc_date_text(std::time_t time);

// Decimal digits only, no sign, no blanks, at most 64 bits.
std::optional<uint64_t> whole_number_from_text(std::string_view text);

// Offset of the first byte that is not part of well-formed UTF-8; nullopt: all of it is.
std::optional<size_t> first_invalid_utf8(std::string_view text);
// Code points in well-formed text; a byte that is none counts as one.
size_t code_point_count(std::string_view text);
// Control characters and malformed bytes as \xNN, so that foreign text cannot drive a terminal.
// Line feeds and tabs are control characters here.
std::string printable_text(std::string_view text);
// As a shell would read the words back; words of letters, digits and `_@%+=:,./-` as they are.
std::string shell_quoted(std::span<const std::string> words);
// The inside of a JSON string; malformed bytes become U+FFFD.
std::string json_escaped(std::string_view text);
// At most `max_bytes`, cut between code points, with "..." when something was cut.
std::string shortened(std::string_view text, size_t max_bytes);

}  // namespace dearth::harness
