
#include <gtest/gtest.h>

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
