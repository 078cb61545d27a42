#include "store/sqlite/sqlite_database.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::store::sqlite {
namespace {

class SqliteTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteDatabase> Open(const DatabaseLimits& limits = {}) {
    auto opened = SqliteDatabase::Open(folder_.file(), limits, clock_);
    EXPECT_TRUE(opened.ok()) << opened.error().detail;
    return std::move(opened).value();
  }
  base::Result<std::vector<Rows>> Write(Database& database, std::string sql, std::vector<Value> arguments = {}) {
    std::vector<Statement> unit;
    unit.push_back({.sql = std::move(sql), .arguments = std::move(arguments)});
    return *net::BlockOn(loop_, database.Write(loop_, std::move(unit), loop_.In(std::chrono::seconds(30))));
  }

  // One of many that run together: the last one stops the loop.
  net::Task<> Insert(Database& database, std::int64_t id, int& refused, int& left) {
    std::vector<Statement> unit;
    unit.push_back({.sql = "INSERT INTO t VALUES ($1)", .arguments = {id}});
    const auto done = co_await database.Write(loop_, std::move(unit), loop_.In(std::chrono::seconds(30)));
    if (!done.ok() && done.error().code == base::ErrorCode::kUnavailable) ++refused;
    if (--left == 0) loop_.Stop();
  }

  const base::Clock& clock_ = base::SystemClock();
  net::EpollLoop loop_{clock_};
  TestFolder folder_;
};

TEST_F(SqliteTest, TheFileIsItsOwnersAlone) {
  const auto database = Open();
  struct stat status{};
  ASSERT_EQ(::stat(folder_.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(SqliteTest, AnotherProgramsFileIsRefusedAndLeftAlone) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(folder_.file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE theirs (x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  const auto opened = SqliteDatabase::Open(folder_.file(), {}, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(opened.error().public_message.find("another program"), std::string::npos);
}

TEST_F(SqliteTest, APathThatCannotBeOpenedIsAnErrorThatNamesIt) {
  const auto opened = SqliteDatabase::Open("/nowhere/at/all.db", {}, clock_);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().detail.find("/nowhere/at/all.db"), std::string::npos);
}

TEST_F(SqliteTest, AFullDiskIsToldAndGetsBetter) {
  const auto database = Open({.max_file_bytes = 256 << 10});
  ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT PRIMARY KEY, s TEXT)").ok());
  std::int64_t id = 0;
  base::Result<std::vector<Rows>> last = std::vector<Rows>();
  while (last.ok() && id < 1000) {
    last = Write(*database, "INSERT INTO t VALUES ($1, $2)", {id++, std::string(10'000, 'x')});
  }
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(last.error().retry, base::Retry::kSameTarget);
  EXPECT_EQ(database->health().state, Health::State::kFailing);
  EXPECT_FALSE(database->health().reason.empty());
  ASSERT_TRUE(Write(*database, "DELETE FROM t WHERE id < 10").ok());
  EXPECT_EQ(database->health().state, Health::State::kWorking);
}

TEST_F(SqliteTest, WhatWasAcceptedIsDoneBeforeItCloses) {
  {
    const auto database = Open();
    ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
    ASSERT_TRUE(Write(*database, "INSERT INTO t VALUES (1)").ok());
  }
  const auto database = Open();
  const auto rows =
      *net::BlockOn(loop_, database->Query(loop_, {.sql = "SELECT id FROM t"}, loop_.In(std::chrono::seconds(30))));
  EXPECT_EQ(rows.value().size(), 1U);
}

// A child writes and tells each number once it was answered, until it is killed in the middle.
TEST_F(SqliteTest, WhatWasAnsweredSurvivesAKill) {
  ASSERT_TRUE(Write(*Open(), "CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    const base::Clock& clock = base::SystemClock();
    net::EpollLoop loop(clock);
    const auto database = SqliteDatabase::Open(folder_.file(), {}, clock).value();
    for (std::int64_t id = 0;; ++id) {
      std::vector<Statement> unit;
      unit.push_back({.sql = "INSERT INTO t VALUES ($1)", .arguments = {id}});
      const auto done = *net::BlockOn(loop, database->Write(loop, std::move(unit), net::Deadline::Never()));
      if (!done.ok() || ::write(pipe[1], &id, sizeof(id)) != sizeof(id)) ::_exit(1);
    }
  }
  ::close(pipe[1]);
  std::int64_t last = -1;
  while (last < 200) ASSERT_EQ(::read(pipe[0], &last, sizeof(last)), static_cast<ssize_t>(sizeof(last)));
  ::kill(child, SIGKILL);
  std::int64_t told = 0;
  while (::read(pipe[0], &told, sizeof(told)) == static_cast<ssize_t>(sizeof(told))) last = told;
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  const auto database = Open();
  const auto rows = *net::BlockOn(
      loop_, database->Query(loop_, {.sql = "SELECT max(id), count(*) FROM t"}, loop_.In(std::chrono::seconds(30))));
  EXPECT_GE(IntegerOf(rows.value().at(0).at(0)), last);
  EXPECT_EQ(IntegerOf(rows.value().at(0).at(1)), IntegerOf(rows.value().at(0).at(0)) + 1);
}

TEST_F(SqliteTest, MoreThanMayWaitIsRefusedAtOnce) {
  const auto database = Open({.max_waiting = 2});
  ASSERT_TRUE(Write(*database, "CREATE TABLE t (id BIGINT PRIMARY KEY)").ok());
  int refused = 0;
  int left = 400;
  net::TaskGroup group(loop_);
  for (int i = 0; i < 400; ++i) group.Spawn(Insert(*database, i, refused, left));
  if (left > 0) loop_.Run();
  const auto rows = *net::BlockOn(
      loop_, database->Query(loop_, {.sql = "SELECT count(*) FROM t"}, loop_.In(std::chrono::seconds(30))));
  EXPECT_EQ(IntegerOf(rows.value().at(0).at(0)), 400 - refused);
}

}  // namespace
}  // namespace gatehouse::store::sqlite
