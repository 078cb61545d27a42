#include "features/identity/directory_placement.h"

#include <string>

#include "features/identity/refusal.h"
#include "features/identity/tenancy_node.h"

namespace gatehouse::features::identity {

base::Status DirectoryPlacement::Step(pipeline::Principal& principal, NodeKind kind, std::string_view name,
                                      Absence absence) const {
  const NodeId parent = principal.chain.empty() ? NodeId{} : principal.chain.back().id;
  const auto place = directory_.FindChild(parent, SegmentOf(kind, name));
  if (!place || place->kind != kind) {
    if (absence == Absence::kAllowed) return base::Ok();
    return Denial("You are known, but your place in this gateway is not set up. Ask the operator.",
                  "no " + std::string(WordOf(kind)) + " '" + std::string(name) + "' in the tree");
  }
  if (place->state != NodeState::kActive) {
    return Denial("Your access is suspended. Ask the operator.",
                  std::string(WordOf(kind)) + " '" + std::string(name) + "' is suspended");
  }
  principal.chain.push_back({.kind = kind, .id = place->id});
  return base::Ok();
}

base::Status DirectoryPlacement::Place(pipeline::Principal& principal) const {
  principal.chain.clear();
  GH_CHECK_OK(Step(principal, NodeKind::kOrganization, principal.organization, Absence::kRefused));
  if (!principal.team.empty()) GH_CHECK_OK(Step(principal, NodeKind::kTeam, principal.team, Absence::kRefused));
  if (!principal.project.empty()) {
    GH_CHECK_OK(Step(principal, NodeKind::kProject, principal.project, Absence::kRefused));
  }
  if (!IsNodeName(principal.name)) return base::Ok();
  return Step(principal, principal.kind, principal.name, Absence::kAllowed);
}

}  // namespace gatehouse::features::identity
