#include <gmock/gmock.h>
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
#include "store/key_value.h"
#include "store/memory/memory_key_value.h"
#include "store/redis/redis_key_value.h"
#include "store/redis/test_connector.h"
#include "store/redis/test_server.h"

namespace gatehouse::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

// The contract of KeyValue, on every implementation.

// A store that several have access to, empty.
class KeyValueRig {
 public:
  virtual ~KeyValueRig() = default;
  virtual std::unique_ptr<KeyValue> Open() = 0;
};

class MemoryRig final : public KeyValueRig {
 public:
  explicit MemoryRig(net::EpollLoop& loop) : loop_(loop) {}
  std::unique_ptr<KeyValue> Open() override { return std::make_unique<memory::MemoryKeyValue>(loop_, values_); }

 private:
  net::EpollLoop& loop_;
  memory::SharedValues values_{base::SystemClock()};
};

class RedisRig final : public KeyValueRig {
 public:
  explicit RedisRig(net::EpollLoop& loop) : loop_(loop), connector_(loop) {}
  std::unique_ptr<KeyValue> Open() override {
    return std::make_unique<redis::RedisKeyValue>(
        loop_, connector_, nullptr, random_,
        redis::ClientSettings{.endpoint = {"127.0.0.1", server_.port()}, .username = {}, .password = {}}, "gh:");
  }

 private:
  net::EpollLoop& loop_;
  redis::TestServer server_;
  redis::LoopbackConnector connector_;
  base::Random random_{1};
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<KeyValueRig>(net::EpollLoop&)> make;
};
void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }

class KeyValueContract : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    rig_ = GetParam().make(loop_);
    mine_ = rig_->Open();
    theirs_ = rig_->Open();
  }
  net::Deadline Soon() { return loop_.In(seconds(30)); }
  template <class T>
  T Must(net::Task<base::Result<T>> task) {
    auto result = *net::BlockOn(loop_, std::move(task));
    EXPECT_TRUE(result.ok()) << result.error().detail;
    return result.ok() ? std::move(result).value() : T();
  }
  std::optional<std::string> Get(const std::string& key) { return Must(mine_->Get(key, Soon())); }
  KeyValue::Stored Set(KeyValue::Entry entry) { return Must(mine_->Set(std::move(entry), Soon())); }
  // Of a quantity of 100.
  KeyValue::Claim ClaimOf(const std::string& holder, std::int64_t has, std::int64_t wanted) {
    return {.key = "budget",
            .holder = holder,
            .turn = ++turn_,
            .has = has,
            .wanted = wanted,
            .limit = 100,
            .ttl = seconds(60)};
  }
  KeyValue::Drawn Draw(KeyValue::Draft draft) { return Must(theirs_->Draw(std::move(draft), Soon())); }
  KeyValue::Grant Take(KeyValue::Claim claim) { return Must(theirs_->Take(std::move(claim), Soon())); }
  // Takes turns of the loop until something is so.
  net::Task<> Until(std::function<bool()> so) {
    const net::Deadline deadline = Soon();
    while (!so() && loop_.Now() < deadline.at) co_await loop_.Sleep(milliseconds(5));
    EXPECT_TRUE(so());
  }
  void WaitUntil(std::function<bool()> so) { net::BlockOn(loop_, Until(std::move(so))); }

  net::EpollLoop loop_{base::SystemClock()};
  std::unique_ptr<KeyValueRig> rig_;
  std::unique_ptr<KeyValue> mine_;
  std::unique_ptr<KeyValue> theirs_;
  std::int64_t turn_ = 0;
};

TEST_P(KeyValueContract, KeepsWhatIsSetForAll) {
  const std::string odd("a\0b\r\n\xFF", 6);
  EXPECT_EQ(Get("k"), std::nullopt);
  EXPECT_EQ(Set({.key = "k", .value = odd}), KeyValue::Stored::kStored);
  EXPECT_EQ(Must(theirs_->Get("k", Soon())), odd);
  EXPECT_EQ(Set({.key = "k", .value = ""}), KeyValue::Stored::kStored);
  EXPECT_EQ(Get("k"), "");
  Must(theirs_->Delete("k", Soon()));
  EXPECT_EQ(Get("k"), std::nullopt);
  Must(mine_->Delete("k", Soon()));
}

TEST_P(KeyValueContract, OnlyIfAbsentIsForOne) {
  EXPECT_EQ(Set({.key = "lock", .value = "me", .when = KeyValue::When::kAbsent}), KeyValue::Stored::kStored);
  EXPECT_EQ(Set({.key = "lock", .value = "you", .when = KeyValue::When::kAbsent}), KeyValue::Stored::kAlreadyThere);
  EXPECT_EQ(Get("lock"), "me");
}

TEST_P(KeyValueContract, WhatHasATimeGoesByItself) {
  Set({.key = "short", .value = "x", .ttl = milliseconds(400)});
  Set({.key = "long", .value = "y", .ttl = seconds(100)});
  EXPECT_EQ(Get("short"), "x");
  net::BlockOn(loop_, loop_.Sleep(milliseconds(500)));
  EXPECT_EQ(Get("short"), std::nullopt);
  EXPECT_EQ(Get("long"), "y");
  EXPECT_EQ(Set({.key = "short", .value = "z", .when = KeyValue::When::kAbsent}), KeyValue::Stored::kStored);
}

using Outcome = KeyValue::Grant::Outcome;
using Foundation = KeyValue::Claim::Foundation;

MATCHER_P2(Has, share, taken, "") { return arg.share == share && arg.taken == taken && arg.outcome == Outcome::kDone; }

TEST_P(KeyValueContract, SharesNeverExceedTheLimit) {
  EXPECT_THAT(Take(ClaimOf("a", 0, 60)), Has(60, 60));
  EXPECT_THAT(Take(ClaimOf("b", 0, 60)), Has(40, 100));
  EXPECT_THAT(Take(ClaimOf("a", 60, 60)), Has(60, 100));
  KeyValue::Claim raised = ClaimOf("a", 60, 60);
  raised.limit = 130;
  raised.least = 31;
  EXPECT_THAT(Take(raised), Has(60, 100)) << "too small a slice";
  raised.turn = ++turn_;
  raised.least = 30;
  EXPECT_THAT(Take(raised), Has(90, 130));
  KeyValue::Claim lowered = ClaimOf("b", 40, 10);
  lowered.limit = 50;
  EXPECT_THAT(Take(lowered), Has(40, 130));
}

TEST_P(KeyValueContract, WhatAHolderSaysIsSo) {
  Take(ClaimOf("a", 0, 100));
  EXPECT_THAT(Take(ClaimOf("a", 70, 0)), Has(70, 70)) << "given back";
  EXPECT_THAT(Take(ClaimOf("b", 0, 60)), Has(30, 100));
  EXPECT_THAT(Take(ClaimOf("a", 90, 5)), Has(90, 120)) << "it had it already";
  EXPECT_THAT(Take(ClaimOf("a", 0, 0)), Has(0, 30));
}

TEST_P(KeyValueContract, WhoForgotLearnsWhatItHas) {
  Take(ClaimOf("a", 0, 60));
  KeyValue::Claim again = ClaimOf("a", 10, 20);
  again.basis = KeyValue::Claim::Basis::kAtLeast;
  EXPECT_THAT(Take(again), Has(80, 80));
  again.turn = ++turn_;
  again.has = 90;
  again.wanted = 0;
  EXPECT_THAT(Take(again), Has(90, 90));
}

TEST_P(KeyValueContract, AClaimThatIsOvertakenChangesNothing) {
  KeyValue::Claim late = ClaimOf("a", 0, 10);
  EXPECT_THAT(Take(ClaimOf("a", 0, 50)), Has(50, 50));
  EXPECT_EQ(Take(late).outcome, Outcome::kOvertaken);
  late.turn = turn_;
  EXPECT_EQ(Take(late).outcome, Outcome::kOvertaken) << "the same once more";
  EXPECT_THAT(Take(ClaimOf("b", 0, 100)), Has(50, 100));
}

TEST_P(KeyValueContract, APartOfWhatIsLeft) {
  KeyValue::Claim claim = ClaimOf("a", 0, 1);
  claim.parts = 4;
  EXPECT_THAT(Take(claim), Has(25, 25));
  claim = ClaimOf("b", 0, 30);
  claim.parts = 4;
  EXPECT_THAT(Take(claim), Has(30, 55));
  claim = ClaimOf("c", 0, 0);
  claim.parts = 50;
  EXPECT_THAT(Take(claim), Has(0, 55)) << "less than one";
}

TEST_P(KeyValueContract, SharesAreForgottenOneByOne) {
  KeyValue::Claim brief = ClaimOf("a", 0, 40);
  brief.ttl = milliseconds(400);
  Take(brief);
  KeyValue::Claim lasting = ClaimOf("b", 0, 20);
  lasting.ttl = {};
  EXPECT_THAT(Take(lasting), Has(20, 60));
  net::BlockOn(loop_, loop_.Sleep(milliseconds(500)));
  EXPECT_THAT(Take(ClaimOf("c", 0, 100)), Has(80, 100));
}

TEST_P(KeyValueContract, AClaimRenewsItsShare) {
  KeyValue::Claim brief = ClaimOf("a", 0, 40);
  brief.ttl = milliseconds(600);
  Take(brief);
  net::BlockOn(loop_, loop_.Sleep(milliseconds(400)));
  brief = ClaimOf("a", 40, 0);
  brief.ttl = seconds(60);
  Take(brief);
  net::BlockOn(loop_, loop_.Sleep(milliseconds(400)));
  EXPECT_THAT(Take(ClaimOf("b", 0, 0)), Has(0, 40));
}

TEST_P(KeyValueContract, ShowsWhatAllUse) {
  KeyValue::Claim claim = ClaimOf("a", 0, 40);
  claim.used = 7;
  EXPECT_EQ(Take(claim).used, 7);
  claim = ClaimOf("b", 0, 40);
  claim.used = 5;
  EXPECT_EQ(Take(claim).used, 12);
}

TEST_P(KeyValueContract, NothingIsAddedWithoutAFoundation) {
  KeyValue::Claim claim = ClaimOf("a", 5, 10);
  claim.foundation = Foundation::kNeeded;
  EXPECT_EQ(Take(claim), (KeyValue::Grant{.outcome = Outcome::kUnfounded, .share = 5, .taken = 5, .used = 0}));
  // What a holder said since is newer than what it is founded on.
  claim = ClaimOf("b", 20, 10);
  claim.foundation = Foundation::kGiven;
  claim.others = {{.holder = "a", .amount = 3, .used = 3, .ttl = seconds(60)},
                  {.holder = "b", .amount = 99, .used = 99, .ttl = seconds(60)},
                  {.holder = "gone", .amount = 30, .used = 30, .ttl = {}}};
  EXPECT_EQ(Take(claim), (KeyValue::Grant{.outcome = Outcome::kDone, .share = 30, .taken = 65, .used = 30}));
  claim = ClaimOf("a", 5, 100);
  claim.foundation = Foundation::kNeeded;
  EXPECT_THAT(Take(claim), Has(40, 100));
}

TEST_P(KeyValueContract, AClaimCanBeGuarded) {
  KeyValue::Claim claim = ClaimOf("a", 0, 10);
  claim.guard = "generation";
  claim.guard_value = "1";
  EXPECT_EQ(Take(claim).outcome, Outcome::kGuarded);
  Set({.key = "generation", .value = "1"});
  EXPECT_THAT(Take(claim), Has(10, 10));
  Set({.key = "generation", .value = "2"});
  claim.turn = ++turn_;
  EXPECT_EQ(Take(claim).outcome, Outcome::kGuarded);
  EXPECT_THAT(Take(ClaimOf("b", 0, 0)), Has(0, 10)) << "nothing was done";
}

TEST_P(KeyValueContract, LargeQuantitiesAreExact) {
  constexpr std::int64_t kMost = KeyValue::kMostQuantity;
  KeyValue::Claim claim = ClaimOf("a", kMost - 2, 1);
  claim.limit = kMost;
  claim.turn = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(Take(claim), Has(kMost - 1, kMost - 1));
  claim = ClaimOf("b", 0, 5);
  claim.limit = kMost;
  EXPECT_THAT(Take(claim), Has(1, kMost));
}

// Many at once, on two connections: what they get adds up to the limit.
net::Task<> TakeMany(KeyValue& store, std::string holder, net::Deadline deadline, std::int64_t& sum, int& left,
                     net::EpollLoop& loop) {
  std::int64_t has = 0;
  for (std::int64_t turn = 1;; ++turn) {
    const auto grant = co_await store.Take(
        {.key = "budget", .holder = holder, .turn = turn, .has = has, .wanted = 7, .limit = 10'000, .ttl = seconds(60)},
        deadline);
    EXPECT_TRUE(grant.ok());
    if (!grant.ok() || grant.value().share == has) break;
    has = grant.value().share;
  }
  sum += has;
  if (--left == 0) loop.Stop();
}
TEST_P(KeyValueContract, ManyWhoTakeAtOnceGetTheLimitAndNoMore) {
  std::int64_t granted = 0;
  int left = 20;
  {
    net::TaskGroup group(loop_);
    for (int i = 0; i < 20; ++i) {
      group.Spawn(TakeMany(i % 2 == 0 ? *mine_ : *theirs_, std::to_string(i), Soon(), granted, left, loop_));
    }
    if (left > 0) loop_.Run();
  }
  EXPECT_EQ(granted, 10'000);
}

using Drawing = KeyValue::Drawn::Outcome;

MATCHER_P2(Drew, total, left, "") { return arg.total == total && arg.left == left && arg.outcome == Drawing::kDone; }

// Of a bucket that yields next to nothing while a test runs.
KeyValue::Draft DraftOf(const std::string& holder, std::int64_t turn, std::int64_t told, std::int64_t wanted) {
  return {.key = "bucket",
          .holder = holder,
          .turn = turn,
          .told = told,
          .total = told,
          .wanted = wanted,
          .per_minute = 1,
          .burst = 100,
          .lapse = seconds(60)};
}

TEST_P(KeyValueContract, WhatIsDrawnNeverExceedsWhatIsThere) {
  EXPECT_THAT(Draw(DraftOf("a", 1, 0, 60)), Drew(60, 40));
  EXPECT_THAT(Draw(DraftOf("b", 1, 0, 60)), Drew(40, 0));
  EXPECT_THAT(Draw(DraftOf("a", 2, 60, 1)), Drew(60, 0));
  const KeyValue::Drawn all = Draw(DraftOf("b", 2, 40, 0));
  EXPECT_GE(all.millionths, 0);
  EXPECT_LT(all.millionths, 900'000) << "a unit takes a minute";
}

TEST_P(KeyValueContract, ABucketFillsWithTime) {
  const auto draft = [](std::int64_t turn, std::int64_t told, std::int64_t wanted) {
    KeyValue::Draft one = DraftOf("a", turn, told, wanted);
    one.per_minute = 60'000;  // one a millisecond
    one.burst = 5000;
    return one;
  };
  EXPECT_THAT(Draw(draft(1, 0, 5000)), testing::Field(&KeyValue::Drawn::total, 5000));
  const base::TimePoint began = base::SystemClock().Now();
  net::BlockOn(loop_, loop_.Sleep(milliseconds(300)));
  const KeyValue::Drawn later = Draw(draft(2, 5000, 5000));
  const auto most = std::chrono::ceil<milliseconds>(base::SystemClock().Now() - began) + milliseconds(100);
  EXPECT_GE(later.total, 5000 + 295);
  EXPECT_LE(later.total, 5000 + most.count());
  EXPECT_EQ(later.left, 0);
}

TEST_P(KeyValueContract, WhatHoldersHaveAndDoNotUseIsPartOfTheBurst) {
  KeyValue::Draft fast = DraftOf("a", 1, 0, 0);
  fast.ahead = 30;
  fast.per_minute = 60'000'000;  // full at any time
  EXPECT_THAT(Draw(fast), Drew(30, 70));
  KeyValue::Draft other = fast;
  other.holder = "b";
  other.ahead = 0;
  EXPECT_THAT(Draw(other), Drew(0, 70)) << "what the first holds is not filled up";
  fast = DraftOf("a", 2, 30, 0);
  fast.per_minute = other.per_minute;
  fast.held = 10;
  Draw(fast);
  other.turn = 2;
  net::BlockOn(loop_, loop_.Sleep(milliseconds(2)));
  EXPECT_THAT(Draw(other), Drew(0, 90)) << "it has used 20 of it";
}

TEST_P(KeyValueContract, WhatIsHeldLapses) {
  KeyValue::Draft brief = DraftOf("a", 1, 0, 0);
  brief.ahead = 30;
  brief.per_minute = 60'000'000;
  brief.lapse = milliseconds(300);
  Draw(brief);
  net::BlockOn(loop_, loop_.Sleep(milliseconds(400)));
  KeyValue::Draft other = brief;
  other.holder = "b";
  other.ahead = 0;
  other.wanted = 71;
  EXPECT_THAT(Draw(other), Drew(71, 29)) << "what is drawn for use at once is used";
  net::BlockOn(loop_, loop_.Sleep(milliseconds(2)));
  other.turn = 2;
  other.told = 71;
  other.total = 71;
  other.wanted = 0;
  EXPECT_THAT(Draw(other), Drew(71, 100));
}

TEST_P(KeyValueContract, WhatIsGivenBackIsThereForOthers) {
  Draw(DraftOf("a", 1, 0, 100));
  KeyValue::Draft back = DraftOf("a", 2, 100, 0);
  back.total = 30;
  EXPECT_THAT(Draw(back), Drew(30, 70));
  back.turn = 3;
  back.told = 30;
  back.total = -500;
  EXPECT_THAT(Draw(back), Drew(-500, 100)) << "a bucket does not run over";
}

TEST_P(KeyValueContract, WhatWasUsedWithoutAskingIsOwed) {
  KeyValue::Draft debt = DraftOf("a", 1, 0, 10);
  debt.total = 130;
  EXPECT_THAT(Draw(debt), Drew(130, -30));
  EXPECT_THAT(Draw(DraftOf("b", 1, 0, 1)), Drew(0, -30));
  debt.turn = 2;
  debt.told = 130;
  debt.total = 1'000'000;
  EXPECT_THAT(Draw(debt), Drew(1'000'000, -1440)) << "a day's worth at most";
}

TEST_P(KeyValueContract, AnAnswerThatWasLostIsMadeGoodByTheNextDraft) {
  Draw(DraftOf("a", 1, 0, 50));
  EXPECT_THAT(Draw(DraftOf("a", 2, 0, 20)), Drew(20, 80)) << "the fifty never came";
  const KeyValue::Draft late = DraftOf("a", 1, 0, 50);
  EXPECT_EQ(Draw(late).outcome, Drawing::kOvertaken);
  EXPECT_THAT(Draw(DraftOf("b", 1, 0, 0)), Drew(0, 80)) << "what came late changed nothing";
}

TEST_P(KeyValueContract, DrawsAheadNoMoreThanAPartOfWhatIsLeft) {
  KeyValue::Draft draft = DraftOf("a", 1, 0, 4);
  draft.ahead = 50;
  draft.parts = 16;
  EXPECT_THAT(Draw(draft), Drew(4 + 6, 90));
  draft = DraftOf("b", 1, 0, 80);
  draft.ahead = 50;
  draft.parts = 16;
  EXPECT_THAT(Draw(draft), Drew(80, 10)) << "near the end, only what is needed";
  draft = DraftOf("c", 1, 0, 30);
  draft.least = 11;
  EXPECT_THAT(Draw(draft), Drew(0, 10)) << "too little to be of use";
  draft.turn = 2;
  draft.least = 10;
  EXPECT_THAT(Draw(draft), Drew(10, 0));
}

TEST_P(KeyValueContract, LargeBucketsAreCountedToTheUnit) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  KeyValue::Draft draft = DraftOf("a", std::numeric_limits<std::int64_t>::max(), 0, kMost - 1);
  draft.burst = kMost;
  EXPECT_THAT(Draw(draft), Drew(kMost - 1, 1));
  draft = DraftOf("b", 1, 0, 5);
  draft.burst = kMost;
  EXPECT_THAT(Draw(draft), Drew(1, 0));
}

TEST_P(KeyValueContract, CountersHaveAWindow) {
  EXPECT_EQ(Must(mine_->Count("c", 1, milliseconds(400), Soon())), 1);
  EXPECT_EQ(Must(theirs_->Count("c", 4, milliseconds(400), Soon())), 5);
  net::BlockOn(loop_, loop_.Sleep(milliseconds(500)));
  EXPECT_EQ(Must(mine_->Count("c", 2, milliseconds(400), Soon())), 2);
}

TEST_P(KeyValueContract, ATextIsNoQuantity) {
  Set({.key = "budget", .value = "not a number"});
  const auto taken = *net::BlockOn(loop_, mine_->Take(ClaimOf("a", 0, 1), Soon()));
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(taken.error().source, base::ErrorSource::kStore);
  EXPECT_FALSE((*net::BlockOn(loop_, mine_->Count("budget", 1, seconds(1), Soon()))).ok());
  EXPECT_EQ(Get("budget"), "not a number");
}

class Ear final : public KeyValue::Listener {
 public:
  void OnMessage(std::string_view message) override { heard.emplace_back(message); }
  void OnInStep() override { heard.emplace_back("<in step>"); }
  void OnLost() override { heard.emplace_back("<lost>"); }
  std::vector<std::string> heard;
};

TEST_P(KeyValueContract, NewsReachWhoListens) {
  Ear ear;
  Ear other;
  const auto subscription = mine_->Subscribe("changes", ear);
  const auto elsewhere = mine_->Subscribe("elsewhere", other);
  EXPECT_TRUE(ear.heard.empty());
  WaitUntil([&] { return ear.heard.size() == 1 && other.heard.size() == 1; });
  Must(theirs_->Publish("changes", "one", Soon()));
  Must(mine_->Publish("changes", "two", Soon()));
  WaitUntil([&] { return ear.heard.size() == 3; });
  EXPECT_THAT(ear.heard, ElementsAre("<in step>", "one", "two"));
  EXPECT_THAT(other.heard, ElementsAre("<in step>"));
}

TEST_P(KeyValueContract, SeveralCanListenAndStopListening) {
  Ear first;
  Ear second;
  auto one = mine_->Subscribe("changes", first);
  WaitUntil([&] { return first.heard.size() == 1; });
  auto two = mine_->Subscribe("changes", second);
  WaitUntil([&] { return second.heard.size() == 1; });
  EXPECT_EQ(first.heard.size(), 1U);
  Must(theirs_->Publish("changes", "a", Soon()));
  WaitUntil([&] { return first.heard.size() == 2 && second.heard.size() == 2; });
  one.reset();
  Must(theirs_->Publish("changes", "b", Soon()));
  WaitUntil([&] { return second.heard.size() == 3; });
  EXPECT_EQ(first.heard.size(), 2U);
  two.reset();
  Must(theirs_->Publish("changes", "c", Soon()));
  EXPECT_EQ(second.heard.size(), 3U);
}

TEST_P(KeyValueContract, WorksAndSaysSo) {
  static_cast<void>(Get("k"));
  EXPECT_EQ(mine_->health().state, Health::State::kWorking);
}

INSTANTIATE_TEST_SUITE_P(
    Stores, KeyValueContract,
    testing::Values(StoreKind{"Memory", [](net::EpollLoop& loop) { return std::make_unique<MemoryRig>(loop); }},
                    StoreKind{"Redis", [](net::EpollLoop& loop) { return std::make_unique<RedisRig>(loop); }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace gatehouse::store
