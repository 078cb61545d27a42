#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::features::accounting {

// A gateway, by its journal: the folder that it runs from, not the process.
struct GatewayRecord {
  std::int64_t journal = 0;
  std::string name;
  // kOpen: it may hold slices of limits that nobody else knows of.
  enum class State : std::uint8_t { kStarting, kOpen, kClosed, kReleased } state = State::kStarting;
  std::int64_t incarnation = 0;
  std::int64_t seen_ms = 0;
};

// What the database knows of the gateways that share limits. Belongs to one loop.
class LeaseRecords {
 public:
  virtual ~LeaseRecords() = default;

  // What the ledger has of a limit in pieces that begin then or later, by the journal that it came from; 0: from before
  // there was the limit.
  struct Use {
    std::int64_t journal = 0;
    std::int64_t piece_begin = 0;
    std::int64_t used = 0;
  };
  virtual net::Task<base::Result<std::vector<Use>>> UsesOf(std::int64_t limit, std::int64_t piece_begin,
                                                           net::Deadline deadline) = 0;
  virtual net::Task<base::Result<std::vector<GatewayRecord>>> Gateways(net::Deadline deadline) = 0;
  // A gateway begins another life; its number, which rises.
  virtual net::Task<base::Result<std::int64_t>> Begin(std::int64_t journal, std::string name,
                                                      net::Deadline deadline) = 0;
  virtual net::Task<base::Status> Mark(std::int64_t journal, GatewayRecord::State state, net::Deadline deadline) = 0;
};

// On the tables `gateway` and `limit_use` (docs/formats/database.md).
class DatabaseLeaseRecords final : public LeaseRecords {
 public:
  // Both outlive it.
  DatabaseLeaseRecords(store::Database& database, net::Loop& loop) : database_(database), loop_(loop) {}

  net::Task<base::Result<std::vector<Use>>> UsesOf(std::int64_t limit, std::int64_t piece_begin,
                                                   net::Deadline deadline) override;
  net::Task<base::Result<std::vector<GatewayRecord>>> Gateways(net::Deadline deadline) override;
  net::Task<base::Result<std::int64_t>> Begin(std::int64_t journal, std::string name, net::Deadline deadline) override;
  net::Task<base::Status> Mark(std::int64_t journal, GatewayRecord::State state, net::Deadline deadline) override;

 private:
  std::int64_t NowMs() const;

  store::Database& database_;
  net::Loop& loop_;
};

}  // namespace gatehouse::features::accounting
