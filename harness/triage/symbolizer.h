// Module and offset to function, file and line, out of process, by elfutils' libdw; separate debug
// files are found by build-id under /usr/lib/debug. Works with whatever there is: line tables,
// else dynamic symbols, else module + offset. Never fails: a module that is missing, unreadable
// or no longer the one that ran (another build-id) has no names.
//
// Costs about 100 us for a new address and nothing for a known one; each module is opened once,
// on its first address. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/triage/frame_source.h"

namespace dearth::harness {

class ModuleSymbols;

class Symbolizer final : public FrameSource {
public:
    Symbolizer();
    ~Symbolizer() override;
    Symbolizer(const Symbolizer&) = delete;
    Symbolizer& operator=(const Symbolizer&) = delete;

    std::vector<SymbolFrame> resolve(const Module& module, uint64_t offset,
                                     bool is_return_address) override;

private:
    // One module as opened, and the addresses of it that are known.
    struct Entry {
        std::unique_ptr<ModuleSymbols> symbols;
        std::unordered_map<uint64_t, std::vector<SymbolFrame>> frames;
    };

    std::unordered_map<std::string, Entry> entries_;
    size_t cached_count_ = 0;
};

}  // namespace dearth::harness
