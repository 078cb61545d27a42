#include "features/policy/rule_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "features/common/zone_files.h"
#include "features/policy/facts.h"
#include "features/policy/terms_reader.h"
#include "features/policy/words.h"

namespace gatehouse::features::policy {
namespace {

using codec::config::Choice;
using codec::config::Node;
using pipeline::ContentMeasure;
using pipeline::Decision;
using pipeline::Effect;
using pipeline::Measure;
using pipeline::Phase;

constexpr std::size_t kMaxRules = 10'000;
constexpr std::size_t kMaxId = 64;
constexpr std::size_t kMaxMessage = 1000;
constexpr std::int64_t kMostTokens = 1'000'000'000;

constexpr std::array<Choice<Effect>, 2> kDefaults = {{{"allow", Effect::kAllow}, {"deny", Effect::kDeny}}};
constexpr std::array<Choice<Decision::Mode>, 2> kModes = {
    {{"enforce", Decision::Mode::kEnforced}, {"shadow", Decision::Mode::kShadow}}};
// Restrictions of the whole request.
constexpr std::array<const char*, 4> kOfRequest = {"clamp_max_tokens", "downgrade_model", "pin_target", "drop_tool"};
// Restrictions of what is found in content.
constexpr std::array<Choice<Measure>, 5> kOfContent = {{{"mask", Measure::kMask},
                                                        {"hash", Measure::kHash},
                                                        {"tokenise", Measure::kTokenise},
                                                        {"neutralise", Measure::kNeutralise},
                                                        {"drop_part", Measure::kDrop}}};
constexpr std::string_view kEverything = "*";

// Enough for any rule over what a request may hold; far from what would keep a loop busy.
constexpr codec::cel::Limits kLimits = {.run = {.steps = 100'000, .memory = std::size_t{256} * 1024}};

bool IsIdentifier(std::string_view text) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= kMaxId && std::ranges::all_of(text, fits);
}

std::vector<std::string> ReadTexts(const Node& node) {
  if (node.kind() == Node::Kind::kScalar) return {node.AsString().value_or("")};
  return node.AsStrings().value_or(std::vector<std::string>());
}

Surfaces ReadSurfaces(const Node& node) {
  Surfaces surfaces;
  const auto patterns = ReadTexts(node);
  for (const std::string& pattern : patterns) {
    bool found = false;
    for (std::size_t i = 0; i < pipeline::kSurfaces; ++i) {
      if (!GlobMatches(pattern, pipeline::ToString(static_cast<pipeline::Surface>(i)))) continue;
      surfaces.set(i);
      found = true;
    }
    if (!found) node.AddProblem("no surface is called `" + pattern + "`; they are like openai.chat");
  }
  return patterns.empty() ? Surfaces().set() : surfaces;
}

Scope ReadScope(const Node& node) {
  Scope scope;
  for (const std::string& text : ReadTexts(node["principals"])) {
    const PrincipalPattern pattern(text);
    if (text.empty() || pattern.depth() > PrincipalPattern::kDepth) {
      node["principals"].AddProblem("`" + text + "` is not of the form organization/team/project/name");
    }
    scope.principals.push_back(pattern);
  }
  scope.groups = ReadTexts(node["groups"]);
  scope.surfaces = ReadSurfaces(node["surfaces"]);
  scope.models = ReadTexts(node["models"]);
  return scope;
}

bool Knows(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

void Say(Restriction& restriction, std::string_view word, const std::string& argument) {
  restriction.text.append(restriction.text.empty() ? "" : ", ").append(word).append(" ").append(argument);
}

Restriction ReadRequestRestriction(const Node& node, const KnownNames& known) {
  Restriction restriction;
  if (const auto tokens = node["clamp_max_tokens"].AsInteger({.min = 1, .max = kMostTokens})) {
    restriction.max_output_tokens = static_cast<std::uint64_t>(*tokens);
    Say(restriction, "clamp_max_tokens", std::to_string(*tokens));
  }
  if (const auto model = node["downgrade_model"].AsString()) {
    if (!Knows(known.models, *model)) node["downgrade_model"].AddProblem("there is no model `" + *model + "` here");
    restriction.model = *model;
    Say(restriction, "downgrade_model", *model);
  }
  if (const auto provider = node["pin_target"].AsString()) {
    if (!Knows(known.providers, *provider)) node["pin_target"].AddProblem("no provider is called `" + *provider + "`");
    restriction.provider = *provider;
    Say(restriction, "pin_target", *provider);
  }
  restriction.dropped_tools = ReadTexts(node["drop_tool"]);
  for (const std::string& tool : restriction.dropped_tools) Say(restriction, "drop_tool", tool);
  return restriction;
}

// "secret" is a category, "EMAIL_ADDRESS" an entity. Entities are whatever detectors and operators call them.
void ReadFound(const Node& node, std::string word, ContentMeasure& measure) {
  if (word == kEverything) {
    measure.categories.set();
    return;
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < ContentMeasure::kCategories; ++i) {
    names.push_back(ToString(static_cast<inspect::Category>(i)));
    if (names.back() != word) continue;
    measure.categories.set(i);
    return;
  }
  if (const std::string near = codec::cel::Nearest(word, names); word.empty() || !near.empty()) {
    node.AddProblem("`" + word + "` is no category" + (near.empty() ? "" : "; did you mean `" + near + "`?"));
  }
  measure.entities.push_back(std::move(word));
}

// What is done to findings, in a phase of content.
Restriction ReadMeasures(const Node& node) {
  Restriction restriction;
  for (const auto& choice : kOfContent) {
    const Node list = node[choice.name];
    ContentMeasure measure{.measure = choice.value, .categories = {}, .entities = {}};
    for (std::string& word : ReadTexts(list)) {
      Say(restriction, choice.name, word);
      ReadFound(list, std::move(word), measure);
    }
    if (measure.categories.any() || !measure.entities.empty()) restriction.measures.push_back(std::move(measure));
  }
  for (const char* name : kOfRequest) {
    const Node misplaced = node[name];
    if (!misplaced.IsPresent()) continue;
    misplaced.MarkRead();
    misplaced.AddProblem("is about the whole request: it goes with `phase: request`");
  }
  return restriction;
}

void RefuseMeasures(const Node& node) {
  for (const auto& choice : kOfContent) {
    const Node misplaced = node[choice.name];
    if (!misplaced.IsPresent()) continue;
    misplaced.MarkRead();
    misplaced.AddProblem("is about content: it goes with `phase:` prompt, tool_result, response or tool_call");
  }
}

std::string ReadId(const Node& node, std::set<std::string>& ids) {
  const Node id_node = node.Required("id");
  std::string id = id_node.AsString().value_or("");
  if (!id_node.IsPresent()) return id;
  if (!IsIdentifier(id)) id_node.AddProblem("must be letters, digits, `-`, `_` and `.`, at most 64");
  if (id == "default") id_node.AddProblem("`default` is what the policy says where no rule does");
  if (!ids.insert(id).second) id_node.AddProblem("a rule of this id exists already");
  return id;
}

// Whether it would be one where findings are known.
bool IsAboutContent(const std::string& when, const codec::cel::CompileOptions& options) {
  return codec::cel::Compile(when, FactSchema(Phase::kPrompt), options, kLimits).ok();
}

void ReadCondition(const Node& node, const codec::cel::TimeZones& zones, Rule& rule) {
  rule.when = node.AsString().value_or("");
  if (!node.IsPresent() || rule.phase == Phase::kHandoff) return;  // which nobody enforces
  const codec::cel::CompileOptions options{.result = codec::cel::Type::Bool(), .zones = &zones};
  auto program = codec::cel::Compile(rule.when, FactSchema(rule.phase), options, kLimits);
  if (program.ok()) {
    rule.condition = std::move(program).value();
  } else if (rule.phase == Phase::kRequest && IsAboutContent(rule.when, options)) {
    node.AddProblem(
        "names what is known once content was looked at: `findings` and `answer.tools` go with `phase:` prompt, "
        "tool_result, response or tool_call");
  } else {
    node.AddProblem("is no condition: " + program.error().public_message);
  }
}

Restriction ReadRestriction(const Node& node, const KnownNames& known, Phase phase) {
  if (pipeline::IsOfContent(phase)) return ReadMeasures(node);
  RefuseMeasures(node);
  return ReadRequestRestriction(node, known);
}

Rule ReadRule(const Node& node, const KnownNames& known, const codec::cel::TimeZones& zones,
              std::set<std::string>& ids) {
  Rule rule;
  rule.id = ReadId(node, ids);
  rule.phase = node["phase"].AsEnum<Phase>(kPhaseWords).value_or(Phase::kRequest);
  rule.scope = ReadScope(node["match"]);
  rule.effect = node.Required("effect").AsEnum<Effect>(kEffectWords).value_or(Effect::kDeny);
  const Node restriction = node["restrict"];
  rule.restriction = ReadRestriction(restriction, known, rule.phase);
  if (rule.effect == Effect::kRestrict && rule.restriction.text.empty()) {
    node.AddProblem(
        pipeline::IsOfContent(rule.phase)
            ? "restricts nothing: `restrict` needs mask, hash, tokenise, neutralise or drop_part"
            : "restricts nothing: `restrict` needs clamp_max_tokens, downgrade_model, pin_target or drop_tool");
  }
  if (rule.effect != Effect::kRestrict && restriction.IsPresent()) {
    restriction.AddProblem("goes with `effect: restrict` only");
  }
  ReadCondition(node["when"], zones, rule);
  rule.message = node["message"].AsString().value_or("");
  if (rule.message.size() > kMaxMessage) node["message"].AddProblem("is longer than 1000 bytes");
  rule.controls = ReadTexts(node["controls"]);
  rule.mode = node["mode"].AsEnum<Decision::Mode>(kModes).value_or(Decision::Mode::kEnforced);
  rule.approval = ReadApprovalTerms(node["approval"]);
  if (node["approval"].IsPresent() && rule.effect != Effect::kChallenge) {
    node["approval"].AddProblem("goes with `effect: challenge` only");
  }
  const bool lets_go = rule.effect < Effect::kChallenge || rule.mode == Decision::Mode::kShadow;
  rule.review = ReadReviewTerms(node["review"]);
  if (rule.review && !lets_go) {
    node["review"].AddProblem("goes with rules that let requests go: allow, restrict, and those of `mode: shadow`");
  }
  return rule;
}

std::array<Effect, kPhases> ReadDefaults(const Node& node) {
  std::array<Effect, kPhases> effects{};
  effects.fill(Effect::kAllow);
  if (node.kind() != Node::Kind::kMap) {
    const auto stated = node.AsEnum<Effect>(kDefaults);
    effects.at(static_cast<std::size_t>(Phase::kRequest)) = stated.value_or(Effect::kAllow);
    return effects;
  }
  for (const auto& phase : kPhaseWords) {
    const auto stated = node[phase.name].AsEnum<Effect>(kDefaults);
    effects.at(static_cast<std::size_t>(phase.value)) = stated.value_or(Effect::kAllow);
  }
  return effects;
}

}  // namespace

std::shared_ptr<const RuleSet> ReadRules(const Node& node, const KnownNames& known) {
  auto zones = std::make_shared<const common::ZoneFiles>();
  RuleSet::Settings settings{.otherwise = ReadDefaults(node["default"]),
                             .zone = std::make_shared<const codec::cel::ZoneRules>(),  // UTC
                             .zones = zones,
                             .rules = {}};
  if (const auto name = node["zone"].AsString()) {
    auto zone = zones->Find(*name);
    if (zone.ok()) {
      settings.zone = std::move(zone).value();
    } else {
      node["zone"].AddProblem(zone.error().public_message);
    }
  }
  std::set<std::string> ids;
  for (const Node& element : node["rules"].Elements()) {
    settings.rules.push_back(ReadRule(element, known, *zones, ids));
  }
  if (settings.rules.size() > kMaxRules) node["rules"].AddProblem("are more than 10000");
  return std::make_shared<const RuleSet>(std::move(settings));
}

}  // namespace gatehouse::features::policy
