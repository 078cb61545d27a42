#include "app/config_tenants.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "codec/json/writer.h"
#include "features/identity/keys.h"
#include "features/identity/network_list.h"
#include "pipeline/surface.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;
using features::identity::DeclaredKey;
using features::identity::DeclaredNode;
using features::identity::NodeKind;

constexpr std::string_view kDefaultOrganization = "default";

// "2027-01-31" or "2027-01-31T12:00:00Z", in milliseconds since 1970.
std::optional<std::int64_t> ParseDate(const std::string& text) {
  std::tm parts{};
  const char* format = text.size() > 10 ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d";
  const char* end = ::strptime(text.c_str(), format, &parts);
  if (end == nullptr || *end != '\0') return {};
  // The clock counts nanoseconds: it ends in 2262, and a date beyond is as good as its end.
  constexpr auto kLast =
      std::chrono::floor<std::chrono::milliseconds>(base::WallTime::max().time_since_epoch()).count();
  return std::clamp(std::int64_t{::timegm(&parts)}, std::int64_t{1}, kLast / 1000) * 1000;
}

std::string ReadName(const Node& node) {
  const std::string name = node.AsString().value_or("");
  if (node.IsPresent() && !features::identity::IsNodeName(name)) {
    node.AddProblem(features::identity::CheckNodeName(name).error().public_message);
  }
  return name;
}

std::vector<std::string> ReadSurfaces(const Node& node) {
  auto surfaces = node.AsStrings().value_or(std::vector<std::string>());
  for (const std::string& surface : surfaces) {
    if (!pipeline::SurfaceOf(surface)) node.AddProblem("there is no surface `" + surface + "`");
  }
  return surfaces;
}

std::vector<std::string> ReadNetworks(const Node& node) {
  auto networks = node.AsStrings().value_or(std::vector<std::string>());
  for (const std::string& network : networks) {
    if (auto parsed = features::identity::Network::Parse(network); !parsed.ok()) {
      node.AddProblem(parsed.error().public_message);
    }
  }
  return networks;
}

std::string ReadLabels(const Node& node) {
  std::map<std::string, std::string> labels;
  for (const auto& member : node.Members()) labels[member.key] = member.value.AsString().value_or("");
  std::string json;
  codec::json::Writer writer(json);
  writer.BeginObject();
  for (const auto& [name, value] : labels) writer.Field(name, value);
  writer.EndObject();
  return json;
}

DeclaredKey ReadKey(const Node& node) {
  DeclaredKey key{.models = node["models"].AsStrings().value_or(std::vector<std::string>()),
                  .surfaces = ReadSurfaces(node["surfaces"]),
                  .networks = ReadNetworks(node["networks"])};
  if (const auto hash = node.Required("hash").AsString()) {
    const auto digest = features::identity::ParseKeyHash(*hash);
    if (digest.ok()) {
      key.sha256 = digest.value();
    } else {
      node["hash"].AddProblem(digest.error().public_message);
    }
  }
  if (const auto expires = node["expires"].AsString()) {
    const auto date = ParseDate(*expires);
    if (!date) node["expires"].AddProblem("must be a date such as 2027-01-31 or 2027-01-31T12:00:00Z");
    key.expires_ms = date.value_or(0);
  }
  return key;
}

struct Below {
  std::string_view list;
  NodeKind kind;
};
constexpr Below kBelow[] = {{"teams", NodeKind::kTeam},   {"projects", NodeKind::kProject},
                            {"users", NodeKind::kUser},   {"apps", NodeKind::kApplication},
                            {"agents", NodeKind::kAgent}, {"keys", NodeKind::kKey}};

void ReadBelow(const Node& list, NodeKind kind, std::vector<DeclaredNode>& into);

DeclaredNode ReadNode(const Node& node, NodeKind kind) {
  DeclaredNode declared{.kind = kind,
                        .name = ReadName(node.Required("name")),
                        .display = node["display"].AsString().value_or(""),
                        .labels = ReadLabels(node["labels"])};
  if (kind == NodeKind::kKey) declared.key = ReadKey(node);
  for (const Below& below : kBelow) {
    if (features::identity::MayBeBelow(below.kind, kind)) ReadBelow(node[below.list], below.kind, declared.below);
  }
  return declared;
}

void ReadBelow(const Node& list, NodeKind kind, std::vector<DeclaredNode>& into) {
  for (const Node& node : list.Elements()) {
    DeclaredNode declared = ReadNode(node, kind);
    const std::string segment = features::identity::SegmentOf(kind, declared.name);
    if (std::ranges::any_of(into, [&](const DeclaredNode& other) {
          return features::identity::SegmentOf(other.kind, other.name) == segment;
        })) {
      node.AddProblem("`" + segment + "` exists already");
    }
    into.push_back(std::move(declared));
  }
}

// A key that says in words where it belongs.
void ReadPlacedKeys(const Node& list, std::vector<DeclaredNode>& organizations) {
  std::set<std::string> names;
  for (const Node& node : list.Elements()) {
    DeclaredNode key = ReadNode(node, NodeKind::kKey);
    if (!names.insert(key.name).second) node.AddProblem("a key of this name exists already");
    std::string organization = ReadName(node["organization"]);
    if (organization.empty()) organization = kDefaultOrganization;
    std::vector<DeclaredNode>* into = &DeclaredBelow(organizations, NodeKind::kOrganization, organization).below;
    const std::string team = ReadName(node["team"]);
    if (!team.empty()) into = &DeclaredBelow(*into, NodeKind::kTeam, team).below;
    const std::string project = ReadName(node["project"]);
    if (!project.empty()) into = &DeclaredBelow(*into, NodeKind::kProject, project).below;
    into->push_back(std::move(key));
  }
}

// Two keys cannot be opened by one secret.
void CheckHashes(const std::vector<DeclaredNode>& nodes, const Node& at, std::set<codec::crypto::Digest>& hashes) {
  for (const DeclaredNode& node : nodes) {
    if (node.key && !hashes.insert(node.key->sha256).second && node.key->sha256 != codec::crypto::Digest{}) {
      at.AddProblem("key `" + node.name + "` has the hash of another key");
    }
    CheckHashes(node.below, at, hashes);
  }
}

}  // namespace

std::vector<DeclaredNode> ReadTenants(const Node& tenants, const Node& keys) {
  std::vector<DeclaredNode> organizations;
  ReadBelow(tenants, NodeKind::kOrganization, organizations);
  ReadPlacedKeys(keys, organizations);
  std::set<codec::crypto::Digest> hashes;
  CheckHashes(organizations, keys.IsPresent() ? keys : tenants, hashes);
  return organizations;
}

std::size_t CountDeclared(const std::vector<DeclaredNode>& nodes, NodeKind kind) {
  std::size_t count = 0;
  for (const DeclaredNode& node : nodes) count += (node.kind == kind ? 1 : 0) + CountDeclared(node.below, kind);
  return count;
}

}  // namespace gatehouse::app
