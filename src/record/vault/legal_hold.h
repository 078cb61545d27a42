#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "record/vault/blob_store.h"
#include "record/vault/ids.h"

namespace gatehouse::record::vault {

// Payloads that may not go, whatever their age and whoever asks: those that all its parts fit.
struct LegalHold {
  std::string id;  // how people name it
  std::optional<KeyId> key;
  std::optional<std::string> retention_class;
  Day from = 0;
  Day until = INT32_MAX;  // not included

  bool Covers(const BlobAddress& address) const;
  bool operator==(const LegalHold&) const = default;
};

// A legal hold that somebody placed while the gateway ran, with who and why; both are of people, and not for the
// record.
struct PlacedHold {
  struct Act {
    std::string actor;  // the id of a user's node, "owner", "directory"
    std::string reason;
    std::int64_t at_ms = 0;  // since 1970
    bool operator==(const Act&) const = default;
  };
  LegalHold hold;
  Act placed;
  std::optional<Act> lifted;
  bool operator==(const PlacedHold&) const = default;
};

// What people name a hold by: 1 to 64 of a-z, 0-9, - and .
bool IsHoldName(std::string_view name);

}  // namespace gatehouse::record::vault
