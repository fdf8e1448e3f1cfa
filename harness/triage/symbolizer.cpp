// The cache around the names of modules.
#include "harness/triage/symbolizer.h"

#include "harness/triage/module_symbols.h"

namespace dearth::harness {
namespace {

constexpr size_t kCachedMax = 100'000;  // addresses; some 30 MB with usual names

}  // namespace

Symbolizer::Symbolizer() = default;
Symbolizer::~Symbolizer() = default;

std::vector<SymbolFrame> Symbolizer::resolve(const Module& module, uint64_t offset,
                                             bool is_return_address) {
    if (cached_count_ >= kCachedMax) {
        for (auto& [path, entry] : entries_) {
            entry.frames.clear();
        }
        cached_count_ = 0;
    }
    Entry& entry = entries_[module.path + '\n' + module.build_id];
    if (!entry.symbols) {
        entry.symbols = std::make_unique<ModuleSymbols>(module);
    }
    const uint64_t key = offset << 1 | (is_return_address ? 1 : 0);
    const auto [place, is_new] = entry.frames.try_emplace(key);
    if (is_new) {
        place->second = entry.symbols->frames(offset, is_return_address);
        ++cached_count_;
    }
    return place->second;
}

}  // namespace dearth::harness
