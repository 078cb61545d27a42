#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/crypto/hash.h"
#include "features/identity/key_hash.h"
#include "features/identity/tenancy.h"
#include "net/task.h"

namespace gatehouse::features::identity {

struct DeclaredKey {
  codec::crypto::Digest sha256{};
  std::int64_t expires_ms = 0;
  std::vector<std::string> models;
  std::vector<std::string> surfaces;
  std::vector<std::string> networks;
  bool operator==(const DeclaredKey&) const = default;
};

// A node as a configuration wants it.
struct DeclaredNode {
  NodeKind kind = NodeKind::kOrganization;
  std::string name;
  std::string display;
  std::string labels = "{}";
  std::optional<DeclaredKey> key;
  std::vector<DeclaredNode> below;
  bool operator==(const DeclaredNode&) const = default;
};

// Finds or adds what is called so below it.
DeclaredNode& DeclaredBelow(std::vector<DeclaredNode>& nodes, NodeKind kind, std::string_view name);

// Brings the tree to what a configuration declares, by the same operations as anybody: makes what is missing, changes
// what it made earlier, and withdraws what it made and no longer has (kWithdrawn, until it is there again). What was
// made through the API is left alone, and so is a suspension. Does nothing where nothing is to do; stops at the first
// error, and may be done again.
net::Task<base::Status> ApplyDeclared(Tenancy& tenancy, const KeyHash& hash, Call call,
                                      const std::vector<DeclaredNode>& declared);

}  // namespace gatehouse::features::identity
