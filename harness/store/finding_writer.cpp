// Writes findings, their frames, and which trials show them.
#include <fmt/format.h>

#include "harness/store/result_store.h"
#include "harness/store/result_words.h"
#include "harness/store/store_statements.h"

namespace dearth::harness {

Result<uint64_t> ResultStore::finding_serial(uint64_t scenario_id, const std::string& id) {
    SqliteStatement& statement = statements_->finding_serial;
    statement.text(id).integer(scenario_id);
    const SqliteStatement::Step step = statement.step();
    if (step == SqliteStatement::Step::kFailed)
        return failed_step(*database_, statement);
    const uint64_t serial = step == SqliteStatement::Step::kRow ? statement.integer_at(0) : 0;
    statement.reset();
    if (serial == 0)
        return Error{ErrorClass::kInternal,
                     fmt::format("write results to {}: finding {} vanished", path_, id), ""};
    return serial;
}

Status ResultStore::write_trial_findings(uint64_t scenario_id, const TrialFinished& event) {
    const std::string kind = sweep_kind_text(event.point.kind);
    bind_point(statements_->forget_trial_findings, scenario_id, event.point, kind);
    if (Status status = finish_step(*database_, statements_->forget_trial_findings); !status)
        return status;
    for (size_t place = 0; place < event.finding_ids.size(); ++place) {
        const std::string& id = event.finding_ids[place];
        statements_->finding_stub.text(id).integer(scenario_id);
        if (Status status = finish_step(*database_, statements_->finding_stub); !status)
            return status;
        const Result<uint64_t> serial = finding_serial(scenario_id, id);
        if (!serial)
            return serial.error();
        bind_point(statements_->trial_finding, scenario_id, event.point, kind);
        statements_->trial_finding.integer(place).integer(serial.value());
        if (Status status = finish_step(*database_, statements_->trial_finding); !status)
            return status;
    }
    return Done{};
}

Status ResultStore::write_finding(uint64_t scenario_id, const Finding& finding) {
    const dearth_request& request = finding.request;
    const std::string kind = sweep_kind_text(finding.point.kind);
    const std::string phase = phase_word(finding.phase);
    const std::string op = op_word(request.op);
    const std::string domain = domain_word(request.domain);
    SqliteStatement& statement = statements_->finding;
    statement.text(finding.id).integer(scenario_id).text(verdict_name(finding.verdict));
    statement.text(verdict_row(finding.verdict).rule).text(finding.detail).text(kind);
    statement.integer(finding.point.ordinal).integer(finding.point.seed);
    statement.integer(finding.point.site).integer(finding.point.occurrence);
    statement.text(phase).text(op).text(domain).integer(request.thread);
    statement.integer(request.size_bytes).integer(request.align_bytes);
    statement.integer(request.live_bytes).integer(request.site).text(finding.schedule_text);
    statement.text(finding.error_text).integer(finding.trial_count).integer(finding.replays);
    statement.integer(finding.replays_agreeing).text(disposition_word(finding.disposition));
    statement.text(finding.known_reason);
    if (Status status = finish_step(*database_, statement); !status)
        return status;
    const Result<uint64_t> serial = finding_serial(scenario_id, finding.id);
    if (!serial)
        return serial.error();
    return write_frames(serial.value(), finding);
}

Status ResultStore::write_frames(uint64_t serial, const Finding& finding) {
    for (SqliteStatement* statement :
         {&statements_->forget_frames, &statements_->forget_script_frames}) {
        statement->integer(serial);
        if (Status status = finish_step(*database_, *statement); !status)
            return status;
    }
    const std::pair<std::string_view, const std::vector<SymbolFrame>*> stacks[] = {
        {"injected", &finding.injected},
        {"detected", &finding.detected},
        {"allocated", &finding.allocated},
        {"freed", &finding.freed},
    };
    for (const auto& [name, frames] : stacks) {
        for (size_t depth = 0; depth < frames->size(); ++depth) {
            const SymbolFrame& frame = (*frames)[depth];
            SqliteStatement& statement = statements_->frame;
            statement.integer(serial).text(name).integer(depth).text(frame.module);
            statement.integer(frame.offset).text_or_null(frame.function);
            statement.text_or_null(frame.file).integer(static_cast<uint64_t>(frame.line));
            if (Status status = finish_step(*database_, statement); !status)
                return status;
        }
    }
    for (size_t depth = 0; depth < finding.script.size(); ++depth) {
        const dearth_script_frame& frame = finding.script[depth];
        SqliteStatement& statement = statements_->script_frame;
        statement.integer(serial).integer(depth).text(bounded_text(frame.file));
        statement.text(bounded_text(frame.function));
        statement.integer(static_cast<uint64_t>(int64_t{frame.line}));
        if (Status status = finish_step(*database_, statement); !status)
            return status;
    }
    return Done{};
}

}  // namespace dearth::harness
