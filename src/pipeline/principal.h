#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::pipeline {

// A place in the tenancy tree: organization > team > project > {user, application, agent} > key.
enum class NodeKind : std::uint8_t { kOrganization, kTeam, kProject, kUser, kApplication, kAgent, kKey };

std::string_view ToString(NodeKind kind);  // "organization", "team", ...

// Names a node for ever, whatever it is called or where it is moved. Made at random when the node is, and never used
// again; 0 names none.
struct NodeId {
  std::int64_t value = 0;
  auto operator<=>(const NodeId&) const = default;
};

// One step of the chain from the organization down to who acts.
struct Link {
  NodeKind kind = NodeKind::kOrganization;
  NodeId id;
  bool operator==(const Link&) const = default;
};

// How a principal showed who it is.
enum class Authentication : std::uint8_t { kKey, kToken, kClientCertificate, kPassword };

std::string_view ToString(Authentication how);  // "key", "token", ...

// Who acts, as the Authenticator found. Immutable and shared: requests of one caller refer to the same one.
struct Principal {
  std::vector<Link> chain;  // from the organization down, the key last; empty where the tree does not know it
  std::string organization;
  std::string team;
  std::string project;
  std::string name;  // the user, application or agent; for a key of the configuration, the key's name
  std::string key_id;
  NodeKind kind = NodeKind::kApplication;
  Authentication authentication = Authentication::kKey;
  std::vector<std::string> groups;    // as an identity provider or a directory says
  std::vector<std::string> roles;     // of the admin API, as the rules of the configuration give them
  std::string claims;                 // of a token: its JSON object, verified; "" for none
  std::vector<std::string> models;    // the public models it may use; empty: all
  std::vector<std::string> surfaces;  // the surfaces it may use, "openai.chat"; empty: all

  bool MayUse(std::string_view model) const {
    return models.empty() || std::ranges::find(models, model) != models.end();
  }
  bool MayUseSurface(std::string_view surface) const {
    return surfaces.empty() || std::ranges::find(surfaces, surface) != surfaces.end();
  }
};

}  // namespace gatehouse::pipeline

template <>
struct std::hash<gatehouse::pipeline::NodeId> {
  std::size_t operator()(gatehouse::pipeline::NodeId id) const noexcept {
    return static_cast<std::size_t>(id.value);  // random already
  }
};
