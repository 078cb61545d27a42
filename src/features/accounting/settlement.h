#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "features/accounting/loop_accounting.h"
#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "llm/price/catalogue.h"
#include "pipeline/attempt_gate.h"
#include "pipeline/attempt_wait.h"
#include "pipeline/exchange.h"
#include "pipeline/observer.h"
#include "pipeline/offer.h"

namespace gatehouse::features::accounting {

// One exchange from its admission to its row in the ledger: what is held for it, what it used, and what that costs. The
// exchange keeps it (it is made there), so that it outlives every call made for it. One loop.
//
// The row is written when two things are known, in whichever order they come: what the exchange came to (Conclude) and
// how it ended for its client (Ended).
class Settlement final : public pipeline::AttemptGate, public pipeline::AttemptWait {
 public:
  // The worst that one attempt can use and cost.
  struct Worst {
    std::uint64_t input = 0;  // tokens
    std::uint64_t output = 0;
    base::NanoUsd cost;
    std::shared_ptr<const EncodedCaller> caller;
    const pipeline::Offer* offer = nullptr;    // the one target that may serve it; null: several, or unknown
    const llm::price::Price* price = nullptr;  // its price at the admission
  };
  struct Terms {
    Reservation reservation;
    std::optional<LoopAccounting::Ticket> ticket;
    Worst worst;
    llm::price::Lookup* prices = nullptr;  // of the stage, which the exchange pins
    base::WallTime admitted;
  };
  // `accounting` and `exchange` outlive it.
  Settlement(LoopAccounting& accounting, pipeline::Exchange& exchange, Terms terms);
  Settlement(const Settlement&) = delete;
  Settlement& operator=(const Settlement&) = delete;
  // Concludes with what is known, if nobody did.
  ~Settlement() override;

  base::Status Begin(std::string_view provider, std::string_view model) override;
  void Failed(const base::Error& error) override;

  // More of what several gateways share, for the call that was refused last.
  Lack lack() const override;
  net::Task<> Fetch() override;

  // How the answer came: whole, in part, not at all, or as something that is not looked into.
  enum class Coming : std::uint8_t { kWhole, kInPart, kNot, kOpaque };
  void Conclude(Coming coming);
  bool concluded() const { return concluded_; }
  void Ended(const pipeline::ExchangeEnd& end);

  // So many tokens of the answer were counted on their way, not exactly. An error cuts the answer: it is longer than
  // what was held for it, and there is no more to hold; unless more can be fetched, which is in `needs` then, and is to
  // be tried again.
  base::Status Delivered(std::uint64_t tokens, std::uint64_t bytes, std::vector<Need>& needs);

 private:
  // What is known when it ends, and takes no memory before.
  struct Ending {
    llm::Usage usage;  // what it came to, once it is concluded; the rest is the exchange's charge
    EndFacts facts;    // how it ended for its client
  };

  // What a call lacks of limits that several gateways share, from its first refusal on.
  struct Fetching {
    std::vector<Need> needs;
    net::Deadline until;
    enum class State : std::uint8_t { kMayAsk, kOver } state = State::kMayAsk;
  };

  Ending& ending();
  void NoteLack(Refusal& refusal);
  const llm::price::Price* PriceNow() const;
  llm::Usage UsageNow(Coming coming, pipeline::Charge::Basis& basis) const;
  void AddDoubts();
  void Write();

  LoopAccounting& accounting_;
  pipeline::Exchange& exchange_;
  Terms terms_;
  std::unique_ptr<Ending> ending_;
  std::unique_ptr<Fetching> fetching_;  // null: nothing is lacking
  std::uint32_t doubts_ = 0;            // attempts that failed, and may be billed
  bool doubtful_ = false;               // the last one is among them
  bool called_ = false;
  bool concluded_ = false;
  bool ended_ = false;
  bool written_ = false;
  std::uint64_t delivered_tokens_ = 0;
  std::uint64_t delivered_bytes_ = 0;
  std::int64_t granted_output_ = 0;
};

// The row of an exchange that may yet cost so much, for the journal. Views into the exchange.
Row WorstRowOf(const pipeline::Exchange& exchange, const Settlement::Worst& worst, base::WallTime admitted);

// The error that a refused reservation is, for the client.
base::Error ErrorOf(const Refusal& refusal, std::int64_t now);

}  // namespace gatehouse::features::accounting
