#include "features/audit/entry_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
