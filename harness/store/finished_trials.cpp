// A byte a point in chunks of 256 beside each other, so a sample spread over a long run costs
// little and a full sweep costs no more than a plain array.
#include "harness/store/finished_trials.h"

#include <algorithm>
#include <tuple>

namespace dearth::harness {
namespace {

constexpr auto kIsBefore = [](const auto& a, const auto& b) {
    return std::tie(a.key, a.kind_index) < std::tie(b.key, b.kind_index);
};

}  // namespace

std::pair<bool, std::optional<uint64_t>> FinishedTrials::number_of(const TrialPoint& point) {
    if (point.site != 0 || point.occurrence != 0)
        return {false, std::nullopt};
    if (point.ordinal == 0)
        return {true, point.seed};
    if (point.seed == 0)
        return {false, point.ordinal};
    return {false, std::nullopt};
}

std::optional<uint32_t> FinishedTrials::find_row(const SweepKind& kind, bool is_by_seed) const {
    for (uint32_t i = 0; i < rows_.size(); ++i) {
        if (rows_[i].kind == kind && rows_[i].is_by_seed == is_by_seed)
            return i;
    }
    return std::nullopt;
}

uint32_t FinishedTrials::row_index(const SweepKind& kind, bool is_by_seed) {
    if (const std::optional<uint32_t> index = find_row(kind, is_by_seed))
        return *index;
    rows_.push_back({kind, is_by_seed, {}});
    return static_cast<uint32_t>(rows_.size() - 1);
}

void FinishedTrials::add(const TrialPoint& point, Verdict verdict) {
    const auto [is_by_seed, number] = number_of(point);
    const uint32_t index = row_index(point.kind, is_by_seed);
    if (number) {
        std::unique_ptr<Chunk>& chunk = rows_[index].chunks[*number / kChunkPoints];
        if (!chunk)
            chunk = std::make_unique<Chunk>();
        uint8_t& entry = (*chunk)[*number % kChunkPoints];
        if (entry != 0)
            return;
        entry = static_cast<uint8_t>(1 + static_cast<int>(verdict));
    } else {
        const Exact exact = {
            {point.ordinal, point.seed, point.site, point.occurrence}, index, verdict};
        is_sorted_ = is_sorted_ && (exact_.empty() || kIsBefore(exact_.back(), exact));
        exact_.push_back(exact);
    }
    ++count;
    ++verdicts[static_cast<size_t>(verdict)];
}

std::optional<Verdict> FinishedTrials::find(const TrialPoint& point) const {
    const auto [is_by_seed, number] = number_of(point);
    const std::optional<uint32_t> index = find_row(point.kind, is_by_seed);
    if (!index)
        return std::nullopt;
    if (number) {
        const auto chunk = rows_[*index].chunks.find(*number / kChunkPoints);
        if (chunk == rows_[*index].chunks.end())
            return std::nullopt;
        const uint8_t entry = (*chunk->second)[*number % kChunkPoints];
        if (entry == 0)
            return std::nullopt;
        return static_cast<Verdict>(entry - 1);
    }
    if (!is_sorted_) {
        std::sort(exact_.begin(), exact_.end(), kIsBefore);
        is_sorted_ = true;
    }
    const Exact wanted = {{point.ordinal, point.seed, point.site, point.occurrence}, *index, {}};
    const auto place = std::lower_bound(exact_.begin(), exact_.end(), wanted, kIsBefore);
    if (place == exact_.end() || kIsBefore(wanted, *place))
        return std::nullopt;
    return place->verdict;
}

}  // namespace dearth::harness
