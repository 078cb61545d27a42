#include "features/audit/entry.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "codec/json/field_writer.h"
#include "pipeline/inspection.h"

namespace gatehouse::features::audit {
namespace {

using codec::json::FieldWriter;
using pipeline::Decision;
using pipeline::Effect;
using pipeline::Exchange;
using pipeline::ExchangeEnd;
using pipeline::NodeKind;
using pipeline::Principal;

// Of rules, findings, attempts and tags each: together they stay far below the size of an entry.
constexpr std::size_t kMostListed = 24;
constexpr std::size_t kLongestName = 64;

// Names come from configurations, where nobody bounds them all.
std::string_view Bounded(std::string_view name) {
  if (name.size() <= kLongestName) return name;
  std::size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end);
}

// Writes a list, and in `more` how much of it was left out.
template <class List, class Write>
void WriteList(FieldWriter& entry, std::string_view begin, std::string_view more, const List& list, Write write) {
  if (list.empty()) return;
  entry.Raw(begin);
  std::size_t count = 0;
  for (const auto& element : list) {
    if (count == kMostListed) break;
    if (count++ != 0) entry.Raw(",");
    write(element);
  }
  entry.Raw("]");
  if (list.size() > count) entry.Number(more, list.size() - count);
}

std::string_view MemberOf(NodeKind kind) {
  switch (kind) {
    case NodeKind::kOrganization: return R"(,"org":)";
    case NodeKind::kTeam: return R"(,"team":)";
    case NodeKind::kProject: return R"(,"project":)";
    case NodeKind::kUser:
    case NodeKind::kApplication:
    case NodeKind::kAgent: return R"(,"sub":)";
    case NodeKind::kKey: return {};
  }
  return {};
}

void WritePrincipal(FieldWriter& entry, const Principal& principal) {
  for (const pipeline::Link& link : principal.chain) {
    if (const std::string_view member = MemberOf(link.kind); !member.empty()) entry.NumberAsWord(member, link.id.value);
  }
  if (!principal.key_id.empty()) entry.Text(R"(,"cred":)", Bounded(principal.key_id));
  entry.Word(R"(,"how":)", pipeline::ToString(principal.authentication));
}

void WriteRules(FieldWriter& entry, const std::vector<Decision>& decisions) {
  WriteList(entry, R"(,"rules":[)", R"(,"more_rules":)", decisions, [&](const Decision& decision) {
    entry.Text(R"({"rule":)", Bounded(decision.rule));
    entry.Word(R"(,"phase":)", pipeline::ToString(decision.phase));
    entry.Word(R"(,"effect":)", pipeline::ToString(decision.effect));
    if (!decision.action.empty()) entry.Text(R"(,"action":)", Bounded(decision.action));
    if (decision.mode == Decision::Mode::kShadow) entry.Word(R"(,"mode":)", "shadow");
    entry.Raw("}");
  });
  std::vector<std::string_view> tags;
  for (const Decision& decision : decisions) {
    for (const std::string& control : decision.controls) {
      if (std::ranges::find(tags, control) == tags.end()) tags.emplace_back(control);
    }
  }
  WriteList(entry, R"(,"tags":[)", R"(,"more_tags":)", tags,
            [&](std::string_view tag) { entry.Text("", Bounded(tag)); });
}

void WriteInspection(FieldWriter& entry, const Exchange& exchange) {
  const auto* report = exchange.Find<pipeline::InspectionReport>();
  if (report == nullptr) return entry.Raw(R"(,"not_scanned":["not_inspected"])");
  WriteList(entry, R"(,"findings":[)", R"(,"more_findings":)", report->notes,
            [&](const pipeline::InspectionNote& note) {
              entry.Word(R"({"category":)", inspect::ToString(note.category));
              entry.Text(R"(,"entity":)", Bounded(note.entity));
              entry.Word(R"(,"side":)", pipeline::ToString(note.side));
              entry.Word(R"(,"measure":)", note.measure);
              entry.Number(R"(,"count":)", note.count);
              entry.Raw("}");
            });
  entry.Number(R"(,"scanned":)", report->scanned_bytes);
  WriteList(entry, R"(,"not_scanned":[)", R"(,"more_not_scanned":)", report->not_scanned,
            [&](std::string_view why) { entry.Word("", why); });
}

void WriteDecided(FieldWriter& entry, const Exchange& exchange, Effect decision) {
  entry.Word(R"(,"decision":)", pipeline::ToString(decision));
  WriteRules(entry, exchange.decisions);
  WriteInspection(entry, exchange);
}

void WriteAttempts(FieldWriter& entry, const std::vector<pipeline::Attempt>& attempts) {
  WriteList(entry, R"(,"attempts":[)", R"(,"more_attempts":)", attempts, [&](const pipeline::Attempt& attempt) {
    entry.Text(R"({"provider":)", Bounded(attempt.provider));
    entry.Text(R"(,"model":)", Bounded(attempt.model));
    entry.Parts(R"(,"status":)", attempt.status, R"(,"outcome":")", attempt.outcome, R"(","ms":)", attempt.took, "}");
  });
}

void WriteUsage(FieldWriter& entry, const Exchange& exchange) {
  const llm::Usage& usage = exchange.outcome.usage;
  if (usage.source != llm::UsageSource::kNone) {
    entry.Parts(R"(,"usage":{"input":)", usage.TotalInput(), R"(,"cache_read":)", usage.cache_read,
                R"(,"cache_write":)", usage.CacheWrite(), R"(,"output":)", usage.TotalOutput(), R"(,"reasoning":)",
                usage.reasoning, R"(,"source":")",
                usage.source == llm::UsageSource::kProvider ? "provider" : "estimated", R"("})");
  }
  const pipeline::Charge& charge = exchange.charge;
  if (charge.basis == pipeline::Charge::Basis::kNothing) return;
  entry.NumberAsWord(R"(,"cost":)", charge.cost.value);
  entry.Word(R"(,"basis":)", pipeline::ToString(charge.basis));
  if (!charge.price.empty()) entry.Text(R"(,"price":)", Bounded(charge.price));
}

// A limit, a budget or the scope of a key refuses an exchange without a rule to say so.
Effect DecisionOf(const ExchangeEnd& end) {
  constexpr std::array<std::uint16_t, 4> kRefusals = {401, 402, 403, 429};
  const bool was_asked = end.exchange != nullptr && !end.exchange->attempts.empty();
  const bool refused = !was_asked && std::ranges::find(kRefusals, end.status) != kRefusals.end();
  if (refused) return Effect::kDeny;
  return end.exchange == nullptr ? Effect::kAllow : audit::DecisionOf(*end.exchange);
}

}  // namespace

Effect DecisionOf(const Exchange& exchange) {
  Effect strictest = Effect::kAllow;
  for (const Decision& decision : exchange.decisions) {
    if (decision.mode == Decision::Mode::kEnforced) strictest = std::max(strictest, decision.effect);
  }
  return strictest;
}

void AppendHead(std::string& out, const EntryHead& head) {
  FieldWriter entry(out);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(head.at.time_since_epoch()).count();
  entry.Parts(R"({"v":1,"t":")", head.type, R"(","seq":)", head.seq, R"(,"ts":)", micros, head.node);
}

std::string NodeMember(std::string_view node) {
  std::string member;
  FieldWriter(member).Text(R"(,"node":)", node);
  return member;
}

std::string AskerMembers(const Exchange& exchange, const EntryContext& context) {
  std::string members;
  FieldWriter entry(members);
  if (context.models.contains(std::string_view(exchange.model))) entry.Text(R"(,"model":)", Bounded(exchange.model));
  if (exchange.principal != nullptr) WritePrincipal(entry, *exchange.principal);
  return members;
}

std::string AskerMembers(const Principal& principal) {
  std::string members;
  FieldWriter entry(members);
  WritePrincipal(entry, principal);
  return members;
}

void AppendStart(std::string& out, const EntryParts& parts, const Exchange& exchange) {
  AppendHead(out, parts.head);
  FieldWriter entry(out);
  entry.Text(R"(,"id":)", Bounded(exchange.id));
  entry.Word(R"(,"surface":)", pipeline::ToString(exchange.surface));
  entry.Word(R"(,"op":)", pipeline::OperationName(exchange.operation));
  entry.Raw(parts.asker);
  WriteDecided(entry, exchange, DecisionOf(exchange));
  entry.Word(R"(,"config":)", parts.config);
  entry.Raw("}");
}

void AppendEnd(std::string& out, const EntryParts& parts, const ExchangeEnd& end) {
  AppendHead(out, parts.head);
  FieldWriter entry(out);
  entry.Text(R"(,"id":)", Bounded(end.request_id));
  entry.Parts(R"(,"trace":")", end.trace_id, R"(","surface":")", end.surface, "\"");
  if (end.exchange != nullptr) entry.Word(R"(,"op":)", pipeline::OperationName(end.exchange->operation));
  entry.Raw(parts.asker);
  if (end.exchange != nullptr) {
    WriteDecided(entry, *end.exchange, DecisionOf(end));
  } else {
    entry.Word(R"(,"decision":)", pipeline::ToString(DecisionOf(end)));
  }
  entry.Parts(R"(,"config":")", parts.config, R"(","status":)", end.status, R"(,"ending":")",
              pipeline::ToString(end.ending), "\"");
  if (!end.error.empty()) entry.Word(R"(,"error":)", end.error);
  entry.Millis(R"(,"ms":)", end.duration);
  if (end.exchange != nullptr) {
    WriteAttempts(entry, end.exchange->attempts);
    WriteUsage(entry, *end.exchange);
  }
  entry.Raw("}");
}

void AppendSettled(std::string& out, const EntryParts& parts, const Exchange& exchange) {
  AppendHead(out, parts.head);
  FieldWriter entry(out);
  entry.Text(R"(,"id":)", Bounded(exchange.id));
  entry.Word(R"(,"surface":)", pipeline::ToString(exchange.surface));
  entry.Word(R"(,"op":)", pipeline::OperationName(exchange.operation));
  entry.Raw(parts.asker);
  WriteAttempts(entry, exchange.attempts);
  WriteUsage(entry, exchange);
  entry.Raw("}");
}

}  // namespace gatehouse::features::audit
