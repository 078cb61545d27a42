#include "features/ratelimit/rule.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gatehouse::features::ratelimit {
namespace {

using pipeline::NodeKind;
using pipeline::Principal;

struct KindWord {
  std::string_view word;
  NodeKind kind;
};
constexpr std::array<KindWord, 4> kLeafKinds = {
    {{"user", NodeKind::kUser}, {"app", NodeKind::kApplication}, {"agent", NodeKind::kAgent}, {"key", NodeKind::kKey}}};

std::uint64_t HashOf(const codec::crypto::SipKey& key, std::initializer_list<std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text.append(name).push_back('\0');
  return codec::crypto::SipHash128(key, text).low;
}

std::optional<pipeline::NodeId> NodeOf(const Principal& principal, NodeKind kind) {
  const auto link = std::ranges::find(principal.chain, kind, &pipeline::Link::kind);
  return link == principal.chain.end() ? std::nullopt : std::optional(link->id);
}

std::uint64_t ByNames(const Principal& principal, NodeKind each, const codec::crypto::SipKey& key) {
  switch (each) {
    case NodeKind::kOrganization: return HashOf(key, {"o", principal.organization});
    case NodeKind::kTeam: return HashOf(key, {"t", principal.organization, principal.team});
    case NodeKind::kProject: return HashOf(key, {"p", principal.organization, principal.team, principal.project});
    case NodeKind::kKey:
      if (!principal.key_id.empty()) return HashOf(key, {"k", principal.organization, principal.key_id});
      [[fallthrough]];
    case NodeKind::kUser:
    case NodeKind::kApplication:
    case NodeKind::kAgent: break;
  }
  return HashOf(key, {"a", principal.organization, principal.team, principal.project, principal.name});
}

}  // namespace

base::Result<NodePath> NodePath::Parse(std::string_view text) {
  constexpr std::size_t kDeepest = 5;
  constexpr std::size_t kContainers = 3;
  const auto problem = base::InvalidRequest(
      "must be names with `/` between them, from the organization down; users, applications, agents and keys have "
      "their kind before them: acme/search/prod/app:checkout");
  NodePath path;
  path.text_ = text;
  for (std::size_t i = 0; i < kDeepest; ++i) {
    const std::string_view segment = text.substr(0, text.find('/'));
    const auto colon = segment.find(':');
    if (segment.empty() || colon == segment.size() - 1) return problem;
    if (colon == std::string_view::npos) {
      if (!path.leaves_.empty() || path.containers_.size() == kContainers) return problem;
      path.containers_.emplace_back(segment);
    } else {
      const auto kind = std::ranges::find(kLeafKinds, segment.substr(0, colon), &KindWord::word);
      if (kind == kLeafKinds.end()) return problem;
      path.leaves_.push_back({.kind = kind->kind, .name = std::string(segment.substr(colon + 1))});
    }
    if (segment.size() == text.size()) return path;
    text.remove_prefix(segment.size() + 1);
  }
  return problem;
}

bool NodePath::Contains(const Principal& principal) const {
  const auto leaf_fits = [&principal](const Leaf& leaf) {
    if (leaf.kind == NodeKind::kKey) return principal.key_id == leaf.name;
    return principal.kind == leaf.kind && principal.name == leaf.name;
  };
  if (!std::ranges::all_of(leaves_, leaf_fits)) return false;
  if (containers_.empty()) return true;
  if (containers_.at(0) != principal.organization) return false;
  if (containers_.size() == 1) return true;
  // A project may be in a team, or in the organization itself.
  if (principal.team.empty()) return containers_.size() == 2 && containers_.at(1) == principal.project;
  return containers_.at(1) == principal.team && (containers_.size() == 2 || containers_.at(2) == principal.project);
}

bool Rule::ForModel(std::string_view model) const {
  return models.empty() || std::ranges::any_of(models, [model](const auto& pattern) { return Fits(pattern, model); });
}

bool Fits(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t in_name = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;  // where in the name the last star may take one more
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = in_name;
    } else if (at < pattern.size() && pattern[at] == name[in_name]) {
      ++at;
      ++in_name;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in_name = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::optional<std::uint64_t> CallerOf(const Principal& principal, NodeKind each, const codec::crypto::SipKey& key) {
  const bool actor = each == NodeKind::kUser || each == NodeKind::kApplication || each == NodeKind::kAgent;
  if (actor && principal.kind != each) return {};
  if (const auto node = NodeOf(principal, each)) return static_cast<std::uint64_t>(node->value);
  if (each == NodeKind::kKey && principal.key_id.empty()) return ActorOf(principal, key);
  return ByNames(principal, each, key);
}

std::uint64_t ActorOf(const Principal& principal, const codec::crypto::SipKey& key) {
  if (const auto node = NodeOf(principal, principal.kind)) return static_cast<std::uint64_t>(node->value);
  if (const auto node = NodeOf(principal, NodeKind::kKey)) return static_cast<std::uint64_t>(node->value);
  return ByNames(principal, principal.name.empty() ? NodeKind::kKey : principal.kind, key);
}

}  // namespace gatehouse::features::ratelimit
