// Source places (file and line) of requests as small numbers, so that a ledger node keeps one in
// 12 bits. Places are few: one for each request macro in a program. Full: further ones are 0.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace dearth::hooks {

/// The number of a place, from 1; 0: none, or the table is full. Places are compared by the
/// pointer to the file's name. Any thread.
uint32_t place_number(const char* file, int line) noexcept;

/// "file:line" of a number, cut to fit and terminated; empty for 0.
void place_text(uint32_t number, char* text, size_t capacity) noexcept;

}  // namespace dearth::hooks
