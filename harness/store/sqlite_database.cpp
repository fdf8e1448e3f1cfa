// SQLite's C interface, wrapped. A failure's cause is taken from the extended result code and, for
// I/O errors, from errno, because SQLite's own words ("disk I/O error") help nobody.
#include "harness/store/sqlite_database.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <sqlite3.h>

namespace dearth::harness {
namespace {

constexpr int kBusyTimeoutMs = 2'000;

// Everything a URI could take for syntax, escaped.
std::string uri_of(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7F || c == '?' || c == '#' || c == '%')
            uri += fmt::format("%{:02x}", byte);
        else
            uri += c;
    }
    return uri + "?immutable=1";
}

bool means_disk_full(int code, int system_error) {
    return code == SQLITE_FULL ||
           ((code & 0xFF) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT));
}

Error describe(std::string_view attempt, const std::string& path, int code, int system_error,
               const char* sqlite_text) {
    const std::string head = fmt::format("{} {}: ", attempt, path);
    if (means_disk_full(code, system_error))
        return {ErrorClass::kInternal, head + "the disk is full",
                "make room, then go on with --resume; finished trials are kept"};
    // A write to the log that fails for any other reason than a full disk comes without an errno.
    if (code == SQLITE_IOERR_WRITE && system_error == 0)
        return {ErrorClass::kInternal,
                head +
                    "writing failed: a disk quota or the limit on file sizes is used up, or the "
                    "disk is broken",
                "look at `ulimit -f` and `quota`, then go on with --resume; finished trials are "
                "kept"};
    switch (code & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorClass::kUsage, head + "the file is damaged or cut short",
                    "copy it again from where it was made, with its -wal file if there is one, or "
                    "run the scenarios once more"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorClass::kUsage, head + "another program holds it locked",
                    "wait for that program or end it"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
        case SQLITE_AUTH:
            return {ErrorClass::kUsage, head + "the file or its folder cannot be written",
                    "choose another place with --db FILE"};
        case SQLITE_NOMEM:
            return {ErrorClass::kInternal, head + "out of memory", ""};
        case SQLITE_IOERR:
            if (system_error != 0)
                return {ErrorClass::kInternal, head + std::strerror(system_error), ""};
            break;
        default:
            break;
    }
    return {ErrorClass::kInternal, head + sqlite_text, ""};
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::integer(uint64_t value) {
    // SQLite knows signed integers only; the upper half comes out negative and is read back whole.
    sqlite3_bind_int64(statement_.get(), next_parameter_++, static_cast<sqlite3_int64>(value));
    return *this;
}

SqliteStatement& SqliteStatement::real(double value) {
    sqlite3_bind_double(statement_.get(), next_parameter_++, value);
    return *this;
}

SqliteStatement& SqliteStatement::text(std::string_view value) {
    sqlite3_bind_text64(statement_.get(), next_parameter_++, value.empty() ? "" : value.data(),
                        value.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

SqliteStatement& SqliteStatement::text_or_null(std::string_view value) {
    if (!value.empty())
        return text(value);
    sqlite3_bind_null(statement_.get(), next_parameter_++);
    return *this;
}

SqliteStatement& SqliteStatement::blob(std::string_view value) {
    sqlite3_bind_blob64(statement_.get(), next_parameter_++, value.empty() ? "" : value.data(),
                        value.size(), SQLITE_STATIC);
    return *this;
}

SqliteStatement::Step SqliteStatement::step() {
    switch (sqlite3_step(statement_.get())) {
        case SQLITE_ROW:
            return Step::kRow;
        case SQLITE_DONE:
            return Step::kDone;
        default:
            return Step::kFailed;
    }
}

void SqliteStatement::reset() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    next_parameter_ = 1;
}

uint64_t SqliteStatement::integer_at(int column) const {
    return static_cast<uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

double SqliteStatement::real_at(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::string SqliteStatement::text_at(int column) const {
    const void* bytes = sqlite3_column_blob(statement_.get(), column);
    const int byte_count = sqlite3_column_bytes(statement_.get(), column);
    if (bytes == nullptr || byte_count <= 0)
        return {};
    return {static_cast<const char*>(bytes), static_cast<size_t>(byte_count)};
}

bool SqliteStatement::is_null_at(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void SqliteDatabase::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, Mode mode) {
    SqliteDatabase database;
    database.path_ = path;
    std::error_code ignored;
    // Absolute, so that no name is taken for ":memory:" or a URI.
    std::string name = std::filesystem::absolute(path, ignored).string();
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    if (mode == Mode::kReadOnlyUnchanging) {
        name = uri_of(name);
        flags |= SQLITE_OPEN_URI;
    }
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
    database.connection_.reset(connection);
    if (connection == nullptr)
        return Error{ErrorClass::kInternal, fmt::format("open {}: out of memory", path), ""};
    if (code != SQLITE_OK)
        return database.last_error("open");
    sqlite3_busy_timeout(connection, kBusyTimeoutMs);
    // A results file may come from anywhere: nothing in its schema may run.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    return database;
}

Status SqliteDatabase::execute(const char* sql, std::string_view attempt) {
    if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return last_error(attempt);
    return Done{};
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql, std::string_view attempt) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if ((code & 0xFF) == SQLITE_ERROR) {
        return Error{ErrorClass::kUsage,
                     fmt::format("{} {}: its tables are not those of a results file: {}", attempt,
                                 path_, sqlite3_errmsg(connection_.get())),
                     "name a file that `dearth run --db FILE` wrote"};
    }
    if (code != SQLITE_OK)
        return last_error(attempt);
    return SqliteStatement(statement);
}

Error SqliteDatabase::last_error(std::string_view attempt) const {
    sqlite3* connection = connection_.get();
    const int code = sqlite3_extended_errcode(connection);
    return describe(attempt, path_, code, sqlite3_system_errno(connection),
                    sqlite3_errmsg(connection));
}

}  // namespace dearth::harness
