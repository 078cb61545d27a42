#include "app/oversight_house.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "codec/json/field_writer.h"
#include "features/alerts/alert.h"
#include "features/audit/record.h"

namespace gatehouse::app {
namespace {

using codec::json::FieldWriter;
using features::oversight::Approval;
using features::oversight::Halted;
using features::oversight::Stop;
using features::oversight::Vote;

constexpr std::size_t kLongestName = 64;

std::string_view Bounded(std::string_view name) { return name.substr(0, std::min(name.size(), kLongestName)); }

// Names of nodes can be those of people: an id says which.
void WriteStop(FieldWriter& entry, const Stop& stop) {
  entry.Word(R"(,"stop":)", stop.Word());
  entry.Word(R"(,"scope":)", ToString(stop.scope));
  if (stop.scope == Stop::Scope::kNode) entry.NumberAsWord(R"(,"target":)", stop.node.value);
  if (!stop.name.empty()) entry.Text(R"(,"name":)", Bounded(stop.name));
  entry.Text(R"(,"actor":)", stop.set_by.word());
}

void WriteApproval(FieldWriter& entry, const Approval& approval) {
  entry.Word(R"(,"approval":)", approval.Word());
  entry.Text(R"(,"id":)", Bounded(approval.request_id));
  entry.Text(R"(,"rule":)", Bounded(approval.rule));
  entry.Word(R"(,"phase":)", approval.phase);
}

}  // namespace

OversightHouse::OversightHouse(Parts parts)
    : parts_(std::move(parts)),
      kill_switch_({.loop = parts_.loop, .database = parts_.database, .witness = recorder_}),
      approvals_({.loop = parts_.loop, .database = parts_.database, .witness = recorder_}),
      reviews_({.loop = parts_.loop,
                .database = parts_.database,
                .log = parts_.log,
                .record = parts_.record,
                .raise = parts_.raise},
               parts_.draw_key, parts_.process) {}

void OversightHouse::Use(const OversightConfig& config) {
  link_ = config.link;
  settings_.too_fast = config.too_fast;
  reviews_.Use(config.reviews);
}

// Ids and a link: what is asked for is seen by who may see it. On the main loop.
void OversightHouse::Tell(const Approval& approval) {
  if (!parts_.raise) return;
  const std::string by = features::alerts::TimeText(approval.decide_by_ms);
  std::string text = "A request of the rule '" + approval.rule + "' waits for people to approve it, until " + by +
                     "; then it is refused. Look at it with `gatehouse approval show " + approval.Word() + "`";
  text.append(link_.empty() ? "." : ", or at " + link_ + "/" + approval.Word() + " .");
  features::common::Notice notice{.kind = std::string(features::common::kApprovalWaiting),
                                  .key = "approval/" + approval.Word(),
                                  .severity = features::common::Severity::kWarning,
                                  .chain = {},
                                  .path = {},
                                  .title = "A request waits for an approval (" + approval.Word() + ")",
                                  .text = std::move(text),
                                  .facts = {{"approval", approval.Word()},
                                            {"rule", approval.rule},
                                            {"decide_by", by},
                                            {"quorum", std::to_string(approval.quorum)}}};
  notice.chain = approval.chain;
  if (!link_.empty()) notice.facts.emplace_back("link", link_ + "/" + approval.Word());
  parts_.raise(std::move(notice));
}

void OversightHouse::Recorder::NoteStop(const Stop& stop, const Halted& halted) {
  house_.parts_.log.Warning(
      "stopped by an operator",
      {{"stop", stop.Word()}, {"scope", ToString(stop.scope)}, {"ended", std::to_string(halted.exchanges)}});
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("kill.set", [&](FieldWriter& entry) {
    WriteStop(entry, stop);
    entry.Number(R"(,"ended":)", halted.exchanges);
    entry.Millis(R"(,"ms":)", halted.took);
    if (halted.whether == Halted::Whether::kNotYet) entry.Raw(R"(,"unfinished":true)");
  });
}

void OversightHouse::Recorder::NoteLift(const Stop& stop) {
  house_.parts_.log.Info("a stop was lifted", {{"stop", stop.Word()}});
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("kill.lifted", [&](FieldWriter& entry) {
    WriteStop(entry, stop);
    entry.Raw(R"(,"lifted_by":[)");
    std::string_view comma;
    for (const auto& person : stop.lifters) {
      entry.Raw(comma);
      entry.Text("", person.word());
      comma = ",";
    }
    entry.Raw("]");
  });
}

void OversightHouse::Recorder::NoteRequest(const Approval& approval) {
  house_.parts_.loop.Post([this, approval] { house_.Tell(approval); });
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("approval.request", [&](FieldWriter& entry) {
    WriteApproval(entry, approval);
    entry.Word(R"(,"binding":)", approval.binding);
    if (!approval.chain.empty()) entry.NumberAsWord(R"(,"org":)", approval.chain.front().value);
    entry.Signed(R"(,"quorum":)", approval.quorum);
    entry.Signed(R"(,"decide_by":)", approval.decide_by_ms * 1000);
  });
}

void OversightHouse::Recorder::NoteVote(const Approval& approval, const Vote& vote) {
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("approval.vote", [&](FieldWriter& entry) {
    WriteApproval(entry, approval);
    entry.Text(R"(,"actor":)", vote.by.word());
    entry.Word(R"(,"says":)", ToString(vote.says));
    entry.Signed(R"(,"dwell_ms":)", vote.at_ms - approval.created_ms);
  });
}

void OversightHouse::Recorder::NoteOutcome(const Approval& approval) {
  house_.outcomes_[static_cast<std::size_t>(approval.state)].fetch_add(1, std::memory_order_relaxed);
  if (house_.parts_.record == nullptr) return;
  house_.parts_.record->Note("approval.outcome", [&](FieldWriter& entry) {
    WriteApproval(entry, approval);
    entry.Word(R"(,"state":)", ToString(approval.state));
    if (approval.state == Approval::State::kApproved) entry.Signed(R"(,"use_by":)", approval.use_by_ms * 1000);
  });
}

}  // namespace gatehouse::app
