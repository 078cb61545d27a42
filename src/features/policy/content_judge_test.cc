#include "features/policy/content_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/config/tree.h"
#include "features/policy/rule_reader.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::policy {
namespace {

using inspect::Category;
using inspect::Channel;
using pipeline::ContentFinding;
using pipeline::Phase;
using Round = pipeline::ContentQuestion::Round;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ContentFinding Found(Category category, std::string entity, float confidence = 0.95F,
                     Channel channel = Channel::kUser) {
  return {
      .channel = channel,
      .finding = {.category = category, .entity = std::move(entity), .span = {}, .confidence = confidence, .view = {}}};
}

class ContentPolicy : public testing::Test {
 protected:
  ContentPolicy() {
    pipeline::Principal principal;
    principal.team = "research";
    exchange_->id = "req_1";
    exchange_->model = "m";
    exchange_->principal = std::make_shared<const pipeline::Principal>(principal);
  }

  void Use(std::string_view yaml) {
    const auto tree = codec::config::Tree::Parse(yaml).value();
    auto rules = ReadRules(tree.root(), {});
    const auto status = tree.Finish();
    ASSERT_TRUE(status.ok()) << status.error().public_message;
    judge_ = std::make_unique<ContentJudge>(std::move(rules), recorder_, metrics_.Counter(0, 0));
  }
  // "" or the refusal's message.
  std::string Ask(Phase phase, std::vector<ContentFinding> findings = {}, Round round = Round::kFirst) {
    findings_ = std::move(findings);
    verdict_ = judge_->Judge(*exchange_, {.phase = phase, .findings = findings_, .tools = tools_, .round = round});
    return verdict_.refusal ? verdict_.refusal->public_message : "";
  }
  std::vector<std::string> Decided() const {
    std::vector<std::string> decided;
    for (const auto& decision : exchange_->decisions) {
      decided.push_back(decision.rule + " " + std::string(ToString(decision.phase)) + " " +
                        std::string(ToString(decision.effect)) +
                        (decision.action.empty() ? "" : " " + decision.action));
    }
    return decided;
  }
  // Whether a condition holds of a prompt in which that was found.
  bool Holds(std::string_view condition, std::vector<ContentFinding> findings) {
    Use("rules: [ { id: r, phase: prompt, effect: deny, when: '" + std::string(condition) + "' } ]");
    const std::string refusal = Ask(Phase::kPrompt, std::move(findings));
    EXPECT_THAT(refusal, testing::Not(HasSubstr("could not be decided"))) << condition;
    return !refusal.empty();
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::Random random_{1};
  base::Metrics metrics_{{DecisionsDeclaration()}, 1};
  Recorder recorder_;
  std::shared_ptr<pipeline::Exchange> exchange_ =
      std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kOpenAiChat, pipeline::ModelsCall{});
  std::unique_ptr<ContentJudge> judge_;
  std::vector<std::string> tools_;
  std::vector<ContentFinding> findings_;
  pipeline::ContentVerdict verdict_;
};

TEST_F(ContentPolicy, DeniesByWhatWasFound) {
  Use("rules: [ { id: r, phase: prompt, when: 'findings.exists(f, f.category == \"secret\")', effect: deny, "
      "message: Keep it. } ]");
  EXPECT_EQ(Ask(Phase::kPrompt, {Found(Category::kPii, "EMAIL_ADDRESS")}), "");
  EXPECT_THAT(Decided(), IsEmpty());
  EXPECT_EQ(Ask(Phase::kPrompt, {Found(Category::kPii, "PERSON"), Found(Category::kSecret, "jwt")}),
            "Keep it. (policy rule 'r')");
  EXPECT_EQ(verdict_.refused_by, "r");
  EXPECT_EQ(verdict_.refusal->code, base::ErrorCode::kDenied);
  EXPECT_EQ(verdict_.refusal->source, base::ErrorSource::kPolicy);
  EXPECT_THAT(Decided(), ElementsAre("r prompt deny"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(rule="r",effect="deny",mode="enforce"} 1)"));
}

TEST_F(ContentPolicy, KnowsEveryMemberOfAFinding) {
  const std::vector<ContentFinding> found = {Found(Category::kInjection, "INSTRUCTION", 0.95F, Channel::kDocument)};
  EXPECT_TRUE(Holds("findings[0].category == \"injection\"", found));
  EXPECT_TRUE(Holds("findings[0].entity == \"INSTRUCTION\"", found));
  EXPECT_TRUE(Holds("findings[0].channel == \"document\"", found));
  EXPECT_TRUE(Holds("findings[0].view == \"raw\"", found));
  // As it is written, and not as the nearest float.
  EXPECT_TRUE(Holds("findings[0].confidence >= 0.95 && findings[0].confidence <= 0.95", found));
  EXPECT_TRUE(Holds("findings.size() == 1 && dyn(findings[0]).size() == 5 && dyn(findings[0]).exists(k, k == \"view\")",
                    found));
  EXPECT_TRUE(Holds("findings.all(f, f.entity == \"INSTRUCTION\") && answer.tools.size() == 0", found));
  EXPECT_FALSE(Holds("findings.exists_one(f, f.entity == \"LINK\")", found));
  EXPECT_TRUE(Holds("principal.team == \"research\" && request.model == \"m\" && findings.size() == 0", {}));
}

TEST_F(ContentPolicy, AsksTheRulesOfThePhaseOnly) {
  Use("rules: [ { id: request, effect: deny }, { id: prompt, phase: prompt, effect: deny }, "
      "{ id: tool, phase: tool_call, match: { surfaces: [anthropic.messages] }, effect: deny } ]");
  EXPECT_EQ(Ask(Phase::kResponse), "");
  EXPECT_EQ(Ask(Phase::kToolCall), "");
  EXPECT_NE(Ask(Phase::kPrompt), "");
  EXPECT_TRUE(judge_->AreAbout(pipeline::Surface::kOpenAiChat, Phase::kPrompt));
  EXPECT_FALSE(judge_->AreAbout(pipeline::Surface::kOpenAiChat, Phase::kRequest));
  EXPECT_FALSE(judge_->AreAbout(pipeline::Surface::kOpenAiChat, Phase::kToolCall));
  EXPECT_TRUE(judge_->AreAbout(pipeline::Surface::kAnthropicMessages, Phase::kToolCall));
}

TEST_F(ContentPolicy, GivesOrdersOfRestrictionsThatHold) {
  Use("rules: [ { id: a, phase: response, effect: restrict, restrict: { mask: secret } }, "
      "{ id: b, phase: response, effect: restrict, restrict: { hash: pii, drop_part: LINK }, when: 'findings.size() > "
      "1' "
      "}, { id: c, phase: response, effect: restrict, restrict: { mask: '*' }, mode: shadow } ]");
  EXPECT_EQ(Ask(Phase::kResponse, {Found(Category::kSecret, "jwt")}), "");
  ASSERT_EQ(verdict_.orders.size(), 1U);
  EXPECT_EQ(verdict_.orders[0].rule, "a");
  EXPECT_EQ(verdict_.orders[0].measure->measure, pipeline::Measure::kMask);
  EXPECT_EQ(Ask(Phase::kResponse, {Found(Category::kSecret, "jwt"), Found(Category::kSecret, "jwt")}, Round::kAgain),
            "");
  ASSERT_EQ(verdict_.orders.size(), 3U);
  EXPECT_EQ(verdict_.orders[1].measure->measure, pipeline::Measure::kHash);
  EXPECT_EQ(verdict_.orders[2].measure->measure, pipeline::Measure::kDrop);
  // Each is noted once; the shadow only speaks.
  EXPECT_THAT(Decided(), ElementsAre("a response restrict mask secret", "c response restrict mask *",
                                     "b response restrict hash pii, drop_part LINK"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(rule="a",effect="restrict",mode="enforce"} 1)"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(rule="c",effect="restrict",mode="shadow"} 1)"));
}

TEST_F(ContentPolicy, DeniesWhereNothingAllows) {
  Use("{ default: { response: deny }, rules: [ { id: clean, phase: response, effect: allow, "
      "when: '!findings.exists(f, f.category == \"pii\")' } ] }");
  EXPECT_EQ(Ask(Phase::kPrompt), "");
  EXPECT_EQ(Ask(Phase::kResponse), "");
  EXPECT_THAT(Ask(Phase::kResponse, {Found(Category::kPii, "PERSON")}, Round::kAgain),
              HasSubstr("No policy rule allows this answer."));
  EXPECT_EQ(verdict_.refused_by, "default");
  EXPECT_THAT(Decided(), ElementsAre("clean response allow", "default response deny"));
}

TEST_F(ContentPolicy, ChallengesAndFailuresRefuse) {
  Use("rules: [ { id: ask, phase: tool_call, effect: challenge, when: '\"shell\" in answer.tools' }, "
      "{ id: bad, phase: response, effect: restrict, restrict: { mask: pii }, when: 'findings[0].entity == \"x\"' } ]");
  EXPECT_EQ(Ask(Phase::kToolCall), "");
  tools_ = {"read", "shell"};
  EXPECT_EQ(Ask(Phase::kToolCall, {}, Round::kAgain),
            "challenge_required: this answer needs an approval, and nobody can give one here yet. (policy rule 'ask')");
  EXPECT_THAT(Ask(Phase::kResponse), HasSubstr("could not be decided for this answer"));
  EXPECT_THAT(verdict_.refusal->detail, HasSubstr("rule bad: "));
  EXPECT_THAT(Decided(), ElementsAre("ask tool_call challenge", "bad response deny"));
}

TEST_F(ContentPolicy, RemembersEveryPhaseAndWhatChanged) {
  Use("rules: [ { id: a, phase: prompt, effect: allow }, { id: d, phase: response, effect: deny, when: "
      "'findings.size() > 1' } ]");
  Ask(Phase::kPrompt);
  Ask(Phase::kResponse);
  Ask(Phase::kResponse, {Found(Category::kPii, "x")}, Round::kAgain);
  auto explanations = recorder_.Find("req_1");
  ASSERT_EQ(explanations.size(), 2U);
  EXPECT_EQ(explanations[0].effect, pipeline::Effect::kAllow);
  Ask(Phase::kResponse, {Found(Category::kPii, "x"), Found(Category::kPii, "x")}, Round::kAgain);
  explanations = recorder_.Find("req_1");
  ASSERT_EQ(explanations.size(), 2U);
  EXPECT_EQ(explanations[0].phase, Phase::kResponse);
  EXPECT_EQ(explanations[0].effect, pipeline::Effect::kDeny);
  EXPECT_EQ(explanations[1].phase, Phase::kPrompt);
  const std::string json = ToJson(explanations);
  EXPECT_THAT(json, HasSubstr(R"("phase":"response","decision":"deny","decided_by":"d")"));
  EXPECT_THAT(json, HasSubstr(R"("earlier":[{"request_id":"req_1")"));
  EXPECT_THAT(json, HasSubstr(R"("phase":"prompt","decision":"allow","decided_by":"a")"));
}

TEST_F(ContentPolicy, SaysWhetherThereIsAnythingToDecide) {
  const auto has = [](std::string_view yaml) {
    const auto tree = codec::config::Tree::Parse(yaml).value();
    return HasContentRules(*ReadRules(tree.root(), {}));
  };
  EXPECT_FALSE(has("rules: [ { id: r, effect: deny } ]"));
  EXPECT_FALSE(has("rules: [ { id: r, phase: handoff, effect: deny } ]"));
  EXPECT_FALSE(has("default: deny"));
  EXPECT_TRUE(has("default: { tool_result: deny }"));
  EXPECT_TRUE(has("rules: [ { id: r, phase: tool_call, match: { surfaces: [rerank] }, effect: deny } ]"));
}

}  // namespace
}  // namespace gatehouse::features::policy
