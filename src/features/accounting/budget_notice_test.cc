#include "features/accounting/budget_notice.h"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse::features::accounting {
namespace {

using common::Severity;

constexpr std::int64_t kUsd = base::NanoUsd::kPerUsd;
constexpr std::int64_t kNow = 1'763'000'030;
constexpr std::int64_t kEnd = 1'764'547'200;  // 2025-12-01T00:00:00Z

Limit Monthly() {
  return {.id = 77,
          .organization = {1},
          .node = {4},
          .name = "monthly",
          .dimension = Dimension::kUsd,
          .amount = 2500 * kUsd,
          .window = {.unit = WindowSpec::Unit::kMonth},
          .zone = "UTC",
          .steps = {{.permille = 500}, {.permille = 800}, {.permille = 950}}};
}

Passed At(Limit limit, std::uint32_t permille, std::int64_t spent, std::int64_t ends = kEnd) {
  return {.limit = std::make_shared<const Limit>(std::move(limit)),
          .permille = permille,
          .spent = spent,
          .window_ends = ends};
}

common::Notice Told(const Passed& passed, std::int64_t now = kNow) {
  return NoticeOf(passed, {.chain = {{1}, {4}}, .path = "acme/search"}, now);
}

std::string Fact(const common::Notice& notice, std::string_view name) {
  for (const auto& [key, value] : notice.facts) {
    if (key == name) return value;
  }
  return "";
}

TEST(BudgetNotice, SaysWhichWhoseHowMuchUntilWhenAndWhatNext) {
  const auto notice = Told(At(Monthly(), 800, 2000 * kUsd + 500'000'000));
  EXPECT_EQ(notice.kind, common::kBudgetThreshold);
  EXPECT_EQ(notice.severity, Severity::kWarning);
  EXPECT_EQ(notice.title, "80 % of the budget 'monthly' of acme/search is spent");
  EXPECT_EQ(notice.text,
            "The budget 'monthly' of acme/search allows 2500 USD per month; 2000.5 USD (80 %) are spent. When it "
            "is used up, requests are refused, until 2025-12-01T00:00:00Z.");
  EXPECT_EQ(Fact(notice, "spent"), "2000.5");
  EXPECT_EQ(Fact(notice, "window_ends"), "2025-12-01T00:00:00Z");
  EXPECT_EQ(notice.lasts, common::Notice::Lasts::kNo);
}

TEST(BudgetNotice, OfOneThatIsUsedUp) {
  const auto notice = Told(At(Monthly(), 1000, 2499 * kUsd));
  EXPECT_EQ(notice.kind, common::kBudgetUsedUp);
  EXPECT_EQ(notice.severity, Severity::kCritical);
  EXPECT_EQ(notice.title, "The budget 'monthly' of acme/search is used up");
  EXPECT_TRUE(notice.text.ends_with("It is used up: requests are refused, until 2025-12-01T00:00:00Z.")) << notice.text;
  EXPECT_EQ(notice.lasts, common::Notice::Lasts::kUntilMended);
}

TEST(BudgetNotice, SaysWhatIsDoneInsteadOfRefusing) {
  Limit limit = Monthly();
  limit.steps.push_back({.permille = 900, .action = Step::Action::kDowngrade, .model = "small"});
  limit.steps.push_back({.permille = 1000, .action = Step::Action::kThrottle, .per_minute = 6});
  EXPECT_NE(Told(At(limit, 800, 2000 * kUsd)).text.find("From 90 % on the model 'small' answers instead. "),
            std::string::npos);
  const std::string text = Told(At(limit, 950, 2400 * kUsd)).text;
  EXPECT_NE(
      text.find("The model 'small' answers instead of dearer ones. When it is used up, 6 requests a minute go on"),
      std::string::npos)
      << text;
}

TEST(BudgetNotice, NamesItsScopeAndItsWindow) {
  Limit limit = Monthly();
  limit.dimension = Dimension::kTokens;
  limit.amount = 1000;
  limit.model = "gpt-5*";
  limit.provider = "openai";
  limit.window = {.unit = WindowSpec::Unit::kDay, .kind = WindowSpec::Kind::kRolling};
  const auto notice = Told(At(limit, 500, 512));
  EXPECT_EQ(notice.severity, Severity::kInfo);
  EXPECT_EQ(notice.text,
            "The budget 'monthly' of acme/search for the models 'gpt-5*' at the provider 'openai' allows 1000 tokens "
            "within any day; 512 tokens (51.2 %) are spent. When it is used up, requests are refused, until "
            "enough of it is older than a day.");
  EXPECT_EQ(Fact(notice, "window_ends"), "");
}

TEST(BudgetNotice, IsOneEventInItsWindowAndAnotherInTheNext) {
  const auto key = [](const Passed& passed, std::int64_t now) { return Told(passed, now).key; };
  EXPECT_EQ(key(At(Monthly(), 800, 1), kNow), key(At(Monthly(), 800, 2), kNow + 86'400));
  EXPECT_NE(key(At(Monthly(), 800, 1), kNow), key(At(Monthly(), 950, 1), kNow));
  EXPECT_NE(key(At(Monthly(), 800, 1), kNow), key(At(Monthly(), 800, 1, kEnd + 31 * 86'400), kNow));
  Limit other = Monthly();
  other.id = 78;
  EXPECT_NE(key(At(Monthly(), 800, 1), kNow), key(At(other, 800, 1), kNow));
  Limit raised = Monthly();
  raised.amount *= 2;
  EXPECT_NE(key(At(Monthly(), 800, 1), kNow), key(At(raised, 800, 1), kNow));
}

// A budget of a minute would otherwise tell every minute.
TEST(BudgetNotice, OfAShortWindowTellsOnceAnHour) {
  Limit limit = Monthly();
  limit.window = {.unit = WindowSpec::Unit::kMinute};
  std::set<std::string> keys;
  constexpr std::int64_t kHour = 3600;
  for (std::int64_t minute = 0; minute < 180; ++minute) {
    const std::int64_t now = kNow / kHour * kHour + minute * 60;
    keys.insert(Told(At(limit, 800, 1, now + 60), now).key);
  }
  EXPECT_EQ(keys.size(), 3U);
}

TEST(HighestOf, TellsOfSeveralStepsTheHighest) {
  Limit other = Monthly();
  other.id = 78;
  const auto highest =
      HighestOf({At(Monthly(), 500, 1), At(Monthly(), 950, 3), At(other, 500, 1), At(Monthly(), 800, 2)});
  ASSERT_EQ(highest.size(), 2U);
  EXPECT_EQ(highest[0].permille, 950U);
  EXPECT_EQ(highest[0].spent, 3);
  EXPECT_EQ(highest[1].limit->id, 78);
}

TEST(ReachedStep, IsTheHighestThatIsReached) {
  const auto reached = [](std::int64_t spent) {
    return ReachedStep({.limit = std::make_shared<const Limit>(Monthly()), .spent = spent, .held = 0, .ends = kEnd});
  };
  EXPECT_FALSE(reached(1249 * kUsd).has_value());
  EXPECT_EQ(reached(1250 * kUsd)->permille, 500U);
  EXPECT_EQ(reached(2400 * kUsd)->permille, 950U);
  EXPECT_EQ(reached(2500 * kUsd)->permille, 1000U);
  EXPECT_EQ(reached(2400 * kUsd)->window_ends, kEnd);
}

// A limit says that it refuses when most of it is spent, once in its window; not while it is only held.
TEST(Treasury, TellsOfRefusalsOnce) {
  constexpr pipeline::Link kChain[] = {{pipeline::NodeKind::kOrganization, {1}},
                                       {pipeline::NodeKind::kApplication, {4}}};
  Limit limit = Monthly();
  limit.dimension = Dimension::kTokens;
  limit.amount = 1000;
  limit.steps.clear();
  Treasury treasury;
  treasury.Apply({std::make_shared<const Limit>(limit)}, {}, kNow);
  const auto ask = [&](std::int64_t tokens) {
    return treasury.Reserve({.chain = kChain, .model = "m", .fixed = {.tokens = tokens}, .now = kNow});
  };
  auto held = ask(900);
  ASSERT_TRUE(std::holds_alternative<Reservation>(held));
  EXPECT_TRUE(std::holds_alternative<Refusal>(ask(200)));
  EXPECT_TRUE(treasury.TakePassed().empty());
  auto more = ask(60);
  std::get<Reservation>(held).Settle({.tokens = 900}, "p");
  std::get<Reservation>(more).Settle({.tokens = 60}, "p");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(std::holds_alternative<Refusal>(ask(200)));
  const auto passed = treasury.TakePassed();
  ASSERT_EQ(passed.size(), 1U);
  EXPECT_EQ(passed[0].permille, 1000U);
  EXPECT_EQ(passed[0].spent, 960);
}

}  // namespace
}  // namespace gatehouse::features::accounting
