#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "admin/accounting_api.h"
#include "app/config_cluster.h"
#include "base/log.h"
#include "base/result.h"
#include "features/accounting/adjustment.h"
#include "features/accounting/lease_records.h"
#include "features/accounting/ledger.h"
#include "features/accounting/lessor.h"
#include "features/accounting/limit_book.h"
#include "features/accounting/loop_accounting.h"
#include "features/accounting/treasury.h"
#include "features/common/zone_files.h"
#include "net/epoll_loop.h"
#include "store/database.h"
#include "store/journal/journal.h"
#include "store/key_value.h"

namespace gatehouse::app {

// The process's journal, treasury and ledger. Owned by the Gateway, on its loop; outlives the loops, which take their
// parts from it.
class AccountingHouse {
 public:
  struct Options {
    std::filesystem::path journal;
    std::uint32_t journal_slots = 0;  // of a new journal
    std::size_t loops = 1;
    const ClusterConfig* cluster = nullptr;  // REQUIRES: there is a `shared`
    base::Duration poll_interval = std::chrono::seconds(1);
  };
  // All outlive it. `shared` is what gateways share limits through; null: the limits are this gateway's alone.
  AccountingHouse(store::Database& database, store::KeyValue* shared, net::EpollLoop& loop, const base::Log& log);
  AccountingHouse(const AccountingHouse&) = delete;
  AccountingHouse& operator=(const AccountingHouse&) = delete;
  ~AccountingHouse();

  // Blocks, on the loop, which does not run yet: opens the journal and puts in force what the database knows of limits.
  base::Status Open(const Options& options);
  // Blocks likewise, when every limit is in force: takes over what an earlier process left, and begins to write.
  base::Status Recover();

  // What a configuration states, in the database and in force. `find` knows every node that it names.
  net::Task<base::Status> Apply(std::vector<features::accounting::StatedLimit> budgets,
                                features::accounting::FindNode find);
  // For the admin API.
  admin::AccountingServices services() {
    return {limits_, treasury_, adjustments_, zones_, database_, lessor_.get(), records_.get()};
  }
  features::accounting::Treasury& treasury() { return treasury_; }
  const features::accounting::Treasury& treasury() const { return treasury_; }
  const features::accounting::Ledger& ledger() const { return *ledger_; }
  const store::Journal& journal() const { return *journal_; }
  // Places in the journal that are not in use; on the main thread.
  std::uint64_t free_slots() const;

  // What one loop needs. Its accounting must be told here, and told off before it goes; on the main thread.
  features::accounting::LoopAccounting::Parts PartsFor(std::size_t index, net::Loop& loop);
  void Admit(std::size_t index, features::accounting::LoopAccounting& accounting);
  void Dismiss(std::size_t index);

  // Blocks, on the loop, which no longer runs, when the other loops are gone: writes what is to be written, within a
  // bound. What is left stays in the journal.
  void Close();
  // What the operator should know; "" when all is well.
  std::string Problem() const;
  // Whether what gateways share cannot be reached, and why; "" when all is well, or this gateway is alone.
  std::string SharingProblem() const;

 private:
  net::Task<> PruneForever();
  net::Task<> FollowLimits(base::Duration interval);
  base::Status OpenLessor(const Options& options);

  store::Database& database_;
  store::KeyValue* const shared_;
  net::EpollLoop& loop_;
  const base::Log& log_;
  std::size_t loops_ = 1;
  const features::common::ZoneFiles zones_;
  features::accounting::Treasury treasury_;
  features::accounting::LimitBook limits_;
  features::accounting::Adjustments adjustments_;
  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<features::accounting::Ledger> ledger_;
  std::unique_ptr<features::accounting::LeaseRecords> records_;  // null: alone
  std::unique_ptr<features::accounting::Lessor> lessor_;         // null: alone
  std::size_t recovered_ = 0;                                    // rows of an earlier process
  base::Duration poll_interval_{};
  std::string follow_problem_;                                   // why changes of others are not seen
  std::vector<features::accounting::LoopAccounting*> admitted_;  // by index; null: none
  net::TaskGroup tasks_;
};

}  // namespace gatehouse::app
