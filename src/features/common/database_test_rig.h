#pragma once

// For tests; never included by product code.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/postgres/postgres_database.h"
#include "store/postgres/test_server.h"
#include "store/sqlite/sqlite_database.h"
#include "store/sqlite/test_folder.h"

namespace gatehouse::features::common {

// Tests that hold on every kind of database, each with an empty one of its own:
//   INSTANTIATE_TEST_SUITE_P(Databases, OutboxTest, common::kDatabases, common::DatabaseName);
class DatabaseTest : public testing::TestWithParam<std::string> {
 protected:
  DatabaseTest() : database_(Open(GetParam(), folder_.file())) {}

  // Runs it to its end.
  template <class T>
  T Run(net::Task<T> task) {
    auto result = net::BlockOn(loop_, std::move(task));
    GH_CHECK(result.has_value());  // nobody else stops the loop
    return *std::move(result);
  }
  net::Deadline In() { return {base::SystemClock().Now() + std::chrono::seconds(30)}; }
  void Migrate(const store::Schema& schema) {
    const base::Status migrated = Run(store::Migrate(*database_, loop_, schema, In()));
    EXPECT_TRUE(migrated.ok()) << (migrated.ok() ? "" : migrated.error().detail);
  }
  // The one number that it asks for; -1 for none.
  std::int64_t Number(std::string sql) {
    const auto rows = Run(database_->Query(loop_, {.sql = std::move(sql)}, In()));
    EXPECT_TRUE(rows.ok()) << (rows.ok() ? "" : rows.error().detail);
    return rows.ok() && !rows.value().empty() ? store::IntegerOf(rows.value().at(0).at(0)) : -1;
  }

  store::sqlite::TestFolder folder_;
  net::EpollLoop loop_{base::SystemClock()};
  std::unique_ptr<store::Database> database_;

 private:
  static std::unique_ptr<store::Database> Open(const std::string& kind, const std::string& file) {
    if (kind == "postgres") {
      return store::postgres::PostgresDatabase::Open(base::Secret(store::postgres::TestServer::Shared().NewDatabase()),
                                                     {}, base::SystemClock())
          .value();
    }
    return store::sqlite::SqliteDatabase::Open(file, {}, base::SystemClock()).value();
  }
};

inline const auto kDatabases = testing::Values("sqlite", "postgres");
inline std::string DatabaseName(const testing::TestParamInfo<std::string>& database) { return database.param; }

}  // namespace gatehouse::features::common
