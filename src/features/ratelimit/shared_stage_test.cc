// The stage where several gateways share the rules.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "features/ratelimit/test_gateways.h"
#include "pipeline/attempt_wait.h"
#include "pipeline/rate_standing.h"

namespace gatehouse::features::ratelimit {
namespace {

using base::ErrorCode;
using base::Result;
using pipeline::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using State = store::memory::UnsteadyStore::State;

// Calls the first of these that the gates let it call, and asks again where they lack something, as the routing does.
class Upstream final : public pipeline::Stage {
 public:
  std::string_view Name() const override { return "upstream"; }
  net::Task<Result<Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next) const override {
    base::Error last;
    for (const char* provider : {"first", "second"}) {
      base::Status begun = exchange.gates.Begin(provider, "big");
      while (!begun.ok()) {
        auto* const wait = pipeline::FindLacking(exchange);
        if (wait == nullptr) break;
        co_await wait->Fetch();
        begun = exchange.gates.Begin(provider, "big");
      }
      if (!begun.ok()) {
        last = std::move(begun).TakeError();
        if (last.retry != base::Retry::kOtherTarget) co_return last;
        continue;
      }
      co_await exchange.loop.Sleep(seconds(1));
      exchange.outcome.provider = provider;
      co_return Reply{.answer = pipeline::CountReply{}, .headers = {}};
    }
    co_return last;
  }
};

class SharedStageTest : public testing::Test {
 protected:
  SharedStageTest() { stages_.push_back(std::make_unique<Upstream>()); }

  Rule& Add(std::string name) {
    Rule& rule = rules_.emplace_back();
    rule.name = std::move(name);
    return rule;
  }
  void StartAll(SharingSettings settings = {}) {
    const auto rules = std::make_shared<const std::vector<Rule>>(rules_);
    for (std::size_t i = 0; i < gateways_.size(); ++i) {
      gateways_.at(i) = std::make_unique<FakeGateway>(
          FakeGateway::World{.loop = loop_, .values = values_, .log = log_, .rules = rules},
          "life-" + std::to_string(i), settings);
    }
    loop_.Advance(seconds(6));
  }
  struct Ran {
    std::shared_ptr<pipeline::Exchange> exchange;
    std::optional<Result<Reply>> reply;
  };
  Ran Run(std::size_t gateway) {
    Ran ran{.exchange = gateways_.at(gateway)->NewExchange(), .reply = {}};
    const RateLimitStage stage(gateways_.at(gateway)->rules);
    ran.reply = loop_.AwaitFor(stage.Handle(*ran.exchange, pipeline::Next(stages_)), seconds(10));
    return ran;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  std::vector<Rule> rules_;
  pipeline::Stages stages_;
  std::array<std::unique_ptr<FakeGateway>, 2> gateways_;
};

TEST_F(SharedStageTest, TellsHowTheLimitOfAllStands) {
  Add("few").requests = Rate(1, 3);
  StartAll();
  for (const std::size_t gateway : {0U, 1U, 0U}) ASSERT_TRUE(Run(gateway).reply->ok());
  const Ran refused = Run(1);
  ASSERT_FALSE(refused.reply->ok());
  EXPECT_EQ(refused.reply->error().code, ErrorCode::kRateLimited);
  const auto* standing = refused.exchange->Find<pipeline::RateStanding>();
  ASSERT_NE(standing, nullptr);
  EXPECT_EQ(standing->requests->limit, 3);
  EXPECT_EQ(standing->requests->left, 0);
  EXPECT_GT(standing->requests->full_in, seconds(170));
}

TEST_F(SharedStageTest, WhatOneRuleRefusesTakesNothingOfTheOthers) {
  Add("wide").requests = Rate(1, 10);
  Add("narrow").requests = Rate(1, 1);
  StartAll();
  EXPECT_TRUE(Run(0).reply->ok());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Run(1).reply->ok());
  loop_.Advance(seconds(4));
  const auto bucket = gateways_[1]->board.Get("wide")->common();
  EXPECT_EQ(bucket->At(Measure::kRequests, Rate(1, 10), loop_.Now()).left, 9);
}

TEST_F(SharedStageTest, AProvidersLimitIsThatOfAllAndSendsElsewhere) {
  Rule& rule = Add("account");
  rule.provider = "first";
  rule.requests = Rate(1, 2);
  StartAll();
  EXPECT_EQ(Run(0).exchange->outcome.provider, "first");
  EXPECT_EQ(Run(1).exchange->outcome.provider, "first");
  EXPECT_EQ(Run(0).exchange->outcome.provider, "second");
  EXPECT_EQ(Run(1).exchange->outcome.provider, "second");
}

TEST_F(SharedStageTest, AProvidersSlotsAreThoseOfAll) {
  Rule& rule = Add("account");
  rule.provider = "*";
  rule.concurrent = 1;
  StartAll();
  const auto held = gateways_[0]->NewExchange();
  const RateLimitStage stage(gateways_[0]->rules);
  net::TaskGroup group(loop_);
  group.Spawn(
      [](const RateLimitStage& on, pipeline::Exchange& exchange, const pipeline::Stages& stages) -> net::Task<> {
        static_cast<void>(co_await on.Handle(exchange, pipeline::Next(stages)));
      }(stage, *held, stages_));
  loop_.Advance(milliseconds(100));
  const Ran refused = Run(1);
  ASSERT_FALSE(refused.reply->ok());
  EXPECT_EQ(refused.reply->error().code, ErrorCode::kRateLimited);
  loop_.Advance(seconds(2));
  EXPECT_EQ(held->outcome.provider, "first");
}

TEST_F(SharedStageTest, WithoutTheStoreAProvidersLimitIsSharedToo) {
  Rule& rule = Add("account");
  rule.provider = "first";
  rule.requests = Rate(1, 4);
  StartAll();
  for (auto& gateway : gateways_) gateway->store.state = State::kHangs;
  int first = 0;
  for (std::size_t i = 0; i < 10; ++i) first += Run(i % 2).exchange->outcome.provider == "first" ? 1 : 0;
  EXPECT_EQ(first, 4);
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
