// Which trials of a scenario are finished, and with which verdict: what --resume asks for each
// point of its plan. Dense ordinals cost a byte each, so that a million trials fit in little more
// than a megabyte.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "harness/model/sweep_event.h"

namespace dearth::harness {

class FinishedTrials {
public:
    // Each point once.
    void add(const TrialPoint& point, Verdict verdict);
    std::optional<Verdict> find(const TrialPoint& point) const;

    // True when the results file has this scenario under the same name, but its settings or its
    // script have changed since: its old trials say nothing and are replaced.
    bool has_changed = false;
    uint64_t count = 0;
    VerdictCounts verdicts = {};

private:
    static constexpr uint64_t kChunkPoints = 256;
    using Chunk = std::array<uint8_t, kChunkPoints>;  // 1 + verdict; 0: not finished

    // Points told apart by one number alone: by ordinal, or by seed where the ordinal is 0.
    struct Row {
        SweepKind kind;
        bool is_by_seed = false;
        std::map<uint64_t, std::unique_ptr<Chunk>> chunks;
    };
    // The rest, sorted on demand.
    struct Exact {
        std::array<uint64_t, 4> key = {};  // ordinal, seed, site, occurrence
        uint32_t kind_index = 0;
        Verdict verdict = Verdict::kInconclusive;
    };

    // `number` is null for a point that needs its whole key.
    static std::pair<bool, std::optional<uint64_t>> number_of(const TrialPoint& point);
    uint32_t row_index(const SweepKind& kind, bool is_by_seed);
    std::optional<uint32_t> find_row(const SweepKind& kind, bool is_by_seed) const;

    std::vector<Row> rows_;
    mutable std::vector<Exact> exact_;
    mutable bool is_sorted_ = true;
};

}  // namespace dearth::harness
