// Reads the columns of one statement's rows in order, as dearth's types. The first row that does
// not parse ends the rows with an error, so that callers check once, after the loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "harness/base/result.h"
#include "harness/model/scenario.h"
#include "harness/store/sqlite_database.h"

namespace dearth::harness {

inline constexpr std::string_view kReadAttempt = "read results from";

class RowParser {
public:
    RowParser(const SqliteDatabase& database, SqliteStatement& statement)
        : database_(database), statement_(statement) {}

    // True: a row stands ready. False: no more rows, or an error, which status() tells.
    bool next() {
        column_ = 0;
        if (error_)
            return false;
        const SqliteStatement::Step step = statement_.step();
        if (step == SqliteStatement::Step::kFailed)
            error_ = database_.last_error(kReadAttempt);
        return step == SqliteStatement::Step::kRow;
    }
    Status status() const {
        if (error_)
            return *error_;
        return Done{};
    }

    uint64_t integer() { return statement_.integer_at(column_++); }
    double real() { return statement_.real_at(column_++); }
    std::string text() { return statement_.text_at(column_++); }

    // `from_word` is one of the *_from_* functions: a word to an optional value.
    template <typename T>
    T word(std::string_view what, std::optional<T> (*from_word)(std::string_view)) {
        const std::string word = text();
        const std::optional<T> value = from_word(word);
        if (!value)
            reject(what, word);
        return value.value_or(T{});
    }

    SweepKind kind() {
        std::string word = text();
        // A sweep has few kinds and many rows.
        if (word != last_kind_text_) {
            const std::optional<SweepKind> kind = sweep_kind_from_text(word);
            if (!kind) {
                reject("kind", word);
                return {};
            }
            last_kind_ = *kind;
            last_kind_text_ = std::move(word);
        }
        return last_kind_;
    }

private:
    void reject(std::string_view what, const std::string& word) {
        if (error_)
            return;
        error_ = Error{ErrorClass::kUsage,
                       fmt::format("{} {}: it is damaged: \"{}\" is no {}", kReadAttempt,
                                   database_.path(), word, what),
                       "copy it again from where it was made, or run the scenarios once more"};
    }

    const SqliteDatabase& database_;
    SqliteStatement& statement_;
    int column_ = 0;
    std::optional<Error> error_;
    std::string last_kind_text_;
    SweepKind last_kind_;
};

}  // namespace dearth::harness
