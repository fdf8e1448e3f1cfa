#include "harness/cli/report_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "harness/report/console_reporter.h"
#include "harness/report/jsonl_reporter.h"
#include "harness/report/junit_reporter.h"

namespace dearth::harness {
namespace {

constexpr const char* kStandardOutput = "-";

Error usage(const std::string& message) {
    return {ErrorClass::kUsage, message, "write --report jsonl=FILE, junit=FILE or console=FILE"};
}

Status write_one(const RunSource& source, const ReportFile& file, const Terminal& terminal,
                 TextSink& sink) {
    switch (file.kind) {
        case ReportKind::kConsole: {
            ConsoleOptions options;
            options.has_color = file.path == kStandardOutput && terminal.has_color;
            return write_console_report(source, options, sink);
        }
        case ReportKind::kJsonl:
            return write_jsonl_report(source, sink);
        case ReportKind::kJunit:
            return write_junit_report(
                source, file.is_strict ? JunitDialect::kStrict : JunitDialect::kLenient, sink);
    }
    return Done{};
}

Status write_file(const RunSource& source, const ReportFile& file, const Terminal& terminal) {
    if (file.path == kStandardOutput) {
        StreamSink sink(stdout, "standard output");
        if (Status written = write_one(source, file, terminal, sink); !written)
            return written;
        return sink.finish();
    }
    std::FILE* stream = std::fopen(file.path.c_str(), "we");
    if (stream == nullptr)
        return Error{ErrorClass::kUsage,
                     fmt::format("write report {}: {}", file.path, std::strerror(errno)),
                     "the results are kept: `dearth report` writes the report again"};
    StreamSink sink(stream, file.path);
    Status status = write_one(source, file, terminal, sink);
    if (status)
        status = sink.finish();
    if (std::fclose(stream) != 0 && status.ok())
        status = Error{ErrorClass::kInternal,
                       fmt::format("write report {}: {}", file.path, std::strerror(errno)),
                       "free some space; `dearth report` writes the report again"};
    return status;
}

}  // namespace

Result<std::vector<ReportFile>> parse_report_files(const std::vector<std::string>& texts,
                                                   const std::string& junit_dialect) {
    std::vector<ReportFile> files;
    for (const std::string& text : texts) {
        const size_t equals = text.find('=');
        const std::string kind = text.substr(0, equals);
        ReportFile file;
        file.is_strict = junit_dialect == "strict";
        if (equals == std::string::npos || equals + 1 == text.size())
            return usage(fmt::format("read --report `{}`: no file named", text));
        file.path = text.substr(equals + 1);
        if (kind == "console")
            file.kind = ReportKind::kConsole;
        else if (kind == "jsonl")
            file.kind = ReportKind::kJsonl;
        else if (kind == "junit")
            file.kind = ReportKind::kJunit;
        else
            return usage(fmt::format("read --report `{}`: no such kind `{}`", text, kind));
        if (file.path != kStandardOutput) {
            std::FILE* stream = std::fopen(file.path.c_str(), "ae");
            if (stream == nullptr)
                return usage(fmt::format("write report {}: {}", file.path, std::strerror(errno)));
            std::fclose(stream);
        }
        files.push_back(std::move(file));
    }
    const auto to_output =
        std::ranges::count(files, std::string(kStandardOutput), &ReportFile::path);
    if (to_output > 1)
        return usage("write two reports to standard output");
    return files;
}

Status write_reports(const RunSource& source, const std::vector<ReportFile>& files,
                     const Terminal& terminal, const std::string& results_path) {
    std::vector<ReportFile> all = files;
    const bool is_output_taken =
        std::ranges::find(files, std::string(kStandardOutput), &ReportFile::path) != files.end();
    if (!is_output_taken)
        all.push_back({ReportKind::kConsole, kStandardOutput, false});
    for (const ReportFile& file : all) {
        if (Status written = write_file(source, file, terminal); !written)
            return written;
    }
    if (!is_output_taken)
        print_out(fmt::format("Results: {}\n", results_path));
    return Done{};
}

LiveOptions live_options(const Terminal& terminal) {
    LiveOptions options;
    options.is_terminal = terminal.is_animated;
    options.has_color = terminal.is_animated && terminal.has_color;
    options.columns = terminal.width;
    return options;
}

}  // namespace dearth::harness
