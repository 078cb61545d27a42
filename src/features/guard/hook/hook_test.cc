#include "features/guard/hook/hook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/common/fake_receiver.h"
#include "features/guard/guarded_answer.h"
#include "features/guard/test_guard.h"

namespace gatehouse::features::guard {
namespace {

using inspect::Category;
using inspect::Channel;
using pipeline::Side;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::array<HookText, 2> kTexts = {
    {{.channel = Channel::kUser, .text = "caf\xC3\xA9 rude word"}, {.channel = Channel::kToolResult, .text = "fine"}}};

std::string Problem(std::string_view body) {
  const auto findings = DecodeAnswer(body, kTexts);
  return findings.ok() ? "" : findings.error().detail;
}

TEST(HookWire, SaysWhoAsksAndShowsTheTexts) {
  EXPECT_EQ(EncodeQuestion({.request_id = "r",
                            .surface = "openai.chat",
                            .model = "m",
                            .organization = "acme",
                            .principal = "app",
                            .side = Side::kAnswer,
                            .texts = kTexts}),
            R"({"version":1,"request_id":"r","surface":"openai.chat","model":"m","organization":"acme",)"
            R"("principal":"app","side":"answer","texts":[{"channel":"user","text":"café rude word"},)"
            R"({"channel":"tool_result","text":"fine"}]})");
}

TEST(HookWire, CountsCharacters) {
  const auto findings = DecodeAnswer(
      R"({"findings":[{"text":0,"entity":"RUDE","start":5,"end":9,"confidence":0.75},{"text":1,"entity":"x.y","category":"injection"}]})",
      kTexts);
  ASSERT_TRUE(findings.ok());
  EXPECT_THAT(
      findings.value()[0],
      ElementsAre(inspect::Finding{
          .category = Category::kContent, .entity = "RUDE", .span = {.begin = 6, .end = 10}, .confidence = 0.75F}));
  EXPECT_THAT(findings.value()[1],
              ElementsAre(inspect::Finding{
                  .category = Category::kInjection, .entity = "x.y", .span = {.begin = 0, .end = 4}, .confidence = 1}));
}

TEST(HookWire, RefusesWhatIsNotOfTheForm) {
  EXPECT_THAT(Problem("["), HasSubstr("no JSON object"));
  EXPECT_THAT(Problem("{}"), HasSubstr("`findings`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":2,"entity":"E"}]})"), HasSubstr("`text`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"E","start":3,"end":3}]})"), HasSubstr("`start`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"E","start":3,"end":15}]})"), HasSubstr("`start`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"E","start":-1,"end":2}]})"), HasSubstr("`start`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"a b"}]})"), HasSubstr("`entity`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"E","category":"fun"}]})"), HasSubstr("`category`"));
  EXPECT_THAT(Problem(R"({"findings":[{"text":0,"entity":"E","confidence":2}]})"), HasSubstr("`confidence`"));
  EXPECT_EQ(Problem(R"({"findings":[],"more":1})"), "");
}

class GuardrailOutside : public ::testing::Test {
 protected:
  GuardrailOutside() {
    settings_.name = "outside";
    settings_.url = base::Secret(std::string("http://guard.test/check"));
    settings_.trust.plaintext = http::Plaintext::kAllowed;
    settings_.headers.emplace_back("authorization", base::Secret(std::string("Bearer s3")));
    receiver_.says = R"({"findings":[]})";
  }

  base::Result<HookFindings> Ask(Hook& hook) {
    auto asked =
        loop_.AwaitFor(hook.Ask({.request_id = "r", .texts = kTexts}, net::Deadline::Never()), std::chrono::seconds(5));
    return asked ? *std::move(asked) : base::Internal("it waits");
  }
  Hook New() { return {settings_, fetcher_, loop_, metrics_.Counter(0, 0)}; }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  common::FakeReceiver receiver_{loop_};
  http::Fetcher fetcher_{receiver_.PoolFor()};
  base::Metrics metrics_{{HookCallsDeclaration()}, 1};
  HookSettings settings_;
};

TEST_F(GuardrailOutside, IsAskedWithItsHeaders) {
  receiver_.says = R"({"findings":[{"text":1,"entity":"E"}]})";
  Hook hook = New();
  const auto findings = Ask(hook);
  ASSERT_TRUE(findings.ok());
  EXPECT_THAT(findings.value()[1], SizeIs(1));
  ASSERT_THAT(receiver_.got, SizeIs(1));
  EXPECT_EQ(receiver_.got[0].Header("authorization"), "Bearer s3");
  EXPECT_THAT(receiver_.got[0].body, HasSubstr(R"("texts":[{"channel":"user")"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(hook="outside",outcome="answered"} 1)"));
}

TEST_F(GuardrailOutside, IsLeftAloneForAWhileWhenItFailsAgainAndAgain) {
  receiver_.status = 500;
  Hook hook = New();
  for (int i = 0; i < Hook::kFailures; ++i) EXPECT_FALSE(Ask(hook).ok());
  EXPECT_THAT(receiver_.got, SizeIs(Hook::kFailures));
  EXPECT_THAT(Ask(hook).error().detail, HasSubstr("too often"));
  EXPECT_THAT(receiver_.got, SizeIs(Hook::kFailures));
  loop_.Advance(Hook::kPause);
  receiver_.status = 200;
  EXPECT_TRUE(Ask(hook).ok());
  EXPECT_TRUE(Ask(hook).ok());
}

TEST_F(GuardrailOutside, DoesNotHearMoreThanItMay) {
  settings_.most_bytes = 10;
  Hook hook = New();
  EXPECT_EQ(Ask(hook).error().code, base::ErrorCode::kTooLarge);
  EXPECT_THAT(receiver_.got, SizeIs(0));
}

TEST_F(GuardrailOutside, FailsWhereItIsAway) {
  receiver_.up = false;
  Hook hook = New();
  const auto findings = Ask(hook);
  EXPECT_EQ(findings.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(findings.error().detail, ::testing::Not(HasSubstr("guard.test")));
}

// In an inspection.

class InspectionWithHook : public GuardrailOutside {
 protected:
  InspectionWithHook() : guard_(testing::Settings({testing::Rule("content", Category::kContent, Measure::kMask)})) {}

  std::unique_ptr<Inspection> NewInspection(std::vector<std::unique_ptr<Hook>>& hooks) {
    hooks.clear();
    hooks.push_back(std::make_unique<Hook>(settings_, fetcher_, bench_loop(), metrics_.Counter(0, 0)));
    scratch_.emplace(*guard_->inspector);
    exchange_ =
        std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, pipeline::ModelsCall{});
    return std::make_unique<Inspection>(Inspection::Means{.settings = *guard_,
                                                          .scratch = *scratch_,
                                                          .findings = findings_.Counter(0, 0),
                                                          .key = key_,
                                                          .hooks = hooks},
                                        *exchange_);
  }
  net::Loop& bench_loop() { return loop_; }

  std::shared_ptr<GuardSettings> guard_;
  std::optional<inspect::Inspector::Scratch> scratch_;
  base::Metrics findings_{{FindingsDeclaration()}, 1};
  base::Secret key_{std::string("k")};
  base::Random random_{1};
  std::shared_ptr<pipeline::Exchange> exchange_;
};

TEST_F(InspectionWithHook, DoesAsItsRulesSayWithWhatIsFoundOutside) {
  std::vector<std::unique_ptr<Hook>> hooks;
  auto inspection = NewInspection(hooks);
  receiver_.says = R"({"findings":[{"text":0,"entity":"RUDE","start":2,"end":6}]})";
  const std::string body = R"({"messages":[{"role":"user","content":"a rude word"},{"role":"user","content":"b"}]})";
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(body).ok());
  const TextTable& table = guard_->tables.Of(llm::DialectId::kOpenAiChat, BodyKind::kRequest);
  const auto asked =
      loop_.AwaitFor(inspection->AskAboutBody(document.root(), table, Side::kRequest), std::chrono::seconds(1));
  ASSERT_TRUE(asked && asked->ok());
  const auto changed = inspection->LookAtBody(body, document.root(), table, Side::kRequest);
  ASSERT_TRUE(changed.ok() && changed.value());
  EXPECT_EQ(*changed.value(),
            R"({"messages":[{"role":"user","content":"a [RUDE] word"},{"role":"user","content":"b"}]})");
}

TEST_F(InspectionWithHook, DeniesOrSaysThatItIsNotScannedWhereTheHookFails) {
  receiver_.up = false;
  std::vector<std::unique_ptr<Hook>> hooks;
  auto inspection = NewInspection(hooks);
  auto asked = loop_.AwaitFor(inspection->Ask(Side::kRequest, {kTexts.begin(), kTexts.end()}), std::chrono::seconds(1));
  EXPECT_FALSE(asked->ok());
  settings_.on_failure = HookSettings::Failure::kAllow;
  inspection = NewInspection(hooks);
  asked = loop_.AwaitFor(inspection->Ask(Side::kRequest, {kTexts.begin(), kTexts.end()}), std::chrono::seconds(1));
  EXPECT_TRUE(asked->ok());
  EXPECT_THAT(exchange_->Find<pipeline::InspectionReport>()->not_scanned, ElementsAre("hook"));
}

// A stream of events, each in a batch of its own.
class Events final : public llm::EventSource {
 public:
  explicit Events(std::vector<llm::Event> events) : events_(std::move(events)) {}
  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
    batch.Clear();
    if (at_ == events_.size()) co_return Outcome::kEnd;
    batch.events.push_back(events_[at_++]);
    batch.frames.push_back({.raw = "x", .event_count = 1});
    co_return Outcome::kBatch;
  }

 private:
  std::vector<llm::Event> events_;
  std::size_t at_ = 0;
};

TEST_F(InspectionWithHook, HoldsAnAnswerUntilItIsDecidedAbout) {
  std::vector<std::unique_ptr<Hook>> hooks;
  receiver_.says = R"({"findings":[{"text":0,"entity":"RUDE","start":2,"end":6}]})";
  GuardedEvents guarded(NewInspection(hooks),
                        std::make_unique<Events>(std::vector<llm::Event>{llm::TextDelta{.text = "a ru"},
                                                                         llm::TextDelta{.text = "de word"},
                                                                         llm::BlockFinished{}, llm::ChoiceFinished{}}),
                        llm::DialectId::kOpenAiChat);
  llm::Batch batch;
  const auto pulled = loop_.AwaitFor(guarded.Pull(batch), std::chrono::seconds(1));
  ASSERT_TRUE(pulled && pulled->ok());
  ASSERT_THAT(batch.events, SizeIs(4));
  EXPECT_EQ(std::get<llm::TextDelta>(batch.events[0]).text + std::get<llm::TextDelta>(batch.events[1]).text,
            "a [RUDE] word");
  EXPECT_THAT(receiver_.got, SizeIs(1));
}

}  // namespace
}  // namespace gatehouse::features::guard
