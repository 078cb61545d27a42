
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/database.h"
#include "store/postgres/postgres_database.h"
#include "store/postgres/test_server.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::store {
namespace {

// The contract of Database, on every implementation.

// An empty database of one implementation; whatever it lies on goes with it.
class DatabaseRig {
 public:
  virtual ~DatabaseRig() = default;
  virtual Database& database() = 0;
};

class SqliteRig final : public DatabaseRig {
 public:
  explicit SqliteRig(const DatabaseLimits& limits)
      : database_(sqlite::SqliteDatabase::Open(folder_.file(), limits, base::SystemClock()).value()) {}
  Database& database() override { return *database_; }

 private:
  sqlite::TestFolder folder_;
  std::unique_ptr<sqlite::SqliteDatabase> database_;
};

class PostgresRig final : public DatabaseRig {
 public:
  explicit PostgresRig(const DatabaseLimits& limits)
      : database_(postgres::PostgresDatabase::Open(base::Secret(postgres::TestServer::Shared().NewDatabase()), limits,
                                                   base::SystemClock())
                      .value()) {}
  Database& database() override { return *database_; }

 private:
  std::unique_ptr<postgres::PostgresDatabase> database_;
};

struct DatabaseKind {
  std::string name;
  std::function<std::unique_ptr<DatabaseRig>(const DatabaseLimits&)> make;
};
void PrintTo(const DatabaseKind& kind, std::ostream* out) { *out << kind.name; }

class DatabaseContract : public ::testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    rig_ = GetParam().make({.max_rows = 50});
    Must({{.sql = "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL, x DOUBLE PRECISION, s TEXT, b BYTEA)"}});
  }

  // One of many that run together: the last one stops the loop.
  net::Task<> WriteOne(Statement statement, int& left) {
    std::vector<Statement> unit;
    unit.push_back(std::move(statement));
    const auto written = co_await rig_->database().Write(loop_, std::move(unit), Soon());
    EXPECT_TRUE(written.ok());
    if (--left == 0) loop_.Stop();
  }

  net::Deadline Soon() { return loop_.In(std::chrono::seconds(30)); }

  base::Result<std::vector<Rows>> Write(std::vector<Statement> unit) {
    return *net::BlockOn(loop_, rig_->database().Write(loop_, std::move(unit), Soon()));
  }
  base::Result<Rows> Query(Statement statement) {
    return *net::BlockOn(loop_, rig_->database().Query(loop_, std::move(statement), Soon()));
  }
  base::Status Scan(Statement statement, RowVisitor visit) {
    return *net::BlockOn(loop_, rig_->database().Scan(loop_, std::move(statement), std::move(visit), Soon()));
  }
  static net::Task<> Discard(net::Task<base::Status> task) { static_cast<void>(co_await std::move(task)); }
  void Must(std::vector<Statement> unit) {
    const auto done = Write(std::move(unit));
    ASSERT_TRUE(done.ok()) << done.error().detail;
  }
  static Statement Insert(std::int64_t id, std::int64_t n) {
    return {.sql = "INSERT INTO t (id, n) VALUES ($1, $2)", .arguments = {id, n}};
  }
  std::int64_t Count() { return IntegerOf(Query({.sql = "SELECT count(*) FROM t"}).value().at(0).at(0)); }

  const base::Clock& clock_ = base::SystemClock();
  net::EpollLoop loop_{clock_};
  std::unique_ptr<DatabaseRig> rig_;
};

TEST_P(DatabaseContract, EveryKindOfValueComesBackAsItWas) {
  const std::string text = "Grüße \xF0\x9F\x8C\x8D 'quoted'";
  const Blob blob{std::string("\0\xFF\n", 3)};
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  Must({{.sql = "INSERT INTO t VALUES ($1, $2, $3, $4, $5)", .arguments = {std::int64_t{1}, kLow, 0.1, text, blob}},
        {.sql = "INSERT INTO t VALUES ($1, $2, $3, $4, $5)",
         .arguments = {std::int64_t{2}, std::int64_t{0}, std::monostate(), std::string(), Blob{}}}});
  const auto rows = Query({.sql = "SELECT id, n, x, s, b FROM t ORDER BY id"});
  ASSERT_TRUE(rows.ok()) << rows.error().detail;
  EXPECT_EQ(rows.value().at(0), (Row{std::int64_t{1}, kLow, 0.1, text, blob}));
  EXPECT_EQ(rows.value().at(1), (Row{std::int64_t{2}, std::int64_t{0}, std::monostate(), std::string(), Blob{}}));
}

TEST_P(DatabaseContract, ArgumentsMayBeUsedTwiceAndInAnyOrder) {
  Must({Insert(1, 5), Insert(2, 7)});
  const auto rows = Query({.sql = "SELECT id FROM t WHERE n = $2 AND id <> $1 AND n > $1",
                           .arguments = {std::int64_t{1}, std::int64_t{7}}});
  ASSERT_TRUE(rows.ok()) << rows.error().detail;
  EXPECT_EQ(rows.value().at(0), (Row{std::int64_t{2}}));
}

TEST_P(DatabaseContract, AUnitIsDoneWholeOrNotAtAll) {
  EXPECT_EQ(Write({Insert(1, 1), Insert(1, 2)}).error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(Count(), 0);
  Must({Insert(1, 1), Insert(2, 2)});
  EXPECT_EQ(Count(), 2);
}

TEST_P(DatabaseContract, AnUnexpectedNumberOfChangesUndoesTheUnit) {
  Must({Insert(1, 1)});
  const Statement stale{
      .sql = "UPDATE t SET n = 9 WHERE id = 1 AND n = $1", .arguments = {std::int64_t{5}}, .expected_changes = 1};
  const auto done = Write({Insert(2, 2), stale});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(done.error().source, base::ErrorSource::kStore);
  EXPECT_EQ(Count(), 1);
}

TEST_P(DatabaseContract, TellsHowManyRowsAStatementChanged) {
  const auto done =
      Write({Insert(1, 1), Insert(2, 1), {.sql = "UPDATE t SET n = 2"}, {.sql = "DELETE FROM t WHERE n = 3"}});
  ASSERT_TRUE(done.ok()) << done.error().detail;
  EXPECT_EQ(done.value()[0].changes(), 1U);
  EXPECT_EQ(done.value()[2].changes(), 2U);
  EXPECT_EQ(done.value()[3].changes(), 0U);
}

TEST_P(DatabaseContract, UnitsThatRunTogetherLoseNothing) {
  Must({Insert(1, 0)});
  constexpr int kUnits = 300;
  int left = kUnits;
  net::TaskGroup group(loop_);
  for (int i = 0; i < kUnits; ++i) {
    group.Spawn(WriteOne({.sql = "UPDATE t SET n = n + 1 WHERE id = 1", .expected_changes = 1}, left));
  }
  loop_.Run();
  EXPECT_EQ(IntegerOf(Query({.sql = "SELECT n FROM t"}).value().at(0).at(0)), kUnits);
}

TEST_P(DatabaseContract, AFaultInOneUnitHarmsNoOther) {
  EXPECT_EQ(Write({{.sql = "INSERT INTO nowhere VALUES (1)"}}).error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(Query({.sql = "SELEKT 1"}).error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(Query({.sql = "SELECT $1 + 0", .arguments = {}}).error().code, base::ErrorCode::kInternal);
  Must({Insert(1, 1)});
  EXPECT_EQ(rig_->database().health().state, Health::State::kWorking);
}

TEST_P(DatabaseContract, AnAnswerThatIsTooLargeIsRefusedAndNotCut) {
  std::vector<Statement> unit;
  for (int i = 0; i < 51; ++i) unit.push_back(Insert(i, i));
  Must(std::move(unit));
  EXPECT_EQ(Query({.sql = "SELECT id FROM t"}).error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(Query({.sql = "SELECT id FROM t WHERE id < 50"}).value().size(), 50U);
}

// What a visitor was shown, by value.
struct Shown {
  std::int64_t id = 0;
  std::int64_t n = 0;
  std::string text;
  std::string bytes;
  std::vector<std::size_t> nulls;
  bool operator==(const Shown&) const = default;
};

Shown ShownOf(const RowView& row) {
  Shown shown{.id = row.Integer(0),
              .n = row.Integer(1),
              .text = std::string(row.Text(2)),
              .bytes = std::string(row.Bytes(3)),
              .nulls = {}};
  for (std::size_t i = 0; i < 4; ++i) {
    if (row.IsNull(i)) shown.nulls.push_back(i);
  }
  return shown;
}

TEST_P(DatabaseContract, AScanShowsEveryRowAndIsBoundByNoSize) {
  std::vector<Statement> unit;
  for (int i = 0; i < 1000; ++i) unit.push_back(Insert(i, 2 * i));
  unit.push_back({.sql = "UPDATE t SET s = $1, b = $2 WHERE id = 7",
                  .arguments = {std::string("a text of more than a few bytes"), Blob{std::string("\0\xFF", 2)}}});
  Must(std::move(unit));
  std::vector<Shown> seen;
  const auto visit = [&seen](const RowView& row) {
    seen.push_back(ShownOf(row));
    return Reading::kGoesOn;
  };
  ASSERT_TRUE(
      Scan({.sql = "SELECT id, n, s, b FROM t WHERE id >= $1 ORDER BY id", .arguments = {std::int64_t{5}}}, visit)
          .ok());
  ASSERT_EQ(seen.size(), 995U);
  EXPECT_EQ(seen[0], (Shown{.id = 5, .n = 10, .text = {}, .bytes = {}, .nulls = {2, 3}}));
  EXPECT_EQ(seen[2], (Shown{.id = 7,
                            .n = 14,
                            .text = "a text of more than a few bytes",
                            .bytes = std::string("\0\xFF", 2),
                            .nulls = {}}));
  EXPECT_EQ(seen.back().id, 999);
}

TEST_P(DatabaseContract, AColumnOfAnotherTypeIsShownAsNothing) {
  Must({{.sql = "INSERT INTO t (id, n, s, b) VALUES (1, 2, '3', $1)", .arguments = {Blob{"4"}}}});
  std::vector<std::string> seen;
  const auto visit = [&seen](const RowView& row) {
    seen = {std::string(row.Text(0)), std::to_string(row.Integer(1)), std::string(row.Bytes(1)),
            std::string(row.Text(2))};
    return Reading::kGoesOn;
  };
  ASSERT_TRUE(Scan({.sql = "SELECT n, s, b FROM t"}, visit).ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"", "0", "", ""}));
}

TEST_P(DatabaseContract, AScanEndsWhereItsVisitorHasSeenEnough) {
  Must({Insert(1, 1), Insert(2, 2), Insert(3, 3)});
  int calls = 0;
  const auto visit = [&calls](const RowView&) { return ++calls == 2 ? Reading::kEnds : Reading::kGoesOn; };
  ASSERT_TRUE(Scan({.sql = "SELECT id, n FROM t"}, visit).ok());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Count(), 3) << "the next read has a connection in order";
}

TEST_P(DatabaseContract, AScanTellsFaultsAndDeadlines) {
  const auto visit = [](const RowView&) { return Reading::kGoesOn; };
  EXPECT_EQ(Scan({.sql = "SELECT id FROM nowhere"}, visit).error().code, base::ErrorCode::kInternal);
  const auto late =
      *net::BlockOn(loop_, rig_->database().Scan(loop_, {.sql = "SELECT 1"}, visit, {base::TimePoint::min()}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, base::ErrorCode::kTimeout);
}

// Whoever drops the task may free at once what its visitor refers to: the sanitizers watch.
TEST_P(DatabaseContract, ADroppedScanShowsNothingMore) {
  std::vector<Statement> unit;
  for (int i = 0; i < 2000; ++i) unit.push_back(Insert(i, i));
  Must(std::move(unit));
  std::atomic<bool> begun = false;
  for (int round = 0; round < 20; ++round) {
    begun = false;
    auto seen = std::make_unique<std::vector<std::int64_t>>();
    auto visit = [&begun, seen = seen.get()](const RowView& row) {
      seen->push_back(row.Integer(0));
      begun = true;
      begun.notify_one();
      return Reading::kGoesOn;
    };
    {
      net::TaskGroup group(loop_);
      group.Spawn(Discard(rig_->database().Scan(loop_, {.sql = "SELECT id, n FROM t"}, std::move(visit), Soon())));
      begun.wait(false);
    }
    seen.reset();
  }
  EXPECT_EQ(Count(), 2000);
}

TEST_P(DatabaseContract, ADroppedTaskIsNoTrouble) {
  {
    net::TaskGroup group(loop_);
    int left = 0;
    for (int i = 0; i < 20; ++i) group.Spawn(WriteOne(Insert(i + 10, 1), left));
  }
  Must({Insert(2, 1)});
  EXPECT_GE(Count(), 1);
}

TEST_P(DatabaseContract, APassedDeadlineIsATimeout) {
  const auto late = *net::BlockOn(loop_, rig_->database().Query(loop_, {.sql = "SELECT 1"}, {base::TimePoint::min()}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, base::ErrorCode::kTimeout);
}

template <class Rig>
DatabaseKind Kind(std::string name) {
  return {std::move(name), [](const DatabaseLimits& limits) { return std::make_unique<Rig>(limits); }};
}

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseContract,
                         testing::Values(Kind<SqliteRig>("sqlite"), Kind<PostgresRig>("postgres")),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace gatehouse::store
