#include "features/compliance/catalogue.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "codec/config/scalar.h"
#include "codec/config/tree.h"
#include "features/compliance/default_texts.h"

namespace gatehouse::features::compliance {
namespace {

using codec::config::Choice;
using codec::config::Node;

constexpr std::size_t kMaxControls = 1000;
constexpr std::size_t kMaxText = 2000;

constexpr auto kAutomations = std::to_array<Choice<Automation>>({
    {.name = "automatic", .value = Automation::kAutomatic},
    {.name = "partial", .value = Automation::kPartial},
    {.name = "manual", .value = Automation::kManual},
});
constexpr auto kChecks = std::to_array<Choice<Framework::AmendedCheck>>({
    {.name = "done", .value = Framework::AmendedCheck::kDone},
    {.name = "pending", .value = Framework::AmendedCheck::kPending},
});

// In the order of their ids.
struct Default {
  std::string_view id;
  std::string_view (*text)();
};
constexpr auto kDefaults = std::to_array<Default>({
    {.id = "eu-ai-act", .text = EuAiActText},
    {.id = "gdpr", .text = GdprText},
    {.id = "hipaa", .text = HipaaText},
    {.id = "iso-42001", .text = Iso42001Text},
    {.id = "mitre-atlas", .text = MitreAtlasText},
    {.id = "nist-ai-600-1", .text = NistAi6001Text},
    {.id = "nist-ai-rmf", .text = NistAiRmfText},
    {.id = "owasp-asi-2026", .text = OwaspAsi2026Text},
    {.id = "owasp-llm-2025", .text = OwaspLlm2025Text},
    {.id = "soc2", .text = Soc2Text},
});

// A text that says something, within bounds.
std::string TextOf(const Node& node) {
  std::string text = node.AsString().value_or("");
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (node.IsPresent() && text.size() > kMaxText) node.AddProblem("is longer than 2000 bytes");
  return text;
}

std::string RequiredText(const Node& parent, const char* key) {
  const Node node = parent.Required(key);
  std::string text = TextOf(node);
  if (node.IsPresent() && text.empty()) node.AddProblem("must not be empty");
  return text;
}

std::optional<Date> DateOf(const Node& node) {
  const auto text = node.AsString();
  if (!text) return {};
  const auto date = ParseDate(*text);
  if (!date) node.AddProblem("`" + *text + "` is no date such as 2027-12-02");
  return date;
}

std::string UrlOf(const Node& node) {
  std::string url = TextOf(node);
  if (!url.empty() && !url.starts_with("https://")) node.AddProblem("must begin with https://");
  return url;
}

std::vector<Query> QueriesOf(const Node& list) {
  std::vector<std::string_view> names;
  for (const QueryInfo& info : Queries()) names.push_back(info.name);
  std::vector<Query> queries;
  for (const Node& node : list.Elements()) {
    const std::string name = node.AsString().value_or("");
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      const std::string_view closest = codec::config::Closest(name, names);
      node.AddProblem("there is no query `" + name + "`" +
                      (closest.empty() ? "" : "; did you mean `" + std::string(closest) + "`?"));
      continue;
    }
    const Query query = Queries().at(static_cast<std::size_t>(found - names.begin())).query;
    if (std::ranges::find(queries, query) != queries.end()) node.AddProblem("`" + name + "` is named twice");
    queries.push_back(query);
  }
  return queries;
}

// What a control says itself, or its framework for all.
std::string Inherited(const Node& node, const std::string& from) { return node.IsPresent() ? TextOf(node) : from; }

struct Inheritance {
  std::optional<Date> applies_from;
  std::string applies_note;
};

Control ReadControl(const Node& node, const Framework& framework, const Inheritance& inherited) {
  Control control;
  control.id = RequiredText(node, "id");
  control.title = RequiredText(node, "title");
  control.requirement = RequiredText(node, "requirement");
  control.remains = RequiredText(node, "remains");
  control.automation = node.Required("status").AsEnum<Automation>(kAutomations).value_or(Automation::kManual);
  control.evidence = QueriesOf(node["evidence"]);
  control.tags = node["tags"].AsStrings().value_or(std::vector<std::string>{});
  control.text_version = Inherited(node["text_version"], framework.text_version);
  control.amended_by = Inherited(node["amended_by"], framework.amended_by);
  const Node url = node["source_url"];
  control.source_url = url.IsPresent() ? UrlOf(url) : framework.source_url;
  control.applies_note = Inherited(node["applies_note"], inherited.applies_note);
  const auto applies_from = DateOf(node["applies_from"]);
  if (!applies_from && !inherited.applies_from)
    node.AddProblem("`applies_from` is missing, here and for the framework");
  control.applies_from = applies_from.value_or(inherited.applies_from.value_or(Date()));
  const bool is_manual = control.automation == Automation::kManual;
  if (is_manual != control.evidence.empty()) {
    node.AddProblem(is_manual ? "a manual control has no `evidence`" : "a control that is not manual needs `evidence`");
  }
  return control;
}

// Every line of a problem, with the name of the file.
base::Error InFile(std::string_view file, const base::Error& error) {
  std::string message;
  std::string_view rest = error.public_message;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    message.append(message.empty() ? "" : "\n").append(file).append(": ").append(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return base::InvalidRequest(std::move(message));
}

base::Result<Framework> Read(std::string_view yaml) {
  GH_TRY(const codec::config::Tree tree, codec::config::Tree::Parse(yaml));
  const Node root = tree.root();
  Framework framework;
  framework.id = RequiredText(root, "framework");
  framework.title = RequiredText(root, "title");
  framework.publisher = RequiredText(root, "publisher");
  framework.text_version = RequiredText(root, "text_version");
  framework.amended_by = TextOf(root["amended_by"]);
  framework.amended_check =
      root["amended_check"].AsEnum<Framework::AmendedCheck>(kChecks).value_or(Framework::AmendedCheck::kNothingToCheck);
  framework.source_url = UrlOf(root["source_url"]);
  framework.notes = TextOf(root["notes"]);
  const Inheritance inherited = {.applies_from = DateOf(root["applies_from"]),
                                 .applies_note = TextOf(root["applies_note"])};
  std::set<std::string> ids;
  for (const Node& node : root.Required("controls").Elements()) {
    if (framework.controls.size() == kMaxControls) {
      node.AddProblem("a framework has at most 1000 controls");
      node.MarkRead();
      break;
    }
    framework.controls.push_back(ReadControl(node, framework, inherited));
    if (!ids.insert(framework.controls.back().id).second) node.AddProblem("its id is used twice");
  }
  GH_CHECK_OK(tree.Finish());
  return framework;
}

}  // namespace

std::string ToString(Date date) {
  const std::chrono::year_month_day day(date);
  std::array<char, 24> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                                 static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<Date> ParseDate(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() != kForm.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : text[i] != '-') return {};
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char digit : text.substr(at, size)) value = value * 10 + (digit - '0');
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!day.ok()) return {};
  return Date(day);
}

std::string_view ToString(Automation automation) { return kAutomations.at(static_cast<std::size_t>(automation)).name; }

base::Result<Framework> ParseFramework(std::string_view yaml, std::string_view file) {
  auto framework = Read(yaml);
  if (!framework.ok()) return InFile(file, framework.error());
  return framework;
}

std::vector<std::string_view> DefaultFrameworkIds() {
  std::vector<std::string_view> ids;
  ids.reserve(kDefaults.size());
  for (const Default& one : kDefaults) ids.push_back(one.id);
  return ids;
}

base::Result<Framework> DefaultFramework(std::string_view id) {
  const auto found = std::ranges::find(kDefaults, id, &Default::id);
  if (found != kDefaults.end()) return ParseFramework(found->text(), std::string(id) + ".yaml");
  std::string message = "There is no framework `" + std::string(id) + "`; there are";
  for (const Default& one : kDefaults) message.append(" ").append(one.id);
  return base::Error{
      .code = base::ErrorCode::kNotFound, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

base::Result<std::vector<Framework>> DefaultFrameworks() {
  std::vector<Framework> all;
  for (const Default& one : kDefaults) {
    GH_TRY(Framework framework, DefaultFramework(one.id));
    all.push_back(std::move(framework));
  }
  return all;
}

}  // namespace gatehouse::features::compliance
