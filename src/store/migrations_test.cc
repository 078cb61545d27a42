#include "store/migrations.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::store {
namespace {

constexpr std::array<std::string_view, 1> kFirst = {"CREATE TABLE a (id BIGINT PRIMARY KEY)"};
constexpr std::array<std::string_view, 2> kSecond = {"ALTER TABLE a ADD COLUMN n BIGINT",
                                                     "CREATE INDEX a_by_n ON a (n)"};
constexpr std::array<std::string_view, 1> kThird = {"INSERT INTO a (id, n) VALUES (3, 3)"};
constexpr std::array<Migration, 3> kSteps = {Migration{1, "make a", kFirst}, Migration{2, "count in a", kSecond},
                                             Migration{3, "fill a", kThird}};

class MigrationsTest : public ::testing::Test {
 protected:
  MigrationsTest() { database_ = sqlite::SqliteDatabase::Open(folder_.file(), {}, clock_).value(); }

  net::Deadline Soon() { return loop_.In(std::chrono::seconds(30)); }
  base::Status Apply(std::span<const Migration> steps, std::string_view component = "control") {
    return *net::BlockOn(loop_, Migrate(*database_, loop_, {.component = component, .migrations = steps}, Soon()));
  }
  std::int64_t Number(std::string sql) {
    return IntegerOf(
        net::BlockOn(loop_, database_->Query(loop_, {.sql = std::move(sql)}, Soon()))->value().at(0).at(0));
  }

  const base::Clock& clock_ = base::SystemClock();
  net::EpollLoop loop_{clock_};
  sqlite::TestFolder folder_;
  std::unique_ptr<sqlite::SqliteDatabase> database_;
};

// From nothing and from each earlier version.
TEST_F(MigrationsTest, EachEarlierVersionIsBroughtToTheNewest) {
  for (std::size_t from = 0; from <= kSteps.size(); ++from) {
    const std::string component = "c" + std::to_string(from);
    static_cast<void>(net::BlockOn(loop_, database_->Write(loop_, {{.sql = "DROP TABLE IF EXISTS a"}}, Soon())));
    ASSERT_TRUE(Apply(std::span(kSteps).first(from), component).ok());
    const auto done = Apply(kSteps, component);
    ASSERT_TRUE(done.ok()) << done.error().detail;
    EXPECT_EQ(Number("SELECT count(*) FROM a"), 1);
    EXPECT_EQ(Number("SELECT count(*) FROM gatehouse_schema WHERE component = '" + component + "'"), 3);
    EXPECT_TRUE(Apply(kSteps, component).ok()) << "a second time does nothing";
    EXPECT_EQ(Number("SELECT count(*) FROM a"), 1);
  }
}

TEST_F(MigrationsTest, ANewerDatabaseIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(Apply(kSteps).ok());
  const auto refused = Apply(std::span(kSteps).first(2));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(refused.error().public_message.find("newer"), std::string::npos);
  EXPECT_EQ(Number("SELECT count(*) FROM gatehouse_schema"), 3);
}

TEST_F(MigrationsTest, AStepThatWasEditedAfterwardsIsNoticed) {
  ASSERT_TRUE(Apply(std::span(kSteps).first(1)).ok());
  constexpr std::array<std::string_view, 1> kEdited = {"CREATE TABLE a (id TEXT PRIMARY KEY)"};
  const std::array<Migration, 1> other = {Migration{1, "make a", kEdited}};
  const auto refused = Apply(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().public_message.find("other steps"), std::string::npos);
}

TEST_F(MigrationsTest, AStepThatFailsLeavesTheVersionBeforeIt) {
  constexpr std::array<std::string_view, 2> kBroken = {"CREATE TABLE b (id BIGINT)", "CREATE TABLE a (id BIGINT)"};
  const std::array<Migration, 2> steps = {Migration{1, "make a", kFirst}, Migration{2, "break", kBroken}};
  EXPECT_FALSE(Apply(steps).ok());
  EXPECT_EQ(Number("SELECT count(*) FROM gatehouse_schema"), 1);
  EXPECT_EQ(Number("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
}

}  // namespace
}  // namespace gatehouse::store
