#include "features/policy/request_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/config/tree.h"
#include "features/policy/coverage.h"
#include "features/policy/facts.h"
#include "features/policy/rule_reader.h"
#include "net/fake/fake_loop.h"
#include "pipeline/attachments.h"

namespace gatehouse::features::policy {
namespace {

using pipeline::Effect;
using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const RuleSet> Rules(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  auto rules = ReadRules(tree.root(), {.models = {"gpt-5", "small"}, .providers = {"a", "b"}});
  const auto status = tree.Finish();
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().public_message);
  return rules;
}

// What comes after the policy: answers with an empty list of models.
class Last final : public pipeline::Stage {
 public:
  explicit Last(int& calls) : calls_(calls) {}
  std::string_view Name() const override { return "last"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange&, pipeline::Next) const override {
    ++calls_;
    co_return pipeline::Reply{.answer = pipeline::ModelsReply{}, .headers = {}};
  }

 private:
  int& calls_;
};

pipeline::ChatCall Chat(std::string_view body = "{}") {
  auto parsed = pipeline::JsonBody::Parse(std::string(body)).value();
  const auto& dialect = *llm::FindChatDialect(llm::DialectId::kOpenAiChat);
  auto decoded = dialect.DecodeRequest(parsed->root(), {});
  EXPECT_TRUE(decoded.ok()) << (decoded.ok() ? "" : decoded.error().public_message);
  return {.dialect = llm::DialectId::kOpenAiChat,
          .body = std::move(parsed),
          .request = std::make_unique<llm::ChatRequest>(std::move(decoded).value()),
          .delivery = llm::Delivery::kWhole,
          .version = ""};
}

constexpr std::string_view kBody = R"({"model":"gpt-5","max_tokens":500,"user":"u1","messages":[
  {"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]}],
  "tools":[{"type":"function","function":{"name":"shell"}},{"type":"function","function":{"name":"search"}}]})";

class RequestPolicy : public testing::Test {
 protected:
  RequestPolicy() {
    principal_.organization = "acme";
    principal_.team = "research";
    principal_.name = "app";
    principal_.groups = {"staff", "gpu"};
    principal_.claims = R"({"level":3,"roles":["dev"],"nested":{"a":{"b":true}},"score":0.5})";
  }

  pipeline::Exchange& Open(pipeline::Surface surface, pipeline::Operation operation, std::string model) {
    exchange_ = std::make_shared<pipeline::Exchange>(loop_, random_, surface, std::move(operation));
    exchange_->id = "req_1";
    exchange_->model = std::move(model);
    exchange_->Attach(pipeline::ClientAddress{"10.0.0.7:99"});
    exchange_->principal = std::make_shared<const pipeline::Principal>(principal_);
    return *exchange_;
  }
  pipeline::Exchange& OpenChat(std::string_view body = kBody) {
    return Open(pipeline::Surface::kOpenAiChat, Chat(body), "gpt-5");
  }
  pipeline::Exchange& OpenOpaque(std::string named) {
    pipeline::PassThroughCall call{.method = "POST", .path = "/images/edits?key=secret", .body = "xyz"};
    call.model = named;
    return Open(pipeline::Surface::kPassThrough, std::move(call), named.empty() ? "gpt-5" : named);
  }

  // "" or the refusal's message.
  std::string Run(std::string_view yaml, pipeline::Exchange& exchange) {
    pipeline::Stages stages;
    stages.push_back(std::make_unique<RequestStage>(Rules(yaml), recorder_, metrics_.Counter(0, 0)));
    stages.push_back(std::make_unique<Last>(calls_));
    const pipeline::Pipeline pipeline(std::move(stages));
    detail_.clear();
    const auto reply = loop_.Await(pipeline.Run(exchange));
    if (reply->ok()) return "";
    EXPECT_EQ(reply->error().source, base::ErrorSource::kPolicy);
    code_ = reply->error().code;
    detail_ = reply->error().detail;
    return reply->error().public_message;
  }
  std::string Run(std::string_view yaml) { return Run(yaml, OpenChat()); }
  // Whether a deny rule with this condition holds.
  bool Holds(std::string_view condition) {
    const std::string yaml = "rules: [ { id: r, effect: deny, when: '" + std::string(condition) + "' } ]";
    const std::string refusal = Run(yaml, *exchange_);
    EXPECT_EQ(detail_, "") << condition;
    return !refusal.empty();
  }
  std::vector<std::string> Decided() const {
    std::vector<std::string> decided;
    for (const auto& decision : exchange_->decisions) {
      const bool shadow = decision.mode == pipeline::Decision::Mode::kShadow;
      decided.push_back(decision.rule + " " + std::string(pipeline::ToString(decision.effect)) +
                        (shadow ? " shadow" : "") + (decision.action.empty() ? "" : " " + decision.action));
    }
    return decided;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::Metrics metrics_{{DecisionsDeclaration()}, 1};
  Recorder recorder_;
  pipeline::Principal principal_;
  std::shared_ptr<pipeline::Exchange> exchange_;
  int calls_ = 0;
  base::ErrorCode code_{};
  std::string detail_;
};

TEST_F(RequestPolicy, LetsThroughWhatNoRuleIsAbout) {
  EXPECT_EQ(Run("rules: [ { id: r, effect: deny, match: { models: [o1] } } ]"), "");
  EXPECT_EQ(calls_, 1);
  EXPECT_THAT(Decided(), ElementsAre());
}

TEST_F(RequestPolicy, RefusesWithTheRulesWords) {
  EXPECT_EQ(Run("rules: [ { id: r, effect: deny, message: Not here., controls: [C1] } ]"),
            "Not here. (policy rule 'r')");
  EXPECT_EQ(code_, base::ErrorCode::kDenied);
  EXPECT_EQ(calls_, 0);
  EXPECT_THAT(Decided(), ElementsAre("r deny"));
  EXPECT_THAT(exchange_->decisions.front().controls, ElementsAre("C1"));
}

TEST_F(RequestPolicy, ForbidWinsWhateverTheOrder) {
  EXPECT_THAT(Run("rules: [ { id: a, effect: allow }, { id: d, effect: deny }, { id: b, effect: allow } ]"),
              HasSubstr("'d'"));
  EXPECT_THAT(Decided(), ElementsAre("a allow", "d deny", "b allow"));
  EXPECT_THAT(Run("rules: [ { id: d, effect: deny }, { id: c, effect: challenge } ]"), HasSubstr("'d'"));
  EXPECT_THAT(Run("rules: [ { id: c, effect: challenge }, { id: d, effect: deny } ]"), HasSubstr("'d'"));
  EXPECT_THAT(Run("rules: [ { id: d1, effect: deny }, { id: d2, effect: deny } ]"), HasSubstr("'d1'"));
}

TEST_F(RequestPolicy, WhatIsClosedIsOpenedByAllowAlone) {
  EXPECT_THAT(Run("default: deny"), HasSubstr("No policy rule allows this request"));
  EXPECT_THAT(Decided(), ElementsAre("default deny"));
  EXPECT_EQ(Run("{ default: deny, rules: [ { id: a, effect: allow } ] }"), "");
  EXPECT_THAT(Run("{ default: deny, rules: [ { id: a, effect: allow, match: { models: [x] } } ] }"),
              HasSubstr("No policy rule"));
  EXPECT_THAT(Run("{ default: deny, rules: [ { id: a, effect: allow, mode: shadow } ] }"), HasSubstr("No policy rule"));
  EXPECT_THAT(Run("{ default: deny, rules: [ { id: c, effect: restrict, restrict: { clamp_max_tokens: 9 } } ] }"),
              HasSubstr("No policy rule"));
  EXPECT_EQ(Run("{ default: deny, rules: [ { id: a, effect: allow },"
                " { id: c, effect: restrict, restrict: { clamp_max_tokens: 9 } } ] }"),
            "");
  EXPECT_THAT(Decided(), ElementsAre("a allow", "c restrict clamp_max_tokens 9"));
}

TEST_F(RequestPolicy, AChallengeIsARefusalThatSaysSo) {
  EXPECT_EQ(Run("rules: [ { id: c, effect: challenge, message: Ask your lead. } ]"),
            "challenge_required: Ask your lead. (policy rule 'c')");
  EXPECT_EQ(code_, base::ErrorCode::kDenied);
}

TEST_F(RequestPolicy, AConditionThatFailsDeniesAndNeverAllows) {
  for (const auto* effect : {"deny", "challenge", "restrict, restrict: { clamp_max_tokens: 1 }"}) {
    const std::string yaml =
        std::string("rules: [ { id: r, when: 'principal.claims.absent == 1', effect: ").append(effect).append(" } ]");
    EXPECT_THAT(Run(yaml), HasSubstr("could not be decided")) << effect;
    EXPECT_EQ(code_, base::ErrorCode::kDenied);
    EXPECT_THAT(detail_, HasSubstr("absent"));
    EXPECT_THAT(Decided(), ElementsAre("r deny"));
  }
  EXPECT_THAT(Run("{ default: deny, rules: [ { id: r, when: 'principal.claims.absent == 1', effect: allow } ] }"),
              HasSubstr("No policy rule"));
  EXPECT_EQ(Run("rules: [ { id: r, when: 'principal.claims.absent == 1', effect: deny, mode: shadow } ]"), "");
  EXPECT_THAT(Decided(), ElementsAre("r deny shadow"));
}

TEST_F(RequestPolicy, AShadowSpeaksAndDoesNothing) {
  EXPECT_EQ(Run("rules: [ { id: d, effect: deny, mode: shadow },"
                " { id: c, effect: restrict, restrict: { clamp_max_tokens: 9 }, mode: shadow } ]"),
            "");
  EXPECT_THAT(Decided(), ElementsAre("d deny shadow", "c restrict shadow clamp_max_tokens 9"));
  EXPECT_EQ(std::get_if<pipeline::ChatCall>(&exchange_->operation)->output_limit, std::nullopt);
  EXPECT_THAT(metrics_.Expose(),
              HasSubstr(R"(gatehouse_policy_decisions_total{rule="d",effect="deny",mode="shadow"} 1)"));
}

TEST_F(RequestPolicy, KnowsEveryFact) {
  OpenChat();
  for (const auto* condition :
       {R"(principal.organization == "acme" && principal.team == "research" && principal.project == "")",
        R"(principal.name == "app" && principal.kind == "application" && principal.authentication == "key")",
        R"("gpu" in principal.groups && size(principal.groups) == 2)",
        R"(principal.claims.level == 3 && "dev" in principal.claims.roles && principal.claims.nested.a.b)",
        R"(principal.claims.score < 1.0 && !has(principal.claims.other))",
        R"(request.id == "req_1" && request.surface == "openai.chat" && request.operation == "chat")",
        R"(request.model == "gpt-5" && request.path == "" && !request.stream && request.user == "u1")",
        R"("shell" in request.tools && request.tools.exists(t, t.startsWith("sea")))",
        R"(request.max_output_tokens == 500 && request.message_count == 1 && request.input_count == 0)",
        R"(request.body_bytes > 100 && request.has_images && !request.has_documents && !request.has_audio)",
        R"(client.address.startsWith("10."))",
        // The fake clock: 2023-11-14T22:13:21Z, a Tuesday.
        R"(time.hour == 22 && time.weekday == "tuesday" && time.now > timestamp("2023-11-14T22:00:00Z"))"}) {
    EXPECT_TRUE(Holds(condition)) << condition;
    EXPECT_FALSE(Holds("!(" + std::string(condition) + ")")) << condition;
  }
}

TEST_F(RequestPolicy, TellsTheTimeOfItsZone) {
  OpenChat();
  EXPECT_NE(Run("{ zone: Asia/Tokyo, rules: [ { id: r, effect: deny, when: 'time.hour == 7 && time.weekday == "
                "\"wednesday\"' } ] }",
                *exchange_),
            "");
}

TEST_F(RequestPolicy, ARequestWithoutABoundAsksForAsMuchAsThereIs) {
  OpenChat(R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
  EXPECT_TRUE(Holds("request.max_output_tokens > 1000000"));
}

TEST_F(RequestPolicy, LooksAtOpaqueRequestsAndKnowsLittleOfThem) {
  OpenOpaque("");
  EXPECT_TRUE(Holds(R"(request.path == "/images/edits" && request.operation == "pass_through")"));
  EXPECT_FALSE(Holds("has(request.model)"));
  EXPECT_FALSE(Holds("has(request.tools)"));
  EXPECT_THAT(Run("rules: [ { id: r, effect: deny, when: '\"shell\" in request.tools' } ]", *exchange_),
              HasSubstr("could not be decided"));
  EXPECT_EQ(Run("rules: [ { id: r, effect: deny, match: { surfaces: [openai.*] }, when: '\"shell\" in request.tools' "
                "} ]",
                *exchange_),
            "");
}

TEST_F(RequestPolicy, ARuleAboutModelsHoldsForAnUnknownOneUnlessItAllows) {
  OpenOpaque("");
  EXPECT_THAT(Run("rules: [ { id: r, effect: deny, match: { models: [o1-*] } } ]", *exchange_), HasSubstr("'r'"));
  EXPECT_THAT(Run("{ default: deny, rules: [ { id: r, effect: allow, match: { models: [gpt-5] } } ] }", *exchange_),
              HasSubstr("No policy rule"));
  OpenOpaque("dall-e");
  EXPECT_EQ(Run("rules: [ { id: r, effect: deny, match: { models: [o1-*] } } ]", *exchange_), "");
}

TEST_F(RequestPolicy, ClampsTheOutput) {
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { clamp_max_tokens: 300 } },"
                " { id: y, effect: restrict, restrict: { clamp_max_tokens: 100 } },"
                " { id: z, effect: restrict, restrict: { clamp_max_tokens: 200 } } ]"),
            "");
  const auto& chat = *std::get_if<pipeline::ChatCall>(&exchange_->operation);
  EXPECT_EQ(chat.output_limit, 100U);
  EXPECT_EQ(chat.request->max_output_tokens, 100U);
  EXPECT_TRUE(chat.body_is_current);
  EXPECT_THAT(exchange_->warnings,
              ElementsAre("policy x: at most 300 tokens of output", "policy y: at most 100 tokens of output"));
}

TEST_F(RequestPolicy, LeavesAloneWhatIsWithinTheClamp) {
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { clamp_max_tokens: 500 } } ]"), "");
  EXPECT_EQ(std::get_if<pipeline::ChatCall>(&exchange_->operation)->output_limit, std::nullopt);
  EXPECT_THAT(exchange_->warnings, ElementsAre());
}

TEST_F(RequestPolicy, TakesToolsAway) {
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { drop_tool: 'sh*' } } ]"), "");
  const auto& chat = *std::get_if<pipeline::ChatCall>(&exchange_->operation);
  ASSERT_EQ(chat.request->tools.size(), 1U);
  EXPECT_EQ(chat.request->tools.front().name, "search");
  EXPECT_FALSE(chat.body_is_current);
  EXPECT_THAT(exchange_->warnings, ElementsAre("policy x: tool 'shell' was taken away"));
}

TEST_F(RequestPolicy, AChoiceOfADroppedToolIsNoChoice) {
  constexpr std::string_view kNamed = R"({"model":"m","messages":[{"role":"user","content":"x"}],
    "tools":[{"type":"function","function":{"name":"shell"}},{"type":"function","function":{"name":"search"}}],
    "tool_choice":{"type":"function","function":{"name":"shell"}},"parallel_tool_calls":false})";
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { drop_tool: shell } } ]", OpenChat(kNamed)), "");
  const auto* chat = std::get_if<pipeline::ChatCall>(&exchange_->operation);
  EXPECT_FALSE(chat->request->tool_choice.has_value());
  EXPECT_EQ(chat->request->parallel_tool_calls, false);
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { drop_tool: '*' } } ]", OpenChat(kNamed)), "");
  chat = std::get_if<pipeline::ChatCall>(&exchange_->operation);
  EXPECT_TRUE(chat->request->tools.empty());
  EXPECT_FALSE(chat->request->parallel_tool_calls.has_value());
}

TEST_F(RequestPolicy, AnotherModelServes) {
  EXPECT_EQ(Run("rules: [ { id: x, effect: restrict, restrict: { downgrade_model: small } },"
                " { id: y, effect: restrict, restrict: { downgrade_model: gpt-5 } } ]"),
            "");
  EXPECT_EQ(exchange_->model, "small");
  EXPECT_THAT(exchange_->warnings, ElementsAre("policy x: model 'small' serves instead of 'gpt-5'"));
}

TEST_F(RequestPolicy, PinsAProviderUnlessTwoAreWanted) {
  constexpr std::string_view kA = "rules: [ { id: x, effect: restrict, restrict: { pin_target: a } } ]";
  EXPECT_EQ(Run(kA), "");
  ASSERT_NE(exchange_->Find<pipeline::OnlyProvider>(), nullptr);
  EXPECT_EQ(exchange_->Find<pipeline::OnlyProvider>()->name, "a");
  EXPECT_THAT(Run("rules: [ { id: x, effect: restrict, restrict: { pin_target: a } },"
                  " { id: y, effect: restrict, restrict: { pin_target: b } } ]"),
              HasSubstr("another rule wants another provider"));
}

TEST_F(RequestPolicy, ARestrictionThatCannotBeDoneIsARefusal) {
  for (const auto* restriction : {"clamp_max_tokens: 5", "drop_tool: x", "downgrade_model: small"}) {
    const std::string yaml =
        std::string("rules: [ { id: r, effect: restrict, restrict: { ").append(restriction).append(" } } ]");
    EXPECT_THAT(Run(yaml, OpenOpaque("")), HasSubstr("It is refused")) << restriction;
    EXPECT_EQ(calls_, 0);
  }
  EXPECT_EQ(Run("rules: [ { id: r, effect: restrict, restrict: { pin_target: a } } ]", OpenOpaque("")), "");
}

TEST_F(RequestPolicy, ExplainsWhatItDecided) {
  static_cast<void>(
      Run("rules: [ { id: a, effect: allow }, { id: f, effect: deny, when: 'principal.claims.no == 1' },"
          " { id: n, effect: deny, when: 'false' }, { id: other, effect: deny, match: { models: [o1] } } "
          "]"));
  const auto explanations = recorder_.Find("req_1");
  ASSERT_EQ(explanations.size(), 1U);
  const std::string json = ToJson(explanations);
  EXPECT_THAT(json, HasSubstr(R"("decision":"deny","decided_by":"f")"));
  EXPECT_THAT(json, HasSubstr(R"({"rule":"a","effect":"allow","mode":"enforce","outcome":"holds"})"));
  EXPECT_THAT(json, HasSubstr(R"("outcome":"failed","when":"principal.claims.no == 1","reason":)"));
  EXPECT_THAT(json, HasSubstr(R"({"rule":"n","effect":"deny","mode":"enforce","outcome":"does_not_hold")"));
  EXPECT_THAT(json, HasSubstr(R"("rules_not_asked":1)"));
  EXPECT_THAT(recorder_.Find("req_2"), testing::IsEmpty());
  EXPECT_THAT(json, testing::Not(HasSubstr("earlier")));
}

TEST_F(RequestPolicy, ForgetsTheOldestDecisionFirst) {
  OpenChat();
  for (std::size_t i = 0; i <= Recorder::kKept; ++i) {
    exchange_->id = "r" + std::to_string(i);
    exchange_->decisions.clear();
    ASSERT_EQ(Run("rules: [ { id: a, effect: allow } ]", *exchange_), "");
  }
  EXPECT_TRUE(recorder_.Find("r0").empty());
  EXPECT_FALSE(recorder_.Find("r1").empty());
  EXPECT_FALSE(recorder_.Find("r" + std::to_string(Recorder::kKept)).empty());
}

TEST(Coverage, NamesWhatNobodyEnforces) {
  const auto rules = Rules(
      "{ default: { response: deny }, rules: [ { id: ok, effect: deny }, { id: scan, phase: prompt, effect: deny, "
      "match: { surfaces: [openai.chat] } } ] }");
  Recorder recorder;
  base::Metrics metrics{{DecisionsDeclaration()}, 1};
  EXPECT_FALSE(Prove(*rules, {}).IsWhole());
  const RequestStage stage(rules, recorder, metrics.Counter(0, 0));
  const Enforcers stages = {&stage};
  const auto status = Require(Prove(*rules, stages));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().public_message, HasSubstr("scan     prompt    deny    enforce  NOBODY       openai.chat"));
  EXPECT_THAT(status.error().public_message,
              HasSubstr("default  response  deny    enforce  NOBODY       every surface but pass_through"));
  EXPECT_THAT(status.error().public_message, testing::Not(HasSubstr("ok ")));
  const auto whole = Prove(*Rules("{ default: deny, rules: [ { id: ok, effect: deny } ] }"), stages);
  EXPECT_TRUE(Require(whole).ok());
  EXPECT_THAT(ToTable(whole), HasSubstr("ok       request  deny    enforce  policy       every surface"));
}

}  // namespace
}  // namespace gatehouse::features::policy
