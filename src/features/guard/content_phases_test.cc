#include "features/guard/content_phases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/guard/guard_stage.h"
#include "features/guard/test_guard.h"
#include "llm/dialect.h"
#include "pipeline/operation.h"

// Rules of policies on content, as the guard's stage and its inspection put them into practice.
namespace gatehouse::features::guard {
namespace {

using inspect::Category;
using inspect::Channel;
using pipeline::ContentQuestion;
using pipeline::ContentVerdict;
using pipeline::Phase;
using pipeline::Side;
using testing::Bench;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Refuse;
using testing::Rule;
using testing::ScriptedRules;

const std::vector<Phase> kAll = {Phase::kPrompt, Phase::kToolCall, Phase::kToolResult, Phase::kResponse};

pipeline::ContentMeasure About(Category category, Measure measure) {
  pipeline::ContentMeasure about{.measure = measure, .categories = {}, .entities = {}};
  about.categories.set(static_cast<std::size_t>(category));
  return about;
}

// What comes after the guard: one body.
class Upstream final : public pipeline::Stage {
 public:
  Upstream(std::string body, std::string& asked) : body_(std::move(body)), asked_(asked) {}
  std::string_view Name() const override { return "upstream"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next) const override {
    pipeline::Reply reply;
    if (const auto* chat = std::get_if<pipeline::ChatCall>(&exchange.operation)) {
      asked_ = chat->body->text();
      auto body = std::make_unique<Body>(body_);
      if (chat->detail == llm::Detail::kFull) body->Decode();
      reply.answer = pipeline::ChatReply{.dialect = llm::DialectId::kOpenAiChat, .events = std::move(body)};
    } else if (std::holds_alternative<pipeline::PassThroughCall>(exchange.operation)) {
      reply.answer = pipeline::PassThroughReply{};
    } else {
      reply.answer = pipeline::ModelsReply{};
    }
    co_return reply;
  }

 private:
  class Body final : public llm::EventSource {
   public:
    explicit Body(std::string raw) : raw_(std::move(raw)) {}
    void Decode() {
      const auto decoder = llm::FindChatDialect(llm::DialectId::kOpenAiChat)->NewDecoder("x");
      EXPECT_TRUE(decoder->DecodeWhole(raw_, llm::Detail::kFull, events_).ok());
    }
    net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override {
      batch.Clear();
      if (std::exchange(done_, true)) co_return Outcome::kEnd;
      batch.events = std::move(events_);
      batch.frames.push_back({.raw = raw_, .event_count = static_cast<std::uint32_t>(batch.events.size())});
      co_return Outcome::kBatch;
    }

   private:
    std::string raw_;
    std::vector<llm::Event> events_;
    bool done_ = false;
  };

  std::string body_;
  std::string& asked_;
};

pipeline::Operation Chat(std::string_view body) {
  auto parsed = pipeline::JsonBody::Parse(std::string(body)).value();
  auto request = llm::FindChatDialect(llm::DialectId::kOpenAiChat)->DecodeRequest(parsed->root(), {}).value();
  return pipeline::ChatCall{.dialect = llm::DialectId::kOpenAiChat,
                            .body = std::move(parsed),
                            .request = std::make_unique<llm::ChatRequest>(std::move(request)),
                            .version = {}};
}

std::string Says(std::string_view text) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(text) + "\"}]}";
}
std::string WithResult(std::string_view text, std::string_view result) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(text) +
         R"("},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
         R"({"role":"tool","tool_call_id":"c","content":")" +
         std::string(result) + "\"}]}";
}
std::string Answers(std::string_view text) {
  return R"({"id":"i","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":")" +
         std::string(text) + "\"}}]}";
}
std::string Calls(std::string_view tool, std::string_view arguments) {
  return R"({"id":"i","model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,)"
         R"("tool_calls":[{"id":"c","type":"function","function":{"name":")" +
         std::string(tool) + R"(","arguments":")" + std::string(arguments) + "\"}}]}}]}";
}

class GuardedPhases : public ::testing::Test {
 protected:
  // The client's answer, or "error: ...".
  std::string Run(ScriptedRules::Script script, pipeline::Operation operation, std::vector<GuardRule> own = {},
                  std::vector<Phase> phases = kAll, pipeline::Surface surface = pipeline::Surface::kOpenAiChat) {
    auto rules = std::make_unique<ScriptedRules>(std::move(phases), std::move(script));
    rules_ = rules.get();
    exchange_ = std::make_shared<pipeline::Exchange>(loop_, random_, surface, std::move(operation));
    exchange_->id = "req_1";
    exchange_->model = "m";
    asked_.clear();
    pipeline::Stages stages;
    stages.push_back(std::make_unique<GuardStage>(testing::Settings(std::move(own)),
                                                  base::Secret(std::string("a key for tests")), metrics_.Counter(0, 0),
                                                  HookMeans(), std::move(rules)));
    stages.push_back(std::make_unique<Upstream>(answer_, asked_));
    pipeline_ = std::make_unique<pipeline::Pipeline>(std::move(stages));
    auto reply = loop_.Await(pipeline_->Run(*exchange_));
    if (!reply) return "it waits";
    if (!reply->ok()) return "error: " + reply->error().public_message;
    auto* chat = std::get_if<pipeline::ChatReply>(&reply->value().answer);
    if (chat == nullptr) return "";
    llm::Batch batch;
    auto pulled = loop_.Await(chat->events->Pull(batch));
    if (!pulled->ok()) return "error: " + pulled->error().public_message;
    return std::string(batch.frames.front().raw);
  }
  const std::vector<std::string>& questions() const { return rules_->asked; }
  const pipeline::InspectionReport& report() const { return *exchange_->Find<pipeline::InspectionReport>(); }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::Metrics metrics_{{FindingsDeclaration()}, 1};
  std::shared_ptr<pipeline::Exchange> exchange_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  const ScriptedRules* rules_ = nullptr;
  std::string asked_;
  std::string answer_ = Answers("fine");
};

TEST_F(GuardedPhases, AskOnceForARequestAndBeforeTheAnswer) {
  EXPECT_EQ(Run({}, Chat(Says("hello"))), answer_);
  EXPECT_THAT(questions(), ElementsAre("prompt", "response"));
  Run({}, Chat(Says("mail#1 key#2 mail#3")));
  EXPECT_THAT(questions(), ElementsAre("prompt EMAIL_ADDRESS@user test-key@user EMAIL_ADDRESS@user", "response"));
  Run({}, Chat(WithResult("mail#1", "evil#2")));
  EXPECT_THAT(questions(), ElementsAre("prompt EMAIL_ADDRESS@user", "tool_result INSTRUCTION@tool_result", "response"));
  Run({}, Chat(Says("mail#1")), {}, {Phase::kToolResult});
  EXPECT_THAT(questions(), IsEmpty());
}

TEST_F(GuardedPhases, AskAgainAboutAnAnswerInWhichSomethingIsFound) {
  answer_ = Answers("mail#1");
  EXPECT_EQ(Run({}, Chat(Says("x"))), answer_);
  EXPECT_THAT(questions(), ElementsAre("prompt", "response", "response again EMAIL_ADDRESS@output"));
  answer_ = Calls("shell", R"({\"a\":\"key#1\"})");
  EXPECT_EQ(Run({}, Chat(Says("x"))), answer_);
  EXPECT_THAT(questions(), ElementsAre("prompt", "response", "tool_call shell()",
                                       "tool_call again test-key@tool_arguments shell()"));
}

TEST_F(GuardedPhases, JudgeCallsWithoutArgumentsToo) {
  answer_ = Calls("shell", "{}");
  const auto script = [](const ContentQuestion& question) {
    return question.phase == Phase::kToolCall ? Refuse("no-shell") : ContentVerdict();
  };
  EXPECT_EQ(Run(script, Chat(Says("x"))), "error: Refused by no-shell.");
  answer_ = Answers("no call");
  EXPECT_EQ(Run(script, Chat(Says("x"))), answer_);
}

TEST_F(GuardedPhases, RefuseBeforeAnythingIsSent) {
  const auto refuse = [](Phase phase) {
    return
        [phase](const ContentQuestion& question) { return question.phase == phase ? Refuse("r") : ContentVerdict(); };
  };
  EXPECT_EQ(Run(refuse(Phase::kPrompt), Chat(Says("mail#1"))), "error: Refused by r.");
  EXPECT_EQ(asked_, "");
  ASSERT_EQ(report().notes.size(), 1U);
  EXPECT_EQ(report().notes[0].rule, "r");
  EXPECT_EQ(report().notes[0].measure, "deny");
  EXPECT_EQ(Run(refuse(Phase::kToolResult), Chat(WithResult("a", "b"))), "error: Refused by r.");
  EXPECT_EQ(asked_, "");
  EXPECT_EQ(Run(refuse(Phase::kToolResult), Chat(Says("a"))), answer_);
  EXPECT_EQ(Run(refuse(Phase::kResponse), Chat(Says("a"))), "error: Refused by r.");
}

TEST_F(GuardedPhases, DoWhatRulesOrder) {
  const auto mask = About(Category::kPii, Measure::kMask);
  const auto hash = About(Category::kPii, Measure::kHash);
  const auto drop = About(Category::kSecret, Measure::kDrop);
  const auto script = [&](const ContentQuestion& question) -> ContentVerdict {
    if (question.phase == Phase::kResponse) return {.orders = {{"drop", &drop}}, .refusal = {}, .refused_by = {}};
    return {.orders = {{"hash", &hash}, {"mask", &mask}}, .refusal = {}, .refused_by = {}};
  };
  answer_ = Answers("mail#1 key#1");
  EXPECT_EQ(Run(script, Chat(Says("mail#1 key#1"))), Answers("mail#1 [removed: test-key]"));
  EXPECT_EQ(asked_, Says("[EMAIL_ADDRESS] key#1"));
  EXPECT_THAT(exchange_->decisions, IsEmpty()) << "the rules note theirs themselves";
  EXPECT_EQ(report().notes[0].rule, "mask");
  EXPECT_EQ(report().notes[0].measure, "mask");
}

TEST_F(GuardedPhases, TakeTheStricterOfBoth) {
  const auto mask = About(Category::kPii, Measure::kMask);
  const auto script = [&](const ContentQuestion&) -> ContentVerdict {
    return {.orders = {{"mask", &mask}}, .refusal = {}, .refused_by = {}};
  };
  Run(script, Chat(Says("mail#1")), {Rule("own", Category::kPii, Measure::kNeutralise)});
  EXPECT_EQ(asked_, Says("[EMAIL_ADDRESS]"));
  Run(script, Chat(Says("mail#1")), {Rule("exception", Category::kPii, Measure::kNone)});
  EXPECT_EQ(asked_, Says("[EMAIL_ADDRESS]"));
  Run(script, Chat(Says("mail#1")), {Rule("own", Category::kPii, Measure::kDrop)});
  EXPECT_EQ(asked_, Says("[removed: EMAIL_ADDRESS]"));
  EXPECT_EQ(report().notes[0].rule, "own");
  EXPECT_THAT(Run(script, Chat(Says("mail#1")), {Rule("own", Category::kPii, Measure::kDeny)}),
              HasSubstr("guard rule 'own'"));
}

TEST_F(GuardedPhases, HaveNoPartInWhatNobodyLooksInto) {
  const auto script = [](const ContentQuestion&) { return Refuse("r"); };
  EXPECT_EQ(Run(script, pipeline::PassThroughCall{}, {}, kAll, pipeline::Surface::kPassThrough), "");
  EXPECT_THAT(questions(), IsEmpty());
  EXPECT_EQ(Run(script, pipeline::ModelsCall{}, {}, kAll, pipeline::Surface::kModels), "error: Refused by r.");
}

TEST_F(GuardedPhases, AreEnforcedWhereSomebodyLooks) {
  const auto enforces = [&](std::unique_ptr<const pipeline::ContentRules> rules, pipeline::Surface surface,
                            Phase phase) {
    const GuardStage stage(testing::Settings({}), base::Secret(), metrics_.Counter(0, 0), HookMeans(),
                           std::move(rules));
    return stage.Enforces(surface, phase) == pipeline::Enforcement::kEnforced;
  };
  const auto rules = [] { return std::make_unique<ScriptedRules>(kAll, nullptr); };
  for (const Phase phase : kAll) {
    EXPECT_TRUE(enforces(rules(), pipeline::Surface::kRerank, phase));
    EXPECT_FALSE(enforces(rules(), pipeline::Surface::kPassThrough, phase));
    EXPECT_FALSE(enforces(nullptr, pipeline::Surface::kRerank, phase));
  }
  EXPECT_FALSE(enforces(rules(), pipeline::Surface::kRerank, Phase::kRequest));
  EXPECT_FALSE(enforces(rules(), pipeline::Surface::kRerank, Phase::kHandoff));
}

TEST(ContentPhases, KeepsCountWithinBounds) {
  Bench bench(testing::Settings({}));
  std::size_t most = 0;
  float greatest = 0;
  const ScriptedRules rules({Phase::kResponse}, [&](const ContentQuestion& question) {
    most = std::max(most, question.findings.size());
    for (const auto& found : question.findings) greatest = std::max(greatest, found.finding.confidence);
    return ContentVerdict();
  });
  ContentPhases phases(rules, bench.exchange());
  inspect::Finding finding{.category = Category::kPii, .entity = "A", .span = {}, .confidence = 0.5F, .view = {}};
  const auto add = [&] {
    phases.Add(Phase::kResponse, Channel::kOutput, finding);
    phases.Judge();
  };
  for (std::size_t i = 0; i < ContentPhases::kMostFindings + 500; ++i) add();
  EXPECT_EQ(most, ContentPhases::kMostFindings);
  EXPECT_EQ(rules.asked.size(), ContentPhases::kMostFindings);
  finding.confidence = 0.9F;
  add();
  EXPECT_EQ(most, ContentPhases::kMostFindings);
  EXPECT_EQ(greatest, 0.9F);
  finding.entity = "B";
  add();
  add();
  EXPECT_EQ(most, ContentPhases::kMostFindings + 1);
}

}  // namespace
}  // namespace gatehouse::features::guard
