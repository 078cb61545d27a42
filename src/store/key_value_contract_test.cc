#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
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
  KeyValue::Grant Take(std::int64_t amount, std::int64_t limit, std::int64_t least = 1,
                       base::Duration ttl = seconds(60)) {
    return Must(theirs_->Take({.key = "budget", .amount = amount, .least = least, .limit = limit, .ttl = ttl}, Soon()));
  }
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

TEST_P(KeyValueContract, SlicesNeverExceedTheLimit) {
  EXPECT_EQ(Take(60, 100), (KeyValue::Grant{.amount = 60, .taken = 60}));
  EXPECT_EQ(Take(60, 100), (KeyValue::Grant{.amount = 40, .taken = 100}));
  EXPECT_EQ(Take(60, 100), (KeyValue::Grant{.amount = 0, .taken = 100}));
  EXPECT_EQ(Take(60, 130, 31), (KeyValue::Grant{.amount = 0, .taken = 100}));  // too small a slice
  EXPECT_EQ(Take(60, 130, 30), (KeyValue::Grant{.amount = 30, .taken = 130}));
  EXPECT_EQ(Take(60, 50), (KeyValue::Grant{.amount = 0, .taken = 130}));  // the limit was lowered
}

TEST_P(KeyValueContract, WhatIsGivenBackCanBeTakenAgain) {
  Take(100, 100);
  EXPECT_EQ(Must(mine_->Give("budget", 30, Soon())), 70);
  EXPECT_EQ(Take(60, 100), (KeyValue::Grant{.amount = 30, .taken = 100}));
  EXPECT_EQ(Must(mine_->Give("budget", 1000, Soon())), 0);
  EXPECT_EQ(Must(mine_->Give("never", 10, Soon())), 0);
  EXPECT_EQ(Get("never"), std::nullopt);
}

TEST_P(KeyValueContract, TakenQuantitiesAreForgottenInTime) {
  Take(100, 100, 1, milliseconds(400));
  EXPECT_EQ(Must(mine_->Give("budget", 50, Soon())), 50);
  EXPECT_EQ(Take(50, 100, 1, seconds(100)).amount, 50);  // does not prolong it
  net::BlockOn(loop_, loop_.Sleep(milliseconds(500)));
  EXPECT_EQ(Take(100, 100), (KeyValue::Grant{.amount = 100, .taken = 100}));
}

TEST_P(KeyValueContract, LargeQuantitiesAreExact) {
  constexpr std::int64_t kMost = KeyValue::kMostQuantity;
  EXPECT_EQ(Take(kMost - 1, kMost), (KeyValue::Grant{.amount = kMost - 1, .taken = kMost - 1}));
  EXPECT_EQ(Take(5, kMost), (KeyValue::Grant{.amount = 1, .taken = kMost}));
  EXPECT_EQ(Must(mine_->Give("budget", kMost - 3, Soon())), 3);
}

// Many at once, on two connections: what they get adds up to the limit.
net::Task<> TakeMany(KeyValue& store, net::Deadline deadline, std::int64_t& granted, int& left, net::EpollLoop& loop) {
  for (;;) {
    const auto grant =
        co_await store.Take({.key = "budget", .amount = 7, .limit = 10'000, .ttl = seconds(60)}, deadline);
    EXPECT_TRUE(grant.ok());
    if (!grant.ok() || grant.value().amount == 0) break;
    granted += grant.value().amount;
  }
  if (--left == 0) loop.Stop();
}
TEST_P(KeyValueContract, ManyWhoTakeAtOnceGetTheLimitAndNoMore) {
  std::int64_t granted = 0;
  int left = 20;
  {
    net::TaskGroup group(loop_);
    for (int i = 0; i < 20; ++i) group.Spawn(TakeMany(i % 2 == 0 ? *mine_ : *theirs_, Soon(), granted, left, loop_));
    if (left > 0) loop_.Run();
  }
  EXPECT_EQ(granted, 10'000);
}

TEST_P(KeyValueContract, CountersHaveAWindow) {
  EXPECT_EQ(Must(mine_->Count("c", 1, milliseconds(400), Soon())), 1);
  EXPECT_EQ(Must(theirs_->Count("c", 4, milliseconds(400), Soon())), 5);
  net::BlockOn(loop_, loop_.Sleep(milliseconds(500)));
  EXPECT_EQ(Must(mine_->Count("c", 2, milliseconds(400), Soon())), 2);
}

TEST_P(KeyValueContract, ATextIsNoQuantity) {
  Set({.key = "budget", .value = "not a number"});
  const auto taken =
      *net::BlockOn(loop_, mine_->Take({.key = "budget", .amount = 1, .limit = 10, .ttl = seconds(1)}, Soon()));
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
