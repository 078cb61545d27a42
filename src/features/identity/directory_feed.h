#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/identity/directory.h"
#include "features/identity/last_use.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::identity {

// Keeps the Directory as the database is: reads all of it once, and then what changed, whoever changed it. While the
// database does not answer, the directory stays as it is. Belongs to one loop, the only one that changes the directory.
class DirectoryFeed {
 public:
  // Both outlive the feed.
  DirectoryFeed(store::Database& database, Directory& directory) : database_(database), directory_(directory) {}

  // The whole tree, as its rows come: for the start.
  net::Task<base::Status> Load(net::Loop& loop, net::Deadline deadline);
  // What changed since.
  net::Task<base::Status> Refresh(net::Loop& loop, net::Deadline deadline);
  // Looks for changes for ever, and writes down when keys were used. Log and `last_use` outlive it.
  net::Task<> Follow(net::Loop& loop, base::Duration interval, LastUse& last_use, const base::Log& log);

  // Writes down when keys were used.
  net::Task<base::Status> WriteLastUse(net::Loop& loop, std::vector<LastUse::Use> uses, net::Deadline deadline);

 private:
  store::Database& database_;
  Directory& directory_;
};

}  // namespace gatehouse::features::identity
