// Lines are "low-high rwxp offset device inode   name"; see the header.
#include "hooks/base/memory_map.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "hooks/base/errno_saver.h"

namespace dearth::hooks {

namespace {

uint64_t hex_digit(char letter) noexcept {
    return static_cast<uint64_t>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
}

// One line, whose text comes in pieces.
class MapsLine {
public:
    // True when the line is complete.
    bool take(char letter) noexcept {
        if (letter == '\n') {
            finish();
            return true;
        }
        if (letter == ' ' || (letter == '-' && field_ == kLow)) {
            leave_field();
        } else {
            take_in_field(letter);
        }
        return false;
    }
    const Mapping& mapping() const noexcept { return mapping_; }
    void clear() noexcept { *this = MapsLine(); }

private:
    enum Field { kLow, kHigh, kRights, kOffset, kDevice, kInode, kName };
    static constexpr size_t kNameBytes = 16;

    void leave_field() noexcept {
        // Blanks stand in front of the name, and may stand in it.
        field_ += field_ < kName ? 1 : 0;
        place_ = 0;
    }

    void take_in_field(char letter) noexcept {
        if (field_ == kLow) {
            mapping_.low = mapping_.low * 16 + hex_digit(letter);
        } else if (field_ == kHigh) {
            mapping_.high = mapping_.high * 16 + hex_digit(letter);
        } else if (field_ == kRights) {
            mapping_.is_readable |= letter == 'r';
            mapping_.is_writable |= letter == 'w';
            mapping_.is_shared |= letter == 's';
        } else if (field_ == kInode) {
            mapping_.is_file |= letter != '0';
        } else if (field_ == kName && place_ < kNameBytes - 1) {
            name_[place_++] = letter;
        }
    }

    void finish() noexcept {
        mapping_.is_heap = strcmp(name_, "[heap]") == 0;
        mapping_.is_stack = strcmp(name_, "[stack]") == 0;
    }

    Mapping mapping_ = {};
    int field_ = kLow;
    size_t place_ = 0;
    char name_[kNameBytes] = {};
};

}  // namespace

bool for_each_mapping(void* ctx, bool (*visit)(void* ctx, const Mapping& mapping)) noexcept {
    ErrnoSaver saver;
    const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    char piece[4096];
    MapsLine line;
    ssize_t got = 1;
    for (bool goes_on = true; got > 0 && goes_on;) {
        got = read(file, piece, sizeof(piece));
        for (ssize_t index = 0; index < got && goes_on; ++index) {
            if (line.take(piece[index])) {
                goes_on = visit(ctx, line.mapping());
                line.clear();
            }
        }
    }
    close(file);
    return got >= 0;
}

}  // namespace dearth::hooks
