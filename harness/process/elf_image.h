// What an executable file says about itself, as far as it decides whether a preload library can
// work in it: machine, loader, the libraries it names, the allocator or sanitizer linked into it.
// Reads untrusted bytes: every offset and count is checked against the file's size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/base/result.h"

namespace dearth::harness {

// Fills `bytes` from `offset` of the file; false: not all of it is there.
using ReadAt = std::function<bool(uint64_t offset, std::span<std::byte> bytes)>;

struct ElfImage {
    bool is_64_bit = false;
    uint16_t machine = 0;  // EM_X86_64, ...
    uint16_t type = 0;     // ET_EXEC, ET_DYN, ...
    // The dynamic loader it asks for; empty: it asks for none, so it is statically linked.
    std::string loader;
    std::vector<std::string> needed;  // libraries it names: "libc.so.6"
    // It exports a malloc of its own, which then serves every library too, before any preloaded
    // one.
    bool exports_malloc = false;
    // It has one for itself, which its libraries do not see.
    bool hides_malloc = false;
    std::string sanitizer;  // "AddressSanitizer"; empty: none
};

// Whether the file begins as an ELF file does.
bool is_elf(std::span<const std::byte> head);

// The error's message is the reason alone: "its program headers lie outside the file". Symbol
// tables that cannot be read are taken as absent: the kernel starts such a file all the same.
// Only headers are read of a file for another machine or word size.
Result<ElfImage> read_elf_image(const ReadAt& read_at, uint64_t file_bytes);

}  // namespace dearth::harness
