// Bad files and bad places: each is refused with a text that says what and what to do, and no
// damage makes the reader crash or invent results.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "harness/store/result_store.h"
#include "tests/harness/store/sample_events.h"
#include "tests/harness/store/scratch_folder.h"

namespace dearth::harness {
namespace {

class ResultsFileTest : public testing::Test {
protected:
    ScratchFolder folder_;
    std::string path_ = folder_.file("run.db");
    Scenario scenario_ = samples::scenario("table-sweep");

    // A file with enough of everything to fill some pages.
    std::string whole_file() {
        {
            auto store = ResultStore::create(path_).take();
            fill(*store, 1, 200);
        }
        return bytes_of(path_);
    }
    void fill(ResultStore& store, uint64_t first, uint64_t last) {
        ScenarioStarted started;
        started.scenario = &scenario_;
        EXPECT_TRUE(store.consume(samples::run_started()).ok());
        EXPECT_TRUE(store.consume(started).ok());
        EXPECT_TRUE(store.consume(FindingSeen{0, samples::finding("9c0f2a7700000001"), true}).ok());
        for (uint64_t ordinal = first; ordinal <= last; ++ordinal) {
            TrialFinished event = samples::trial(ordinal, DEARTH_KIND_ONCE, Verdict::kOverflow);
            event.finding_ids = {"9c0f2a7700000001"};
            event.detail = std::string(40, 'x');
            EXPECT_TRUE(store.consume(event).ok());
        }
    }
    static std::string bytes_of(const std::string& path) {
        std::ifstream stream(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    static void write(const std::string& path, std::string_view bytes) {
        std::ofstream stream(path, std::ios::binary | std::ios::trunc);
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    // The error of opening, or the empty one.
    static Error error_of(const std::string& path) {
        const Result<ResultReader> reader = ResultReader::open_existing(path);
        return reader ? Error{} : reader.error();
    }
    void set_header(size_t offset, uint32_t value) {
        std::fstream stream(path_, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(static_cast<std::streamoff>(offset));
        for (int shift = 24; shift >= 0; shift -= 8)
            stream.put(static_cast<char>(value >> shift & 0xFF));
    }
    // Reads all there is; the number of trials, or nothing when any part reported an error.
    static std::optional<uint64_t> read_everything(const std::string& path) {
        const Result<ResultReader> reader = ResultReader::open_existing(path);
        if (!reader)
            return std::nullopt;
        const Result<std::vector<ScenarioFacts>> scenarios = reader.value().scenarios();
        if (!scenarios)
            return std::nullopt;
        uint64_t trials = 0;
        for (const ScenarioFacts& facts : scenarios.value()) {
            const Status read = reader.value().for_each_trial(
                facts.scenario_index, [&](const TrialFinished& trial) -> Status {
                    EXPECT_EQ(trial.verdict, Verdict::kOverflow);
                    ++trials;
                    return Done{};
                });
            const Status findings = reader.value().for_each_finding(
                facts.scenario_index, [](const Finding&) -> Status { return Done{}; });
            if (!read || !findings)
                return std::nullopt;
        }
        return trials;
    }
};

TEST_F(ResultsFileTest, MissingFileIsNamed) {
    const Error error = error_of(path_);
    EXPECT_EQ(error.message, "read results from " + path_ + ": there is no such file");
    EXPECT_EQ(error.error_class, ErrorClass::kUsage);
    EXPECT_FALSE(error.next_step.empty());
    EXPECT_FALSE(ResultStore::open_for_resume(path_).ok());
    EXPECT_TRUE(folder_.names().empty()) << "looking for a file must not make one";
}

TEST_F(ResultsFileTest, FolderIsNamed) {
    EXPECT_EQ(error_of(folder_.path()).message,
              "read results from " + folder_.path() + ": it is a folder");
    const auto made = ResultStore::create(folder_.path());
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().message, "make the results file " + folder_.path() + ": it is a folder");
}

TEST_F(ResultsFileTest, MissingFolderIsNamed) {
    const auto made = ResultStore::create(folder_.file("deep/run.db"));
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().message, "make the results file " + folder_.file("deep/run.db") +
                                        ": there is no folder " + folder_.file("deep"));
    EXPECT_EQ(made.error().next_step, "mkdir -p " + folder_.file("deep"));
}

TEST_F(ResultsFileTest, PipeIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(error_of(path_).message, "read results from " + path_ + ": it is not a regular file");
    EXPECT_FALSE(ResultStore::create(path_).ok());
}

TEST_F(ResultsFileTest, GarbageAndEmptyAreTold) {
    write(path_, "name: a scenario\n");
    EXPECT_EQ(error_of(path_).message, "read results from " + path_ + ": it is not a results file");
    write(path_, "");
    EXPECT_EQ(error_of(path_).message, "read results from " + path_ +
                                           ": it is empty: the run that made it stopped before "
                                           "it began");
    write(path_, "SQLite for");
    EXPECT_EQ(error_of(path_).message,
              "read results from " + path_ + ": it is cut short: 10 bytes are left");
}

TEST_F(ResultsFileTest, ForeignDatabaseIsRefusedAndLeftAlone) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(connection, "CREATE TABLE run (a)", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(connection);
    const std::string before = bytes_of(path_);
    EXPECT_EQ(error_of(path_).message,
              "read results from " + path_ + ": it is a database, but not one of dearth's");
    EXPECT_FALSE(ResultStore::open_for_resume(path_).ok());
    EXPECT_FALSE(ResultStore::create(path_).ok());
    EXPECT_EQ(bytes_of(path_), before);
}

TEST_F(ResultsFileTest, OurMarkWithoutOurTablesIsRefused) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(connection,
                           "PRAGMA application_id = 1685222504; PRAGMA user_version = 1; "
                           "CREATE TABLE other (a)",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(connection);
    EXPECT_EQ(error_of(path_).message, "read results from " + path_ +
                                           ": its tables are not those of a results file: no such "
                                           "table: run");
}

TEST_F(ResultsFileTest, NewerFormatIsRefused) {
    whole_file();
    set_header(60, 2);
    const Error error = error_of(path_);
    EXPECT_EQ(error.message, "read results from " + path_ +
                                 ": it has format 2, written by a newer dearth; this one reads up "
                                 "to format 1");
    EXPECT_EQ(error.error_class, ErrorClass::kUsage);
    EXPECT_FALSE(ResultStore::open_for_resume(path_).ok());
}

TEST_F(ResultsFileTest, ResultsAreNeverOverwritten) {
    const std::string before = whole_file();
    const auto made = ResultStore::create(path_);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().message, "make the results file " + path_ + ": it exists already");
    EXPECT_EQ(bytes_of(path_), before);
}

TEST_F(ResultsFileTest, SecondWriterIsRefusedUntilTheFirstIsDone) {
    auto first = ResultStore::create(path_).take();
    fill(*first, 1, 1);
    const auto second = ResultStore::open_for_resume(path_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().message,
              "write results to " + path_ + ": another dearth is writing to it");
    first.reset();
    EXPECT_TRUE(ResultStore::open_for_resume(path_).ok());
}

TEST_F(ResultsFileTest, StrangeNamesAreJustNames) {
    for (const char* name : {"a b?mode=ro&x=%41#f.db", ":memory:", "file:x.db", "\xff\xfe.db"}) {
        const std::string path = folder_.file(name);
        {
            auto store = ResultStore::create(path);
            ASSERT_TRUE(store.ok()) << store.error().message;
            fill(*store.value(), 1, 3);
        }
        EXPECT_EQ(read_everything(path), 3u) << name;
    }
}

// A file cut at any length: an error, or (never for this file, which stands alone) whole results.
TEST_F(ResultsFileTest, CutFileNeverPassesForAWholeOne) {
    const std::string whole = whole_file();
    ASSERT_GT(whole.size(), 20'000u);
    const std::string cut_path = folder_.file("cut.db");
    for (size_t length = 0; length < whole.size(); length += length < 200 ? 7 : 509) {
        write(cut_path, std::string_view(whole).substr(0, length));
        EXPECT_EQ(read_everything(cut_path), std::nullopt) << length;
        EXPECT_FALSE(ResultStore::open_for_resume(cut_path).ok()) << length;
    }
    write(cut_path, whole);
    EXPECT_EQ(read_everything(cut_path), 200u);
}

// Goal: a copy of a killed run whose log was cut. Method: the log of a live run is cut at many
// lengths; what is left must be a prefix of the trials.
TEST_F(ResultsFileTest, CutLogLosesOnlyItsEnd) {
    auto store = ResultStore::create(path_).take();
    fill(*store, 1, 100);
    const std::string log = bytes_of(path_ + "-wal");
    ASSERT_GT(log.size(), 100'000u);
    const std::string copy = folder_.file("copy.db");
    uint64_t last = 0;
    for (size_t length = 0; length <= log.size(); length += 10'007) {
        ScratchFolder place;
        write(place.file("copy.db"), bytes_of(path_));
        write(place.file("copy.db-wal"), std::string_view(log).substr(0, length));
        const std::optional<uint64_t> trials = read_everything(place.file("copy.db"));
        // Without its first transaction the run has not begun: that is an error.
        if (trials) {
            EXPECT_GE(*trials, last) << length;
            last = *trials;
        }
    }
    EXPECT_GT(last, 80u);
}

TEST_F(ResultsFileTest, DamagedPagesNeverCrashTheReader) {
    const std::string whole = whole_file();
    const std::string damaged_path = folder_.file("damaged.db");
    std::srand(1);
    for (int round = 0; round < 150; ++round) {
        std::string damaged = whole;
        for (int i = 0; i < 1 + round % 40; ++i)
            damaged[100 + static_cast<size_t>(std::rand()) % (damaged.size() - 100)] =
                static_cast<char>(std::rand());
        write(damaged_path, damaged);
        const Result<ResultReader> reader = ResultReader::open_existing(damaged_path);
        if (!reader)
            continue;
        const Result<std::vector<ScenarioFacts>> scenarios = reader.value().scenarios();
        if (!scenarios)
            continue;
        uint64_t rows = 0;
        const auto count = [&](const auto&) -> Status {
            ++rows;
            return Done{};
        };
        static_cast<void>(reader.value().for_each_trial(0, count));
        static_cast<void>(reader.value().for_each_finding(0, count));
        static_cast<void>(reader.value().find_finding("9"));
        EXPECT_LE(rows, 100'000u);
    }
}

}  // namespace
}  // namespace dearth::harness
