// Laws of the schedule's text form, on arbitrary text: what parses is written back as text that
// parses to an equal schedule; what does not parse leaves the schedule alone and says where.
#include <cstdint>
#include <cstring>
#include <string>

#include "dearth/schedule.h"
#include "fuzz/require.h"

namespace {

using dearth::fuzz::require;

std::string canonical_text(const dearth_schedule& schedule) {
    const size_t length = dearth_schedule_format(&schedule, nullptr, 0);
    std::string text(length + 1, '#');
    const size_t written = dearth_schedule_format(&schedule, text.data(), text.size());
    require(written == length, "the length does not depend on the buffer");
    require(text[length] == '\0', "the text is terminated");
    text.pop_back();
    require(text.find('\0') == std::string::npos, "the text ends where its length says");
    return text;
}

void check_cut_text(const dearth_schedule& schedule, const std::string& text) {
    const size_t room = text.size() / 2 + 1;
    std::string cut(room, '#');
    const size_t length = dearth_schedule_format(&schedule, cut.data(), cut.size());
    require(length == text.size(), "a cut text reports its full length");
    require(cut[room - 1] == '\0', "a cut text is terminated");
    require(text.compare(0, room - 1, cut, 0, room - 1) == 0, "a cut text is a prefix");
}

void check_refusal(const std::string& text, const char* error, size_t error_bytes,
                   size_t error_offset) {
    const void* end = std::memchr(error, '\0', error_bytes);
    require(end != nullptr, "an error message is terminated");
    require(error[0] != '\0', "an error message says something");
    require(std::strchr(error, '\n') == nullptr, "an error message is one line");
    require(error_offset <= text.size(), "an error's place lies in the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size_bytes) {
    const std::string input(reinterpret_cast<const char*>(data), size_bytes);
    const std::string text = input.substr(0, input.find('\0'));

    dearth_schedule untouched;
    std::memset(&untouched, 0xA5, sizeof untouched);
    dearth_schedule first = untouched;
    char error[160] = {};
    size_t error_offset = SIZE_MAX;
    if (dearth_schedule_parse(text.c_str(), &first, error, sizeof error, &error_offset) != 0) {
        check_refusal(text, error, sizeof error, error_offset);
        require(std::memcmp(&first, &untouched, sizeof first) == 0,
                "a refused text leaves the schedule alone");
        return 0;
    }

    require(first.term_count >= 1 && first.term_count <= DEARTH_TERMS_MAX,
            "a schedule has as many terms as its table holds");
    const std::string written = canonical_text(first);
    check_cut_text(first, written);

    dearth_schedule second = untouched;
    require(
        dearth_schedule_parse(written.c_str(), &second, error, sizeof error, &error_offset) == 0,
        "the canonical text parses");
    require(std::memcmp(&first, &second, sizeof first) == 0,
            "the canonical text parses to an equal schedule");
    require(canonical_text(second) == written, "the canonical text is its own canonical text");
    return 0;
}
