#pragma once

#include <vector>

#include "codec/config/node.h"
#include "features/identity/declared_tree.h"

namespace gatehouse::app {

// Reads `tenants`, the tree as the configuration wants it, and `keys`, the short form for keys alone, into one tree.
std::vector<features::identity::DeclaredNode> ReadTenants(const codec::config::Node& tenants,
                                                          const codec::config::Node& keys);

// How many nodes of a kind there are.
std::size_t CountDeclared(const std::vector<features::identity::DeclaredNode>& nodes,
                          features::identity::NodeKind kind);

}  // namespace gatehouse::app
