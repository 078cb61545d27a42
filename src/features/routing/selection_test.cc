#include "features/routing/selection.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace gatehouse::features::routing {
namespace {

using std::chrono::milliseconds;

class NamedProvider final : public pipeline::Provider {
 public:
  std::string_view name() const override { return "p"; }
  pipeline::Capabilities capabilities() const override { return offered; }
  net::Task<base::Result<pipeline::Reply>> Call(pipeline::Exchange&, pipeline::CallContext) override {
    co_return base::Internal("");
  }
  net::Task<base::Status> Probe(net::Deadline) override { co_return base::Ok(); }
  pipeline::Capabilities offered = pipeline::Capabilities().set();
};

class SelectionTest : public testing::Test {
 protected:
  SelectionTest() {
    for (const auto* model : {"one", "two", "three"}) {
      Target target{.provider_name = "p", .model = model};
      target.health = std::make_shared<TargetHealth>(BreakerPolicy{});
      route_.targets.push_back(std::move(target));
    }
    route_.model = "public";
  }

  base::Result<std::vector<Candidate>> Select() {
    BoundRoute bound{.route = &route_, .providers = {}};
    for (std::size_t i = 0; i < route_.targets.size(); ++i) bound.providers.push_back(&provider_);
    return SelectTargets(bound, needs_, turn_++, clock_.Now(), random_);
  }
  std::string First() { return Select().value().front().target->model; }
  std::map<std::string, int> Count(int draws) {
    std::map<std::string, int> counts;
    for (int i = 0; i < draws; ++i) ++counts[First()];
    return counts;
  }

  Route route_;
  NamedProvider provider_;
  Needs needs_;
  base::FakeClock clock_;
  base::Random random_{42};
  std::uint64_t turn_ = 0;
};

TEST_F(SelectionTest, PriorityKeepsTheOrder) {
  const auto candidates = Select();
  ASSERT_EQ(candidates.value().size(), 3U);
  EXPECT_EQ(candidates.value()[0].target->model, "one");
  EXPECT_EQ(candidates.value()[2].target->model, "three");
}

TEST_F(SelectionTest, WeightsAreFollowed) {
  route_.strategy = Strategy::kWeighted;
  route_.targets[0].weight = 8;
  route_.targets[1].weight = 2;
  route_.targets[2].weight = 0;
  auto counts = Count(2000);
  EXPECT_EQ(counts["three"], 0);
  EXPECT_NEAR(counts["one"], 1600, 100);
}

TEST_F(SelectionTest, RoundRobinTakesTurns) {
  route_.strategy = Strategy::kRoundRobin;
  EXPECT_EQ(First(), "one");
  EXPECT_EQ(First(), "two");
  EXPECT_EQ(First(), "three");
  EXPECT_EQ(First(), "one");
}

TEST_F(SelectionTest, LeastBusyGoesFirst) {
  route_.strategy = Strategy::kLeastBusy;
  const TargetHealth::InFlight busy(route_.targets[0].health);
  EXPECT_EQ(First(), "two");
}

TEST_F(SelectionTest, TheSlowestIsNeverTheFirstOfTwoChoices) {
  route_.strategy = Strategy::kFastest;
  route_.targets[0].health->Succeeded(clock_.Now(), milliseconds(900));
  route_.targets[1].health->Succeeded(clock_.Now(), milliseconds(100));
  route_.targets[2].health->Succeeded(clock_.Now(), milliseconds(200));
  auto counts = Count(300);
  EXPECT_EQ(counts["one"], 0);
  EXPECT_GT(counts["two"], counts["three"]);
}

TEST_F(SelectionTest, TheCheapestDependsOnTheRequest) {
  route_.strategy = Strategy::kCheapest;
  route_.targets[0].price = TargetPrice{.input = 1, .output = 100};
  route_.targets[1].price = TargetPrice{.input = 10, .output = 10};
  needs_.input_tokens = 10'000;
  needs_.output_tokens = 10;
  EXPECT_EQ(First(), "one");
  needs_.input_tokens = 10;
  needs_.output_tokens = 1000;
  EXPECT_EQ(First(), "two");
}

TEST_F(SelectionTest, ASessionSticksAndMovesOnlyWithItsTarget) {
  route_.strategy = Strategy::kSticky;
  std::map<std::string, std::string> home;
  std::set<std::string> used;
  for (int i = 0; i < 50; ++i) {
    const std::string session = "session-" + std::to_string(i);
    needs_.session = session;
    home[session] = First();
    used.insert(home[session]);
  }
  EXPECT_EQ(used.size(), 3U);
  route_.targets.pop_back();
  for (const auto& [session, target] : home) {
    needs_.session = session;
    if (target != "three") EXPECT_EQ(First(), target);
  }
}

TEST_F(SelectionTest, ConditionsChoose) {
  route_.strategy = Strategy::kConditional;
  route_.targets[0].when.max_input_tokens = 100;
  route_.targets[1].when.keys = {"special"};
  needs_.input_tokens = 5000;
  EXPECT_EQ(First(), "three");
  needs_.key = "special";
  EXPECT_EQ(First(), "two");
}

TEST_F(SelectionTest, TagsContextAndCapabilitiesFilter) {
  route_.required_tags = {"eu"};
  route_.targets[1].tags = {"eu"};
  EXPECT_EQ(Select().value().size(), 1U);
  route_.targets[1].context_tokens = 10;
  needs_.input_tokens = 11;
  EXPECT_EQ(Select().error().code, base::ErrorCode::kContextLength);
  needs_.input_tokens = 1;
  provider_.offered.reset(static_cast<std::size_t>(pipeline::Capability::kTools));
  needs_.capabilities.set(static_cast<std::size_t>(pipeline::Capability::kTools));
  const auto refused = Select();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().public_message.find("it needs tools"), std::string::npos) << refused.error().public_message;
}

}  // namespace
}  // namespace gatehouse::features::routing
