#include "features/ratelimit/rate_limit_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/fake/fake_loop.h"
#include "pipeline/rate_standing.h"

namespace gatehouse::features::ratelimit {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using pipeline::NodeKind;
using pipeline::Reply;
using std::chrono::seconds;
using testing::HasSubstr;

// The last stage: one call for each of the providers until one answers, as the routing would.
struct Script {
  std::vector<std::string> providers = {"acme"};
  std::optional<Error> error;  // of all but the last
  bool fails = false;          // the last one too
  base::Duration delay{};
  llm::Usage usage;
  std::uint64_t events = 0;
};
// An answer that says nothing.
class NoEvents final : public llm::EventSource {
 public:
  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    co_return Outcome::kEnd;
  }
};

class Upstream final : public pipeline::Stage {
 public:
  explicit Upstream(const Script& script) : script_(script) {}
  std::string_view Name() const override { return "upstream"; }
  net::Task<Result<Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next) const override {
    Error last;
    for (std::size_t i = 0; i < script_.providers.size(); ++i) {
      base::Status begun = exchange.gates.Begin(script_.providers[i], "big");
      if (!begun.ok()) {
        last = std::move(begun).TakeError();
        if (last.retry == base::Retry::kOtherTarget) continue;
        co_return last;
      }
      if (script_.delay.count() > 0) co_await exchange.loop.Sleep(script_.delay);
      if (script_.error && (i + 1 < script_.providers.size() || script_.fails)) {
        exchange.gates.Failed(*script_.error);
        last = *script_.error;
        continue;
      }
      exchange.outcome.provider = script_.providers[i];
      exchange.outcome.usage = script_.usage;
      exchange.outcome.events = script_.events;
      co_return Reply{.answer = pipeline::ChatReply{llm::DialectId::kOpenAiChat, llm::Delivery::kStream,
                                                    std::make_unique<NoEvents>()},
                      .headers = {}};
    }
    co_return last;
  }

 private:
  const Script& script_;
};

class RateLimitStageTest : public testing::Test {
 protected:
  RateLimitStageTest() { stages_.push_back(std::make_unique<Upstream>(script_)); }

  Rule& Add(std::string name) {
    Rule& rule = rules_.emplace_back();
    rule.name = std::move(name);
    return rule;
  }
  const RateLimitStage& Stage() {
    if (!stage_)
      stage_.emplace(std::make_shared<const RuleSet>(std::make_shared<const std::vector<Rule>>(rules_), board_));
    return *stage_;
  }
  // 400 bytes of text: 100 tokens, and 4 around them.
  std::shared_ptr<pipeline::Exchange> New(std::string key = "k1", std::size_t bytes = 400) {
    pipeline::ChatCall call{.dialect = llm::DialectId::kOpenAiChat,
                            .body = std::move(pipeline::JsonBody::Parse("{}")).value(),
                            .request = std::make_unique<llm::ChatRequest>()};
    call.request->messages.push_back({.blocks = {llm::TextBlock{.text = std::string(bytes, 'x')}}});
    auto exchange =
        std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, std::move(call));
    auto principal = std::make_shared<pipeline::Principal>();
    principal->organization = "acme";
    principal->name = key;
    principal->key_id = std::move(key);
    exchange->principal = principal;
    exchange->model = "m";
    exchange->deadline = loop_.In(seconds(600));
    return exchange;
  }
  Result<Reply> Run(pipeline::Exchange& exchange, base::Duration wait = {}) {
    auto reply = loop_.AwaitFor(Stage().Handle(exchange, pipeline::Next(stages_)), wait);
    if (!reply) return base::Internal("still waiting");
    return std::move(*reply);
  }
  // One exchange from its beginning to its end.
  Result<Reply> Run(std::string key = "k1") { return Run(*New(std::move(key))); }
  std::int64_t TokensLeft() {
    return board_.Get(rules_.at(0).name)->common()->tokens.At(*rules_.at(0).tokens, loop_.Now()).left;
  }

  static net::Task<> Keep(const RateLimitStage& stage, pipeline::Exchange& exchange, pipeline::Next next,
                          std::optional<Result<Reply>>& into) {
    into = co_await stage.Handle(exchange, std::move(next));
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  Script script_;
  pipeline::Stages stages_;
  std::vector<Rule> rules_;
  MeterBoard board_;
  std::optional<RateLimitStage> stage_;
};

TEST_F(RateLimitStageTest, NoRuleSaysNothing) {
  Add("others").models = {"gpt-*"};
  const auto exchange = New();
  EXPECT_TRUE(Run(*exchange).ok());
  EXPECT_EQ(exchange->Find<pipeline::RateStanding>(), nullptr);
}

TEST_F(RateLimitStageTest, RefusesWhatIsTooFastAndNamesTheRule) {
  Rule& rule = Add("per-key");
  rule.requests = Rate(30, 2);
  rule.each = NodeKind::kKey;
  EXPECT_TRUE(Run().ok());
  EXPECT_TRUE(Run().ok());
  const auto exchange = New();
  const auto refused = Run(*exchange);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.error().source, base::ErrorSource::kPolicy);
  EXPECT_EQ(refused.error().retry_after_seconds, 2U);
  EXPECT_THAT(refused.error().public_message, HasSubstr("'per-key' of 30 requests per minute"));
  EXPECT_THAT(refused.error().public_message, HasSubstr("in 2 s"));
  EXPECT_EQ(exchange->Find<pipeline::RateStanding>()->requests,
            (pipeline::RateStanding::Allowance{.limit = 2, .left = 0, .full_in = seconds(4)}));
  EXPECT_TRUE(Run("k2").ok());  // another key's bucket
  loop_.Advance(seconds(2));
  EXPECT_TRUE(Run().ok());
}

TEST_F(RateLimitStageTest, WhatOneRuleRefusesTakesNothingOfTheOthers) {
  Add("wide").requests = Rate(60, 10);
  Add("narrow").requests = Rate(60, 1);
  EXPECT_TRUE(Run().ok());
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Run().ok());
  EXPECT_EQ(board_.Get("wide")->common()->requests.At(*rules_.at(0).requests, loop_.Now()).left, 9);
}

TEST_F(RateLimitStageTest, TellsHowTheTightestRuleStands) {
  Add("wide").requests = Rate(60, 100);
  Rule& narrow = Add("narrow");
  narrow.requests = Rate(60, 10);
  narrow.tokens = Rate(6000, 1000);
  const auto exchange = New();
  EXPECT_TRUE(Run(*exchange).ok());
  EXPECT_EQ(exchange->Find<pipeline::RateStanding>()->requests,
            (pipeline::RateStanding::Allowance{.limit = 10, .left = 9, .full_in = seconds(1)}));
  EXPECT_EQ(
      exchange->Find<pipeline::RateStanding>()->tokens,
      (pipeline::RateStanding::Allowance{.limit = 1000, .left = 896, .full_in = std::chrono::milliseconds(1040)}));
}

TEST_F(RateLimitStageTest, TokensAreCorrectedToWhatWasUsed) {
  Add("tpm").tokens = Rate(60, 1000);
  script_.usage = {.input = 80, .output = 20, .source = llm::UsageSource::kProvider};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 900);
  // Far more than was foreseen: a debt, which the next ones wait for.
  script_.usage.output = 1420;
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 0);
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().retry_after_seconds, 600U + 104U);
  EXPECT_THAT(refused.error().public_message, HasSubstr("'tpm' of 60 tokens per minute"));
}

TEST_F(RateLimitStageTest, AnAnswerThatBreaksOffCountsWhatWasDelivered) {
  Add("tpm").tokens = Rate(60, 1000);
  script_.events = 208;  // and the usage never came
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 1000 - 104 - 200);
}

TEST_F(RateLimitStageTest, AnAnswerThatBreaksOffAfterItsFirstUsageCountsWhatWasDelivered) {
  Add("tpm").tokens = Rate(60, 1000);
  script_.events = 208;
  script_.usage = {.input = 90, .output = 1, .source = llm::UsageSource::kProvider};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 1000 - 90 - 200);
}

TEST_F(RateLimitStageTest, WhatNoProviderServedCostsNoTokens) {
  Add("tpm").tokens = Rate(60, 1000);
  script_.error = Error{.code = ErrorCode::kUnavailable, .upstream_status = 503};
  script_.fails = true;
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(TokensLeft(), 1000);
}

TEST_F(RateLimitStageTest, WhatMayHaveBeenServedKeepsItsEstimate) {
  Add("tpm").tokens = Rate(60, 1000);
  script_.error = Error{.code = ErrorCode::kTimeout};
  script_.fails = true;
  EXPECT_FALSE(Run().ok());
  EXPECT_EQ(TokensLeft(), 896);
  script_.delay = seconds(5);
  EXPECT_FALSE(Run(*New()).ok());  // dropped while its provider works
  EXPECT_EQ(TokensLeft(), 792);
}

TEST_F(RateLimitStageTest, MoreTokensThanTheBurstNeverPass) {
  Add("tpm").tokens = Rate(60, 100);
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
  EXPECT_FALSE(refused.error().retry_after_seconds);
  EXPECT_THAT(refused.error().public_message, HasSubstr("about 104 tokens"));
  EXPECT_EQ(TokensLeft(), 100);
}

TEST_F(RateLimitStageTest, AskingForModelsIsFree) {
  Add("all").requests = Rate(1, 1);
  auto exchange =
      std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kModels, pipeline::ModelsCall());
  exchange->principal = std::make_shared<pipeline::Principal>();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Run(*exchange).ok());
}

TEST_F(RateLimitStageTest, AtMostSoManyAtATime) {
  Rule& rule = Add("two");
  rule.concurrent = 2;
  rule.requests = Rate(60, 10);
  script_.delay = seconds(5);
  std::optional<net::TaskGroup> group(std::in_place, loop_);
  std::vector<std::shared_ptr<pipeline::Exchange>> exchanges = {New(), New()};
  std::optional<Result<Reply>> replies[2];
  for (std::size_t i = 0; i < 2; ++i) group->Spawn(Keep(Stage(), *exchanges[i], pipeline::Next(stages_), replies[i]));
  loop_.RunUntilIdle();
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.error().retry_after_seconds, 1U);
  EXPECT_THAT(refused.error().public_message, HasSubstr("'two' allows 2 requests at a time"));
  // The one that was refused gave its request back.
  EXPECT_EQ(board_.Get("two")->common()->requests.At(*rules_.at(0).requests, loop_.Now()).left, 8);
  // One ends in order, one is dropped: both give their slots back.
  loop_.Advance(seconds(5));
  EXPECT_TRUE(replies[0]->ok());
  exchanges[0].reset();
  EXPECT_EQ(board_.Get("two")->common()->slots.used(), 1U);
  group.reset();
  exchanges[1].reset();
  EXPECT_EQ(board_.Get("two")->common()->slots.used(), 0U);
}

TEST_F(RateLimitStageTest, SlotsComeBackWhenTheClientGoesAway) {
  Add("one").concurrent = 1;
  script_.delay = seconds(5);
  auto exchange = New();
  EXPECT_FALSE(Run(*exchange).ok());  // dropped in the middle
  EXPECT_EQ(board_.Get("one")->common()->slots.used(), 1U);
  exchange.reset();
  EXPECT_EQ(board_.Get("one")->common()->slots.used(), 0U);
}

TEST_F(RateLimitStageTest, SlotsComeBackWithTheLastOfTheAnswer) {
  Add("one").concurrent = 1;
  const auto exchange = New();
  auto reply = Run(*exchange);
  ASSERT_TRUE(reply.ok());
  EXPECT_FALSE(Run().ok());
  llm::Batch batch;
  static_cast<void>(loop_.Await(std::get_if<pipeline::ChatReply>(&reply.value().answer)->events->Pull(batch)));
  EXPECT_TRUE(Run().ok());
}

TEST_F(RateLimitStageTest, SlotsComeBackWhenTheUpstreamFails) {
  Add("one").concurrent = 1;
  script_.error = Error{.code = ErrorCode::kUnavailable, .upstream_status = 503};
  script_.fails = true;
  const auto exchange = New();
  EXPECT_FALSE(Run(*exchange).ok());
  EXPECT_EQ(board_.Get("one")->common()->slots.used(), 0U);
}

class QueueTest : public RateLimitStageTest {
 protected:
  QueueTest() {
    Rule& rule = Add("one");
    rule.concurrent = 1;
    rule.queue = {.at_most = seconds(2), .waiting = 1};
    holder_ = New("holder");
    script_.delay = {};
    EXPECT_TRUE(Run(*holder_).ok());
  }
  std::shared_ptr<pipeline::Exchange> holder_;
};

TEST_F(QueueTest, WaitsUntilASlotIsFree) {
  net::TaskGroup group(loop_);
  const auto exchange = New();
  std::optional<Result<Reply>> reply;
  group.Spawn(Keep(Stage(), *exchange, pipeline::Next(stages_), reply));
  loop_.Advance(seconds(1));
  EXPECT_FALSE(reply);
  holder_.reset();
  loop_.RunUntilIdle();
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->ok());
}

TEST_F(QueueTest, GivesUpAtItsDeadline) {
  const auto refused = Run(*New(), seconds(2));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_THAT(refused.error().public_message, HasSubstr("none ended in time"));
}

TEST_F(QueueTest, TurnsAwayWhoFindsItFull) {
  net::TaskGroup group(loop_);
  const auto waiting = New();
  std::optional<Result<Reply>> reply;
  group.Spawn(Keep(Stage(), *waiting, pipeline::Next(stages_), reply));
  loop_.RunUntilIdle();
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().public_message, HasSubstr("1 more wait already"));
}

TEST_F(QueueTest, WhoGoesAwayWhileWaitingLeavesNoTrace) {
  {
    const auto exchange = New();
    EXPECT_FALSE(Run(*exchange, seconds(1)).ok());  // dropped while it waits
  }
  const auto& slots = board_.Get("one")->common()->slots;
  EXPECT_EQ(slots.waiting(), 0U);
  EXPECT_EQ(slots.used(), 1U);
}

TEST_F(RateLimitStageTest, AProvidersLimitSendsTheExchangeToAnotherTarget) {
  Rule& rule = Add("acme-rpm");
  rule.provider = "acme";
  rule.requests = Rate(60, 1);
  script_.providers = {"acme", "other"};
  for (const char* expected : {"acme", "other", "other"}) {
    const auto exchange = New();
    EXPECT_TRUE(Run(*exchange).ok());
    EXPECT_EQ(exchange->outcome.provider, expected);
  }
  script_.providers = {"acme"};
  const auto refused = Run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(refused.error().retry_after_seconds, 1U);
}

TEST_F(RateLimitStageTest, AProvidersTokensAreThoseItUsed) {
  Rule& rule = Add("tpm");
  rule.provider = "acme";
  rule.tokens = Rate(60, 1000);
  script_.providers = {"acme", "other"};
  script_.error = Error{.code = ErrorCode::kUnavailable, .upstream_status = 503};
  script_.usage = {.input = 200, .output = 200, .source = llm::UsageSource::kProvider};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 1000);  // it failed, and the other one served
  script_.error = Error{.code = ErrorCode::kTimeout};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 896);  // nobody knows
  script_.providers = {"acme"};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(TokensLeft(), 496);
}

TEST_F(RateLimitStageTest, AProvidersSlotIsFreeAgainWhenTheCallFailed) {
  Rule& rule = Add("slots");
  rule.provider = "acme";
  rule.concurrent = 1;
  script_.providers = {"acme", "other"};
  script_.error = Error{.code = ErrorCode::kUnavailable, .upstream_status = 503};
  const auto failed_over = New();
  EXPECT_TRUE(Run(*failed_over).ok());
  script_.providers = {"acme"};
  auto first = New();
  EXPECT_TRUE(Run(*first).ok());
  EXPECT_FALSE(Run().ok());
  first.reset();
  EXPECT_TRUE(Run().ok());
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
