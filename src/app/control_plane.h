#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "admin/admin_actor.h"
#include "app/config.h"
#include "app/database.h"
#include "base/log.h"
#include "base/result.h"
#include "features/identity/declared_tree.h"
#include "features/identity/directory.h"
#include "features/identity/directory_feed.h"
#include "features/identity/key_hash.h"
#include "features/identity/keys.h"
#include "features/identity/last_use.h"
#include "features/identity/role_book.h"
#include "features/identity/tenancy.h"
#include "features/identity/virtual_keys.h"
#include "net/epoll_loop.h"

namespace gatehouse::app {

// Who there is: the tenancy tree and its keys in the database and in memory. Owned by the Gateway; changed on its loop,
// read on all of them.
class ControlPlane {
 public:
  // Blocks, on `loop`, which does not run yet: checks the pepper, reads the tree and brings it to what the
  // configuration declares.
  static base::Result<std::unique_ptr<ControlPlane>> Open(GatewayDatabase& database, const Config& config,
                                                          net::EpollLoop& loop);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  ~ControlPlane() = default;

  const features::identity::KeyServices& keys() const { return keys_; }
  const features::identity::Directory& directory() const { return directory_; }
  features::identity::Tenancy& tenancy() { return tenancy_; }
  // For the admin API.
  admin::TenancyServices services() {
    return {.tenancy = tenancy_, .virtual_keys = virtual_keys_, .roles = roles_, .keys = keys_, .database = database_};
  }

  // What a configuration declares, in the database and in force; nothing is done when it is what was declared last.
  net::Task<base::Status> Apply(net::Loop& loop, std::vector<features::identity::DeclaredNode> declared);
  // Looks for what others change, for ever.
  net::Task<> Follow(net::Loop& loop, base::Duration interval, const base::Log& log) {
    return feed_.Follow(loop, interval, last_use_, log);
  }
  // Blocks, on the loop that no longer runs: writes down what would be lost at the end of the process.
  void Flush(net::EpollLoop& loop);

 private:
  ControlPlane(store::Database& database, base::Secret pepper);

  store::Database& database_;  // outlives it
  features::identity::KeyHash hash_;
  std::optional<std::vector<features::identity::DeclaredNode>> declared_;  // what is in force as a whole
  features::identity::LastUse last_use_;
  features::identity::Directory directory_;
  features::identity::KeyServices keys_;
  features::identity::DirectoryFeed feed_;
  features::identity::Tenancy tenancy_;
  features::identity::VirtualKeys virtual_keys_;
  features::identity::RoleBook roles_;
};

}  // namespace gatehouse::app
