#include "features/audit/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json/document.h"
#include "features/audit/record_stage.h"
#include "features/audit/test_sink.h"
#include "features/audit/watch.h"
#include "net/fake/fake_loop.h"
#include "pipeline/inspection.h"

namespace gatehouse::features::audit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::shared_ptr<const pipeline::Principal> Caller() {
  auto principal = std::make_shared<pipeline::Principal>();
  principal->chain = {{.kind = pipeline::NodeKind::kOrganization, .id = {11}},
                      {.kind = pipeline::NodeKind::kTeam, .id = {12}},
                      {.kind = pipeline::NodeKind::kProject, .id = {13}},
                      {.kind = pipeline::NodeKind::kUser, .id = {-14}},
                      {.kind = pipeline::NodeKind::kKey, .id = {15}}};
  principal->name = "anna@example.com";
  principal->key_id = "k1";
  return principal;
}

class Upstream final : public pipeline::Stage {
 public:
  std::string_view Name() const override { return "upstream"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange&, pipeline::Next) const override {
    ++calls;
    co_return pipeline::Reply{.answer = pipeline::PassThroughReply{}, .headers = {}};
  }
  mutable int calls = 0;
};

class Recording : public ::testing::Test {
 protected:
  void Open(RecordSettings settings) {
    record_ = std::make_unique<Record>(sink_, clock_, "gw1", settings, 1);
    loop_record_ = std::make_unique<LoopRecord>(loop_, *record_, 0);
    loop_record_->Use(std::make_shared<const EntryContext>(EntryContext{.config = "c0ffee", .models = {"m"}}));
    Begin(1);
    pipeline::Stages stages;
    stages.push_back(std::make_unique<RecordStage>(*loop_record_));
    auto upstream = std::make_unique<Upstream>();
    upstream_ = upstream.get();
    stages.push_back(std::move(upstream));
    pipeline_ = std::make_unique<pipeline::Pipeline>(std::move(stages));
  }
  // An exchange that is still to go through the stages.
  void Begin(int number) {
    exchange_ =
        std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, pipeline::ModelsCall{});
    exchange_->id = "req_" + std::to_string(number);
    exchange_->model = "m";
    exchange_->principal = Caller();
    exchange_->deadline = loop_.In(std::chrono::seconds(30));
  }
  // "served", "waits", or the public message.
  std::string Run() {
    auto reply = loop_.Await(pipeline_->Run(*exchange_));
    if (!reply) return "waits";
    return reply->ok() ? "served" : reply->error().public_message;
  }
  pipeline::ExchangeEnd End() const {
    return {.exchange = exchange_.get(),
            .principal = exchange_->principal.get(),
            .request_id = exchange_->id,
            .trace_id = "t1",
            .surface = "openai.chat",
            .status = 200,
            .duration = std::chrono::microseconds(12'345)};
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  testing::TestSink sink_;
  std::unique_ptr<Record> record_;
  std::unique_ptr<LoopRecord> loop_record_;
  std::shared_ptr<pipeline::Exchange> exchange_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  Upstream* upstream_ = nullptr;
};

TEST_F(Recording, SaysWhatWasDecidedBeforeTheUpstreamIsAsked) {
  Open({});
  exchange_->decisions.push_back({.rule = "cap",
                                  .phase = pipeline::Phase::kRequest,
                                  .effect = pipeline::Effect::kRestrict,
                                  .action = "clamp_max_tokens 10",
                                  .controls = {"OWASP LLM10", "AI Act 14"}});
  exchange_->decisions.push_back({.rule = "try",
                                  .phase = pipeline::Phase::kPrompt,
                                  .effect = pipeline::Effect::kDeny,
                                  .mode = pipeline::Decision::Mode::kShadow,
                                  .controls = {"OWASP LLM10"}});
  auto& report = exchange_->Attach(pipeline::InspectionReport());
  report.Note({.side = pipeline::Side::kRequest,
               .channel = inspect::Channel::kUser,
               .category = inspect::Category::kPii,
               .entity = "EMAIL_ADDRESS",
               .rule = "",
               .measure = "mask",
               .count = 2});
  report.scanned_bytes = 99;
  report.NoteUnscanned("media");
  EXPECT_EQ(Run(), "served");
  EXPECT_THAT(
      sink_.entries,
      ElementsAre(
          R"({"v":1,"t":"req.start","seq":1,"ts":1700000001000000,"node":"gw1","id":"req_1","surface":"openai.chat",)"
          R"("op":"list_models","model":"m","org":"11","team":"12","project":"13","sub":"-14","cred":"k1","how":"key",)"
          R"("decision":"restrict","rules":[{"rule":"cap","phase":"request","effect":"restrict",)"
          R"("action":"clamp_max_tokens 10"},{"rule":"try","phase":"prompt","effect":"deny","mode":"shadow"}],)"
          R"("tags":["OWASP LLM10","AI Act 14"],"findings":[{"category":"pii","entity":"EMAIL_ADDRESS",)"
          R"("side":"request","measure":"mask","count":2}],"scanned":99,"not_scanned":["media"],"config":"c0ffee"})"));
  EXPECT_THAT(sink_.durabilities, ElementsAre(Durability::kGroup));
}

TEST_F(Recording, SaysWhatCameOfIt) {
  Open({});
  exchange_->attempts.push_back(
      {.provider = "p", .model = "up", .took = std::chrono::milliseconds(3), .status = 200, .outcome = "ok"});
  exchange_->outcome.usage = {.input = 5, .cache_read = 2, .output = 7, .source = llm::UsageSource::kProvider};
  exchange_->charge = {.basis = pipeline::Charge::Basis::kProvider, .cost = {1234}, .price = "2026-11-01/p/up"};
  loop_record_->Ended(End());
  ASSERT_THAT(sink_.entries, SizeIs(1));
  EXPECT_EQ(
      sink_.entries[0],
      R"({"v":1,"t":"req.end","seq":1,"ts":1700000001000000,"node":"gw1","id":"req_1","trace":"t1",)"
      R"("surface":"openai.chat","op":"list_models","model":"m","org":"11","team":"12","project":"13","sub":"-14",)"
      R"("cred":"k1","how":"key","decision":"allow","not_scanned":["not_inspected"],"config":"c0ffee",)"
      R"("status":200,"ending":"answered","ms":12.345,"attempts":[{"provider":"p","model":"up","status":200,)"
      R"("outcome":"ok","ms":3.000}],"usage":{"input":7,"cache_read":2,"cache_write":0,"output":7,)"
      R"("reasoning":0,"source":"provider"},"cost":"1234","basis":"provider","price":"2026-11-01/p/up"})");
  EXPECT_THAT(sink_.entries[0], Not(HasSubstr("anna")));
}

TEST_F(Recording, SaysWhatACallCameToThatWasSeenThrough) {
  Open({});
  exchange_->outcome.usage = {.input = 5, .output = 7, .source = llm::UsageSource::kProvider};
  exchange_->charge = {.basis = pipeline::Charge::Basis::kProvider, .cost = {1234}, .price = "2026-11-01/p/up"};
  sink_.fails = true;  // it has happened: it waits
  loop_record_->Settled(*exchange_);
  ASSERT_THAT(sink_.entries, SizeIs(1));
  EXPECT_EQ(
      sink_.entries[0],
      R"({"v":1,"t":"req.settled","seq":1,"ts":1700000001000000,"node":"gw1","id":"req_1","surface":"openai.chat",)"
      R"("op":"list_models","model":"m","org":"11","team":"12","project":"13","sub":"-14","cred":"k1","how":"key",)"
      R"("usage":{"input":5,"cache_read":0,"cache_write":0,"output":7,"reasoning":0,"source":"provider"},)"
      R"("cost":"1234","basis":"provider","price":"2026-11-01/p/up"})");
}

TEST_F(Recording, DoesNotRepeatAModelThatNobodyHas) {
  Open({});
  exchange_->model = "my number is 4111 1111 1111 1111";
  Run();
  EXPECT_THAT(sink_.entries[0], Not(HasSubstr("4111")));
}

TEST_F(Recording, TellsCallersAndModelsApartWhoeverCameBefore) {
  Open({});
  const auto first = exchange_->principal;
  auto other = std::make_shared<pipeline::Principal>(*first);
  other->key_id = "k2";
  for (const auto& principal : {first, std::shared_ptr<const pipeline::Principal>(other), first}) {
    exchange_->principal = principal;
    loop_record_->Ended(End());
  }
  exchange_->model = "none";
  loop_record_->Ended(End());
  loop_record_->Use(std::make_shared<const EntryContext>(EntryContext{.config = "facade", .models = {"none"}}));
  loop_record_->Ended(End());
  ASSERT_THAT(sink_.entries, SizeIs(5));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("op":"list_models","model":"m","org":"11",)"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("cred":"k1")"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("cred":"k2")"));
  EXPECT_THAT(sink_.entries[2], HasSubstr(R"("cred":"k1")"));
  EXPECT_THAT(sink_.entries[3], HasSubstr(R"("op":"list_models","org":"11",)"));
  EXPECT_THAT(sink_.entries[4], HasSubstr(R"("op":"list_models","model":"none","org":"11",)"));
  EXPECT_THAT(sink_.entries[4], HasSubstr(R"("config":"facade")"));
}

TEST_F(Recording, CallsARefusalByALimitADenial) {
  Open({});
  auto end = End();
  end.status = 429;
  end.error = "budget_exceeded";
  loop_record_->Ended(end);
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("decision":"deny")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("status":429,"ending":"answered","error":"budget_exceeded")"));
}

TEST_F(Recording, WaitsForTheDiskWhereThatIsAsked) {
  Open({.durability = Durability::kStrict});
  auto run = [&] { return pipeline_->Run(*exchange_); };
  net::TaskGroup tasks(loop_);
  std::string outcome = "waits";
  tasks.Spawn([](auto task, std::string& said) -> net::Task<> {
    const auto reply = co_await std::move(task);
    said = reply.ok() ? "served" : reply.error().detail;
  }(run(), outcome));
  loop_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(outcome, "waits");
  EXPECT_EQ(upstream_->calls, 0);
  sink_.TellAll(std::uint64_t{0});
  loop_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(outcome, "served");
  EXPECT_EQ(upstream_->calls, 1);

  tasks.Spawn([](auto task, std::string& said) -> net::Task<> {
    const auto reply = co_await std::move(task);
    said = reply.ok() ? "served" : reply.error().detail;
  }(run(), outcome));
  sink_.TellAll(base::Error{.code = base::ErrorCode::kUnavailable, .detail = "EIO"});
  loop_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(outcome, "record: EIO");

  tasks.Spawn([](auto task, std::string& said) -> net::Task<> {
    const auto reply = co_await std::move(task);
    said = reply.ok() ? "served" : reply.error().detail;
  }(run(), outcome));
  loop_.Advance(RecordStage::kLongestWait);
  EXPECT_EQ(outcome, "record: the entry was not on the disk in time");
  EXPECT_EQ(upstream_->calls, 1);
  sink_.TellAll(std::uint64_t{9});  // nobody is there to hear it
}

TEST_F(Recording, SaysOnceWhatIsOverAtOnce) {
  Open({});
  std::vector<std::shared_ptr<pipeline::Exchange>> all;
  for (int i = 0; i < 5; ++i) {
    Begin(i);
    all.push_back(exchange_);
    EXPECT_EQ(Run(), "served");
  }
  EXPECT_THAT(sink_.entries, SizeIs(1)) << "the first does not wait";
  for (const int over : {1, 4, 0}) {
    exchange_ = all[static_cast<std::size_t>(over)];
    loop_record_->Ended(End());
  }
  EXPECT_THAT(sink_.entries, SizeIs(4));
  loop_.Advance(std::chrono::milliseconds(10));
  ASSERT_THAT(sink_.entries, SizeIs(6)) << "two go on";
  EXPECT_THAT(sink_.entries[4] + sink_.entries[5], AllOf(HasSubstr(R"("id":"req_2")"), HasSubstr(R"("id":"req_3")")));
  EXPECT_THAT(sink_.entries[4], HasSubstr(R"("t":"req.start")"));
  EXPECT_EQ(sink_.durabilities[4], Durability::kAsync);
  for (const int over : {2, 3}) {
    exchange_ = all[static_cast<std::size_t>(over)];
    loop_record_->Ended(End());
  }
  loop_.Advance(std::chrono::milliseconds(10));
  EXPECT_THAT(sink_.entries, SizeIs(8));
}

TEST_F(Recording, LetsNothingWaitWhileNothingCanBeWritten) {
  Open({});
  sink_.fails = true;
  EXPECT_THAT(Run(), HasSubstr("cannot keep its record"));
  EXPECT_THAT(Run(), HasSubstr("cannot keep its record"));
  sink_.fails = false;
  EXPECT_EQ(Run(), "served");
  EXPECT_THAT(sink_.entries, SizeIs(1));
}

TEST_F(Recording, LosesNoExchangeThatWasLetGoOnBeforeTheDiskFailed) {
  Open({});
  std::vector<std::shared_ptr<pipeline::Exchange>> all;
  for (int i = 0; i < 3; ++i) {
    Begin(i);
    all.push_back(exchange_);
    if (i == 2) sink_.fails = true;
    loop_.Advance(std::chrono::milliseconds(i == 2 ? 10 : 0));
    EXPECT_EQ(Run() == "served", i < 2) << i;
  }
  sink_.entries.clear();
  for (const auto& one : all) {
    exchange_ = one;
    loop_record_->Ended(End());
  }
  ASSERT_THAT(sink_.entries, SizeIs(2)) << "what was refused does not fill the memory";
  EXPECT_THAT(sink_.entries[0], AllOf(HasSubstr(R"("t":"req.end")"), HasSubstr(R"("id":"req_0")")));
  EXPECT_THAT(sink_.entries[1], AllOf(HasSubstr(R"("t":"req.end")"), HasSubstr(R"("id":"req_1")")));
  EXPECT_EQ(record_->totals().unwritten, 2U) << "the beginning and the end of the one that was refused";
}

TEST_F(Recording, LosesNoEndOfAnExchangeWhoseWithheldBeginningGoesWithIt) {
  Open({});
  EXPECT_EQ(Run(), "served");  // the first of the span, which does not wait
  Begin(2);
  EXPECT_EQ(Run(), "served");
  sink_.fails = true;
  loop_record_->Ended(End());
  ASSERT_THAT(sink_.entries, SizeIs(2));
  EXPECT_THAT(sink_.entries[1], AllOf(HasSubstr(R"("t":"req.end")"), HasSubstr(R"("id":"req_2")")));
  EXPECT_EQ(record_->totals().unwritten, 0U);
}

TEST_F(Recording, DoesNothingThatItCannotRecord) {
  Open({});
  sink_.fails = true;
  EXPECT_THAT(Run(), HasSubstr("cannot keep its record"));
  EXPECT_EQ(upstream_->calls, 0);
  EXPECT_EQ(record_->totals().unwritten, 1U);
}

TEST_F(Recording, GoesOnWithoutWhereTheOperatorSaidSo) {
  Open({.durability = Durability::kGroup, .unwritten = RecordSettings::Unwritten::kServed});
  sink_.fails = true;
  EXPECT_EQ(Run(), "served");
  EXPECT_EQ(record_->totals().unwritten, 1U);
}

TEST_F(Recording, DoesNotFillUpWithStrangers) {
  Open({});
  for (int i = 0; i < 3; ++i) loop_record_->Ended({.request_id = "r", .status = 401, .error = "unauthenticated"});
  EXPECT_THAT(sink_.entries, IsEmpty());
  EXPECT_EQ(record_->totals().strangers, 3U);
}

TEST_F(Recording, StaysWithinTheSizeOfAnEntryWhateverThereIs) {
  Open({});
  auto& report = exchange_->Attach(pipeline::InspectionReport());
  for (int i = 0; i < 3000; ++i) {
    exchange_->decisions.push_back({.rule = std::string(500, '\x01') + std::to_string(i),
                                    .action = std::string(500, '"'),
                                    .controls = {std::string(500, '\x02') + std::to_string(i)}});
    report.Note({.entity = std::string(500, '\x03') + std::to_string(i), .rule = "r", .measure = "mask"});
    exchange_->attempts.push_back({.provider = std::string(500, '\x04'), .model = std::string(500, '\x05')});
  }
  loop_record_->Ended(End());
  EXPECT_LT(sink_.entries[0].size(), 65'535U);
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(sink_.entries[0]).ok());
  for (const char* more : {"more_rules", "more_tags", "more_findings", "more_attempts"}) {
    EXPECT_EQ(document.root()[more].AsInteger(), 3000 - 24) << more;
  }
}

TEST_F(Recording, BeatsAndSeesTheClockBeingSet) {
  Open({});
  store::Health health;
  Watch watch(loop_, *record_, {{"database", [&] { return health; }}}, std::chrono::seconds(10));
  loop_record_->Began(pipeline::Surface::kOpenAiChat);
  loop_record_->Ended({.request_id = "r", .status = 401});
  loop_.Advance(std::chrono::seconds(10));
  ASSERT_THAT(sink_.entries, SizeIs(1));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("t":"heartbeat")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("every_ms":10000,"entries":0,"in_flight":1,"strangers":1})"));
  health.state = store::Health::State::kFailing;
  loop_.Advance(std::chrono::seconds(10));
  ASSERT_THAT(sink_.entries, SizeIs(3));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("t":"store.failing","seq":2)"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("store":"database"})"));
}

}  // namespace
}  // namespace gatehouse::features::audit
