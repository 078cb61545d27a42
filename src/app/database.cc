#include "app/database.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "app/registrations.h"
#include "net/block_on.h"
#include "store/migrations.h"
#include "store/postgres/postgres_database.h"
#include "store/sqlite/sqlite_database.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

using base::Error;
using base::Result;

constexpr std::chrono::minutes kMigrationTime(5);

Error CannotOpen(Error error, std::string what, std::string_view advice) {
  const std::string because = error.public_message.empty() ? "" : " " + error.public_message;
  error.public_message = "The database " + std::move(what) + " cannot be used." + because + " " + std::string(advice);
  return error;
}

Result<fs::path> TemporaryFolder() {
  std::error_code failed;
  std::string name = (fs::temp_directory_path(failed) / "gatehouse-XXXXXX").string();
  if (failed || ::mkdtemp(name.data()) == nullptr) {
    return Error{.code = base::ErrorCode::kUnavailable,
                 .source = base::ErrorSource::kStore,
                 .public_message =
                     "No temporary folder can be made for the database. Set TMPDIR to a folder that can "
                     "be written, or `store` in the configuration.",
                 .detail = name};
  }
  return fs::path(name);
}

Result<std::unique_ptr<store::Database>> OpenPostgres(const base::Secret& conninfo) {
  auto opened = store::postgres::PostgresDatabase::Open(conninfo, {}, base::SystemClock());
  if (opened.ok()) return std::unique_ptr<store::Database>(std::move(opened).value());
  return CannotOpen(std::move(opened).TakeError(), "of `store.postgres`",
                    "Check that the server runs and that the connection string, user and password are right.");
}

Result<std::unique_ptr<store::Database>> OpenSqlite(const fs::path& path) {
  auto opened = store::sqlite::SqliteDatabase::Open(path.string(), {}, base::SystemClock());
  if (opened.ok()) return std::unique_ptr<store::Database>(std::move(opened).value());
  return CannotOpen(std::move(opened).TakeError(), path.string(),
                    "Check that its folder is there and can be written, or name another file in `store.sqlite`.");
}

}  // namespace

Result<std::unique_ptr<GatewayDatabase>> GatewayDatabase::Open(const StoreConfig& config,
                                                               const std::string& config_path, net::EpollLoop& loop) {
  const bool temporary = config.kind == StoreConfig::Kind::kSqlite && config.path.empty() && config_path.empty();
  fs::path file = config.path.empty() ? fs::path(config_path).parent_path() / "gatehouse.db" : fs::path(config.path);
  if (temporary) {
    GH_TRY(const fs::path folder, TemporaryFolder());
    file = folder / "gatehouse.db";
  }
  std::unique_ptr<GatewayDatabase> self(new GatewayDatabase(file, temporary ? Lifetime::kTemporary : Lifetime::kKept));
  GH_TRY(self->database_,
         config.kind == StoreConfig::Kind::kPostgres ? OpenPostgres(config.conninfo) : OpenSqlite(file));
  for (const store::Schema& schema : Schemas()) {
    const net::Deadline deadline{base::SystemClock().Now() + kMigrationTime};
    auto migrated = net::BlockOn(loop, store::Migrate(*self->database_, loop, schema, deadline));
    if (!migrated) return base::Internal("the migration was interrupted");
    if (!migrated->ok()) return std::move(*migrated).TakeError();
  }
  return self;
}

GatewayDatabase::~GatewayDatabase() {
  database_.reset();
  std::error_code ignored;  // what cannot be removed is the system's to clear away
  if (lifetime_ == Lifetime::kTemporary) std::filesystem::remove_all(file_.parent_path(), ignored);
}

}  // namespace gatehouse::app
