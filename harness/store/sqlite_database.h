// The only door to SQLite: a connection and its statements, owned. Knows nothing of dearth's
// tables. Errors carry what was attempted, on which file, and what the user can do about it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dearth::harness {

class SqliteStatement {
public:
    enum class Step { kRow, kDone, kFailed };

    SqliteStatement() = default;
    explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

    // Parameters are numbered from 1 by the order of the calls after a reset. Text must live until
    // the statement is stepped.
    SqliteStatement& integer(uint64_t value);
    SqliteStatement& real(double value);
    SqliteStatement& text(std::string_view value);
    SqliteStatement& text_or_null(std::string_view value);  // NULL when empty
    SqliteStatement& blob(std::string_view value);

    Step step();
    // Forgets row and parameters, so that the statement holds no lock.
    void reset();

    // Columns are numbered from 0. A column of another type is converted, NULL is 0 or empty.
    uint64_t integer_at(int column) const;
    double real_at(int column) const;
    std::string text_at(int column) const;
    bool is_null_at(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int next_parameter_ = 1;
};

class SqliteDatabase {
public:
    enum class Mode {
        kReadWrite,
        kReadOnly,
        kReadOnlyUnchanging,  // nobody writes: works where no side files can be made
    };

    SqliteDatabase() = default;
    static Result<SqliteDatabase> open(const std::string& path, Mode mode);

    // Runs statements without results.
    Status execute(const char* sql, std::string_view attempt);
    Result<SqliteStatement> prepare(std::string_view sql, std::string_view attempt);
    // What went wrong in the last call: "`attempt` PATH: why".
    Error last_error(std::string_view attempt) const;
    const std::string& path() const { return path_; }

private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    std::string path_;  // as the user named it
    std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace dearth::harness
