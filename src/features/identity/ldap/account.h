#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "features/identity/ldap/connection.h"

namespace gatehouse::features::identity::ldap {

// The attributes that say whether an account is open.
inline constexpr std::array<std::string_view, 5> kAccountAttributes = {
    "userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires", "nsAccountLock",
    "pwdAccountLockedTime"};

// Why nobody may use this account now, in words for its owner; nullopt where it is open. Directories refuse the
// password of most such accounts themselves; not where they stand behind a proxy or a bind by another means.
std::optional<std::string_view> WhyClosed(const Entry& person, base::WallTime now);

}  // namespace gatehouse::features::identity::ldap
