// The hash is XXH3-64 (xxHash 0.8; its result is stable since 0.8.0).
#include "harness/triage/signature.h"

#include <fmt/format.h>

#include "harness/triage/function_name.h"
#include "harness/triage/raw_stack_key.h"
#include "harness/triage/stack_trim.h"

namespace dearth::harness {
namespace {

std::string frame_word(const SymbolFrame& frame) {
    return frame.function.empty() ? fmt::format("{}+{:#x}", frame.module, frame.offset)
                                  : bare_function_name(frame.function);
}

// The innermost frames of the code under test. Where only left-out frames exist they are better
// than nothing: a stack inside libc alone still tells one finding from another.
void append_frames(std::string& text, const std::vector<SymbolFrame>& frames) {
    std::vector<std::string> words;
    for (const SymbolFrame& frame : people_frames(frames)) {
        if (words.size() < kSignatureFrames && !is_allocator_frame(frame) &&
            !is_libc_frame(frame) && !is_own_frame(frame)) {
            words.push_back(frame_word(frame));
        }
    }
    for (size_t i = 0; words.empty() && i < frames.size() && i < kSignatureFrames; ++i) {
        text += '\n' + frame_word(frames[i]);
    }
    for (const std::string& word : words) {
        text += '\n' + word;
    }
}

}  // namespace

std::string signature_text(std::string_view rule, const std::vector<SymbolFrame>& injected,
                           const std::vector<SymbolFrame>& detected) {
    std::string text(rule);
    text += "\ninjected";
    append_frames(text, injected);
    text += "\ndetected";
    append_frames(text, detected);
    return text;
}

uint64_t signature_value(std::string_view rule, const std::vector<SymbolFrame>& injected,
                         const std::vector<SymbolFrame>& detected) {
    return hash_text(signature_text(rule, injected, detected));
}

std::string signature_id(uint64_t value) {
    return fmt::format("{:016x}", value);
}

std::string signature(std::string_view rule, const std::vector<SymbolFrame>& injected,
                      const std::vector<SymbolFrame>& detected) {
    return signature_id(signature_value(rule, injected, detected));
}

}  // namespace dearth::harness
