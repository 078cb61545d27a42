#include "features/oversight/kill_switch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/common/database_test_rig.h"
#include "features/oversight/schema.h"
#include "features/oversight/stop_stage.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::oversight {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Person kAnna{.key = "7", .name = "acme/user:anna"};
const Person kBen{.key = "8", .name = "acme/user:ben"};

struct TestWitness final : Witness {
  void NoteStop(const Stop& stop, const Halted& halted) override {
    told.push_back("set " + std::string(ToString(stop.scope)) + " " + std::to_string(halted.exchanges));
  }
  void NoteLift(const Stop& stop) override { told.push_back("lifted by " + std::to_string(stop.lifters.size())); }
  void NoteRequest(const Approval&) override {}
  void NoteVote(const Approval&, const Vote&) override {}
  void NoteOutcome(const Approval&) override {}
  std::vector<std::string> told;
};

// What an exchange is made of that stops look at.
pipeline::ChatCall Chat(std::string tool) {
  pipeline::ChatCall call{
      .dialect = llm::DialectId::kOpenAiChat, .body = nullptr, .request = std::make_unique<llm::ChatRequest>()};
  if (!tool.empty()) call.request->tools.push_back({.name = std::move(tool)});
  return call;
}

std::shared_ptr<const pipeline::Principal> Caller() {
  auto principal = std::make_shared<pipeline::Principal>();
  principal->chain = {{.kind = pipeline::NodeKind::kOrganization, .id = {11}},
                      {.kind = pipeline::NodeKind::kTeam, .id = {12}},
                      {.kind = pipeline::NodeKind::kKey, .id = {15}}};
  return principal;
}

// An upstream that answers a stream of one batch and then is silent.
class Upstream final : public pipeline::Stage {
 public:
  enum class Silent : std::uint8_t { kAtOnce, kInTheMiddle };
  Upstream(net::Loop& loop, Silent silent, int& open) : loop_(loop), silent_(silent), open_(open) {}
  std::string_view Name() const override { return "upstream"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange&, pipeline::Next) const override {
    auto events = std::make_unique<Events>(loop_, open_);
    if (silent_ == Silent::kAtOnce) co_await loop_.Sleep(std::chrono::hours(1));
    pipeline::ChatReply chat{
        .dialect = llm::DialectId::kOpenAiChat, .delivery = llm::Delivery::kStream, .events = std::move(events)};
    co_return pipeline::Reply{.answer = std::move(chat), .headers = {}};
  }

 private:
  class Events final : public llm::EventSource {
   public:
    Events(net::Loop& loop, int& open) : loop_(loop), open_(open) { ++open_; }
    ~Events() override { --open_; }
    net::Task<base::Result<Outcome>> Pull(llm::Batch&) override {
      if (pulls_++ > 0) co_await loop_.Sleep(std::chrono::hours(1));
      co_return Outcome::kBatch;
    }

   private:
    net::Loop& loop_;
    int& open_;
    int pulls_ = 0;
  };
  net::Loop& loop_;
  const Silent silent_;
  int& open_;
};

class StopStages : public testing::Test {
 protected:
  std::shared_ptr<pipeline::Exchange> Open(std::string model, std::string tool = {}) {
    auto exchange =
        std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, Chat(std::move(tool)));
    exchange->model = std::move(model);
    exchange->principal = Caller();
    return exchange;
  }
  void Build(Upstream::Silent silent) {
    pipeline::Stages stages;
    stages.push_back(std::make_unique<StopStage>(stops_));
    stages.push_back(std::make_unique<HaltStage>(stops_));
    stages.push_back(std::make_unique<Upstream>(loop_, silent, open_));
    pipeline_ = std::make_unique<pipeline::Pipeline>(std::move(stages));
  }
  void Put(std::vector<Stop> stops) { table_.Replace(std::make_shared<const StopTable>(std::move(stops))); }
  std::uint64_t Halt() {
    net::Handoff<Halting::Done> handoff(loop_);
    const std::uint64_t halted = stops_.Halt(std::make_shared<Halting>(handoff.sender()));
    loop_.RunUntilIdle();
    all_ended_ = loop_.Await(handoff.Receive(loop_.In(std::chrono::seconds(1)))).has_value();
    return halted;
  }
  // "served", or what the client is told.
  std::string Ask(const std::shared_ptr<pipeline::Exchange>& exchange) {
    const auto reply = loop_.Await(pipeline_->Run(*exchange));
    if (!reply) return "waits";
    return reply->ok() ? "served" : reply->error().public_message;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::Published<StopTable> table_{std::make_shared<const StopTable>()};
  LoopStops stops_{loop_, table_};
  int open_ = 0;
  bool all_ended_ = false;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
};

TEST_F(StopStages, WhatIsStoppedIsRefusedAndNothingElse) {
  Build(Upstream::Silent::kInTheMiddle);
  const struct {
    Stop stop;
    std::string message;  // "served" for who is not concerned
  } cases[] = {
      {{.id = 1, .scope = Stop::Scope::kAll}, "everything"},
      {{.id = 1, .scope = Stop::Scope::kNode, .node = {12}}, "this credential"},
      {{.id = 1, .scope = Stop::Scope::kNode, .node = {13}}, "served"},
      {{.id = 1, .scope = Stop::Scope::kModel, .name = "m"}, "the model 'm'"},
      {{.id = 1, .scope = Stop::Scope::kModel, .name = "n"}, "served"},
      {{.id = 1, .scope = Stop::Scope::kTool, .name = "shell"}, "the tool 'shell'"},
      {{.id = 1, .scope = Stop::Scope::kTool, .name = "other"}, "served"},
  };
  for (const auto& one : cases) {
    Put({one.stop});
    const auto exchange = Open("m", "shell");
    EXPECT_THAT(Ask(exchange), HasSubstr(one.message));
    EXPECT_EQ(exchange->decisions.size(), one.message == "served" ? 0U : 1U);
  }
}

TEST_F(StopStages, AStreamInFlightEndsWithItsUpstream) {
  Build(Upstream::Silent::kInTheMiddle);
  const auto exchange = Open("m");
  auto reply = loop_.Await(pipeline_->Run(*exchange));
  auto& events = *std::get_if<pipeline::ChatReply>(&reply->value().answer)->events;
  llm::Batch batch;
  ASSERT_TRUE(loop_.Await(events.Pull(batch))->ok());
  std::optional<base::Result<llm::EventSource::Outcome>> outcome;
  net::TaskGroup client(loop_);
  client.Spawn(
      [](auto& from, auto& into, auto& to) -> net::Task<> { to = co_await from.Pull(into); }(events, batch, outcome));
  loop_.RunUntilIdle();
  EXPECT_FALSE(outcome);
  EXPECT_EQ(open_, 1);
  Put({{.id = 3, .scope = Stop::Scope::kModel, .name = "other"}});
  EXPECT_EQ(Halt(), 0U);
  Put({{.id = 3, .scope = Stop::Scope::kModel, .name = "m"}});
  EXPECT_EQ(Halt(), 1U);
  EXPECT_TRUE(all_ended_);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->error().public_message, HasSubstr("the model 'm'"));
  EXPECT_THAT(outcome->error().public_message, HasSubstr("stop_3"));
  EXPECT_EQ(open_, 0) << "the upstream's answer is still there";
  EXPECT_EQ(Halt(), 0U) << "ended twice";
}

TEST_F(StopStages, ACallThatWaitsForItsAnswerEnds) {
  Build(Upstream::Silent::kAtOnce);
  const auto exchange = Open("m");
  std::optional<base::Result<pipeline::Reply>> reply;
  net::TaskGroup client(loop_);
  client.Spawn([](auto& pipeline, auto& of, auto& to) -> net::Task<> { to = co_await pipeline.Run(of); }(
                                                          *pipeline_, *exchange, reply));
  loop_.RunUntilIdle();
  ASSERT_EQ(open_, 1);
  Put({{.id = 3, .scope = Stop::Scope::kAll}});
  EXPECT_EQ(Halt(), 1U);
  ASSERT_TRUE(reply && !reply->ok());
  EXPECT_EQ(open_, 0);
  EXPECT_EQ(stops_.flights(), 0U);
}

TEST_F(StopStages, OneWhoseClientDoesNotReadIsToldOnceItDoes) {
  Build(Upstream::Silent::kInTheMiddle);
  const auto exchange = Open("m");
  auto reply = loop_.Await(pipeline_->Run(*exchange));
  auto& events = *std::get_if<pipeline::ChatReply>(&reply->value().answer)->events;
  Put({{.id = 3, .scope = Stop::Scope::kAll}});
  EXPECT_EQ(Halt(), 1U);
  EXPECT_FALSE(all_ended_);
  llm::Batch batch;
  const auto outcome = loop_.Await(events.Pull(batch));
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(open_, 0);
}

class KillSwitchTest : public common::DatabaseTest {
 protected:
  KillSwitchTest() { Migrate(OversightSchema()); }

  base::Result<KillSwitch::Set> Put(Stop stop) {
    stop.set_by = kAnna;
    return Run(switch_.Put(std::move(stop), In()));
  }

  // What is told behind the call: lets the loop do it.
  void AwaitTold(const TestWitness& witness) {
    for (int i = 0; i < 1000 && witness.told.size() < 2; ++i) ASSERT_TRUE(Run(switch_.book().LastChange(In())).ok());
  }

  TestWitness witness_;
  KillSwitch switch_{{.loop = loop_, .database = *database_, .witness = witness_}};
  TestWitness elsewhere_;
  KillSwitch other_{{.loop = loop_, .database = *database_, .witness = elsewhere_}};
};

TEST_P(KillSwitchTest, OnePersonStopsAndTwoResume) {
  const auto set = Put({.scope = Stop::Scope::kModel, .name = "m", .reason = "odd answers"});
  ASSERT_TRUE(set.ok());
  ASSERT_TRUE(set.value().halted);
  EXPECT_EQ(set.value().halted->exchanges, 0U);
  EXPECT_EQ(switch_.size(), 1U);
  const std::int64_t id = set.value().stop.id;
  EXPECT_EQ(Run(switch_.Lift(id, kAnna, In())).value().lifted_ms, 0);
  const auto again = Run(switch_.Lift(id, kAnna, In()));
  EXPECT_EQ(again.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(switch_.size(), 1U);
  EXPECT_NE(Run(switch_.Lift(id, kBen, In())).value().lifted_ms, 0);
  EXPECT_EQ(switch_.size(), 0U);
  EXPECT_EQ(Run(switch_.Lift(id, kBen, In())).error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(Run(switch_.Lift(id + 1, kBen, In())).error().code, base::ErrorCode::kNotFound);
  AwaitTold(witness_);
  EXPECT_THAT(witness_.told, ElementsAre("set model 0", "lifted by 2"));
}

TEST_P(KillSwitchTest, TheSameIsStoppedOnceAtATime) {
  ASSERT_TRUE(Put({.scope = Stop::Scope::kAll}).ok());
  EXPECT_EQ(Put({.scope = Stop::Scope::kAll}).error().code, base::ErrorCode::kConflict);
  EXPECT_TRUE(Put({.scope = Stop::Scope::kNode, .node = {4}}).ok());
  EXPECT_TRUE(Put({.scope = Stop::Scope::kNode, .node = {5}}).ok());
  EXPECT_EQ(Put({.scope = Stop::Scope::kNode, .node = {5}}).error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(switch_.size(), 3U);
}

TEST_P(KillSwitchTest, OtherGatewaysFollow) {
  const auto set = Put({.scope = Stop::Scope::kTool, .name = "shell", .reason = "why"});
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(other_.size(), 0U);
  ASSERT_TRUE(Run(other_.Refresh(In())).ok());
  ASSERT_EQ(other_.size(), 1U);
  const Stop stop = other_.table().Pin()->stops().front();
  EXPECT_EQ(stop.name, "shell");
  EXPECT_EQ(stop.reason, "why");
  EXPECT_EQ(stop.set_by.name, kAnna.name);
  ASSERT_TRUE(Run(other_.Refresh(In())).ok());
  ASSERT_TRUE(Run(other_.Lift(stop.id, kAnna, In())).ok());
  ASSERT_TRUE(Run(other_.Lift(stop.id, kBen, In())).ok());
  ASSERT_TRUE(Run(switch_.Refresh(In())).ok());
  EXPECT_EQ(switch_.size(), 0U);
  AwaitTold(witness_);
  AwaitTold(elsewhere_);
  EXPECT_THAT(elsewhere_.told, ElementsAre("set tool 0", "lifted by 2"));
  EXPECT_THAT(witness_.told, ElementsAre("set tool 0", "lifted by 2"));
}

INSTANTIATE_TEST_SUITE_P(Databases, KillSwitchTest, common::kDatabases, common::DatabaseName);

TEST(StopId, IsReadBack) {
  EXPECT_EQ(StopIdOf(Stop{.id = 17}.Word()), 17);
  for (const std::string_view wrong : {"", "stop_", "stop_x", "stop_-1", "stop_0", "17", "stop_1x"}) {
    EXPECT_FALSE(StopIdOf(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace gatehouse::features::oversight
