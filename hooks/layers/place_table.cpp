// Open addressing in a fixed array; see the header. An entry's file is written last and never
// changes, so a lookup takes no lock.
#include "hooks/layers/place_table.h"

#include <string.h>

#include "hooks/base/prng.h"
#include "hooks/base/raw_output.h"
#include "hooks/base/spin_lock.h"

namespace dearth::hooks {

namespace {

constexpr uint32_t kPlacesMax = 4096;  // numbers must fit LedgerTable's records; a power of two

struct Place {
    const char* file;  // nullptr: free
    int line;
};
constinit Place places[kPlacesMax] = {};
constinit SpinLock places_lock;  // guards adding

// The entry of the place, or the free one where it belongs; 0: neither.
uint32_t find_entry(const char* file, int line) noexcept {
    const uint64_t hash = mix_bits(reinterpret_cast<uint64_t>(file) + static_cast<uint64_t>(line));
    for (uint32_t step = 0; step < kPlacesMax; ++step) {
        const auto index = static_cast<uint32_t>((hash + step) % kPlacesMax);
        const char* there = __atomic_load_n(&places[index].file, __ATOMIC_ACQUIRE);
        if (index != 0 && (there == nullptr || (there == file && places[index].line == line))) {
            return index;
        }
    }
    return 0;
}

}  // namespace

uint32_t place_number(const char* file, int line) noexcept {
    if (file == nullptr) {
        return 0;
    }
    uint32_t index = find_entry(file, line);
    if (index == 0 || __atomic_load_n(&places[index].file, __ATOMIC_ACQUIRE) != nullptr) {
        return index;
    }
    SpinLockScope scope(places_lock);
    index = find_entry(file, line);
    if (index != 0 && places[index].file == nullptr) {
        places[index].line = line;
        __atomic_store_n(&places[index].file, file, __ATOMIC_RELEASE);
    }
    return index;
}

void place_text(uint32_t number, char* text, size_t capacity) noexcept {
    if (capacity == 0) {
        return;
    }
    text[0] = '\0';
    if (number == 0 || number >= kPlacesMax || places[number].file == nullptr) {
        return;
    }
    RawOutput line;
    line.text(":").signed_decimal(places[number].line);
    const char* file = places[number].file;
    const size_t file_bytes = strlen(file);
    const size_t room = capacity > line.length() ? capacity - line.length() - 1 : 0;
    // A long path loses its beginning: the end says more.
    file += file_bytes > room ? file_bytes - room : 0;
    const size_t kept = copy_text(text, capacity, file);
    const size_t line_kept = line.length() < capacity - kept ? line.length() : capacity - kept - 1;
    memcpy(text + kept, line.data(), line_kept);
    text[kept + line_kept] = '\0';
}

}  // namespace dearth::hooks
