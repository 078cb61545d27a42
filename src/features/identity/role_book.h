#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/identity/control_unit.h"
#include "features/identity/directory.h"
#include "features/identity/role.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::identity {

// Somebody's role in a part of the tree.
struct RoleBinding {
  std::int64_t id = 0;
  NodeId node;     // with all that is below it; 0: everywhere
  NodeId subject;  // the user
  Role role = Role::kMember;
};

// Who has which role, in the database: asked at every call, so that what is taken away is gone at once. Errors and
// threads as of Tenancy.
class RoleBook {
 public:
  // Both outlive it.
  RoleBook(store::Database& database, const Directory& directory) : database_(database), directory_(directory) {}

  net::Task<base::Result<std::vector<RoleBinding>>> RolesOf(Call call, NodeId subject);
  // Those that hold exactly at this node.
  net::Task<base::Result<std::vector<RoleBinding>>> RolesAt(Call call, NodeId node);
  net::Task<base::Result<RoleBinding>> Show(Call call, std::int64_t id);
  // The binding, also when it was there already.
  net::Task<base::Result<RoleBinding>> Grant(Call call, RoleBinding binding);
  net::Task<base::Status> Revoke(Call call, RoleBinding binding);

 private:
  net::Task<base::Result<std::vector<RoleBinding>>> Read(Call call, store::Statement statement);
  AdminEvent EventOf(std::string action, const RoleBinding& binding) const;

  store::Database& database_;
  const Directory& directory_;
};

}  // namespace gatehouse::features::identity
