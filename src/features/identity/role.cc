#include "features/identity/role.h"

#include <array>
#include <cstddef>

namespace gatehouse::features::identity {
namespace {

constexpr std::array<std::string_view, kRoles> kWords = {"owner",    "admin",   "team_admin", "operator",
                                                         "approver", "auditor", "member"};

// A row for each role, a column for each permission: see, change tree, keys, roles, operate, approve, see events. A
// member has none over others; what is one's own (the user and its keys) everybody may see, and change the keys of.
constexpr bool kTable[kRoles][kPermissions] = {
    {true, true, true, true, true, true, true},         // owner
    {true, true, true, true, true, true, true},         // admin
    {true, true, true, true, false, false, false},      // team_admin
    {true, false, false, false, true, false, false},    // operator
    {true, false, false, false, false, true, false},    // approver
    {true, false, false, false, false, false, true},    // auditor
    {false, false, false, false, false, false, false},  // member
};

}  // namespace

std::string_view ToString(Role role) { return kWords.at(static_cast<std::size_t>(role)); }

std::optional<Role> RoleOf(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (kWords.at(i) == word) return static_cast<Role>(i);
  }
  return {};
}

bool Permits(Role role, Permission permission) {
  return kTable[static_cast<std::size_t>(role)][static_cast<std::size_t>(permission)];
}

bool MayGrant(Role role, Role granted) {
  switch (role) {
    case Role::kOwner: return true;
    case Role::kAdmin: return granted != Role::kOwner;
    case Role::kTeamAdmin: return granted == Role::kTeamAdmin || granted == Role::kMember;
    case Role::kOperator:
    case Role::kApprover:
    case Role::kAuditor:
    case Role::kMember: return false;
  }
  return false;
}

}  // namespace gatehouse::features::identity
