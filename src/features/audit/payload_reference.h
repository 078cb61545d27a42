#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "record/vault/blob.h"
#include "record/vault/blob_store.h"

namespace gatehouse::features::audit {

// Where a payload that an entry speaks of is, and what it has to be.
struct PayloadReference {
  record::vault::BlobAddress address;
  record::vault::Commitments commitments;
};

// An element of an entry's "payloads" (docs/formats/record-entry.md); nullopt for what is none.
std::optional<PayloadReference> ParsePayloadReference(codec::json::Value payload);

}  // namespace gatehouse::features::audit
