#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "features/accounting/ledger.h"
#include "features/accounting/row.h"
#include "features/accounting/treasury.h"
#include "net/loop.h"
#include "store/journal/journal.h"

namespace gatehouse::features::accounting {

class Flight;
class Lessor;

// How far calls are seen through whose client has gone.
struct DrainSettings {
  base::Duration at_most = std::chrono::seconds(60);  // from when the client went; 0: not at all
  std::size_t calls = 1024;                           // at once, on one loop
  bool operator==(const DrainSettings&) const = default;
};

// What accounting needs on one loop: a share of the journal, and the calls that are seen through without their clients.
// Lives as long as the loop; dropping it ends those calls. `treasury` and `ledger` outlive it.
class LoopAccounting final : private net::Deferral {
 public:
  struct Parts {
    net::Loop& loop;
    Treasury& treasury;
    Ledger& ledger;
    store::Journal::Share share;
    std::uint32_t index = 0;  // of the share
    base::MetricCell* unrecorded =
        nullptr;               // counts rows that found no place in the journal; outlives this; null: nobody asks
    Lessor* lessor = nullptr;  // where gateways share limits; outlives this
  };
  explicit LoopAccounting(Parts parts);
  LoopAccounting(const LoopAccounting&) = delete;
  LoopAccounting& operator=(const LoopAccounting&) = delete;
  ~LoopAccounting() override;

  net::Loop& loop() { return parts_.loop; }
  Treasury& treasury() { return parts_.treasury; }
  Lessor* lessor() { return parts_.lessor; }

  using Ticket = store::Journal::Share::Ticket;
  // A place in the journal with what is about to happen in it, at its worst; nullopt when the journal is full.
  std::optional<Ticket> Intend(const Row& worst);
  // Record() will be called soon.
  void AboutToRecord(const Ticket& ticket) const { parts_.share.AboutToFinish(ticket); }
  // What happened: into the journal at once, to the ledger at the end of the loop's turn. Without a ticket, where one
  // can be had now.
  void Record(std::optional<Ticket> ticket, const Row& row);
  // Slots whose rows are in the database. On this loop.
  void Release(const std::vector<std::uint32_t>& slots);
  // A text to build in, between two calls.
  std::string& scratch() { return scratch_; }
  // Rows that found no place in the journal.
  std::uint64_t unrecorded() const { return unrecorded_; }
  // Places in this loop's share of the journal that are free; any thread.
  std::uint64_t free_slots() const { return free_slots_.Get(); }

  // Whether one more call may be seen through without its client.
  bool MayDrain(const DrainSettings& settings) const {
    return settings.at_most.count() > 0 && draining_.size() < settings.calls;
  }
  // Who is told what a call came to that was seen through without its client, when that is settled. On this loop.
  using Settled = std::function<void(const pipeline::Exchange& exchange)>;
  void TellOfFlights(Settled settled) { settled_ = std::move(settled); }
  void FlightSettled(const pipeline::Exchange& exchange) const {
    if (settled_) settled_(exchange);
  }
  // Keeps a flight that has begun until it is done.
  void Adopt(std::unique_ptr<Flight> flight);
  // Ends all of them now, before who is told of them goes.
  void EndFlights();
  void Finished(Flight& flight);
  std::size_t draining() const { return draining_.size(); }

 private:
  void OnTurnEnd() override;
  void SubmitRecorded();
  void CountSlots() { free_slots_.Set(parts_.share.available()); }

  Parts parts_;
  std::string scratch_;
  Settled settled_;
  std::vector<Ledger::Entry> recorded_;  // in this turn
  std::uint64_t unrecorded_ = 0;
  base::MetricCell free_slots_;
  std::list<std::unique_ptr<Flight>> draining_;
  std::list<std::unique_ptr<Flight>> finished_;  // until the turn's end: their own tasks may be running
};

}  // namespace gatehouse::features::accounting
