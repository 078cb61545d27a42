#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/audit/record.h"
#include "record/vault/vault.h"

namespace gatehouse::features::audit {

// A legal hold as people see it.
struct HoldStanding {
  enum class Origin : std::uint8_t { kConfiguration, kPlaced } origin = Origin::kPlaced;
  record::vault::PlacedHold hold;  // of the configuration: without who and why
};

// What is to be held. Parts that are left out are true of everything.
struct HoldOrder {
  std::string name;     // "case-2026-7"
  std::string subject;  // whose payloads, also those to come; "": everybody's
  std::optional<std::string> retention_class;
  record::vault::Day from = 0;
  record::vault::Day until = INT32_MAX;  // not included
  std::string reason;
  std::string actor;
};

// The legal holds of one vault, those of the configuration and those that people placed, and what the record says of
// them. Changes block on the disk: one thread, never that of a loop.
class LegalHolds {
 public:
  // All outlive it.
  LegalHolds(Record& record, const record::vault::Vault& vault, const base::Clock& clock,
             std::vector<record::vault::LegalHold> configured)
      : record_(record), vault_(vault), clock_(clock), configured_(std::move(configured)) {}

  // Says in the record which are in force.
  void Note() const;
  std::vector<record::vault::LegalHold> in_force() const;

  enum class Which : std::uint8_t { kInForce, kAll };
  std::vector<HoldStanding> List(Which which) const;

  // In force first, then on record: where that fails it is an error, and the hold stays. kConflict: there is one of the
  // name.
  base::Result<HoldStanding> Place(const HoldOrder& order) const;
  // On record first, then lifted. kNotFound: nobody placed it; kConflict: it stands in the configuration, where alone
  // it can be taken out.
  base::Result<HoldStanding> Lift(std::string_view name, std::string_view actor, std::string_view reason) const;

 private:
  bool IsConfigured(std::string_view name) const;
  std::optional<record::vault::PlacedHold> Placed(std::string_view name) const;
  record::vault::PlacedHold::Act ActOf(std::string_view actor, std::string_view reason) const;

  Record& record_;
  const record::vault::Vault& vault_;
  const base::Clock& clock_;
  const std::vector<record::vault::LegalHold> configured_;
};

}  // namespace gatehouse::features::audit
