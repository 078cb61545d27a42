#include "features/policy/rule_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/config/tree.h"

namespace gatehouse::features::policy {
namespace {

using testing::HasSubstr;

const KnownNames kKnown = {.models = {"gpt-5", "small"}, .providers = {"a", "b"}};

std::string Problem(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml);
  if (!tree.ok()) return tree.error().public_message;
  static_cast<void>(ReadRules(tree.value().root(), kKnown));
  const auto status = tree.value().Finish();
  return status.ok() ? "" : status.error().public_message;
}

// One rule with these members beside its id.
std::string OneRule(std::string_view members) {
  return std::string("rules: [ { id: r, ").append(members).append(" } ]");
}

TEST(RuleReader, ReadsHowPeopleAreAsked) {
  const auto read = [](const std::string& members) {
    const auto tree = codec::config::Tree::Parse(OneRule(members));
    return ReadRules(tree.value().root(), kKnown)->rules().front().approval;
  };
  using Terms = pipeline::ApprovalTerms;
  EXPECT_EQ(read("effect: challenge"), Terms());
  EXPECT_EQ(read("effect: challenge, approval: { mode: block, hold_timeout: 9s, quorum: 2 }"),
            (Terms{.mode = Terms::Mode::kBlock, .hold_timeout = std::chrono::seconds(9), .quorum = 2}));
  EXPECT_EQ(read("effect: challenge, approval: { mode: pending, decide_within: 1d, use_within: 2h }"),
            (Terms{.mode = Terms::Mode::kPending,
                   .decide_within = std::chrono::hours(24),
                   .use_within = std::chrono::hours(2)}));
  EXPECT_THAT(Problem(OneRule("effect: deny, approval: {}")), HasSubstr("effect: challenge"));
  for (const char* wrong : {"quorum: 0", "mode: wait", "hold_timeout: 1h", "decide_within: 31d", "detach: true"}) {
    EXPECT_NE(Problem(OneRule(std::string("effect: challenge, approval: { ") + wrong + " }")), "") << wrong;
  }
}

TEST(RuleReader, ReadsWhatPeopleLookAtAfterwards) {
  const auto read = [](const std::string& members) {
    const auto tree = codec::config::Tree::Parse(OneRule(members));
    return ReadRules(tree.value().root(), kKnown)->rules().front().review;
  };
  EXPECT_EQ(read("effect: allow"), std::nullopt);
  EXPECT_EQ(read("effect: allow, review: { decide_within: 2d }")->share_ppm, 1'000'000) << "all of them";
  const auto terms = read("effect: deny, mode: shadow, review: { share: 2.5%, decide_within: 8h, reviewers: 2 }");
  EXPECT_EQ(terms,
            (pipeline::ReviewTerms{.share_ppm = 25'000, .decide_within = std::chrono::hours(8), .reviewers = 2}));
  const std::pair<const char*, std::int64_t> shares[] = {{"100%", 1'000'000}, {"0.0001%", 1}, {"7%", 70'000}};
  for (const auto& [text, ppm] : shares) {
    EXPECT_EQ(read(std::string("effect: allow, review: { share: ") + text + " }")->share_ppm, ppm) << text;
  }
  for (const char* wrong : {"5", "0%", "101%", "-5%", "5.%", ".5%", "0.00001%", "5%%", "1e1%", "\"%\""}) {
    EXPECT_THAT(Problem(OneRule(std::string("effect: allow, review: { share: ") + wrong + " }")), HasSubstr("share"))
        << wrong;
  }
  EXPECT_THAT(Problem(OneRule("effect: deny, review: {}")), HasSubstr("let requests go"));
  EXPECT_THAT(Problem(OneRule("effect: challenge, review: { share: 5% }")), HasSubstr("let requests go"));
  EXPECT_THAT(Problem(OneRule("effect: allow, review: { reviewers: 11 }")), HasSubstr("reviewers"));
}

TEST(RuleReader, ReadsEveryMember) {
  const auto tree = codec::config::Tree::Parse(R"(
default: { request: deny }
zone: Europe/Berlin
rules:
  - id: clamp
    match: { principals: [acme/research, "*/intern-*"], groups: [staff], surfaces: ["openai.*"], models: ["gpt-*"] }
    when: request.stream && time.hour < 6
    effect: restrict
    restrict: { clamp_max_tokens: 1000, downgrade_model: small, pin_target: a, drop_tool: [shell, "fs_*"] }
    message: Too late for big answers.
    controls: [OWASP LLM10]
    mode: shadow
  - { id: all, effect: allow }
)");
  const auto rules = ReadRules(tree.value().root(), kKnown);
  ASSERT_EQ(Problem(""), "");
  ASSERT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
  EXPECT_EQ(rules->Otherwise(pipeline::Phase::kRequest), pipeline::Effect::kDeny);
  EXPECT_EQ(rules->Otherwise(pipeline::Phase::kPrompt), pipeline::Effect::kAllow);
  ASSERT_EQ(rules->rules().size(), 2U);
  const Rule& rule = rules->rules().front();
  EXPECT_EQ(rule.id, "clamp");
  EXPECT_EQ(rule.effect, pipeline::Effect::kRestrict);
  EXPECT_EQ(rule.restriction.text,
            "clamp_max_tokens 1000, downgrade_model small, pin_target a, drop_tool shell, drop_tool fs_*");
  EXPECT_EQ(rule.mode, pipeline::Decision::Mode::kShadow);
  EXPECT_TRUE(rule.condition.has_value());
  EXPECT_EQ(rule.scope.surfaces.count(), 4U);
  EXPECT_THAT(rule.controls, testing::ElementsAre("OWASP LLM10"));
  EXPECT_TRUE(rules->rules().back().scope.surfaces.all());
  EXPECT_FALSE(rules->rules().back().condition.has_value());
}

TEST(RuleReader, ReadsWhatIsDoneToFindings) {
  const auto tree = codec::config::Tree::Parse(R"(
rules:
  - id: r
    phase: response
    when: findings.exists(f, f.category == "pii" && f.confidence >= 0.5 && f.view != "raw" && f.channel == "output")
    effect: restrict
    restrict: { mask: [secret, EMAIL_ADDRESS], neutralise: "*" }
)");
  const auto rules = ReadRules(tree.value().root(), kKnown);
  ASSERT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
  const Restriction& restriction = rules->rules().front().restriction;
  EXPECT_EQ(restriction.text, "mask secret, mask EMAIL_ADDRESS, neutralise *");
  ASSERT_EQ(restriction.measures.size(), 2U);
  const auto is_about = [&](std::size_t index, inspect::Category category, std::string entity) {
    return restriction.measures[index].IsAbout({.category = category, .entity = std::move(entity), .span = {}});
  };
  EXPECT_EQ(restriction.measures[0].measure, pipeline::Measure::kMask);
  EXPECT_TRUE(is_about(0, inspect::Category::kSecret, "x"));
  EXPECT_TRUE(is_about(0, inspect::Category::kPii, "EMAIL_ADDRESS"));
  EXPECT_FALSE(is_about(0, inspect::Category::kPii, "PERSON"));
  EXPECT_EQ(restriction.measures[1].measure, pipeline::Measure::kNeutralise);
  EXPECT_TRUE(is_about(1, inspect::Category::kInjection, "x"));
  EXPECT_TRUE(rules->AreAbout(pipeline::Surface::kRerank, pipeline::Phase::kResponse));
  EXPECT_FALSE(rules->AreAbout(pipeline::Surface::kRerank, pipeline::Phase::kPrompt));
}

TEST(RuleReader, ADefaultInOneWordIsForRequests) {
  const auto tree = codec::config::Tree::Parse("default: deny");
  const auto rules = ReadRules(tree.value().root(), kKnown);
  EXPECT_EQ(rules->Otherwise(pipeline::Phase::kRequest), pipeline::Effect::kDeny);
  EXPECT_EQ(rules->Otherwise(pipeline::Phase::kResponse), pipeline::Effect::kAllow);
  EXPECT_FALSE(rules->empty());
}

TEST(RuleReader, SaysWhatIsWrongWithARule) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"default: maybe", "allow, deny"},
      {"default: { requst: deny }", "did you mean `request`"},
      {"zone: Europe/Atlantis", "no time zone `Europe/Atlantis`"},
      {"rules: [ { effect: deny } ]", "id"},
      {"rules: [ { id: 'a b', effect: deny } ]", "letters, digits"},
      {"rules: [ { id: default, effect: deny } ]", "where no rule does"},
      {"rules: [ { id: r, effect: deny }, { id: r, effect: deny } ]", "exists already"},
      {OneRule("message: x"), "effect"},
      {OneRule("effect: forbid"), "allow, restrict, challenge, deny"},
      {OneRule("effect: deny, mode: audit"), "enforce, shadow"},
      {OneRule("effect: deny, phase: later"), "request, prompt"},
      {OneRule("effect: deny, wen: 'true'"), "did you mean `when`"},
      {OneRule("effect: deny, restrict: { clamp_max_tokens: 1 }"), "goes with `effect: restrict` only"},
      {OneRule("effect: restrict"), "restricts nothing"},
      {OneRule("effect: restrict, restrict: {}"), "restricts nothing"},
      {OneRule("effect: restrict, restrict: { clamp_max_tokens: 0 }"), "clamp_max_tokens"},
      {OneRule("effect: restrict, restrict: { downgrade_model: huge }"), "no model `huge`"},
      {OneRule("effect: restrict, restrict: { pin_target: z }"), "no provider is called `z`"},
      {OneRule("effect: restrict, restrict: { mask: EMAIL_ADDRESS }"), "mask` is about content: it goes with `phase:`"},
      {OneRule("effect: restrict, restrict: { drop_part: '*' }"), "drop_part` is about content"},
      {OneRule("phase: prompt, effect: restrict, restrict: { drop_tool: x }"), "about the whole request"},
      {OneRule("phase: prompt, effect: restrict, restrict: { mask: secrets }"), "did you mean `secret`"},
      {OneRule("phase: prompt, effect: restrict, restrict: { mask: '' }"), "is no category"},
      {OneRule("phase: prompt, effect: restrict, restrict: { mask: [] }"), "restricts nothing: `restrict` needs mask"},
      {OneRule("phase: prompt, effect: restrict, restrict: { maks: pii }"), "did you mean `mask`"},
      {OneRule("phase: prompt, effect: deny, when: 'findings.exists(f, f.categry == \"pii\")'"), "category"},
      {OneRule("effect: deny, when: 'findings.size() > 0'"), "known once content was looked at"},
      {OneRule("effect: deny, when: 'findngs.size() > 0'"), "unknown variable `findngs`"},
      {OneRule("effect: deny, match: { surfaces: [openai.caht] }"), "no surface is called `openai.caht`"},
      {OneRule("effect: deny, match: { principals: [a/b/c/d/e] }"), "organization/team/project/name"},
      {OneRule("effect: deny, match: { principals: [''] }"), "organization/team/project/name"},
      {OneRule("effect: deny, match: { model: gpt }"), "did you mean `models`"},
      {OneRule("effect: deny, when: 'request.modle == \"x\"'"), "did you mean `request.model`"},
      {OneRule("effect: deny, when: 'request.tools'"), "must be of type bool"},
      {OneRule("effect: deny, when: 'principal.team > 3'"), "no such overload"},
      {OneRule("effect: deny, when: 'true &&'"), "line 1, column"},
      {OneRule("effect: deny, when: 'request.model.matches(\"(\")'"), "line 1"},
      {OneRule("effect: deny, when: ''"), "is no condition"},
      {OneRule("effect: deny, message: " + std::string(1001, 'x')), "longer than 1000 bytes"},
  };
  for (const auto& [yaml, problem] : cases) EXPECT_THAT(Problem(yaml), HasSubstr(problem)) << yaml;
}

TEST(RuleReader, NamesTheLineOfTheFileAndOfTheCondition) {
  const std::string problem = Problem(R"(
rules:
  - id: r
    effect: deny
    when: |
      request.stream &&
      principal.tema == "x"
)");
  EXPECT_THAT(problem, HasSubstr("line 5"));
  EXPECT_THAT(problem, HasSubstr("line 2, column 1: unknown variable `principal.tema`"));
}

TEST(Glob, MatchesAsAShellDoes) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                  {"*", ""},
                                                                  {"*", "abc"},
                                                                  {"a*c", "abbbc"},
                                                                  {"a?c", "abc"},
                                                                  {"**", "x"},
                                                                  {"*-mini", "gpt-5-mini"},
                                                                  {"a*b*c", "aXbXbXc"},
                                                                  {"gpt-*-mini*", "gpt-5-mini-2025"}}) {
    EXPECT_TRUE(GlobMatches(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"", "a"}, {"a", ""}, {"a?c", "ac"}, {"a*c", "abd"}, {"?", ""}, {"*-mini", "gpt-5-minis"}, {"A", "a"}}) {
    EXPECT_FALSE(GlobMatches(pattern, text)) << pattern << " " << text;
  }
}

TEST(PrincipalPattern, IsAPlaceAndAllBelowIt) {
  const pipeline::Principal principal{.organization = "acme", .team = "research", .project = "", .name = "app-1"};
  for (const auto* pattern : {"acme", "acme/research", "acme/*", "*/research", "*/*/*/app-?", "acme/research//app-1"}) {
    EXPECT_TRUE(PrincipalPattern(pattern).Matches(principal)) << pattern;
  }
  for (const auto* pattern : {"acm", "acme/sales", "research", "acme/research/x", "*/*/?/app-1", "ACME"}) {
    EXPECT_FALSE(PrincipalPattern(pattern).Matches(principal)) << pattern;
  }
}

}  // namespace
}  // namespace gatehouse::features::policy
