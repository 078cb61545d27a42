#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse::features::identity {

// What somebody may be in a part of the tree, or everywhere.
enum class Role : std::uint8_t { kOwner, kAdmin, kTeamAdmin, kOperator, kApprover, kAuditor, kMember };
inline constexpr int kRoles = 7;

std::string_view ToString(Role role);  // "owner", ..., "team_admin"
std::optional<Role> RoleOf(std::string_view word);

// What the calls of the admin API need.
enum class Permission : std::uint8_t {
  kSeeTree,     // nodes, keys (never their secrets), roles
  kChangeTree,  // make, rename, move, suspend, delete nodes
  kChangeKeys,
  kChangeRoles,
  kOperate,    // reload, and what the targets do
  kApprove,    // decide about held actions
  kSeeEvents,  // what was done through the admin API
};
inline constexpr int kPermissions = 7;

bool Permits(Role role, Permission permission);
// Whether who has the one may give, or take, the other: nobody gives more than he has.
bool MayGrant(Role role, Role granted);

}  // namespace gatehouse::features::identity
