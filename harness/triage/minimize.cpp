// ddmin over sets, and the steps that make a schedule smaller.
#include "harness/triage/minimize.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "harness/triage/raw_stack_key.h"

namespace dearth::harness {
namespace {

// Counts runs; a question asked after the last run has no answer.
class Budget {
public:
    explicit Budget(uint32_t run_limit) : run_limit_(run_limit) {}

    bool is_spent() const { return was_refused_; }
    uint32_t runs() const { return runs_; }

    bool take() {
        if (runs_ == run_limit_) {
            was_refused_ = true;
            return false;
        }
        ++runs_;
        return true;
    }

private:
    uint32_t run_limit_;
    uint32_t runs_ = 0;
    bool was_refused_ = false;
};

using Items = std::vector<uint64_t>;

// `items` without [begin, end).
Items without(const Items& items, size_t begin, size_t end) {
    Items rest(items.begin(), items.begin() + static_cast<ptrdiff_t>(begin));
    rest.insert(rest.end(), items.begin() + static_cast<ptrdiff_t>(end), items.end());
    return rest;
}

Items within(const Items& items, size_t begin, size_t end) {
    return {items.begin() + static_cast<ptrdiff_t>(begin),
            items.begin() + static_cast<ptrdiff_t>(end)};
}

class SetMinimizer {
public:
    SetMinimizer(const SetStillShows& still_shows, Budget& budget)
        : still_shows_(still_shows), budget_(budget) {}

    Items minimize(Items items) {
        size_t parts = 2;
        while (items.size() >= 2 && !budget_.is_spent()) {
            parts = std::min(parts, items.size());
            if (std::optional<Items> part = failing_part(items, parts)) {
                items = std::move(*part);
                parts = 2;
            } else if (std::optional<Items> rest = failing_complement(items, parts)) {
                items = std::move(*rest);
                parts = std::max<size_t>(parts - 1, 2);
            } else if (parts == items.size()) {
                break;
            } else {
                parts = std::min(items.size(), parts * 2);
            }
        }
        // ddmin proper never tries the empty set; a schedule without an item may still show it.
        if (items.size() == 1 && shows({})) {
            items.clear();
        }
        return items;
    }

private:
    bool shows(const Items& items) {
        const auto known = answers_.find(items);
        if (known != answers_.end()) {
            return known->second;
        }
        if (!budget_.take()) {
            return false;
        }
        return answers_[items] = still_shows_(items);
    }

    std::optional<Items> failing_part(const Items& items, size_t parts) {
        for (size_t i = 0; i < parts; ++i) {
            Items part = within(items, items.size() * i / parts, items.size() * (i + 1) / parts);
            if (shows(part)) {
                return part;
            }
        }
        return std::nullopt;
    }

    std::optional<Items> failing_complement(const Items& items, size_t parts) {
        for (size_t i = 0; i < parts && parts > 2; ++i) {
            Items rest = without(items, items.size() * i / parts, items.size() * (i + 1) / parts);
            if (shows(rest)) {
                return rest;
            }
        }
        return std::nullopt;
    }

    const SetStillShows& still_shows_;
    Budget& budget_;
    std::map<Items, bool> answers_;
};

class ScheduleMinimizer {
public:
    ScheduleMinimizer(const dearth_schedule& schedule, const ScheduleStillShows& still_shows,
                      Budget& budget)
        : schedule_(schedule), still_shows_(still_shows), budget_(budget) {}

    dearth_schedule minimize() {
        bool is_smaller = true;
        while (is_smaller && !budget_.is_spent()) {
            is_smaller = fewer_terms();
            for (uint32_t i = 0; i < schedule_.term_count; ++i) {
                is_smaller |=
                    simpler_kind(i) || fewer_ordinals(i) || shorter_range(i) || fewer_firings(i);
            }
        }
        return schedule_;
    }

private:
    // The passes over a schedule ask many questions again: an answer once given is remembered.
    bool shows(const dearth_schedule& schedule) {
        const uint64_t key =
            hash_text({reinterpret_cast<const char*>(&schedule), sizeof(schedule)});
        const auto known = answers_.find(key);
        if (known != answers_.end()) {
            return known->second;
        }
        return budget_.take() && (answers_[key] = still_shows_(schedule));
    }

    Items fewest(const Items& items, const SetStillShows& still_shows) {
        Budget unbounded(UINT32_MAX);  // `shows` keeps the real one
        return SetMinimizer(still_shows, unbounded).minimize(items);
    }

    bool accept(const dearth_schedule& smaller) {
        if (!shows(smaller)) {
            return false;
        }
        schedule_ = smaller;
        return true;
    }

    bool fewer_terms() {
        if (schedule_.term_count < 2) {
            return false;
        }
        const dearth_schedule before = schedule_;
        const auto pick = [&before](const Items& indices) {
            dearth_schedule picked = {};
            picked.term_count = static_cast<uint32_t>(indices.size());
            for (size_t i = 0; i < indices.size(); ++i) {
                picked.terms[i] = before.terms[indices[i]];
            }
            return picked;
        };
        const SetStillShows still_shows = [&](const Items& indices) {
            return !indices.empty() && shows(pick(indices));
        };
        Items all(before.term_count);
        std::iota(all.begin(), all.end(), uint64_t{0});
        const Items kept = fewest(all, still_shows);
        schedule_ = pick(kept);
        return kept.size() < all.size();
    }

    bool simpler_kind(uint32_t index) {
        const dearth_term& term = schedule_.terms[index];
        if (term.kind == DEARTH_KIND_ONCE) {
            return false;
        }
        dearth_schedule smaller = schedule_;
        smaller.terms[index].kind = DEARTH_KIND_ONCE;
        smaller.terms[index].burst = 1;
        if (accept(smaller)) {
            return true;
        }
        // Bursts of 2, 4, 8 ...: allocators that collect and retry need two or three.
        const uint32_t limit = term.kind == DEARTH_KIND_BURST ? term.burst : 17;
        for (uint32_t burst = 2; burst < limit && !budget_.is_spent(); burst *= 2) {
            smaller.terms[index].kind = DEARTH_KIND_BURST;
            smaller.terms[index].burst = burst;
            if (accept(smaller)) {
                return true;
            }
        }
        return false;
    }

    bool fewer_ordinals(uint32_t index) {
        dearth_term& term = schedule_.terms[index];
        if (term.selector != DEARTH_SELECT_LIST || term.list_count < 2) {
            return false;
        }
        const dearth_schedule before = schedule_;
        const auto with_list = [&before, index](const Items& ordinals) {
            dearth_schedule schedule = before;
            dearth_term& changed = schedule.terms[index];
            std::fill(std::begin(changed.list), std::end(changed.list), 0);
            std::copy(ordinals.begin(), ordinals.end(), changed.list);
            changed.list_count = static_cast<uint32_t>(ordinals.size());
            return schedule;
        };
        const SetStillShows still_shows = [&](const Items& ordinals) {
            return !ordinals.empty() && shows(with_list(ordinals));
        };
        const uint32_t count = std::min<uint32_t>(term.list_count, DEARTH_LIST_MAX);
        const Items all(term.list, term.list + count);
        const Items kept = fewest(all, still_shows);
        schedule_ = with_list(kept);
        if (kept.size() == 1) {  // a list of one is written as that ordinal
            dearth_term& single = schedule_.terms[index];
            single.selector = DEARTH_SELECT_RANGE;
            single.first = single.last = kept[0];
            single.list_count = 0;
            single.list[0] = 0;
        }
        return kept.size() < all.size();
    }

    bool shorter_range(uint32_t index) {
        const dearth_term term = schedule_.terms[index];
        if (term.selector != DEARTH_SELECT_RANGE || term.first >= term.last) {
            return false;
        }
        const uint64_t count_less_one = term.last - term.first;
        if (count_less_one < DEARTH_LIST_MAX) {
            dearth_schedule as_list = schedule_;
            dearth_term& listed = as_list.terms[index];
            listed.selector = DEARTH_SELECT_LIST;
            listed.list_count = static_cast<uint32_t>(count_less_one) + 1;
            std::iota(listed.list, listed.list + listed.list_count, term.first);
            listed.first = listed.last = 0;
            const dearth_schedule as_range = schedule_;
            schedule_ = as_list;
            const bool is_smaller = fewer_ordinals(index);
            if (!is_smaller) {
                schedule_ = as_range;
            }
            return is_smaller;
        }
        return accept_range(index, term.first, term.first) || halve_range(index, term);
    }

    bool accept_range(uint32_t index, uint64_t first, uint64_t last) {
        dearth_schedule smaller = schedule_;
        smaller.terms[index].first = first;
        smaller.terms[index].last = last;
        return accept(smaller);
    }

    bool halve_range(uint32_t index, const dearth_term& term) {
        if (term.last == UINT64_MAX) {
            // No end to halve from: doubling lengths instead.
            for (uint64_t length = 2; length <= (uint64_t{1} << 24) && !budget_.is_spent();
                 length *= 2) {
                if (accept_range(index, term.first, term.first + length - 1)) {
                    return true;
                }
            }
            return false;
        }
        const uint64_t middle = term.first + (term.last - term.first) / 2;
        const uint64_t quarter = (term.last - term.first) / 4;
        return accept_range(index, term.first, middle) ||
               accept_range(index, middle + 1, term.last) ||
               accept_range(index, term.first + quarter, term.last) ||
               accept_range(index, term.first, term.last - quarter);
    }

    bool fewer_firings(uint32_t index) {
        const dearth_term& term = schedule_.terms[index];
        if (term.selector != DEARTH_SELECT_EVERY && term.selector != DEARTH_SELECT_PROBABILITY) {
            return false;
        }
        const uint64_t limit = term.times == 0 ? 1025 : term.times;
        for (uint64_t times = 1; times < limit && !budget_.is_spent(); times *= 2) {
            dearth_schedule smaller = schedule_;
            smaller.terms[index].times = times;
            if (accept(smaller)) {
                return true;
            }
        }
        return false;
    }

    dearth_schedule schedule_;
    const ScheduleStillShows& still_shows_;
    Budget& budget_;
    std::unordered_map<uint64_t, bool> answers_;
};

}  // namespace

MinimizedSet minimize_set(std::vector<uint64_t> items, const SetStillShows& still_shows,
                          uint32_t run_limit) {
    Budget budget(run_limit);
    MinimizedSet result;
    result.kept = SetMinimizer(still_shows, budget).minimize(std::move(items));
    result.runs = budget.runs();
    result.is_minimal = !budget.is_spent();
    return result;
}

MinimizedSchedule minimize_schedule(const dearth_schedule& schedule,
                                    const ScheduleStillShows& still_shows, uint32_t run_limit) {
    dearth_schedule start = schedule;
    start.term_count = std::min<uint32_t>(start.term_count, DEARTH_TERMS_MAX);
    Budget budget(run_limit);
    MinimizedSchedule result;
    result.schedule = ScheduleMinimizer(start, still_shows, budget).minimize();
    result.runs = budget.runs();
    result.is_minimal = !budget.is_spent();
    return result;
}

}  // namespace dearth::harness
