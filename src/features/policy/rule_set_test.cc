#include "features/policy/rule_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "features/policy/facts.h"

// Random rules about random requests, decided by the rule set and by the definition itself (docs/policy.md), written
// down as plainly as it can be.
namespace gatehouse::features::policy {
namespace {

using codec::cel::Value;
using pipeline::Effect;

// The few facts that the conditions below look at.
struct Request {
  pipeline::Principal principal;
  pipeline::Surface surface = pipeline::Surface::kOpenAiChat;
  std::string model;
  Subject::Model knows_model = Subject::Model::kKnown;
  bool stream = false;
  std::int64_t tokens = 0;

  Subject subject() const {
    return {.principal = principal, .surface = surface, .model = model, .knows_model = knows_model};
  }
};

class Facts final : public codec::cel::Activation {
 public:
  explicit Facts(const Request& request) : request_(request) {}
  Value Get(std::uint32_t slot) const override {
    switch (static_cast<Fact>(slot)) {
      case Fact::kRequestStream: return Value::Bool(request_.stream);
      case Fact::kRequestMaxOutputTokens: return Value::Int(request_.tokens);
      case Fact::kPrincipalTeam: return Value::String(request_.principal.team);
      default: return Value::Absent();
    }
  }

 private:
  const Request& request_;
};

enum class Answer : std::uint8_t { kYes, kNo, kFails };
struct Condition {
  std::string source;
  std::function<Answer(const Request&)> answer;
};

Answer If(bool holds) { return holds ? Answer::kYes : Answer::kNo; }  // bool-ok: the condition itself

const std::vector<Condition>& Conditions() {
  static const std::vector<Condition> conditions = {
      {"", [](const Request&) { return Answer::kYes; }},
      {"false", [](const Request&) { return Answer::kNo; }},
      {"request.stream", [](const Request& r) { return If(r.stream); }},
      {"request.max_output_tokens > 50", [](const Request& r) { return If(r.tokens > 50); }},
      {"principal.team == 'a'", [](const Request& r) { return If(r.principal.team == "a"); }},
      {"principal.claims.level > 1", [](const Request&) { return Answer::kFails; }},
      {"request.stream || principal.claims.level > 1",
       [](const Request& r) { return r.stream ? Answer::kYes : Answer::kFails; }},
      {"100 / request.max_output_tokens > 1",
       [](const Request& r) { return r.tokens == 0 ? Answer::kFails : If(100 / r.tokens > 1); }}};
  return conditions;
}

// The obvious definition of a glob: no state, exponential in the worst case.
bool NaiveGlob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*') {
    return NaiveGlob(pattern.substr(1), text) || (!text.empty() && NaiveGlob(pattern, text.substr(1)));
  }
  return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
         NaiveGlob(pattern.substr(1), text.substr(1));
}

// A rule and what it was made of.
struct Draft {
  std::vector<std::string> principals;
  std::vector<std::string> groups;
  std::vector<pipeline::Surface> surfaces;
  std::vector<std::string> models;
  std::size_t condition = 0;
  Effect effect = Effect::kDeny;
  pipeline::Decision::Mode mode = pipeline::Decision::Mode::kEnforced;
};

bool NaiveCovers(const Draft& draft, const Request& request) {
  const auto any = [](const auto& list, auto matches) { return list.empty() || std::ranges::any_of(list, matches); };
  const pipeline::Principal& p = request.principal;
  // As many steps of the principal's path as the pattern has. None of the names below has a slash.
  const auto is_it = [&](const std::string& pattern) {
    const auto steps = std::ranges::count(pattern, '/');
    const std::string path = steps == 0 ? p.organization : p.organization + "/" + p.team;
    return steps == 0 ? NaiveGlob(pattern, path)
                      : NaiveGlob(pattern.substr(0, pattern.find('/')), p.organization) &&
                            NaiveGlob(pattern.substr(pattern.find('/') + 1), p.team);
  };
  const auto in_group = [&](const std::string& group) { return std::ranges::count(p.groups, group) > 0; };
  const auto on_surface = [&](pipeline::Surface surface) { return surface == request.surface; };
  const auto of_model = [&](const std::string& pattern) {
    if (request.knows_model == Subject::Model::kUnknown) return draft.effect != Effect::kAllow;
    return NaiveGlob(pattern, request.model);
  };
  return any(draft.principals, is_it) && any(draft.groups, in_group) && any(draft.surfaces, on_surface) &&
         any(draft.models, of_model);
}

struct Decided {
  Effect effect = Effect::kAllow;
  std::vector<std::string> speaking;
};

Decided NaiveDecide(const std::vector<Draft>& drafts, Effect otherwise, const Request& request) {
  Decided decided;
  bool allowed = otherwise == Effect::kAllow;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Draft& draft = drafts[i];
    if (!NaiveCovers(draft, request)) continue;
    const Answer answer = Conditions()[draft.condition].answer(request);
    if (answer == Answer::kNo || (answer == Answer::kFails && draft.effect == Effect::kAllow)) continue;
    const Effect says = answer == Answer::kFails ? Effect::kDeny : draft.effect;
    decided.speaking.push_back("r" + std::to_string(i));
    if (draft.mode == pipeline::Decision::Mode::kShadow) continue;
    decided.effect = std::max(decided.effect, says);
    allowed = allowed || says == Effect::kAllow;
  }
  if (!allowed && decided.effect < Effect::kChallenge) decided.effect = Effect::kDeny;
  return decided;
}

class Dice {
 public:
  std::size_t Below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  template <class T>
  T Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  // None, mostly; else one or two.
  template <class T>
  std::vector<T> Some(const std::vector<T>& from) {
    std::vector<T> some;
    for (std::size_t n = Below(2) * (1 + Below(2)); n > 0; --n) some.push_back(Pick(from));
    return some;
  }

 private:
  std::mt19937_64 random_{11};
};

const std::vector<std::string> kNames = {"", "a", "b", "ab"};
const std::vector<std::string> kModels = {"gpt-5", "gpt-5-mini", "o1", "o1-pro"};
const std::vector<pipeline::Surface> kFewSurfaces = {pipeline::Surface::kOpenAiChat, pipeline::Surface::kRerank,
                                                     pipeline::Surface::kPassThrough};

Draft AnyDraft(Dice& dice) {
  using enum Effect;
  return {.principals = dice.Some<std::string>({"a", "*", "a/b", "*/a", "?", "a*/?", "/"}),
          .groups = dice.Some<std::string>({"x", "y", "z"}),
          .surfaces = dice.Some(kFewSurfaces),
          .models = dice.Some<std::string>({"gpt-*", "o1", "*-mini", "*", "o1*"}),
          .condition = dice.Below(Conditions().size()),
          .effect = dice.Pick<Effect>({kAllow, kRestrict, kChallenge, kDeny}),
          .mode = dice.Below(4) == 0 ? pipeline::Decision::Mode::kShadow : pipeline::Decision::Mode::kEnforced};
}

Rule Made(const Draft& draft, std::size_t number) {
  Rule rule;
  rule.id = "r" + std::to_string(number);
  for (const auto& text : draft.principals) rule.scope.principals.emplace_back(text);
  rule.scope.groups = draft.groups;
  if (!draft.surfaces.empty()) rule.scope.surfaces.reset();
  for (const auto surface : draft.surfaces) rule.scope.surfaces.set(static_cast<std::size_t>(surface));
  rule.scope.models = draft.models;
  rule.when = Conditions()[draft.condition].source;
  if (!rule.when.empty()) {
    rule.condition =
        codec::cel::Compile(rule.when, FactSchema(pipeline::Phase::kRequest), {.result = codec::cel::Type::Bool()})
            .value();
  }
  rule.effect = draft.effect;
  rule.mode = draft.mode;
  return rule;
}

// What requests of one subject do not share.
void AnyUse(Dice& dice, Request& request) {
  request.stream = dice.Below(2) == 0;
  request.tokens = static_cast<std::int64_t>(dice.Below(2) * dice.Below(100));
}

bool Same(const Minutes& a, const Minutes& b) {
  const auto equal = [](const Minutes::Mark& one, const Minutes::Mark& other) {
    return one.rule == other.rule && one.outcome == other.outcome;
  };
  return a.effect == b.effect && a.decisive == b.decisive && std::ranges::equal(a.marks, b.marks, equal) &&
         a.reasons == b.reasons;
}

Request AnyRequest(Dice& dice) {
  Request request;
  request.principal.organization = dice.Pick(kNames);
  request.principal.team = dice.Pick(kNames);
  request.principal.groups = dice.Some<std::string>({"x", "y"});
  request.surface = dice.Pick(kFewSurfaces);
  request.model = dice.Pick(kModels);
  const bool opaque = request.surface == pipeline::Surface::kPassThrough && dice.Below(2) == 0;
  request.knows_model = opaque ? Subject::Model::kUnknown : Subject::Model::kKnown;
  AnyUse(dice, request);
  return request;
}

TEST(Property, DecidesAsTheDefinitionDoes) {
  Dice dice;
  codec::cel::Scratch scratch;
  std::array<std::size_t, 4> seen{};
  std::size_t settled = 0;
  std::size_t open = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<Draft> drafts;
    RuleSet::Settings settings{
        .otherwise = {}, .zone = std::make_shared<const codec::cel::ZoneRules>(), .zones = {}, .rules = {}};
    const Effect otherwise = dice.Below(2) == 0 ? Effect::kAllow : Effect::kDeny;
    settings.otherwise.fill(otherwise);
    for (std::size_t i = dice.Below(12); i > 0; --i) {
      settings.rules.push_back(Made(drafts.emplace_back(AnyDraft(dice)), drafts.size() - 1));
    }
    const RuleSet rules(std::move(settings));
    for (int i = 0; i < 20; ++i) {
      Request request = AnyRequest(dice);
      const Facts facts(request);
      Docket docket = rules.DocketOf(pipeline::Phase::kRequest, request.subject(),
                                     StandingFacts(facts, request.knows_model), scratch);
      for (int again = 0; again < 12; ++again) {  // requests of one subject
        const Verdict verdict = RuleSet::Judge(docket, facts, scratch);
        const Decided expected = NaiveDecide(drafts, otherwise, request);
        std::vector<std::string> speaking;
        for (const Finding& finding : docket.findings()) {
          if (finding.Speaks()) speaking.push_back(finding.rule->id);
        }
        ASSERT_EQ(verdict.effect, expected.effect) << "round " << round << " request " << i;
        ASSERT_EQ(speaking, expected.speaking) << "round " << round << " request " << i;
        ASSERT_EQ(verdict.speaks == Verdict::Speaks::kSome, !speaking.empty());
        Docket fresh = rules.DocketOf(pipeline::Phase::kRequest, request.subject(),
                                      StandingFacts(facts, request.knows_model), scratch);
        RuleSet::Judge(fresh, facts, scratch);
        ASSERT_TRUE(Same(*docket.TakeMinutes(), *fresh.TakeMinutes())) << "round " << round << " request " << i;
        ++seen.at(static_cast<std::size_t>(verdict.effect));
        settled += docket.findings().size() - docket.open().size();
        open += docket.open().size();
        AnyUse(dice, request);
      }
    }
  }
  for (const std::size_t count : seen) EXPECT_GT(count, 100U) << "the dice must show every effect";
  EXPECT_GT(settled, 1000U);
  EXPECT_GT(open, 1000U);
}

TEST(Property, GlobsMatchAsDefined) {
  Dice dice;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern;
    std::string text;
    for (std::size_t n = dice.Below(7); n > 0; --n) pattern.push_back("ab*?"[dice.Below(4)]);
    for (std::size_t n = dice.Below(8); n > 0; --n) text.push_back("ab"[dice.Below(2)]);
    ASSERT_EQ(GlobMatches(pattern, text), NaiveGlob(pattern, text)) << pattern << " " << text;
  }
}

}  // namespace
}  // namespace gatehouse::features::policy
