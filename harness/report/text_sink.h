// Where the text of a report goes: a stream, or a string. The first failure stays, so a writer may
// check once, at the end.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace dearth::harness {

class TextSink {
public:
    virtual ~TextSink() = default;
    virtual void write(std::string_view text) = 0;
    // Everything written has arrived, or why not.
    virtual Status finish() = 0;
};

class StringSink final : public TextSink {
public:
    void write(std::string_view text) override { text_ += text; }
    Status finish() override { return Done{}; }
    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

// Does not own the stream.
class StreamSink final : public TextSink {
public:
    // `name` is what an error calls it: a path, or "standard output".
    StreamSink(std::FILE* stream, std::string name) : stream_(stream), name_(std::move(name)) {}
    void write(std::string_view text) override;
    Status finish() override;

private:
    std::FILE* stream_;
    std::string name_;
    std::optional<Error> error_;
};

}  // namespace dearth::harness
