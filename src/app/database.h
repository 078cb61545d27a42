#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/epoll_loop.h"
#include "store/database.h"

namespace gatehouse::app {

// The gateway's database, opened and brought to the schemas of this program. Owned by the Gateway; outlives the loops.
// Dropping it does what was accepted, closes it, and removes it if it was a temporary one.
class GatewayDatabase {
 public:
  // Blocks, on `loop`, which does not run yet: for the start of the process. `config_path` is the configuration's file:
  // beside it lies the database where the configuration names none; "" makes a temporary one.
  static base::Result<std::unique_ptr<GatewayDatabase>> Open(const StoreConfig& config, const std::string& config_path,
                                                             net::EpollLoop& loop);
  GatewayDatabase(const GatewayDatabase&) = delete;
  GatewayDatabase& operator=(const GatewayDatabase&) = delete;
  ~GatewayDatabase();

  store::Database& database() { return *database_; }
  // The file beside the database with what secrets of keys are hashed with.
  std::filesystem::path pepper_file() const { return file_.string() + ".pepper"; }
  // The journal beside it.
  std::filesystem::path journal_file() const { return file_.string() + ".journal"; }
  // The folder of payloads, where the configuration names none, and the file of its key.
  std::filesystem::path vault_folder() const { return file_.string() + ".vault"; }
  // The folder of the record, where the configuration names none.
  std::filesystem::path record_folder() const { return file_.string() + ".record"; }

 private:
  enum class Lifetime : std::uint8_t { kKept, kTemporary };

  GatewayDatabase(std::filesystem::path file, Lifetime lifetime) : file_(std::move(file)), lifetime_(lifetime) {}

  const std::filesystem::path file_;
  const Lifetime lifetime_;
  std::unique_ptr<store::Database> database_;
};

}  // namespace gatehouse::app
