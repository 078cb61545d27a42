#include "features/policy/recorder.h"

#include <algorithm>
#include <chrono>
#include <span>

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

void WriteMembers(const Explanation& explanation, codec::json::Writer& writer) {
  writer.Field("request_id", explanation.request_id)
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
}

}  // namespace

std::string ToJson(const std::vector<Explanation>& explanations) {
  std::string out;
  codec::json::Writer writer(out);
  writer.BeginObject();
  WriteMembers(explanations.front(), writer);
  if (explanations.size() > 1) {
    writer.Key("earlier").BeginArray();
    for (const Explanation& earlier : std::span(explanations).subspan(1)) {
      writer.BeginObject();
      WriteMembers(earlier, writer);
      writer.EndObject();
    }
    writer.EndArray();
  }
  writer.EndObject();
  return out;
}

void Recorder::Note(const Entry& entry, pipeline::Phase phase, Docket& judged,
                    const std::shared_ptr<const RuleSet>& rules) {
  std::shared_ptr<const Minutes> minutes = judged.TakeMinutes();
  const std::scoped_lock lock(mutex_);
  Kept& slot = kept_[next_];
  next_ = (next_ + 1) % kKept;
  slot.names.assign(entry.request_id).append(entry.model);
  slot.id_bytes = static_cast<std::uint32_t>(entry.request_id.size());
  slot.when = entry.when;
  slot.took = entry.took;
  slot.surface = entry.surface;
  slot.phase = phase;
  if (slot.minutes != minutes) slot.minutes = std::move(minutes);
  if (slot.rules != rules) slot.rules = rules;
  FetchAhead();
}

// The oldest of a ring are the coldest: what is written over next is fetched meanwhile, and where its names are is
// known from the time before.
void Recorder::FetchAhead() const {
  __builtin_prefetch(kept_[next_].names.data(), 1);
  const Kept& later = kept_[(next_ + 1) % kKept];
  __builtin_prefetch(&later, 1);
  __builtin_prefetch(&later.rules, 1);
}

Explanation Recorder::Unfold(const Kept& kept) {
  Explanation explanation{.request_id = std::string(kept.request_id()),
                          .when = kept.when,
                          .surface = std::string(kept.surface),
                          .model = std::string(kept.model()),
                          .phase = kept.phase,
                          .effect = kept.minutes->effect,
                          .decided_by = kept.minutes->decisive == nullptr ? "default" : kept.minutes->decisive->id,
                          .took = kept.took,
                          .lines = {},
                          .rules = kept.rules};
  auto reason = kept.minutes->reasons.begin();
  for (const Minutes::Mark& mark : kept.minutes->marks) {
    Explanation::Line line{.rule = &kept.rules->rules()[mark.rule], .outcome = mark.outcome, .reason = {}};
    if (line.outcome == Finding::Outcome::kFailed && reason != kept.minutes->reasons.end()) line.reason = *reason++;
    explanation.lines.push_back(std::move(line));
  }
  return explanation;
}

std::vector<Explanation> Recorder::Find(std::string_view request_id) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Explanation> found;
  for (std::size_t back = 1; back <= kept_.size(); ++back) {
    const Kept& slot = kept_[(next_ + kept_.size() - back) % kept_.size()];
    if (slot.rules == nullptr) break;
    if (slot.request_id() != request_id) continue;
    const bool is_older = std::ranges::any_of(found, [&](const auto& later) { return later.phase == slot.phase; });
    if (!is_older) found.push_back(Unfold(slot));
    if (slot.phase == pipeline::Phase::kRequest) break;  // with which every exchange begins
  }
  return found;
}

}  // namespace gatehouse::features::policy
