#pragma once

#include <memory>
#include <vector>

#include "features/accounting/exposure.h"
#include "features/accounting/loop_accounting.h"
#include "features/accounting/settlement.h"
#include "features/common/caller_map.h"
#include "llm/price/catalogue.h"
#include "pipeline/offer.h"
#include "pipeline/stage.h"

namespace gatehouse::features::accounting {

struct AccountingSettings {
  ExposureSettings exposure;
  DrainSettings drain;
  // What becomes of requests while the journal has no room: without a place in it nothing is known of them after a
  // crash.
  enum class WhenFull : std::uint8_t { kRefuse, kPassUnrecorded } when_full = WhenFull::kRefuse;
  bool operator==(const AccountingSettings&) const = default;
};

// Holds the worst that an exchange can cost on every level of the tree before any upstream hears of it, notes it in the
// journal, and settles to what it did cost. Refuses what does not fit, bounds answers that have no bound of their own,
// and sees calls through whose client went away. Everything behind it is paid for.
class AccountingStage final : public pipeline::Stage {
 public:
  // `accounting` outlives the stage.
  AccountingStage(LoopAccounting& accounting, AccountingSettings settings,
                  std::shared_ptr<const llm::price::Catalogue> prices, std::shared_ptr<const pipeline::Offers> offers);

  std::string_view Name() const override { return "budget"; }
  net::Task<base::Result<pipeline::Reply>> Handle(pipeline::Exchange& exchange, pipeline::Next next) const override;

 private:
  static net::Task<base::Result<pipeline::Reply>> Refuse(base::Error error);
  // One try to admit. What more has to be fetched for it, of limits that gateways share, is in `needs` where it may
  // wait.
  struct Attempt {
    Ask::Patience patience = Ask::Patience::kNone;
    std::vector<Need> needs;
  };
  // What requests of one principal for one model have in common.
  struct Custom {
    Tariff tariff;
    Path path;
    std::shared_ptr<const EncodedCaller> caller;
  };
  Custom& CustomOf(const pipeline::Exchange& exchange) const;
  base::Result<Settlement*> Admit(pipeline::Exchange& exchange, Attempt& attempt) const;
  base::Result<Reservation> Reserve(pipeline::Exchange& exchange, Settlement::Worst& worst, base::WallTime now,
                                    Attempt& attempt) const;
  net::Task<base::Result<pipeline::Reply>> FetchAndServe(pipeline::Exchange& exchange, Attempt attempt,
                                                         pipeline::Next next) const;
  void Follow(pipeline::ChatReply& chat, pipeline::Exchange& exchange, Settlement& settlement) const;
  net::Task<base::Result<pipeline::Reply>> Serve(pipeline::Exchange& exchange, Settlement& settlement,
                                                 pipeline::Next next) const;

  LoopAccounting& accounting_;
  const AccountingSettings settings_;
  const std::unique_ptr<llm::price::Lookup> prices_;
  const std::shared_ptr<const pipeline::Offers> offers_;
  mutable common::CallerMap<Custom> custom_;  // the loop's, like the stage
};

// The observer's half: writes the rows of exchanges when they have ended for their clients. One loop.
class LedgerObserver final : public pipeline::ExchangeObserver {
 public:
  // `accounting` outlives it.
  explicit LedgerObserver(LoopAccounting& accounting) : accounting_(accounting) {}
  // Whether exchanges that no stage accounted for get a row.
  enum class Rows : std::uint8_t { kWritten, kNone };
  void Use(Rows rows) { rows_ = rows; }
  void Began(pipeline::Surface) override {}
  void Ended(const pipeline::ExchangeEnd& end) override;

 private:
  LoopAccounting& accounting_;
  Rows rows_ = Rows::kWritten;
};

}  // namespace gatehouse::features::accounting
