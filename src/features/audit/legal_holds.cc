#include "features/audit/legal_holds.h"

#include <algorithm>
#include <chrono>

namespace gatehouse::features::audit {
namespace {

namespace vault = record::vault;

using base::Result;
using codec::json::FieldWriter;
using Origin = HoldStanding::Origin;

void WriteHold(FieldWriter& entry, const vault::LegalHold& hold) {
  entry.Text(R"(,"hold":)", hold.id);
  if (hold.key) entry.Word(R"(,"key":)", hold.key->Hex());
  if (hold.retention_class) entry.Text(R"(,"class":)", *hold.retention_class);
  if (hold.from != 0) entry.Word(R"(,"from":)", vault::DayName(hold.from));
  if (hold.until != INT32_MAX) entry.Word(R"(,"until":)", vault::DayName(hold.until));
}

base::Error Refused(base::ErrorCode code, std::string message) {
  return {.code = code, .source = base::ErrorSource::kClient, .public_message = std::move(message)};
}

}  // namespace

void LegalHolds::Note() const {
  for (const vault::LegalHold& hold : in_force()) {
    record_.Note("hold.in_force", [&](FieldWriter& entry) { WriteHold(entry, hold); });
  }
}

std::vector<vault::LegalHold> LegalHolds::in_force() const {
  std::vector<vault::LegalHold> holds = configured_;
  for (vault::PlacedHold& one : vault_.holds().holds()) {
    if (!one.lifted) holds.push_back(std::move(one.hold));
  }
  return holds;
}

std::vector<HoldStanding> LegalHolds::List(Which which) const {
  std::vector<HoldStanding> all;
  all.reserve(configured_.size());
  for (const vault::LegalHold& hold : configured_) {
    all.push_back({.origin = Origin::kConfiguration, .hold = {.hold = hold, .placed = {}, .lifted = {}}});
  }
  for (vault::PlacedHold& one : vault_.holds().holds()) {
    if (which == Which::kAll || !one.lifted) all.push_back({.origin = Origin::kPlaced, .hold = std::move(one)});
  }
  return all;
}

bool LegalHolds::IsConfigured(std::string_view name) const {
  return std::ranges::any_of(configured_, [&](const vault::LegalHold& hold) { return hold.id == name; });
}

std::optional<vault::PlacedHold> LegalHolds::Placed(std::string_view name) const {
  for (vault::PlacedHold& one : vault_.holds().holds()) {
    if (one.hold.id == name && !one.lifted) return std::move(one);
  }
  return {};
}

vault::PlacedHold::Act LegalHolds::ActOf(std::string_view actor, std::string_view reason) const {
  const auto now = clock_.Wall().time_since_epoch();
  return {.actor = std::string(actor),
          .reason = std::string(reason),
          .at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

Result<HoldStanding> LegalHolds::Place(const HoldOrder& order) const {
  if (IsConfigured(order.name)) {
    return Refused(base::ErrorCode::kConflict, "A legal hold of this name stands in the configuration.");
  }
  vault::PlacedHold placed{.hold = {.id = order.name,
                                    .key = {},
                                    .retention_class = order.retention_class,
                                    .from = order.from,
                                    .until = order.until},
                           .placed = ActOf(order.actor, order.reason),
                           .lifted = {}};
  if (!order.subject.empty()) {
    GH_TRY(placed.hold.key, vault_.KeyMadeFor(order.subject));
  }
  GH_CHECK_OK(vault_.holds().Place(placed));
  base::Status said = record_.WriteAndWait("hold.placed", [&](FieldWriter& entry) {
    WriteHold(entry, placed.hold);
    entry.Text(R"(,"actor":)", order.actor);
  });
  if (said.ok()) return HoldStanding{.origin = Origin::kPlaced, .hold = std::move(placed)};
  base::Error error = std::move(said).TakeError();
  error.public_message = "The legal hold is in force, but the record could not say so durably. Look at it again.";
  return error;
}

Result<HoldStanding> LegalHolds::Lift(std::string_view name, std::string_view actor, std::string_view reason) const {
  auto placed = Placed(name);
  if (!placed && IsConfigured(name)) {
    return Refused(base::ErrorCode::kConflict,
                   "This legal hold stands in the configuration. Take it out of `record.payloads.holds` there.");
  }
  if (!placed) return Refused(base::ErrorCode::kNotFound, "There is no such legal hold, or it was lifted.");
  GH_CHECK_OK(record_.WriteAndWait("hold.lifted", [&](FieldWriter& entry) {
    WriteHold(entry, placed->hold);
    entry.Text(R"(,"actor":)", actor);
  }));
  placed->lifted = ActOf(actor, reason);
  GH_CHECK_OK(vault_.holds().Lift(name, *placed->lifted));
  return HoldStanding{.origin = Origin::kPlaced, .hold = *std::move(placed)};
}

}  // namespace gatehouse::features::audit
