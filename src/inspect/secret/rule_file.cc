#include "inspect/secret/rule_file.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "codec/config/tree.h"

namespace gatehouse::inspect::secret {
namespace {

using codec::config::Choice;
using codec::config::Node;

constexpr float kByShape = 0.95F;  // confidence in what has a prefix of its own
constexpr float kByName = 0.85F;   // in what is only assigned to a telling name
constexpr std::size_t kMaxRules = 2000;
constexpr std::size_t kShortestAnchor = 2;

constexpr auto kCases = std::to_array<Choice<Trigger::Case>>({
    {.name = "exact", .value = Trigger::Case::kSensitive},
    {.name = "folded", .value = Trigger::Case::kFolded},
});
constexpr auto kLefts = std::to_array<Choice<Rule::Left>>({
    {.name = "word", .value = Rule::Left::kWord},
    {.name = "any", .value = Rule::Left::kAny},
});
constexpr auto kOperators = std::to_array<Choice<Rule::Operator>>({
    {.name = "required", .value = Rule::Operator::kRequired},
    {.name = "optional", .value = Rule::Operator::kOptional},
});
constexpr auto kChecksums = std::to_array<Choice<Checksum>>({
    {.name = "crc32-of-random", .value = Checksum::kCrc32OfRandom},
    {.name = "crc32-of-all", .value = Checksum::kCrc32OfAll},
});

// One text, or a list of them.
std::vector<std::string> TextsOf(const Node& node) {
  if (node.kind() == Node::Kind::kList) return node.AsStrings().value_or(std::vector<std::string>{});
  if (const auto text = node.AsString()) return {*text};
  return {};
}

std::vector<std::string> WordsOf(const Node& node) {
  std::vector<std::string> words = TextsOf(node);
  for (std::string& word : words) {
    std::ranges::transform(word, word.begin(), Lower);
    if (word.size() < 2) node.AddProblem("\"" + word + "\" is too short to be searched for");
  }
  return words;
}

void ReadShapes(const Node& node, Rule& rule, Trigger::Case letters) {
  for (const std::string& text : TextsOf(node)) {
    auto shape = Shape::Parse(text, letters);
    if (!shape.ok()) {
      node.AddProblem("\"" + text + "\": " + shape.error().public_message);
    } else if (rule.names.empty() && shape.value().anchor().size() < kShortestAnchor) {
      node.AddProblem("\"" + text + "\": no literal of two characters at a fixed distance from its beginning");
    } else {
      rule.shapes.push_back(std::move(shape).value());
    }
  }
}

Rule ReadRule(const Node& node, float confidence) {
  Rule rule;
  rule.id = node.Required("id").AsString().value_or("");
  rule.near = WordsOf(node["near"]);
  rule.entropy = node["entropy"].AsNumber({.min = 0, .max = 8}).value_or(0);
  rule.checksum = node["checksum"].AsEnum<Checksum>(kChecksums).value_or(Checksum::kNone);
  rule.confidence = static_cast<float>(node["confidence"].AsNumber({.min = 0, .max = 1}).value_or(confidence));
  rule.left = node["left"].AsEnum<Rule::Left>(kLefts).value_or(Rule::Left::kWord);
  return rule;
}

Trigger::Case CaseOf(const Node& node) {
  return node["case"].AsEnum<Trigger::Case>(kCases).value_or(Trigger::Case::kSensitive);
}

Rule ReadToken(const Node& node) {
  Rule rule = ReadRule(node, kByShape);
  ReadShapes(node.Required("shape"), rule, CaseOf(node));
  return rule;
}

Rule ReadAssignment(const Node& node) {
  Rule rule = ReadRule(node, kByName);
  rule.names = WordsOf(node.Required("names"));
  rule.assigned_by = node["operator"].AsEnum<Rule::Operator>(kOperators).value_or(Rule::Operator::kRequired);
  ReadShapes(node.Required("shape"), rule, CaseOf(node));
  return rule;
}

}  // namespace

base::Result<std::vector<Rule>> ParseRules(std::string_view yaml) {
  GH_TRY(const codec::config::Tree tree, codec::config::Tree::Parse(yaml));
  std::vector<Rule> rules;
  std::set<std::string> ids;
  const auto add = [&](const Node& node, Rule rule) {
    if (!ids.insert(rule.id).second) node.AddProblem("the id " + rule.id + " is used twice");
    if (rules.size() == kMaxRules) node.AddProblem("too many rules");
    rules.push_back(std::move(rule));
  };
  for (const Node& node : tree.root()["tokens"].Elements()) add(node, ReadToken(node));
  for (const Node& node : tree.root()["assignments"].Elements()) add(node, ReadAssignment(node));
  GH_CHECK_OK(tree.Finish());
  return rules;
}

}  // namespace gatehouse::inspect::secret
