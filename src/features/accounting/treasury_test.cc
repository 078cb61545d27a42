#include "features/accounting/treasury.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/random.h"

namespace gatehouse::features::accounting {
namespace {

// Puts limits in force.
void Put(Treasury& treasury, std::vector<Limit> limits, std::span<const Spent> spent, std::int64_t now) {
  Treasury::Limits shared;
  for (Limit& limit : limits) shared.push_back(std::make_shared<const Limit>(std::move(limit)));
  treasury.Apply(shared, spent, now);
}

using pipeline::Link;
using pipeline::NodeKind;
using Kind = WindowSpec::Kind;
using Unit = WindowSpec::Unit;

constexpr std::int64_t kNow = 1'700'000'000;

std::vector<Link> Chain(std::int64_t leaf = 5) {
  return {{NodeKind::kOrganization, {1}},
          {NodeKind::kTeam, {2}},
          {NodeKind::kProject, {3}},
          {NodeKind::kApplication, {4}},
          {NodeKind::kKey, {leaf}}};
}

Limit LimitOf(std::int64_t id, std::int64_t node, Dimension dimension, std::int64_t amount, Unit unit = Unit::kTotal,
              Kind kind = Kind::kCalendar) {
  return {.id = id,
          .organization = {1},
          .node = {node},
          .name = "limit " + std::to_string(id),
          .dimension = dimension,
          .amount = amount,
          .window = {.unit = unit, .kind = kind, .zone = nullptr}};
}

Ask AskFor(const std::vector<Link>& chain, std::int64_t requests = 1, std::int64_t now = kNow) {
  return {.chain = chain, .model = "m", .fixed = {.usd = {}, .tokens = 0, .requests = requests}, .now = now};
}

std::optional<Reservation> Take(std::variant<Reservation, Refusal> answer) {
  if (auto* reservation = std::get_if<Reservation>(&answer)) return std::move(*reservation);
  return {};
}
Refusal RefusalIn(const std::variant<Reservation, Refusal>& answer) {
  const auto* refusal = std::get_if<Refusal>(&answer);
  EXPECT_NE(refusal, nullptr);
  return refusal == nullptr ? Refusal{} : *refusal;
}

std::map<std::int64_t, Treasury::Standing> Standings(const Treasury& treasury, std::int64_t now = kNow) {
  std::map<std::int64_t, Treasury::Standing> by_limit;
  for (auto& standing : treasury.Standings({1}, now)) by_limit[standing.limit->id] = standing;
  return by_limit;
}

TEST(Treasury, WithoutLimitsEverythingIsGranted) {
  Treasury treasury;
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  ask.wanted_output = 77;
  auto reservation = Take(treasury.Reserve(ask));
  ASSERT_TRUE(reservation);
  EXPECT_TRUE(reservation->empty());
  EXPECT_EQ(reservation->output_tokens(), 77);
}

TEST(Treasury, HoldsOnEveryLevelOrOnNone) {
  Treasury treasury;
  Put(treasury,
      {LimitOf(10, 1, Dimension::kRequests, 5), LimitOf(11, 3, Dimension::kRequests, 3),
       LimitOf(12, 5, Dimension::kRequests, 2)},
      {}, kNow);
  const auto chain = Chain();
  auto first = Take(treasury.Reserve(AskFor(chain)));
  auto second = Take(treasury.Reserve(AskFor(chain)));
  ASSERT_TRUE(first && second);
  const Refusal refusal = RefusalIn(treasury.Reserve(AskFor(chain)));
  EXPECT_EQ(refusal.limit.id, 12);
  EXPECT_EQ(refusal.kind, NodeKind::kKey);
  EXPECT_EQ(Standings(treasury)[10].held, 2);
  EXPECT_EQ(Standings(treasury)[11].held, 2);

  const auto other = Chain(6);
  ASSERT_TRUE(Take(treasury.Reserve(AskFor(other)))) << "what is dropped is given back";
  first->Settle({.usd = {}, .tokens = 0, .requests = 1}, "p");
  EXPECT_EQ(Standings(treasury)[10].spent, 1);
  EXPECT_EQ(Standings(treasury)[10].held, 1);
  second.reset();
  EXPECT_EQ(Standings(treasury)[12].held, 0);
  EXPECT_EQ(Standings(treasury)[12].spent, 1);
}

TEST(Treasury, GrantsAsMuchOfAnAnswerAsTheTightestAccountPaysFor) {
  Treasury treasury;
  Put(treasury, {LimitOf(10, 1, Dimension::kUsd, 1'000'000'000), LimitOf(11, 2, Dimension::kTokens, 600)}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  ask.fixed = {.usd = {999'000'000}, .tokens = 100, .requests = 1};
  ask.output_price = 10'000'000'000;  // 10 USD per million: 10,000 nano-USD a token
  ask.wanted_output = 4096;
  ask.least_output = 16;
  auto reservation = Take(treasury.Reserve(ask));
  ASSERT_TRUE(reservation);
  EXPECT_EQ(reservation->output_tokens(), 100);
  EXPECT_EQ(reservation->held().usd.value, 1'000'000'000);
  EXPECT_EQ(Standings(treasury)[10].held, 1'000'000'000);
  EXPECT_EQ(Standings(treasury)[11].held, 200);

  const Refusal refusal = RefusalIn(treasury.Reserve(ask));
  EXPECT_EQ(refusal.limit.id, 10);
  EXPECT_EQ(refusal.left, 0);
  EXPECT_FALSE(refusal.output_tokens);
}

TEST(Treasury, SaysHowManyTokensCouldBeHad) {
  Treasury treasury;
  Put(treasury, {LimitOf(11, 2, Dimension::kTokens, 600)}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  ask.fixed.tokens = 100;
  ask.wanted_output = ask.least_output = 1000;
  EXPECT_EQ(RefusalIn(treasury.Reserve(ask)).output_tokens, 500);
}

TEST(Treasury, AHoldCanGrow) {
  Treasury treasury;
  Put(treasury, {LimitOf(10, 1, Dimension::kTokens, 100)}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  ask.fixed.tokens = 60;
  auto reservation = Take(treasury.Reserve(ask));
  ASSERT_TRUE(reservation);
  EXPECT_FALSE(reservation->Extend({.usd = {}, .tokens = 30, .requests = 0}, kNow));
  const auto refusal = reservation->Extend({.usd = {}, .tokens = 11, .requests = 0}, kNow);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->left, 10);
  EXPECT_EQ(Standings(treasury)[10].held, 90);
  reservation->Settle({.usd = {}, .tokens = 95, .requests = 1}, "p");
  EXPECT_EQ(Standings(treasury)[10].spent, 95);
  EXPECT_EQ(Standings(treasury)[10].held, 0);
}

TEST(Treasury, AccountsOfAProviderAreAskedWhenItIsChosenAndPayOnlyForIt) {
  Treasury treasury;
  Limit limit = LimitOf(10, 1, Dimension::kTokens, 100);
  limit.provider = "open*";
  Put(treasury, {limit}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  ask.fixed.tokens = 60;
  auto first = Take(treasury.Reserve(ask));
  auto second = Take(treasury.Reserve(ask));
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first->Include(chain, "m", "openai", kNow));
  EXPECT_FALSE(first->Include(chain, "m", "openai", kNow)) << "once is enough";
  EXPECT_EQ(Standings(treasury)[10].held, 60);
  EXPECT_TRUE(second->Include(chain, "m", "openai", kNow));
  EXPECT_FALSE(second->Include(chain, "m", "claude", kNow));
  first->Settle({.usd = {}, .tokens = 50, .requests = 1}, "claude");
  EXPECT_EQ(Standings(treasury)[10].spent, 0);
  EXPECT_EQ(Standings(treasury)[10].held, 0);
}

TEST(Treasury, LimitsOfAModelConcernOnlyIt) {
  Treasury treasury;
  Limit limit = LimitOf(10, 1, Dimension::kRequests, 0);
  limit.model = "gpt-*";
  Put(treasury, {limit}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain);
  EXPECT_TRUE(Take(treasury.Reserve(ask)));
  ask.model = "gpt-5";
  EXPECT_FALSE(Take(treasury.Reserve(ask)));
}

TEST(Treasury, PointsToACheaperModelFromItsStepOn) {
  Treasury treasury;
  Limit limit = LimitOf(10, 1, Dimension::kRequests, 10);
  limit.steps = {{.permille = 500, .action = Step::Action::kDowngrade, .model = "small"}};
  Put(treasury, {limit}, {}, kNow);
  const auto chain = Chain();
  Ask ask = AskFor(chain, 5);
  auto half = Take(treasury.Reserve(ask));
  ASSERT_TRUE(half);
  ask.fixed.requests = 1;
  EXPECT_EQ(RefusalIn(treasury.Reserve(ask)).downgrade, "small");
  ask.model = "small";
  EXPECT_TRUE(Take(treasury.Reserve(ask)));
}

TEST(Treasury, AThrottledLimitLetsATrickleThrough) {
  Treasury treasury;
  Limit limit = LimitOf(10, 1, Dimension::kRequests, 1);
  limit.steps = {{.permille = 1000, .action = Step::Action::kThrottle, .per_minute = 2}};
  Put(treasury, {limit}, {}, kNow);
  const auto chain = Chain();
  std::vector<Reservation> held;
  for (int i = 0; i < 3; ++i) {
    auto reservation = Take(treasury.Reserve(AskFor(chain)));
    ASSERT_TRUE(reservation) << i;
    held.push_back(std::move(*reservation));
  }
  EXPECT_FALSE(Take(treasury.Reserve(AskFor(chain))));
  EXPECT_TRUE(Take(treasury.Reserve(AskFor(chain, 1, kNow + 60))));
}

TEST(Treasury, TellsOnceThatAStepWasPassed) {
  Treasury treasury;
  Limit limit = LimitOf(10, 1, Dimension::kRequests, 4);
  limit.steps = {{.permille = 500}, {.permille = 1000}};
  Put(treasury, {limit}, {}, kNow);
  const auto chain = Chain();
  std::vector<std::uint32_t> told;
  for (int i = 0; i < 4; ++i) {
    auto reservation = Take(treasury.Reserve(AskFor(chain)));
    ASSERT_TRUE(reservation);
    reservation->Settle({.usd = {}, .tokens = 0, .requests = 1}, "p");
    for (const Passed& passed : treasury.TakePassed()) told.push_back(passed.permille * 10 + static_cast<unsigned>(i));
  }
  EXPECT_EQ(told, (std::vector<std::uint32_t>{5001, 10003}));
}

TEST(Treasury, NewTermsKeepWhatWasCounted) {
  Treasury treasury;
  Put(treasury, {LimitOf(10, 1, Dimension::kRequests, 4)}, {}, kNow);
  const auto chain = Chain();
  auto held = Take(treasury.Reserve(AskFor(chain, 3)));
  Put(treasury, {LimitOf(10, 1, Dimension::kRequests, 8)}, {}, kNow);
  EXPECT_EQ(Standings(treasury)[10].held, 3);
  // Another window is another account; what was held of the old one does no harm.
  Put(treasury, {LimitOf(10, 1, Dimension::kRequests, 8, Unit::kDay)}, {}, kNow);
  EXPECT_EQ(Standings(treasury)[10].held, 0);
  Put(treasury, {}, {}, kNow);
  held->Settle({.usd = {}, .tokens = 0, .requests = 3}, "p");
  EXPECT_EQ(treasury.size(), 0U);
}

TEST(Treasury, BeginsWithWhatTheLedgerKept) {
  Treasury treasury;
  const WindowSpec day{.unit = Unit::kDay, .kind = Kind::kCalendar, .zone = nullptr};
  const std::vector<Spent> spent = {{.limit = 10, .piece_begin = PieceAt(day, kNow).begin, .used = 3},
                                    {.limit = 10, .piece_begin = PieceAt(day, kNow - 86'400).begin, .used = 100}};
  Put(treasury, {LimitOf(10, 1, Dimension::kRequests, 4, Unit::kDay)}, spent, kNow);
  EXPECT_EQ(Standings(treasury)[10].spent, 3);
}

// A thousand threads' worth of requests against one remaining dollar: never a nano-dollar more.
TEST(Treasury, ManyThreadsShareTheLastDollar) {
  Treasury treasury;
  Put(treasury, {LimitOf(10, 1, Dimension::kUsd, base::NanoUsd::kPerUsd), LimitOf(11, 4, Dimension::kUsd, 1LL << 40)},
      {}, kNow);
  std::atomic<std::int64_t> admitted = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      base::Random random(t);
      const auto chain = Chain(static_cast<std::int64_t>(100 + t));
      for (int i = 0; i < 5000; ++i) {
        Ask ask = AskFor(chain);
        ask.fixed.usd = {static_cast<std::int64_t>(random.Below(3'000'000))};
        auto reservation = Take(treasury.Reserve(ask));
        if (!reservation) continue;
        const base::NanoUsd used{
            static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(ask.fixed.usd.value) + 1))};
        reservation->Settle({.usd = used, .tokens = 0, .requests = 1}, "p");
        admitted += used.value;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(admitted.load(), base::NanoUsd::kPerUsd);
  EXPECT_GT(admitted.load(), base::NanoUsd::kPerUsd * 9 / 10);
  EXPECT_EQ(Standings(treasury)[10].spent, admitted.load());
  EXPECT_EQ(Standings(treasury)[10].held, 0);
}

// The trivial model: remembers every hold and every use, and adds them all up anew each time.
class Model {
 public:
  explicit Model(std::vector<Limit> limits) : limits_(std::move(limits)) {}

  struct Held {
    std::size_t number;
    std::vector<Link> chain;
    std::string model;
    Amounts amounts;
    std::int64_t at;
  };
  std::int64_t Used(const Limit& limit, std::int64_t now) const {
    std::int64_t sum = 0;
    for (const auto& entry : spent_) sum += Counts(limit, entry, now) ? entry.amounts.Of(limit.dimension) : 0;
    for (const auto& entry : held_) {
      const bool rolling = limit.window.kind == Kind::kRolling && limit.window.unit != Unit::kTotal;
      if (Concerns(limit, entry) && (rolling || Counts(limit, entry, now))) sum += entry.amounts.Of(limit.dimension);
    }
    return sum;
  }
  bool Reserve(const Held& wanted) {
    for (const Limit& limit : limits_) {
      const std::int64_t needed = wanted.amounts.Of(limit.dimension);
      if (!Concerns(limit, wanted) || needed == 0) continue;  // what is free passes
      if (Used(limit, wanted.at) + needed > limit.amount) return false;
    }
    held_.push_back(wanted);
    return true;
  }
  void Settle(std::size_t number, const Amounts& used) {
    const auto found = std::ranges::find(held_, number, &Held::number);
    spent_.push_back(*found);
    spent_.back().amounts = used;
    held_.erase(found);
  }

 private:
  static bool Concerns(const Limit& limit, const Held& entry) {
    return Fits(limit.model, entry.model) && std::ranges::find(entry.chain, limit.node, &Link::id) != entry.chain.end();
  }
  static bool Counts(const Limit& limit, const Held& entry, std::int64_t now) {
    if (!Concerns(limit, entry)) return false;
    if (limit.window.kind == Kind::kRolling && limit.window.unit != Unit::kTotal) {
      const Rolling rolling = RollingOf(limit.window.unit);
      return PieceAt(limit.window, entry.at).begin >= PieceAt(limit.window, now).begin - rolling.length;
    }
    return CalendarSpan(limit.window, entry.at) == CalendarSpan(limit.window, now);
  }

  std::vector<Limit> limits_;
  std::vector<Held> held_;
  std::vector<Held> spent_;
};

TEST(Treasury, DoesWhatATrivialModelDoes) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    base::Random random(seed);
    std::vector<Limit> limits;
    for (std::int64_t i = 0; i < 6; ++i) {
      limits.push_back(LimitOf(10 + i, 1 + static_cast<std::int64_t>(random.Below(6)),
                               static_cast<Dimension>(random.Below(3)),
                               200 + static_cast<std::int64_t>(random.Below(2000)), static_cast<Unit>(random.Below(6)),
                               static_cast<Kind>(random.Below(2))));
      if (random.Below(3) == 0) limits.back().model = "a*";
    }
    Treasury treasury;
    Put(treasury, limits, {}, kNow);
    Model model(limits);
    std::map<std::size_t, Reservation> open;
    std::int64_t now = kNow;
    for (std::size_t step = 0; step < 400; ++step) {
      now += static_cast<std::int64_t>(random.Below(4) == 0 ? random.Below(4000) : random.Below(3));
      if (random.Below(2) == 0 && !open.empty()) {
        auto chosen = std::next(open.begin(), static_cast<std::ptrdiff_t>(random.Below(open.size())));
        const Amounts used{.usd = {static_cast<std::int64_t>(random.Below(120))},
                           .tokens = static_cast<std::int64_t>(random.Below(120)),
                           .requests = static_cast<std::int64_t>(random.Below(2))};
        chosen->second.Settle(used, "p");
        model.Settle(chosen->first, used);
        open.erase(chosen);
      } else {
        const auto chain = Chain(static_cast<std::int64_t>(5 + random.Below(2)));
        Ask ask = AskFor(chain, 1, now);
        ask.model = random.Below(2) == 0 ? "ab" : "b";
        ask.fixed = {.usd = {static_cast<std::int64_t>(random.Below(150))},
                     .tokens = static_cast<std::int64_t>(random.Below(150)),
                     .requests = 1};
        auto reservation = Take(treasury.Reserve(ask));
        const bool expected = model.Reserve(
            {.number = step, .chain = chain, .model = std::string(ask.model), .amounts = ask.fixed, .at = now});
        ASSERT_EQ(reservation.has_value(), expected) << "seed " << seed << " step " << step;
        if (reservation) open.emplace(step, std::move(*reservation));
      }
      const auto standings = Standings(treasury, now);
      for (const Limit& limit : limits) {
        const auto& standing = standings.at(limit.id);
        ASSERT_EQ(standing.spent + standing.held, model.Used(limit, now))
            << "seed " << seed << " step " << step << " limit " << limit.id;
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::features::accounting
