#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "features/identity/keys.h"
#include "features/identity/role_book.h"
#include "features/identity/tenancy.h"
#include "features/identity/virtual_keys.h"
#include "http/server.h"
#include "net/task.h"

namespace gatehouse::admin {

// What became of a key, by a call of the admin API. It has no secret and no name.
struct KeyChange {
  std::string_view what;  // "created", "rotated", "changed", "suspended", "resumed", "revoked"
  features::identity::NodeId key;
  features::identity::NodeId organization;
  std::string actor;  // AdminActor::word()
};
using KeyWitness = std::function<void(const KeyChange&)>;

// The tenancy tree as the admin API works on it. All outlive whoever has it; belongs to the admin loop.
struct TenancyServices {
  features::identity::Tenancy& tenancy;
  features::identity::VirtualKeys& virtual_keys;
  features::identity::RoleBook& roles;
  const features::identity::KeyServices& keys;
  store::Database& database;  // for the record of what was done
  KeyWitness key_witness{};   // is told what becomes of keys; empty: nobody is
};

// Who calls the admin API, and what he may do where. A value, of one request.
class AdminActor {
 public:
  // With the password: may everything.
  static AdminActor Owner();
  AdminActor(features::identity::Author author, std::vector<features::identity::RoleBinding> roles)
      : author_(std::move(author)), roles_(std::move(roles)) {}

  const features::identity::Author& author() const { return author_; }
  // What the record says, which has no names: the id of a user's node, "owner" with the password, "directory".
  std::string word() const;
  const std::vector<features::identity::RoleBinding>& roles() const { return roles_; }

  // `node` 0: everywhere at once, such as the list of organizations.
  bool May(features::identity::Permission permission, features::identity::NodeId node,
           const features::identity::Directory& directory) const;
  // Sees it, by a role or because it is himself or his own key.
  bool Sees(features::identity::NodeId node, const features::identity::Directory& directory) const;
  bool Owns(features::identity::NodeId node, const features::identity::Directory& directory) const;
  bool MayGrant(const features::identity::RoleBinding& binding, const features::identity::Directory& directory) const;

 private:
  features::identity::Author author_;
  std::vector<features::identity::RoleBinding> roles_;
};

class DirectoryLogin;

// How callers show who they are. All outlive the calls.
struct AdminDoor {
  std::string_view password_digest;  // of the owner's password, raw SHA-256
  DirectoryLogin* directory;         // for people with a password of a directory; null: not here
};

// The node of `?node=` that the caller may see; 0 for none, which only who sees everything may leave out.
base::Result<features::identity::NodeId> NodeAskedFor(const http::RequestHead& head, const AdminActor& actor,
                                                      const features::identity::Directory& directory);

// The caller: the owner by the password (any user name) over HTTP Basic, a user by a token of the admin API as bearer
// token or as the password, people of a directory by name and password over HTTP Basic. kUnauthenticated otherwise.
net::Task<base::Result<AdminActor>> IdentifyActor(http::ServerExchange& exchange, const TenancyServices& services,
                                                  AdminDoor door, net::Deadline deadline);

}  // namespace gatehouse::admin
