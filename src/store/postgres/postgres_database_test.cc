#include "store/postgres/postgres_database.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/postgres/test_server.h"

namespace gatehouse::store::postgres {
namespace {

std::unique_ptr<PostgresDatabase> OpenNew(const DatabaseLimits& limits) {
  auto opened = PostgresDatabase::Open(base::Secret(TestServer::Shared().NewDatabase()), limits, base::SystemClock());
  EXPECT_TRUE(opened.ok()) << opened.error().detail;
  return std::move(opened).value();
}

class PostgresTest : public ::testing::Test {
 protected:
  base::Result<std::vector<Rows>> Write(Database& database, std::string sql, std::chrono::seconds patience) {
    std::vector<Statement> unit;
    unit.push_back({.sql = std::move(sql)});
    return *net::BlockOn(loop_, database.Write(loop_, std::move(unit), loop_.In(patience)));
  }
  // Locks two rows, one test's half in this order and the other in that.
  net::Task<> AddToBoth(Database& database, std::int64_t first, int& left) {
    std::vector<Statement> unit;
    for (const std::int64_t id : {first, 3 - first}) {
      unit.push_back({.sql = "UPDATE t SET n = n + 1 WHERE id = $1", .arguments = {id}, .expected_changes = 1});
    }
    const auto done = co_await database.Write(loop_, std::move(unit), loop_.In(std::chrono::seconds(60)));
    EXPECT_TRUE(done.ok()) << done.error().detail;
    if (--left == 0) loop_.Stop();
  }

  net::EpollLoop loop_{base::SystemClock()};
};

TEST_F(PostgresTest, AServerThatIsNotThereIsUnavailableAndNoPasswordIsTold) {
  const auto opened =
      PostgresDatabase::Open(base::Secret("host=/nowhere user=u password=s3cret dbname=d"), {}, base::SystemClock());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(opened.error().detail.find("s3cret"), std::string::npos);
}

TEST_F(PostgresTest, AServerThatRestartsIsFoundAgain) {
  const auto database = OpenNew({});
  ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT)", std::chrono::seconds(30)).ok());
  TestServer::Shared().Stop();
  const auto failed = Write(*database, "INSERT INTO t VALUES (1)", std::chrono::seconds(30));
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(database->health().state, Health::State::kFailing);
  TestServer::Shared().Start();
  EXPECT_TRUE(Write(*database, "INSERT INTO t VALUES (1)", std::chrono::seconds(30)).ok());
  EXPECT_EQ(database->health().state, Health::State::kWorking);
}

TEST_F(PostgresTest, AServerThatHangsCostsADeadlineAndNoMore) {
  const auto database = OpenNew({});
  ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT)", std::chrono::seconds(30)).ok());
  TestServer::Shared().Pause();
  const net::Deadline soon = loop_.In(std::chrono::milliseconds(200));
  const auto read = *net::BlockOn(loop_, database->Query(loop_, {.sql = "SELECT 1"}, soon));
  const auto written = Write(*database, "INSERT INTO t VALUES (1)", std::chrono::seconds(0));
  TestServer::Shared().Resume();
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::kTimeout);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, base::ErrorCode::kTimeout);
  EXPECT_TRUE(Write(*database, "INSERT INTO t VALUES (2)", std::chrono::seconds(30)).ok());
}

TEST_F(PostgresTest, ALongQueryEndsAtItsDeadline) {
  const auto database = OpenNew({});
  const net::Deadline soon = loop_.In(std::chrono::milliseconds(100));
  const auto read = *net::BlockOn(loop_, database->Query(loop_, {.sql = "SELECT pg_sleep(50)"}, soon));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(read.error().retry, base::Retry::kSameTarget);
}

TEST_F(PostgresTest, DeadlocksAreTriedAgain) {
  const auto database = OpenNew({});
  ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)", std::chrono::seconds(30)).ok());
  ASSERT_TRUE(Write(*database, "INSERT INTO t VALUES (1, 0), (2, 0)", std::chrono::seconds(30)).ok());
  int left = 40;
  net::TaskGroup group(loop_);
  for (int i = 0; i < 40; ++i) group.Spawn(AddToBoth(*database, i % 2 == 0 ? 1 : 2, left));
  loop_.Run();
  const auto rows =
      *net::BlockOn(loop_, database->Query(loop_, {.sql = "SELECT sum(n) FROM t"}, loop_.In(std::chrono::seconds(30))));
  EXPECT_EQ(IntegerOf(rows.value().at(0).at(0)), 80);
}

}  // namespace
}  // namespace gatehouse::store::postgres
