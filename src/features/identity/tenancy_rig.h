#pragma once

// For tests; never included by product code.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "features/identity/directory.h"
#include "features/identity/directory_feed.h"
#include "features/identity/key_hash.h"
#include "features/identity/keys.h"
#include "features/identity/last_use.h"
#include "features/identity/tenancy.h"
#include "features/identity/tenancy_schema.h"
#include "features/identity/virtual_keys.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/migrations.h"
#include "store/postgres/postgres_database.h"
#include "store/postgres/test_server.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::identity {

// An empty database, which several gateways may share.
class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  virtual store::Database& get() = 0;
};

class SqliteTestDatabase final : public TestDatabase {
 public:
  SqliteTestDatabase()
      : database_(store::sqlite::SqliteDatabase::Open(folder_.file(), {}, base::SystemClock()).value()) {}
  store::Database& get() override { return *database_; }

 private:
  store::sqlite::TestFolder folder_;
  std::unique_ptr<store::sqlite::SqliteDatabase> database_;
};

class PostgresTestDatabase final : public TestDatabase {
 public:
  PostgresTestDatabase()
      : database_(store::postgres::PostgresDatabase::Open(
                      base::Secret(store::postgres::TestServer::Shared().NewDatabase()), {}, base::SystemClock())
                      .value()) {}
  store::Database& get() override { return *database_; }

 private:
  std::unique_ptr<store::postgres::PostgresDatabase> database_;
};

// What one gateway knows of the tree, and the operations on it, each run to its end.
class TestGateway {
 public:
  TestGateway(net::EpollLoop& loop, store::Database& database) : loop_(loop), database_(database) {
    Must(net::BlockOn(loop_, store::Migrate(database_, loop_, TenancySchema(), Soon())));
    Must(net::BlockOn(loop_, feed_.Load(loop_, Soon())));
  }

  net::Deadline Soon() const { return {base::SystemClock().Now() + std::chrono::seconds(30)}; }
  Call ACall() { return {.loop = loop_, .deadline = Soon(), .author = {.id = {}, .name = "test"}, .if_version = {}}; }
  template <class T>
  auto Await(net::Task<T> task) {
    return *net::BlockOn(loop_, std::move(task));
  }

  base::Result<Node> Create(NodeKind kind, NodeId parent, std::string name) {
    return Await(tenancy.Create(ACall(), {.parent = parent, .kind = kind, .name = std::move(name)}));
  }
  NodeId Make(NodeKind kind, NodeId parent, std::string name) {
    auto made = Create(kind, parent, std::move(name));
    EXPECT_TRUE(made.ok()) << made.error().public_message << made.error().detail;
    return made.ok() ? made.value().id : NodeId();
  }
  base::Result<Node> Change(NodeId id, NodePatch patch) {
    return Await(tenancy.Change(ACall(), id, std::move(patch), "change"));
  }
  base::Status Delete(NodeId id) { return Await(tenancy.Delete(ACall(), id)); }
  base::Result<NodePage> List(Listing listing) { return Await(tenancy.List(ACall(), std::move(listing))); }
  base::Result<IssuedKey> Issue(KeyRequest request) { return Await(virtual_keys.Issue(ACall(), std::move(request))); }
  void Refresh() { Must(net::BlockOn(loop_, feed_.Refresh(loop_, Soon()))); }
  base::Result<store::Rows> Query(std::string sql) {
    return Await(database_.Query(loop_, {.sql = std::move(sql)}, Soon()));
  }

  Directory directory;
  KeyHash hash{base::Secret("a pepper for tests")};
  LastUse last_use;
  KeyServices keys{.directory = directory, .hash = hash, .last_use = last_use};

 private:
  static void Must(const std::optional<base::Status>& status) {
    ASSERT_TRUE(status && status->ok()) << status->error().public_message << status->error().detail;
  }

  net::EpollLoop& loop_;
  store::Database& database_;
  DirectoryFeed feed_{database_, directory};

 public:
  Tenancy tenancy{database_, directory, feed_};
  VirtualKeys virtual_keys{tenancy, hash};
};

}  // namespace gatehouse::features::identity
