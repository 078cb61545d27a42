#include "features/policy/recorder.h"

#include <chrono>

#include "codec/cel/timestamp.h"
#include "codec/json/writer.h"

namespace gatehouse::features::policy {
namespace {

std::string_view Word(Finding::Outcome outcome) {
  switch (outcome) {
    case Finding::Outcome::kHolds: return "holds";
    case Finding::Outcome::kDoesNotHold: return "does_not_hold";
    case Finding::Outcome::kFailed: return "failed";
  }
  return "unknown";
}

std::string TimeText(base::WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch());
  const auto nanos = (when.time_since_epoch() - seconds).count();
  return codec::cel::TimestampText({.seconds = seconds.count(), .nanos = static_cast<std::uint32_t>(nanos)});
}

}  // namespace

std::string ToJson(const Explanation& explanation) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject()
      .Field("request_id", explanation.request_id)
      .Field("time", TimeText(explanation.when))
      .Field("surface", explanation.surface)
      .Field("model", explanation.model)
      .Field("phase", pipeline::ToString(explanation.phase))
      .Field("decision", pipeline::ToString(explanation.effect))
      .Field("decided_by", explanation.decided_by)
      .Field("nanoseconds", explanation.took.count());
  writer.Key("rules").BeginArray();
  for (const Explanation::Line& line : explanation.lines) {
    const bool shadow = line.rule->mode == pipeline::Decision::Mode::kShadow;
    writer.BeginObject()
        .Field("rule", line.rule->id)
        .Field("effect", pipeline::ToString(line.rule->effect))
        .Field("mode", shadow ? "shadow" : "enforce")
        .Field("outcome", Word(line.outcome));
    if (!line.rule->when.empty()) writer.Field("when", line.rule->when);
    if (!line.rule->restriction.text.empty()) writer.Field("action", line.rule->restriction.text);
    if (!line.reason.empty()) writer.Field("reason", line.reason);
    writer.EndObject();
  }
  writer.EndArray();
  // Those that are not listed were not asked: their `match` is about other requests.
  writer.Field("rules_not_asked", explanation.rules->rules().size() - explanation.lines.size());
  writer.EndObject();
  return out;
}

void Recorder::Note(const Entry& entry, pipeline::Phase phase, const Verdict& verdict,
                    const std::shared_ptr<const RuleSet>& rules) {
  const std::scoped_lock lock(mutex_);
  Explanation& slot = kept_[next_];
  next_ = (next_ + 1) % kept_.size();
  slot.request_id.assign(entry.request_id);
  slot.when = entry.when;
  slot.surface.assign(entry.surface);
  slot.model.assign(entry.model);
  slot.phase = phase;
  slot.effect = verdict.effect;
  slot.decided_by.assign(verdict.decisive == nullptr ? "default" : verdict.decisive->rule->id);
  slot.took = entry.took;
  slot.lines.resize(verdict.findings.size());
  for (std::size_t i = 0; i < verdict.findings.size(); ++i) {
    const Finding& finding = verdict.findings[i];
    slot.lines[i].rule = finding.rule;
    slot.lines[i].outcome = finding.outcome;
    slot.lines[i].reason.assign(finding.reason);
  }
  if (slot.rules != rules) slot.rules = rules;
}

std::optional<Explanation> Recorder::Find(std::string_view request_id) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t back = 1; back <= kept_.size(); ++back) {
    const Explanation& slot = kept_[(next_ + kept_.size() - back) % kept_.size()];
    if (slot.rules == nullptr) return {};
    if (slot.request_id == request_id) return slot;
  }
  return {};
}

}  // namespace gatehouse::features::policy
