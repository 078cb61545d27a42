#include <algorithm>
#include <set>

#include "features/compliance/answer_parts.h"

// What was looked at, what was found, and who and what was in it.
namespace gatehouse::features::compliance {
namespace {

const Tally& FindingsOf(const Evidence& evidence, std::string_view category) {
  static const Tally kNone;
  const auto found = evidence.findings.find(category);
  return found == evidence.findings.end() ? kNone : found->second;
}

std::string NamesOf(const Tally& tally) {
  constexpr std::size_t kMost = 6;
  std::string names;
  for (const auto& [name, count] : tally.Ranked(kMost)) names.append(names.empty() ? "" : ", ").append(name);
  if (tally.names() > kMost) names += ", ...";
  return names.empty() ? "-" : names;
}

Answer Coverage(const Evidence& evidence) {
  Answer answer;
  const std::uint64_t not_inspected = evidence.not_scanned.of("not_inspected");
  answer.sentence = PercentText(evidence.scanned_exchanges, evidence.exchanges) +
                    " of the exchanges were inspected. What was not is said, with the reason; nothing that was not "
                    "looked at counts as passed.";
  answer.figures = {{"inspected", CountText(evidence.scanned_exchanges)},
                    {"not inspected", CountText(not_inspected)},
                    {"inspected in part", CountText(evidence.not_scanned.total() - not_inspected)},
                    {"text inspected", CountText(evidence.scanned_bytes / 1'000'000) + " MB"}};
  if (!evidence.not_scanned.empty()) {
    answer.tables.push_back(RankedTable("What was not scanned, and why", "reason", evidence.not_scanned));
  }
  if (not_inspected > 0) {
    answer.gaps.push_back(PercentText(not_inspected, evidence.exchanges) +
                          " of the exchanges were looked at by no guard");
  }
  return answer;
}

Answer Found(const Evidence& evidence, std::string_view category, std::string_view title) {
  const Tally& found = FindingsOf(evidence, category);
  if (evidence.scanned_exchanges == 0 && evidence.exchanges > 0) {
    Answer answer;
    answer.sentence = "Nothing was inspected, so nothing could be found.";
    answer.gaps.push_back(std::string(title) + ": no exchange was inspected, so nothing could be found");
    return answer;
  }
  if (found.empty()) return {.state = Answer::State::kNothing, .sentence = "Nothing of the kind was found."};
  Answer answer;
  answer.sentence = CountText(found.total()) + " were found. The record has kinds and numbers, never the text itself.";
  answer.tables.push_back(RankedTable(std::string(title), "what (what was done)", found, 25));
  answer.samples = {"finding:" + std::string(category)};
  return answer;
}

Answer PersonalData(const Evidence& evidence) {
  Answer answer = Found(evidence, "pii", "Personal data");
  if (answer.state == Answer::State::kFound) {
    answer.charts.push_back(DayChart("Findings of all kinds per day", evidence, &DayRecord::findings));
  }
  return answer;
}

Answer Attacks(const Evidence& evidence) {
  Answer answer = Found(evidence, "injection", "Injections");
  for (const auto& [category, title] :
       {std::pair<std::string_view, std::string_view>{"exfiltration", "Ways out for data"}, {"content", "Content"}}) {
    const Tally& found = FindingsOf(evidence, category);
    if (found.empty()) continue;
    if (answer.state == Answer::State::kNothing)
      answer = {.sentence = "No injection was found, but other things were."};
    answer.tables.push_back(RankedTable(std::string(title), "what (what was done)", found));
    answer.samples.push_back("finding:" + std::string(category));
  }
  if (!evidence.tags.empty()) answer.tables.push_back(RankedTable("By control", "tag", evidence.tags, 40));
  return answer;
}

Answer Systems(const Evidence& evidence) {
  Answer answer;
  answer.sentence = Plural(evidence.systems.size(), "system", "systems") +
                    " (projects of the tenancy tree) made requests. The record has ids; the tenancy tables name them.";
  answer.figures = {{"systems", CountText(evidence.systems.size())},
                    {"models", CountText(evidence.models.names())},
                    {"surfaces", CountText(evidence.surfaces.names())}};
  Table table{.title = "Systems",
              .columns = {"project", "exchanges", "denied", "held", "models", "first seen", "last seen"},
              .rows = {},
              .note = {}};
  constexpr std::size_t kMost = 100;
  for (const auto& [name, system] : evidence.systems) {
    if (table.rows.size() == kMost) {
      table.note = CountText(evidence.systems.size() - kMost) + " more are not shown";
      break;
    }
    table.rows.push_back({name.empty() ? "(no project)" : name, CountText(system.exchanges), CountText(system.denied),
                          CountText(system.challenged), NamesOf(system.models), TimeText(system.first_us),
                          TimeText(system.last_us)});
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Answer Models(const Evidence& evidence) {
  Answer answer;
  answer.sentence = Plural(evidence.models.names(), "model was", "models were") + " asked for by name.";
  answer.tables.push_back(RankedTable("Public models", "model", evidence.models, 40));
  Table table{.title = "Models of providers", .columns = {"provider", "model", "calls"}, .rows = {}, .note = {}};
  for (const auto& [name, provider] : evidence.providers) {
    for (const auto& [model, count] : provider.models.Ranked(20)) table.rows.push_back({name, model, CountText(count)});
  }
  answer.tables.push_back(std::move(table));
  ShowRare(answer, evidence, "Changes of models", {"model."});
  return answer;
}

Answer Providers(const Evidence& evidence) {
  Answer answer;
  if (evidence.providers.empty()) {
    return {.state = Answer::State::kNothing, .sentence = "no provider was called in the period."};
  }
  answer.sentence = Plural(evidence.providers.size(), "provider was", "providers were") +
                    " called. The record has the names of the configuration; contracts and regions are there.";
  Table table{.title = "Providers",
              .columns = {"provider", "calls", "failures", "half took at most", "99 % took at most", "models"},
              .rows = {},
              .note = {}};
  for (const auto& [name, provider] : evidence.providers) {
    table.rows.push_back({name, CountText(provider.calls), PercentText(provider.failures, provider.calls),
                          CountText(provider.took.Percentile(50)) + " ms",
                          CountText(provider.took.Percentile(99)) + " ms", NamesOf(provider.models)});
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Answer Processing(const Evidence& evidence) {
  Answer answer;
  answer.sentence =
      "What was observed of each system: which kinds of personal data, and to which recipients requests went.";
  Table table{.title = "Processing",
              .columns = {"project", "exchanges", "kinds of data found", "recipients", "models", "period"},
              .rows = {},
              .note = "Purposes, categories of persons, time limits and contacts are for the controller to add."};
  constexpr std::size_t kMost = 100;
  for (const auto& [name, system] : evidence.systems) {
    if (table.rows.size() == kMost) break;
    table.rows.push_back({name.empty() ? "(no project)" : name, CountText(system.exchanges), NamesOf(system.entities),
                          NamesOf(system.providers), NamesOf(system.models),
                          TimeText(system.first_us).substr(0, 10) + " to " + TimeText(system.last_us).substr(0, 10)});
  }
  answer.tables.push_back(std::move(table));
  return answer;
}

Answer Principals(const Evidence& evidence) {
  Answer answer;
  const bool is_bounded = evidence.subjects.others() > 0;
  answer.sentence = std::string(is_bounded ? "At least " : "") +
                    Plural(evidence.subjects.names(), "user, application or agent", "users, applications and agents") +
                    " with " + Plural(evidence.credentials.names(), "key", "keys") + " made requests.";
  answer.figures = {{"principals", CountText(evidence.subjects.names())},
                    {"keys", CountText(evidence.credentials.names())},
                    {"exchanges without a principal", CountText(evidence.exchanges - evidence.subjects.total())}};
  answer.tables.push_back(RankedTable("How they showed who they are", "how", evidence.how));
  answer.tables.push_back(RankedTable("Most active", "id", evidence.subjects));
  return answer;
}

Answer Agents(const Evidence& evidence) {
  std::uint64_t calls = 0;
  for (const auto& [name, count] : evidence.surfaces.counts()) calls += name == "mcp" || name == "a2a" ? count : 0;
  if (evidence.agents.empty() && calls == 0) {
    return {.state = Answer::State::kNothing, .sentence = "No exchange of an agent is on record in the period."};
  }
  Answer answer;
  answer.sentence = Plural(evidence.agents.names(), "agent", "agents") + " made " + Plural(calls, "call", "calls") +
                    " on the surfaces for agents.";
  if (!evidence.agents.empty()) answer.tables.push_back(RankedTable("Agents", "agent", evidence.agents));
  return answer;
}

Answer ToolCalls(const Evidence& evidence) {
  const std::uint64_t entries = CountOf(evidence, "tool.");
  if (entries == 0 && evidence.tool_decisions == 0) {
    return {.state = Answer::State::kNothing, .sentence = "No call of a tool was decided in the period."};
  }
  Answer answer;
  answer.sentence = Plural(evidence.tool_decisions, "decision", "decisions") +
                    " of rules on calls of tools in answers, and " + Plural(entries, "entry", "entries") +
                    " of calls themselves.";
  ShowRare(answer, evidence, "Calls of tools", {"tool."});
  return answer;
}

}  // namespace

Answer GuardAnswer(Query query, const Evidence& evidence) {
  if (evidence.exchanges == 0) {
    return {.state = Answer::State::kNothing, .sentence = "no exchange of the period is within the scope."};
  }
  switch (query) {
    case Query::kCoverage: return Coverage(evidence);
    case Query::kPersonalData: return PersonalData(evidence);
    case Query::kSecrets: return Found(evidence, "secret", "Secrets");
    case Query::kAttacks: return Attacks(evidence);
    case Query::kSystems: return Systems(evidence);
    case Query::kModels: return Models(evidence);
    case Query::kProviders: return Providers(evidence);
    case Query::kProcessing: return Processing(evidence);
    case Query::kPrincipals: return Principals(evidence);
    case Query::kAgents: return Agents(evidence);
    default: return ToolCalls(evidence);
  }
}

}  // namespace gatehouse::features::compliance
