#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/admin_actor.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/identity/password_login.h"
#include "features/identity/role.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// A role of the admin API for those of a group of the directory.
struct GroupRole {
  std::string group;  // as the directory calls it; letters of either case are the same
  features::identity::Role role = features::identity::Role::kMember;
  std::string node;  // a path of the tree; "": everywhere. One that leads nowhere gives nothing
  bool operator==(const GroupRole&) const = default;
};

struct DirectoryLoginSettings {
  features::identity::PasswordLoginSettings passwords;
  std::vector<GroupRole> roles;
  bool operator==(const DirectoryLoginSettings&) const = default;
};

// Lets people into the admin API with their password of a directory (LDAP). They have the roles of their groups, those
// that the directory's own mapping gives them where it places them, and those of the user in the tree that they are, if
// there is one. Belongs to the admin loop.
class DirectoryLogin {
 public:
  // Who knows the passwords now; null: nobody, for the time being.
  using VerifierNow = std::function<std::shared_ptr<features::identity::PasswordVerifier>()>;
  // `clock` outlives it.
  DirectoryLogin(DirectoryLoginSettings settings, VerifierNow verifier, const base::Clock& clock);

  // Errors as of PasswordLogin; kDenied for somebody without a role, and for a user who is suspended in the tree. What
  // was refused is recorded.
  net::Task<base::Result<AdminActor>> Identify(http::ServerExchange& exchange, const TenancyServices& services,
                                               std::string user, base::Secret password, net::Deadline deadline);

 private:
  net::Task<base::Result<AdminActor>> TryIdentify(http::ServerExchange& exchange, const TenancyServices& services,
                                                  std::string user, base::Secret password, net::Deadline deadline);
  std::vector<features::identity::RoleBinding> RolesOf(const pipeline::Principal& principal,
                                                       features::identity::NodeId subject,
                                                       const features::identity::Directory& directory) const;

  const DirectoryLoginSettings settings_;
  const VerifierNow verifier_;
  features::identity::PasswordLogin passwords_;
};

}  // namespace gatehouse::admin
