#include "features/accounting/lessor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/random.h"
#include "features/accounting/test_cluster.h"

namespace gatehouse::features::accounting {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = WindowSpec::Kind;
using Reason = Refusal::Reason;
using Unit = WindowSpec::Unit;

constexpr std::int64_t kLimit = 77;

std::shared_ptr<const Limit> LimitOf(std::int64_t amount, Unit unit = Unit::kTotal, Kind kind = Kind::kCalendar) {
  return std::make_shared<const Limit>(Limit{.id = kLimit,
                                             .organization = {1},
                                             .node = {1},
                                             .name = "shared",
                                             .dimension = Dimension::kTokens,
                                             .amount = amount,
                                             .window = {.unit = unit, .kind = kind, .zone = nullptr}});
}

class LessorTest : public testing::Test {
 protected:
  explicit LessorTest(std::shared_ptr<const Limit> limit = LimitOf(1000)) { Use(std::move(limit)); }
  void Use(std::shared_ptr<const Limit> limit) {
    limit_ = std::move(limit);
    limits_ = {limit_};
  }
  // Begins or begins again.
  FakeGateway& Start(std::size_t index) {
    gateways_.at(index).reset();
    gateways_.at(index) =
        std::make_unique<FakeGateway>(loop_, values_, records_, log_, static_cast<std::int64_t>(index) + 101, limits_);
    const auto started = loop_.AwaitFor(gateways_.at(index)->lessor->Start(loop_.In(seconds(30))), seconds(60));
    EXPECT_TRUE(started && started->ok());
    return *gateways_.at(index);
  }
  Ask AskFor(std::int64_t tokens) const {
    return {.chain = chain_, .model = "m", .fixed = {.usd = {}, .tokens = tokens, .requests = 1}};
  }
  std::variant<Reservation, Refusal> Reserve(FakeGateway& gateway, std::int64_t tokens) {
    auto answer = loop_.AwaitFor(gateway.Reserve(AskFor(tokens)), seconds(10));
    EXPECT_TRUE(answer);
    return std::move(*answer);
  }
  // Spends, or says why not.
  std::optional<Reason> Spend(FakeGateway& gateway, std::int64_t tokens) {
    const std::int64_t piece = PieceAt(limit_->window, gateway.Now()).begin;
    auto answer = Reserve(gateway, tokens);
    if (auto* refusal = std::get_if<Refusal>(&answer)) return refusal->reason;
    gateway.Settle(std::move(std::get<Reservation>(answer)), tokens, piece, kLimit);
    return {};
  }
  Stake StakeOf(FakeGateway& gateway) { return *gateway.treasury.StakeIn({1}, kLimit, 0, gateway.Now()); }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  FakeRecords records_;
  const std::vector<pipeline::Link> chain_ = {{pipeline::NodeKind::kOrganization, {1}}};
  std::shared_ptr<const Limit> limit_;
  Treasury::Limits limits_;
  std::array<std::unique_ptr<FakeGateway>, 3> gateways_;
};

TEST_F(LessorTest, ASliceIsTakenAndServesManyRequests) {
  FakeGateway& a = Start(0);
  EXPECT_FALSE(Spend(a, 10));
  EXPECT_EQ(StakeOf(a).has, 1000 / 16);
  for (int i = 0; i < 5; ++i) {
    a.store.state = UnsteadyStore::State::kAway;
    EXPECT_FALSE(Spend(a, 1)) << "needs nobody";
  }
}

TEST_F(LessorTest, TheLastTokensAreSpentWhereverTheyLie) {
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  FakeGateway& c = Start(2);
  EXPECT_FALSE(Spend(a, 10));
  EXPECT_FALSE(Spend(b, 10));
  EXPECT_FALSE(Spend(c, 10));
  EXPECT_GT(StakeOf(b).idle(), 0);
  EXPECT_FALSE(Spend(a, 970)) << "what the others do not need comes back";
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
  EXPECT_EQ(Spend(b, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, AnAnswerIsOnlyShortenedWhereAllHaveNoMore) {
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(a, 10));
  EXPECT_FALSE(Spend(b, 10));
  Ask ask = AskFor(10);
  ask.wanted_output = 5000;
  ask.least_output = 16;
  auto answer = loop_.AwaitFor(a.Reserve(ask), seconds(10));
  ASSERT_TRUE(answer && std::holds_alternative<Reservation>(*answer));
  EXPECT_EQ(std::get<Reservation>(*answer).output_tokens(), 1000 - 20 - 10);
}

TEST_F(LessorTest, WhatIsUsedUpIsToldWithoutAsking) {
  FakeGateway& a = Start(0);
  EXPECT_FALSE(Spend(a, 1000));
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
  Ask ask = AskFor(1);
  ask.patience = Ask::Patience::kMayWait;
  ask.now = a.Now();
  const auto answer = a.treasury.Reserve(ask);
  EXPECT_EQ(std::get<Refusal>(answer).reason, Reason::kUsedUp);
  ask.now += 2;
  const auto later = a.treasury.Reserve(ask);
  EXPECT_EQ(std::get<Refusal>(later).reason, Reason::kShort) << "something may have come back";
}

TEST_F(LessorTest, AStoreThatIsAwayIsNoAnswer) {
  FakeGateway& a = Start(0);
  EXPECT_FALSE(Spend(a, 10));
  a.store.state = UnsteadyStore::State::kAway;
  const auto began = loop_.Now();
  EXPECT_EQ(Spend(a, 500), Reason::kUnchecked);
  EXPECT_LT(loop_.Now() - began, milliseconds(10)) << "it is known";
  EXPECT_FALSE(Spend(a, 10)) << "within the slice";
  a.store.state = UnsteadyStore::State::kHangs;
  EXPECT_EQ(Spend(a, 500), Reason::kUnchecked);
  EXPECT_LT(loop_.Now() - began, seconds(2));
  loop_.Advance(seconds(3));
  EXPECT_NE(a.lessor->Problem(), "");
  a.store.state = UnsteadyStore::State::kWorking;
  loop_.Advance(seconds(3));
  EXPECT_EQ(a.lessor->Problem(), "");
  EXPECT_FALSE(Spend(a, 500));
}

TEST_F(LessorTest, ALostAnswerLosesNothing) {
  FakeGateway& a = Start(0);
  EXPECT_FALSE(Spend(a, 10));
  a.store.state = UnsteadyStore::State::kLosesAnswers;
  EXPECT_EQ(Spend(a, 900), Reason::kUnchecked);
  a.store.state = UnsteadyStore::State::kWorking;
  EXPECT_FALSE(Spend(a, 990));
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, WhoIsKilledFindsWhatItHad) {
  Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(*gateways_[0], 100));
  const std::int64_t had = StakeOf(*gateways_[0]).idle();
  gateways_[0].reset();
  const auto refused = Spend(b, 900);
  EXPECT_EQ(refused, Reason::kUsedUp) << "its slices stay deducted";
  EXPECT_FALSE(Spend(b, 900 - had));
  FakeGateway& again = Start(0);
  EXPECT_EQ(StakeOf(again).used, 100);
  loop_.Advance(seconds(1));
  EXPECT_FALSE(Spend(again, had)) << "and are found";
  EXPECT_EQ(Spend(b, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, WhoComesBackGivesBackWhatItForgot) {
  Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(*gateways_[0], 100));
  Start(0);
  EXPECT_FALSE(Spend(b, 900)) << "asked by the others before it needed any";
}

TEST_F(LessorTest, IdleSlicesReturn) {
  FakeGateway& a = Start(0);
  EXPECT_FALSE(Spend(a, 10));
  EXPECT_GT(StakeOf(a).idle(), 0);
  loop_.Advance(seconds(40));
  EXPECT_EQ(StakeOf(a).idle(), 0);
  EXPECT_FALSE(Spend(a, 10));
}

TEST_F(LessorTest, WhoLeavesInOrderLeavesNothingBehind) {
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(a, 100));
  EXPECT_TRUE(loop_.AwaitFor(a.lessor->GiveBackAll(loop_.In(seconds(5))), seconds(5))->ok());
  EXPECT_TRUE(loop_.AwaitFor(a.lessor->Leave(loop_.In(seconds(5))), seconds(5))->ok());
  gateways_[0].reset();
  EXPECT_FALSE(Spend(b, 900));
  EXPECT_EQ(Spend(b, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, TwoOfOneNameDoNotLiveAtOnce) {
  FakeGateway& a = Start(0);
  FakeGateway other(loop_, values_, records_, log_, 999, limits_);
  other.lessor =
      std::make_unique<Lessor>(Lessor::Parts{.loop = loop_,
                                             .store = other.store,
                                             .treasury = other.treasury,
                                             .records = records_,
                                             .log = log_,
                                             .recovered = [] { return true; }},
                               LeaseMembership::Self{.name = "gateway-101", .journal = 999}, LessorSettings{});
  auto started = loop_.AwaitFor(other.lessor->Start(loop_.In(seconds(20))), seconds(60));
  ASSERT_TRUE(started);
  EXPECT_EQ(started->error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(a.lessor->Problem(), "");
  gateways_[0].reset();
  started = loop_.AwaitFor(other.lessor->Start(loop_.In(seconds(20))), seconds(60));
  EXPECT_TRUE(started && started->ok()) << "the name of one that died is free in time";
}

TEST_F(LessorTest, WhatOneThatIsGoneHadCanBeReleased) {
  FakeGateway& b = Start(1);
  Start(0);
  EXPECT_FALSE(Spend(*gateways_[0], 100));
  const GatewayRecord record = records_.gateways.at(101);
  auto released = loop_.AwaitFor(b.lessor->Release(record, limits_, loop_.In(seconds(5))), seconds(5));
  EXPECT_EQ(released->error().code, base::ErrorCode::kConflict) << "it lives";
  gateways_[0].reset();
  loop_.Advance(seconds(20));
  EXPECT_EQ(Spend(b, 900), Reason::kUsedUp);
  released = loop_.AwaitFor(b.lessor->Release(record, limits_, loop_.In(seconds(5))), seconds(5));
  ASSERT_TRUE(released && released->ok());
  EXPECT_FALSE(Spend(b, 900));
  EXPECT_EQ(Spend(b, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, AStoreThatLostEverythingIsFilledAgainBeforeAnythingIsTaken) {
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(a, 300));
  EXPECT_FALSE(Spend(b, 300));
  const std::int64_t idle = StakeOf(b).idle();
  ASSERT_GT(idle, 0);
  // b holds a slice, and cannot say so yet.
  loop_.AwaitFor(a.store.Delete("budgets:generation", loop_.In(seconds(1))), seconds(1));
  values_.ForgetQuantities();
  b.store.state = UnsteadyStore::State::kHangs;
  loop_.Advance(seconds(3));
  EXPECT_EQ(Spend(a, 400), Reason::kUnchecked);
  b.store.state = UnsteadyStore::State::kWorking;
  loop_.Advance(seconds(3));
  EXPECT_FALSE(Spend(a, 400));
  EXPECT_EQ(Spend(b, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, WhatWasUsedBeforeThereWasTheLimitCounts) {
  records_.uses[{kLimit, 0, 0}] = 600;
  records_.uses[{kLimit, 5, 0}] = 300;
  FakeGateway& a = Start(0);
  EXPECT_EQ(Spend(a, 101), Reason::kUsedUp);
  EXPECT_FALSE(Spend(a, 100));
}

TEST_F(LessorTest, TheNextWindowHasItsOwnSlices) {
  Use(LimitOf(100, Unit::kMinute));
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(a, 60));
  EXPECT_FALSE(Spend(b, 40));
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
  loop_.Advance(seconds(60));
  EXPECT_FALSE(Spend(b, 100));
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
}

TEST_F(LessorTest, ARollingWindowForgetsWhatOneThatIsGoneSpent) {
  Use(LimitOf(100, Unit::kMinute, Kind::kRolling));
  FakeGateway& a = Start(0);
  Start(1);
  EXPECT_FALSE(Spend(*gateways_[1], 60));
  const std::int64_t idle = StakeOf(*gateways_[1]).idle();
  gateways_[1].reset();
  EXPECT_FALSE(Spend(a, 100 - 60 - idle));
  EXPECT_EQ(Spend(a, 1), Reason::kUsedUp);
  loop_.Advance(seconds(70));
  EXPECT_FALSE(Spend(a, 30)) << "what it spent itself";
  loop_.Advance(seconds(180));
  EXPECT_FALSE(Spend(a, 100));
}

TEST_F(LessorTest, StepsCountWhatAllSpend) {
  auto limit = std::make_shared<Limit>(*limit_);
  limit->steps = {{.permille = 500, .action = Step::Action::kAlert}};
  Use(std::move(limit));
  FakeGateway& a = Start(0);
  FakeGateway& b = Start(1);
  EXPECT_FALSE(Spend(a, 300));
  EXPECT_FALSE(Spend(b, 300));
  loop_.Advance(seconds(12));
  for (FakeGateway* one : {&a, &b}) {
    EXPECT_EQ(one->treasury.Standings({1}, one->Now()).at(0).spent, 600);
    EXPECT_EQ(one->treasury.TakePassed().size(), 1U);
  }
}

// Any number of gateways, in any order of what can happen to them, against a counter.
struct Story {
  std::uint64_t seed;
  Unit unit;
  Kind kind;
};
void PrintTo(const Story& story, std::ostream* out) { *out << story.seed; }

class LessorStory : public LessorTest, public testing::WithParamInterface<Story> {
 protected:
  struct Open {
    std::size_t gateway = 0;
    Reservation reservation;
    std::int64_t held = 0;
    std::int64_t piece = 0;
  };

  std::int64_t Amount() { return static_cast<std::int64_t>(random_.Below(90)) + 1; }

  void Ask() {
    const std::size_t at = random_.Below(3);
    FakeGateway& gateway = *gateways_.at(at);
    const std::int64_t amount = Amount();
    const std::int64_t piece = PieceAt(limit_->window, gateway.Now()).begin;
    auto answer = Reserve(gateway, amount);
    if (auto* reservation = std::get_if<Reservation>(&answer)) {
      open_.push_back({.gateway = at, .reservation = std::move(*reservation), .held = amount, .piece = piece});
    }
  }
  void SettleOne() {
    if (open_.empty()) return;
    const auto which = static_cast<std::ptrdiff_t>(random_.Below(open_.size()));
    Open one = std::move(open_.at(static_cast<std::size_t>(which)));
    open_.erase(open_.begin() + which);
    const auto used = static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(one.held) + 1));
    gateways_.at(one.gateway)->Settle(std::move(one.reservation), used, one.piece, kLimit);
  }
  // What was under way is charged at its worst.
  void Kill() {
    const std::size_t at = random_.Below(3);
    for (Open& one : open_) {
      if (one.gateway != at) continue;
      gateways_.at(at)->Settle(std::move(one.reservation), one.held, one.piece, kLimit);
    }
    std::erase_if(open_, [at](const Open& one) { return one.gateway == at; });
    gateways_.at(at)->store.state = UnsteadyStore::State::kWorking;
    Start(at);
  }
  void Disturb() {
    constexpr std::array kStates = {UnsteadyStore::State::kWorking, UnsteadyStore::State::kAway,
                                    UnsteadyStore::State::kLosesAnswers, UnsteadyStore::State::kHangs};
    gateways_.at(random_.Below(3))->store.state = kStates.at(random_.Below(kStates.size()));
  }
  void LoseEverything() {
    values_.ForgetQuantities();
    store::memory::MemoryKeyValue store(loop_, values_);
    loop_.AwaitFor(store.Delete("budgets:generation", loop_.In(seconds(1))), seconds(1));
  }
  void Step() {
    switch (random_.Below(16)) {
      case 0: Kill(); break;
      case 1: Disturb(); break;
      case 2: loop_.Advance(milliseconds(random_.Below(5000))); break;
      case 3:
        if (random_.Below(4) == 0) LoseEverything();
        break;
      case 4:
      case 5:
      case 6:
      case 7: SettleOne(); break;
      default: Ask();
    }
  }
  // What was used in the window, and is held.
  std::int64_t Admitted() const {
    const std::int64_t now = SecondsOf(clock_.Wall());
    const Span present = PieceAt(limit_->window, now);
    const bool rolling = limit_->window.kind == Kind::kRolling;
    const std::int64_t first = rolling ? present.begin - RollingOf(limit_->window.unit).length : present.begin;
    std::int64_t sum = 0;
    for (const auto& [key, used] : records_.uses) sum += std::get<2>(key) >= first ? used : 0;
    for (const Open& one : open_) sum += one.piece >= first ? one.held : 0;
    return sum;
  }

  base::Random random_{GetParam().seed};
  std::deque<Open> open_;
};

TEST_P(LessorStory, TogetherTheyNeverAdmitMoreAndInTheEndNotLess) {
  constexpr std::int64_t kAmount = 1000;
  Use(LimitOf(kAmount, GetParam().unit, GetParam().kind));
  for (std::size_t i = 0; i < gateways_.size(); ++i) Start(i);
  for (int i = 0; i < 300; ++i) {
    Step();
    ASSERT_LE(Admitted(), kAmount) << "after step " << i;
  }
  for (auto& gateway : gateways_) gateway->store.state = UnsteadyStore::State::kWorking;
  while (!open_.empty()) SettleOne();
  loop_.Advance(seconds(5));
  if (GetParam().kind == Kind::kRolling) return;  // what it forgets meanwhile can be spent again
  for (auto& gateway : gateways_) EXPECT_EQ(gateway->lessor->Problem(), "");
  const std::int64_t left = kAmount - Admitted();
  if (left > 0) EXPECT_FALSE(Spend(*gateways_[0], left));
  for (auto& gateway : gateways_) EXPECT_EQ(Spend(*gateway, 1), Reason::kUsedUp);
}

std::vector<Story> Stories() {
  std::vector<Story> stories;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    stories.push_back({.seed = seed, .unit = Unit::kTotal, .kind = Kind::kCalendar});
    stories.push_back({.seed = seed, .unit = Unit::kMonth, .kind = Kind::kCalendar});
    stories.push_back({.seed = seed, .unit = Unit::kMinute, .kind = Kind::kRolling});
    stories.push_back({.seed = seed, .unit = Unit::kHour, .kind = Kind::kRolling});
  }
  return stories;
}
INSTANTIATE_TEST_SUITE_P(Seeds, LessorStory, testing::ValuesIn(Stories()));

}  // namespace
}  // namespace gatehouse::features::accounting
