// Buffering is left to the stream; what counts is that a full disk does not pass for a report.
#include "harness/report/text_sink.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace dearth::harness {
namespace {

Error write_error(const std::string& name) {
    return {ErrorClass::kInternal,
            fmt::format("write the report to {}: {}", name, std::strerror(errno)),
            "write it to another place; `dearth report` makes it again from the results file"};
}

}  // namespace

void StreamSink::write(std::string_view text) {
    if (!error_ && std::fwrite(text.data(), 1, text.size(), stream_) != text.size())
        error_ = write_error(name_);
}

Status StreamSink::finish() {
    if (!error_ && std::fflush(stream_) != 0)
        error_ = write_error(name_);
    if (error_)
        return *error_;
    return Done{};
}

}  // namespace dearth::harness
