#include "features/routing/routing_stage.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <utility>

#include "net/fake/fake_loop.h"
#include "pipeline/attempt_wait.h"

namespace gatehouse::features::routing {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::Retry;
using pipeline::Reply;
using std::chrono::milliseconds;
using std::chrono::seconds;

Error Fault(ErrorCode code, Retry retry, std::optional<std::uint32_t> retry_after = {}) {
  return {.code = code, .source = base::ErrorSource::kUpstream, .retry = retry, .retry_after_seconds = retry_after};
}

// One call's script: an error of the call, or an answer whose pulls give these steps.
struct Script {
  using Step = std::variant<std::vector<llm::Event>, Error>;
  std::optional<Error> error;
  std::vector<Step> pulls;
  base::Duration delay{};
};

class ScriptedEvents final : public llm::EventSource {
 public:
  explicit ScriptedEvents(std::vector<Script::Step> steps) : steps_(std::move(steps)) {}
  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (at_ == steps_.size()) co_return Outcome::kEnd;
    Script::Step step = steps_[at_++];
    if (const auto* error = std::get_if<Error>(&step)) co_return *error;
    batch.events = *std::get_if<std::vector<llm::Event>>(&step);
    raw_ = "frame" + std::to_string(at_) + ";";
    batch.frames.push_back({.raw = raw_, .event_count = static_cast<std::uint32_t>(batch.events.size())});
    co_return Outcome::kBatch;
  }

 private:
  std::vector<Script::Step> steps_;
  std::size_t at_ = 0;
  std::string raw_;
};

class ScriptedProvider final : public pipeline::Provider {
 public:
  explicit ScriptedProvider(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  pipeline::Capabilities capabilities() const override { return pipeline::Capabilities().set(); }
  net::Task<Result<Reply>> Call(pipeline::Exchange& exchange, pipeline::CallContext) override {
    ++calls;
    Script script =
        scripts.empty() ? Script{.pulls = {{std::vector<llm::Event>{llm::TextDelta{.text = name_}}}}} : scripts.front();
    if (!scripts.empty()) scripts.pop_front();
    if (script.delay.count() > 0) co_await exchange.loop.Sleep(script.delay);
    if (script.error) co_return *script.error;
    co_return Reply{.answer = pipeline::ChatReply{llm::DialectId::kOpenAiChat, llm::Delivery::kStream,
                                                  std::make_unique<ScriptedEvents>(std::move(script.pulls))},
                    .headers = {}};
  }
  net::Task<base::Status> Probe(net::Deadline) override { co_return base::Ok(); }

  std::deque<Script> scripts;
  int calls = 0;

 private:
  std::string name_;
};

class RoutingStageTest : public testing::Test {
 protected:
  RoutingStageTest() {
    for (const auto* name : {"a", "b"}) {
      Target target{.provider_name = name, .model = "m"};
      target.health = std::make_shared<TargetHealth>(BreakerPolicy{.consecutive_failures = 3});
      route_.targets.push_back(std::move(target));
    }
    route_.model = "public";
    route_.retry_budget = std::make_shared<RetryBudget>();
  }

  pipeline::Exchange& NewExchange(std::string model = "public") {
    pipeline::ChatCall call{.dialect = llm::DialectId::kOpenAiChat,
                            .body = std::move(pipeline::JsonBody::Parse("{}")).value(),
                            .request = std::make_unique<llm::ChatRequest>(),
                            .delivery = llm::Delivery::kStream};
    exchange_ = std::make_unique<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, std::move(call));
    exchange_->principal = std::make_shared<const pipeline::Principal>();
    exchange_->model = std::move(model);
    exchange_->started = loop_.Now();
    return *exchange_;
  }

  Result<Reply> Run(pipeline::Exchange& exchange, base::Duration limit = seconds(60)) {
    const std::map<std::string, pipeline::Provider*, std::less<>> providers = {{"a", &a_}, {"b", &b_}};
    auto routes = std::make_shared<const std::vector<Route>>(std::vector<Route>{route_});
    stage_.emplace(std::make_shared<RouteTable>(std::move(routes), providers));
    auto reply = loop_.AwaitFor(stage_->Handle(exchange, pipeline::Next({})), limit);
    if (!reply) return base::Internal("still waiting");
    return std::move(*reply);
  }

  // What a client would read: the raw frames, and the error that ended them.
  std::pair<std::string, std::optional<Error>> ReadAll(Reply& reply) {
    std::string raw;
    llm::Batch batch;
    for (;;) {
      auto outcome = loop_.Await(std::get_if<pipeline::ChatReply>(&reply.answer)->events->Pull(batch));
      if (!outcome->ok()) return {raw, outcome->error()};
      if (outcome->value() == llm::EventSource::Outcome::kEnd) return {raw, std::nullopt};
      for (const auto& frame : batch.frames) raw.append(frame.raw);
    }
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  Route route_;
  ScriptedProvider a_{"a"};
  ScriptedProvider b_{"b"};
  std::optional<RoutingStage> stage_;
  std::unique_ptr<pipeline::Exchange> exchange_;
};

const std::vector<llm::Event> kText = {llm::TextDelta{.text = "x"}};
const std::vector<llm::Event> kPreamble = {llm::Started{}};

// Refuses so many calls of one provider, for what is on its way or for good.
class FakeGate final : public pipeline::AttemptGate, public pipeline::AttemptWait {
 public:
  FakeGate(net::Loop& loop, int lacking) : loop_(loop), lacking_(lacking) {}
  base::Status Begin(std::string_view provider, std::string_view) override {
    asked.emplace_back(provider);
    if (provider == "a" && lacking_ != 0) return Fault(ErrorCode::kRateLimited, Retry::kOtherTarget);
    return base::Ok();
  }
  void Failed(const Error&) override {}
  Lack lack() const override { return lacking_ > 0 ? Lack::kOnItsWay : Lack::kNothing; }
  net::Task<> Fetch() override {
    co_await loop_.Sleep(milliseconds(10));
    --lacking_;
  }
  std::vector<std::string> asked;

 private:
  net::Loop& loop_;
  int lacking_;  // so many fetches; negative: for good
};

TEST_F(RoutingStageTest, ATargetThatIsRefusedForTheMomentIsAskedForAgain) {
  auto& exchange = NewExchange();
  FakeGate gate(loop_, 2);
  exchange.gates.Add(gate);
  pipeline::AddWait(exchange, gate);
  ASSERT_TRUE(Run(exchange).ok());
  EXPECT_EQ(gate.asked, (std::vector<std::string>{"a", "a", "a"}));
  EXPECT_EQ(a_.calls, 1);
  EXPECT_EQ(b_.calls, 0);
  ASSERT_EQ(exchange.attempts.size(), 1U);
  EXPECT_EQ(exchange.attempts[0].started_after, milliseconds(20));
  EXPECT_EQ(exchange.attempts[0].took, base::Duration::zero()) << "nobody called it before";
}

TEST_F(RoutingStageTest, ATargetThatIsRefusedForGoodIsPassedOver) {
  auto& exchange = NewExchange();
  FakeGate gate(loop_, -1);
  exchange.gates.Add(gate);
  pipeline::AddWait(exchange, gate);
  ASSERT_TRUE(Run(exchange).ok());
  EXPECT_EQ(gate.asked, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(a_.calls, 0);
}

TEST_F(RoutingStageTest, FailsOverWhenATargetIsDown) {
  a_.scripts.push_back({.error = Fault(ErrorCode::kUnavailable, Retry::kOtherTarget)});
  auto& exchange = NewExchange();
  ASSERT_TRUE(Run(exchange).ok());
  ASSERT_EQ(exchange.attempts.size(), 2U);
  EXPECT_EQ(exchange.attempts[0].outcome, "unavailable");
  EXPECT_EQ(exchange.attempts[1].provider, "b");
  EXPECT_EQ(exchange.attempts[1].reason, "after unavailable");
  EXPECT_EQ(exchange.outcome.provider, "b");
}

TEST_F(RoutingStageTest, AFailureInsideA200BeforeContentIsInvisible) {
  a_.scripts.push_back({.pulls = {kPreamble, Fault(ErrorCode::kUnavailable, Retry::kOtherTarget)}});
  auto& exchange = NewExchange();
  auto reply = Run(exchange);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(exchange.attempts.size(), 2U);
}

TEST_F(RoutingStageTest, FramesBeforeTheFirstContentAreNotLost) {
  a_.scripts.push_back({.pulls = {kPreamble, kText, kText}});
  auto reply = Run(NewExchange());
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(ReadAll(reply.value()).first, "frame1;frame2;frame3;");
}

TEST_F(RoutingStageTest, AfterContentNothingIsResumed) {
  a_.scripts.push_back({.pulls = {kText, Fault(ErrorCode::kUnavailable, Retry::kOtherTarget)}});
  auto reply = Run(NewExchange());
  ASSERT_TRUE(reply.ok());
  const auto [raw, error] = ReadAll(reply.value());
  EXPECT_EQ(raw, "frame1;");
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
  EXPECT_EQ(b_.calls, 0);
}

TEST_F(RoutingStageTest, AnAnswerWithoutContentIsAFailure) {
  a_.scripts.push_back({.pulls = {kPreamble}});
  auto& exchange = NewExchange();
  ASSERT_TRUE(Run(exchange).ok());
  EXPECT_EQ(exchange.attempts[0].outcome, "bad_upstream");
}

TEST_F(RoutingStageTest, TheCallersMistakeIsNotTriedElsewhere) {
  a_.scripts.push_back({.error = Fault(ErrorCode::kInvalidRequest, Retry::kNever)});
  auto& exchange = NewExchange();
  const auto reply = Run(exchange);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(b_.calls, 0);
}

TEST_F(RoutingStageTest, ALoneTargetIsAskedAgainAfterItsRetryAfter) {
  route_.targets.resize(1);
  a_.scripts.push_back({.error = Fault(ErrorCode::kUnavailable, Retry::kSameTarget, 1)});
  auto& exchange = NewExchange();
  const auto before = clock_.Now();
  ASSERT_TRUE(Run(exchange).ok());
  EXPECT_EQ(a_.calls, 2);
  EXPECT_GE(clock_.Now() - before, seconds(1));
}

TEST_F(RoutingStageTest, ALongRetryAfterEndsTheAttempts) {
  route_.targets.resize(1);
  a_.scripts.push_back({.error = Fault(ErrorCode::kUnavailable, Retry::kSameTarget, 60)});
  const auto reply = Run(NewExchange());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(a_.calls, 1);
}

TEST_F(RoutingStageTest, OpenBreakersAreAClearRefusalWithATime) {
  for (auto& target : route_.targets) {
    for (int i = 0; i < 3; ++i)
      target.health->Failed(clock_.Now(), Fault(ErrorCode::kUnavailable, Retry::kOtherTarget));
  }
  const auto reply = Run(NewExchange());
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(reply.error().retry_after_seconds, 5U);
  EXPECT_EQ(a_.calls + b_.calls, 0);
}

TEST_F(RoutingStageTest, ASlowFirstEventMovesOn) {
  route_.first_event_timeout = seconds(2);
  a_.scripts.push_back({.pulls = {kText}, .delay = seconds(30)});
  auto& exchange = NewExchange();
  const auto before = clock_.Now();
  ASSERT_TRUE(Run(exchange).ok());
  EXPECT_EQ(exchange.attempts[0].outcome, "timeout");
  EXPECT_LT(clock_.Now() - before, seconds(3));
}

TEST_F(RoutingStageTest, AttemptsAreBounded) {
  route_.retry.max_attempts = 2;
  route_.targets.resize(1);
  for (int i = 0; i < 10; ++i) a_.scripts.push_back({.error = Fault(ErrorCode::kUnavailable, Retry::kSameTarget)});
  ASSERT_FALSE(Run(NewExchange()).ok());
  EXPECT_EQ(a_.calls, 2);
}

TEST_F(RoutingStageTest, AnUnknownOrForbiddenModelIsNotFound) {
  EXPECT_EQ(Run(NewExchange("other")).error().code, ErrorCode::kNotFound);
  auto& exchange = NewExchange();
  exchange.principal = std::make_shared<const pipeline::Principal>(pipeline::Principal{.models = {"something-else"}});
  EXPECT_EQ(Run(exchange).error().code, ErrorCode::kNotFound);
}

TEST_F(RoutingStageTest, LoadIsCountedUntilTheAnswerIsDropped) {
  {
    auto reply = Run(NewExchange());
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(route_.targets[0].health->busy(), 1U);
  }
  EXPECT_EQ(route_.targets[0].health->busy(), 0U);
}

}  // namespace
}  // namespace gatehouse::features::routing
