#include "features/audit/entry_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/migrations.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Indexing : public ::testing::Test {
 protected:
  Indexing() {
    database_ = store::sqlite::SqliteDatabase::Open(folder_.file(), {}, base::SystemClock()).value();
    EXPECT_TRUE(Wait(store::Migrate(*database_, loop_, EntryIndex::Schema(), loop_.In(std::chrono::seconds(30)))).ok());
    index_ = std::make_unique<EntryIndex>(*database_, loop_);
  }
  template <class T>
  T Wait(net::Task<T> task) {
    return *net::BlockOn(loop_, std::move(task));
  }
  void Add(std::vector<std::string> entries) {
    const std::uint64_t first = Wait(index_->Size()).value();
    const auto added = Wait(index_->Add(first, entries));
    EXPECT_TRUE(added.ok()) << added.error().detail;
    std::ranges::move(entries, std::back_inserter(entries_));
  }
  std::vector<std::uint64_t> Find(EntryQuery query) {
    std::vector<std::uint64_t> found;
    const auto answer = Wait(index_->Find(query));
    if (!answer.ok()) ADD_FAILURE() << answer.error().detail;
    if (!answer.ok()) return {};
    for (const auto& one : answer.value()) {
      EXPECT_TRUE(Matches(query, entries_.at(one.index))) << entries_.at(one.index);
      found.push_back(one.index);
    }
    return found;
  }

  store::sqlite::TestFolder folder_;
  net::EpollLoop loop_{base::SystemClock()};
  std::unique_ptr<store::sqlite::SqliteDatabase> database_;
  std::unique_ptr<EntryIndex> index_;
  std::vector<std::string> entries_;
};

std::string Exchange(int at, std::string_view id, std::string_view sub, std::string_view decision, int status) {
  return R"({"v":1,"t":"req.end","ts":)" + std::to_string(at) + R"(,"id":")" + std::string(id) +
         R"(","org":"7","project":"9","sub":")" + std::string(sub) + R"(","cred":"k1","model":"m","decision":")" +
         std::string(decision) + R"(","status":)" + std::to_string(status) + "}";
}

TEST_F(Indexing, FindsWhatIsAsked) {
  Add({R"({"v":1,"t":"node.start","ts":10})", Exchange(20, "a", "1", "allow", 200), Exchange(30, "b", "2", "deny", 403),
       "not JSON at all"});
  Add({Exchange(40, "c", "1", "restrict", 200), R"({"v":1,"t":"heartbeat","ts":50})"});
  EXPECT_TRUE(Wait(index_->Prepare()).ok());
  EXPECT_EQ(Wait(index_->Size()).value(), 6U);
  EXPECT_THAT(Find({.id = "b"}), ElementsAre(2));
  EXPECT_THAT(Find({.principal = "1"}), ElementsAre(4, 1));
  EXPECT_THAT(Find({.principal = "k1"}), ElementsAre(4, 2, 1));
  EXPECT_THAT(Find({.principal = "9"}), ElementsAre(4, 2, 1));
  EXPECT_THAT(Find({.principal = "7"}), ElementsAre(4, 2, 1));
  EXPECT_THAT(Find({.principal = "77"}), IsEmpty());
  EXPECT_THAT(Find({.type = "heartbeat"}), ElementsAre(5));
  EXPECT_THAT(Find({.type = "req.end", .at_most = 2}), ElementsAre(4, 2));
  EXPECT_THAT(Find({.decision = pipeline::Effect::kDeny}), ElementsAre(2));
  EXPECT_THAT(Find({.decision = pipeline::Effect::kAllow}), ElementsAre(1));
  EXPECT_THAT(Find({.status = 403}), ElementsAre(2));
  EXPECT_THAT(Find({.principal = "1", .from_us = 21, .until_us = 41}), ElementsAre(4));
  EXPECT_THAT(Find({.from_us = 20, .until_us = 40}), ElementsAre(2, 1));
  EXPECT_THAT(Find({.model = "m", .decision = pipeline::Effect::kRestrict}), ElementsAre(4));
}

class IndexingModels : public Indexing {
 protected:
  static std::string Call(std::int64_t at, std::string_view model, int status = 200) {
    return R"({"v":1,"t":"req.end","ts":)" + std::to_string(at) + R"(,"model":")" + std::string(model) +
           R"(","status":)" + std::to_string(status) + "}";
  }
  // What the definition says, entry by entry.
  std::vector<std::uint64_t> Scan(const EntryQuery& query, const std::vector<std::int64_t>& times) const {
    std::vector<std::uint64_t> found;
    for (std::uint64_t i = 0; i < entries_.size(); ++i) {
      if (Matches(query, entries_[i])) found.push_back(i);
    }
    std::ranges::sort(found, [&](auto a, auto b) { return std::pair(times[a], a) > std::pair(times[b], b); });
    if (found.size() > query.at_most) found.resize(query.at_most);
    return found;
  }
};

// Over many blocks, with models that are often, seldom and never asked for, and a clock that was set back and forth.
TEST_F(IndexingModels, FindsTheNewestOfAModel) {
  constexpr std::int64_t kCalls = 12'000;
  std::vector<std::int64_t> times;
  std::vector<std::string> batch;
  for (std::int64_t i = 0; i < kCalls; ++i) {
    const std::int64_t set_back = i > 5000 && i < 7000 ? 9000 : 0;
    times.push_back(i % 3000 == 17 ? i + 4000 : i - set_back);
    const char* const model = i % 2999 == 5 ? "rare" : i < 100 ? "old" : i % 3 == 0 ? "" : "often";
    batch.push_back(Call(times.back(), model, i % 500 == 1 ? 418 : 200));
    if (batch.size() == 700) Add(std::exchange(batch, {}));
  }
  Add(batch);
  EXPECT_TRUE(Wait(index_->Prepare()).ok());
  for (const char* model : {"rare", "old", "often", "never"}) {
    for (const std::uint32_t at_most : {0U, 3U, 20'000U}) {
      for (const std::int64_t from : {INT64_MIN, std::int64_t{-3000}}) {
        for (const std::int64_t until : {INT64_MAX, std::int64_t{9001}}) {
          const EntryQuery query{.model = model, .from_us = from, .until_us = until, .at_most = at_most};
          EXPECT_EQ(Find(query), Scan(query, times)) << model << " " << at_most << " " << from << " " << until;
        }
      }
    }
  }
  const EntryQuery with_status{.model = "often", .status = 200, .at_most = 7};
  EXPECT_EQ(Find(with_status), Scan(with_status, times));
  const EntryQuery refused{.model = "often", .status = 418};
  EXPECT_EQ(Find(refused), Scan(refused, times));
}

class IndexingLikeness : public IndexingModels {
 protected:
  static constexpr std::array<std::string_view, 3> kTypes = {"req.begin", "req.end", "req.seen"};
  static constexpr std::array<std::string_view, 3> kDecisions = {"allow", "deny", ""};

  // Entries whose parts come together in some blocks only: never 206 with `req.begin`, and never with `deny`.
  void AddMany() {
    std::mt19937 dice(11);
    const auto any = [&dice](const auto& of) { return of[dice() % of.size()]; };
    std::vector<std::string> batch;
    for (std::int64_t i = 0; i < 6000; ++i) {
      const std::string_view type = i < 3000 ? kTypes[1] : any(kTypes);
      const int status = i % 2000 == 3 ? 206 : any(std::array{0, 200, 418});
      const std::string_view decision = status == 206 ? "allow" : any(kDecisions);
      times_.push_back(i);
      batch.push_back(R"({"v":1,"t":")" + std::string(status == 206 ? "req.end" : type) + R"(","ts":)" +
                      std::to_string(i) + R"(,"model":")" + (i % 3 == 0 ? "" : "m") + R"(","decision":")" +
                      std::string(decision) + R"(","status":)" + std::to_string(status) + "}");
      if (batch.size() == 700) Add(std::exchange(batch, {}));
    }
    Add(batch);
  }
  // All blocks, as one text.
  std::string Blocks() {
    std::string text;
    const auto rows = Wait(database_->Query(
        loop_, {.sql = "SELECT model, block, first_ts, last_ts, facts FROM record_block ORDER BY model, block"},
        loop_.In(std::chrono::seconds(30))));
    for (const auto& row : rows.value()) {
      for (const auto& column : row) text.append(std::to_string(store::IntegerOf(column))).append(" ");
      text += "\n";
    }
    return text;
  }

  std::vector<std::int64_t> times_;
};

TEST_F(IndexingLikeness, FindsWhatTheDefinitionSays) {
  AddMany();
  EXPECT_TRUE(Wait(index_->Prepare()).ok());
  for (const char* model : {"", "m", "never"}) {
    for (const std::string_view type : {"", "req.begin", "req.end", "req.seen", "req.never"}) {
      for (const int status : {-1, 0, 200, 206, 302, 418}) {
        for (const int effect : {-1, 0, 3}) {
          EntryQuery query{.type = std::string(type), .model = model};
          if (status >= 0) query.status = static_cast<std::uint16_t>(status);
          if (effect >= 0) query.decision = static_cast<pipeline::Effect>(effect);
          EXPECT_EQ(Find(query), Scan(query, times_)) << model << " " << type << " " << status << " " << effect;
        }
      }
    }
  }
}

// What the step of the schema makes of entries is what adding them makes.
TEST_F(IndexingLikeness, AnOlderIndexGetsTheSameBlocks) {
  AddMany();
  const std::string added = Blocks();
  EXPECT_GT(added.size(), 100U);
  std::vector<store::Statement> unit = {{.sql = "DELETE FROM record_block", .arguments = {}}};
  const auto step = EntryIndex::Schema().migrations.back().statements;
  for (const std::string_view sql : step.last(2)) unit.push_back({.sql = std::string(sql), .arguments = {}});
  ASSERT_TRUE(Wait(database_->Write(loop_, std::move(unit), loop_.In(std::chrono::seconds(30)))).ok());
  EXPECT_EQ(Blocks(), added);
}

// An index of before there were blocks gets them.
TEST_F(IndexingModels, AnOlderIndexIsBroughtUpToDate) {
  const store::sqlite::TestFolder older;
  auto database = store::sqlite::SqliteDatabase::Open(older.file(), {}, base::SystemClock()).value();
  store::Schema first = EntryIndex::Schema();
  first.migrations = first.migrations.first(1);
  const auto soon = [this] { return loop_.In(std::chrono::seconds(30)); };
  ASSERT_TRUE(Wait(store::Migrate(*database, loop_, first, soon())).ok());
  std::vector<store::Statement> rows;
  for (const std::int64_t index : {3, 5000, 5001}) {
    rows.push_back({.sql =
                        "INSERT INTO record_entry SELECT $1, $2, 0, 0, 0, 0, 0, 0, 0, 0, model, 0, 0 FROM (SELECT $3 "
                        "AS model) AS one",
                    .arguments = {index, index * 10, std::int64_t{77}}});
  }
  ASSERT_TRUE(Wait(database->Write(loop_, std::move(rows), soon())).ok());
  ASSERT_TRUE(Wait(store::Migrate(*database, loop_, EntryIndex::Schema(), soon())).ok());
  const auto blocks = Wait(database->Query(
      loop_, {.sql = "SELECT block, first_ts, last_ts FROM record_block WHERE model <> 0 ORDER BY block"}, soon()));
  ASSERT_EQ(blocks.value().size(), 2U);
  EXPECT_EQ(store::IntegerOf(blocks.value().at(0).at(0)), 0);
  EXPECT_EQ(store::IntegerOf(blocks.value().at(1).at(0)), 4);
  EXPECT_EQ(store::IntegerOf(blocks.value().at(1).at(1)), 50'000);
  EXPECT_EQ(store::IntegerOf(blocks.value().at(1).at(2)), 50'010);
}

TEST_F(Indexing, IsAboutOneLog) {
  EXPECT_TRUE(Wait(index_->Claim("a/1")).ok());
  EXPECT_TRUE(Wait(index_->Claim("a/1")).ok());
  EXPECT_EQ(Wait(index_->Claim("a/2")).error().code, base::ErrorCode::kConflict);
}

TEST_F(Indexing, TakesEachEntryOnce) {
  Add({Exchange(1, "a", "1", "allow", 200)});
  EXPECT_FALSE(Wait(index_->Add(0, {Exchange(1, "a", "1", "allow", 200)})).ok());
  EXPECT_EQ(Wait(index_->Size()).value(), 1U);
}

}  // namespace
}  // namespace gatehouse::features::audit
