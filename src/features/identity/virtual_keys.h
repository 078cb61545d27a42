#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/identity/key_hash.h"
#include "features/identity/tenancy.h"
#include "net/task.h"

namespace gatehouse::features::identity {

struct KeyRequest {
  NodeId parent;  // whom it stands for
  std::string name;
  std::string display;
  std::string labels = "{}";
  enum class Purpose : std::uint8_t { kRequests, kAdmin } purpose = Purpose::kRequests;
  std::int64_t expires_ms = 0;
  std::vector<std::string> models;
  std::vector<std::string> surfaces;
  std::vector<std::string> networks;
};

// A key with its new secret, which is nowhere else.
struct IssuedKey {
  Node node;
  base::Secret secret;
};

// Making keys and changing their secrets. Errors and threads as of Tenancy.
class VirtualKeys {
 public:
  // Both outlive it.
  VirtualKeys(Tenancy& tenancy, const KeyHash& hash) : tenancy_(tenancy), hash_(hash) {}

  net::Task<base::Result<IssuedKey>> Issue(Call call, KeyRequest request);
  // A new secret; the one before it opens for `overlap` more. With no overlap all earlier ones end now, for when one
  // has leaked. kConflict while two are live already: none is cut short that somebody was promised.
  net::Task<base::Result<IssuedKey>> Rotate(Call call, NodeId key, base::Duration overlap);

 private:
  KeySecret NewSecret(std::string_view text, std::int64_t now_ms) const;

  Tenancy& tenancy_;
  const KeyHash& hash_;
};

// The last characters of a key's text, to know it by: a part of its checksum.
std::string HintOf(std::string_view secret);

}  // namespace gatehouse::features::identity
