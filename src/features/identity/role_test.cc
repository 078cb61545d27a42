#include "features/identity/role.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::features::identity {
namespace {

// The whole table, written out once more as people read it: S see, T tree, K keys, R roles, O operate, A approve,
// E events.
TEST(Role, EachPermitsWhatItIsForAndNothingElse) {
  const struct {
    Role role;
    std::string word;
    std::string may;

  } table[] = {{Role::kOwner, "owner", "STKROAE"},
               {Role::kAdmin, "admin", "STKROAE"},
               {Role::kTeamAdmin, "team_admin", "STKR"},
               {Role::kOperator, "operator", "SO"},
               {Role::kApprover, "approver", "SA"},
               {Role::kAuditor, "auditor", "SE"},
               {Role::kMember, "member", ""}};
  constexpr std::string_view kLetters = "STKROAE";
  for (const auto& row : table) {
    EXPECT_EQ(ToString(row.role), row.word);
    EXPECT_EQ(RoleOf(row.word), row.role);
    for (int i = 0; i < kPermissions; ++i) {
      EXPECT_EQ(Permits(row.role, static_cast<Permission>(i)),
                row.may.find(kLetters[static_cast<std::size_t>(i)]) != std::string::npos)
          << row.word << " " << i;
    }
  }
  EXPECT_FALSE(RoleOf("root"));
  EXPECT_FALSE(RoleOf(""));
}

TEST(Role, NobodyGivesMoreThanHeHas) {
  for (int i = 0; i < kRoles; ++i) {
    for (int j = 0; j < kRoles; ++j) {
      const auto giver = static_cast<Role>(i);
      const auto given = static_cast<Role>(j);
      if (!MayGrant(giver, given)) continue;
      EXPECT_TRUE(Permits(giver, Permission::kChangeRoles)) << ToString(giver);
      for (int k = 0; k < kPermissions; ++k) {
        const auto permission = static_cast<Permission>(k);
        EXPECT_LE(Permits(given, permission), Permits(giver, permission)) << ToString(giver) << ToString(given);
      }
    }
  }
  EXPECT_TRUE(MayGrant(Role::kOwner, Role::kOwner));
  EXPECT_FALSE(MayGrant(Role::kAdmin, Role::kOwner));
  EXPECT_FALSE(MayGrant(Role::kTeamAdmin, Role::kAdmin));
}

}  // namespace
}  // namespace gatehouse::features::identity
