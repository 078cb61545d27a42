#include "app/config_detectors.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "app/config.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;
using inspect::DetectorOptions;
using inspect::content::ContentRule;
using inspect::content::WholeTextRule;
using inspect::pii::PersonalDetector;

constexpr std::size_t kMaxListed = 100'000;
constexpr std::size_t kShortestCanary = 8;
constexpr std::size_t kLongestCanary = 256;

std::vector<std::string> ReadList(const Node& node) {
  auto list = node.AsStrings().value_or(std::vector<std::string>());
  if (list.size() > kMaxListed) node.AddProblem("has more than 100000 entries");
  return list;
}

bool IsName(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fits);
}

bool IsOff(const Node& node) {
  const bool off = !node["enabled"].AsBool().value_or(true);
  if (off) node.MarkRead();
  return off;
}

void CheckEntity(const Node& node, std::string_view name) {
  const auto known = PersonalDetector::Entities();
  if (std::ranges::find(known, name) != known.end()) return;
  node.AddProblem("no personal data is called `" + std::string(name) + "`; docs/guard.md lists them");
}

PersonalDetector::Options ReadPersonal(const Node& node) {
  PersonalDetector::Options options;
  const auto confidence = codec::config::Range<double>{.min = 0, .max = 1};
  options.threshold = static_cast<float>(node["threshold"].AsNumber(confidence).value_or(options.threshold));
  for (const auto& [entity, value] : node["thresholds"].Members()) {
    CheckEntity(value, entity);
    options.thresholds[entity] = static_cast<float>(value.AsNumber(confidence).value_or(options.threshold));
  }
  options.entities = ReadList(node["entities"]);
  for (const std::string& entity : options.entities) CheckEntity(node["entities"], entity);
  options.allowed_values = ReadList(node["allowed_values"]);
  options.allowed_domains = ReadList(node["allowed_domains"]);
  return options;
}

std::string ReadRules(const Node& node, std::vector<std::string>& files) {
  const auto path = node.AsString();
  if (!path) return {};
  files.push_back(*path);
  auto text = ReadFile(*path);
  if (text.ok()) return std::move(text).value();
  node.AddProblem(text.error().public_message);
  return {};
}

// What must not come back is a secret: it is not repeated in a problem.
std::vector<std::string> ReadCanaries(const Node& list) {
  std::vector<std::string> canaries;
  for (const Node& node : list.Elements()) {
    const auto canary = node.AsSecret();
    if (!canary) continue;
    const std::size_t size = canary->Reveal().size();
    if (size < kShortestCanary) node.AddProblem("must have 8 characters at least");
    if (size > kLongestCanary) node.AddProblem("must have 256 characters at most");
    if (size >= kShortestCanary && size <= kLongestCanary) canaries.emplace_back(canary->Reveal());
  }
  return canaries;
}

// What a rule is about: exactly one of these says so.
constexpr std::array<std::string_view, 5> kAbouts = {"phrases", "pattern", "topic", "longer_than", "languages"};

std::string ReadName(const Node& node) {
  std::string name = node.Required("name").AsString().value_or("");
  if (!IsName(name)) node["name"].AddProblem("must be of letters, digits, - and _, at most 64");
  const auto given = std::ranges::count_if(kAbouts, [&](std::string_view about) { return node[about].IsPresent(); });
  if (given != 1) node.AddProblem("needs one of `phrases`, `pattern`, `topic`, `longer_than` and `languages`");
  return name;
}

float ReadConfidence(const Node& node) {
  return static_cast<float>(node["confidence"].AsNumber({.min = 0, .max = 1}).value_or(1));
}

bool IsAboutWholeTexts(const Node& node) { return node["longer_than"].IsPresent() || node["languages"].IsPresent(); }

WholeTextRule ReadWholeTextRule(const Node& node) {
  constexpr std::uint64_t kMostCharacters = std::uint64_t{1} << 30U;
  WholeTextRule rule{.name = ReadName(node), .languages = ReadList(node["languages"])};
  rule.kind = node["languages"].IsPresent() ? WholeTextRule::Kind::kLanguage : WholeTextRule::Kind::kLength;
  rule.longest = node["longer_than"].AsInteger({.min = 1, .max = kMostCharacters}).value_or(kMostCharacters);
  rule.confidence = ReadConfidence(node);
  for (const std::string& language : rule.languages) {
    if (inspect::content::IsLanguage(language)) continue;
    node["languages"].AddProblem("`" + language + "` is no language that can be told; they are codes like en, de, zh");
  }
  return rule;
}

ContentRule ReadContentRule(const Node& node) {
  using Kind = ContentRule::Kind;
  ContentRule rule;
  rule.name = ReadName(node);
  const Node phrases = node["phrases"];
  const Node pattern = node["pattern"];
  const Node topic = node["topic"];
  rule.kind = pattern.IsPresent() ? Kind::kPattern : topic.IsPresent() ? Kind::kTopic : Kind::kPhrases;
  rule.words = ReadList(topic.IsPresent() ? topic : phrases);
  rule.pattern = pattern.AsString().value_or("");
  if (topic.IsPresent()) {
    rule.at_least = static_cast<std::size_t>(node["at_least"].AsInteger({.min = 1, .max = 100}).value_or(3));
  }
  rule.confidence = ReadConfidence(node);
  return rule;
}

}  // namespace

DetectorOptions ReadDetectors(const Node& node, std::vector<std::string>& files) {
  DetectorOptions options;
  options.personal = IsOff(node["pii"]) ? std::nullopt : std::optional(ReadPersonal(node["pii"]));
  options.secret_rules =
      IsOff(node["secrets"]) ? std::nullopt : std::optional(ReadRules(node["secrets"]["rules_file"], files));
  if (IsOff(node["injection"])) options.injection = DetectorOptions::Injection::kOff;
  options.exfiltration.reset();
  if (!IsOff(node["exfiltration"])) {
    options.exfiltration = {.allowed_hosts = ReadList(node["exfiltration"]["allowed_hosts"]),
                            .canaries = ReadCanaries(node["exfiltration"]["canaries"])};
  }
  for (const Node& rule : node["content"]["rules"].Elements()) {
    if (IsAboutWholeTexts(rule)) {
      options.whole_texts.push_back(ReadWholeTextRule(rule));
    } else {
      options.content.push_back(ReadContentRule(rule));
    }
  }
  options.content_allowed = ReadList(node["content"]["allowed"]);
  return options;
}

}  // namespace gatehouse::app
