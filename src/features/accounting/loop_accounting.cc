#include "features/accounting/loop_accounting.h"

#include <algorithm>
#include <utility>

#include "features/accounting/flight.h"

namespace gatehouse::features::accounting {

LoopAccounting::LoopAccounting(Parts parts) : parts_(std::move(parts)) { CountSlots(); }

LoopAccounting::~LoopAccounting() { EndFlights(); }

void LoopAccounting::EndFlights() {
  // What ends there records its row, and must not find itself in a list.
  for (auto* flights : {&draining_, &finished_}) {
    for (auto& flight : std::exchange(*flights, {})) flight.reset();
  }
  SubmitRecorded();
}

std::optional<LoopAccounting::Ticket> LoopAccounting::Intend(const Row& worst) {
  const auto ticket = parts_.share.Take();
  if (!ticket) return {};
  CountSlots();
  EncodedRow bytes;
  parts_.share.Intend(*ticket, Encode(worst, bytes));
  return ticket;
}

void LoopAccounting::Record(std::optional<Ticket> ticket, const Row& row) {
  if (!ticket) ticket = parts_.share.Take();
  if (!ticket) {
    ++unrecorded_;
    if (parts_.unrecorded != nullptr) parts_.unrecorded->Add();
    return;
  }
  CountSlots();
  EncodedRow bytes;
  parts_.share.Finish(*ticket, Encode(row, bytes));
  recorded_.push_back({.slot = ticket->slot, .share = parts_.index, .number = ticket->number});
  Schedule(parts_.loop);
}

void LoopAccounting::Release(const std::vector<std::uint32_t>& slots) {
  for (const std::uint32_t slot : slots) parts_.share.Free(slot);
  CountSlots();
}

void LoopAccounting::Adopt(std::unique_ptr<Flight> flight) {
  if (!flight->done()) draining_.push_back(std::move(flight));
}

void LoopAccounting::Finished(Flight& flight) {
  const auto found = std::ranges::find_if(draining_, [&](const auto& one) { return one.get() == &flight; });
  if (found == draining_.end()) return;
  finished_.splice(finished_.end(), draining_, found);
  Schedule(parts_.loop);
}

// Those of a turn together: the ledger's lock is shared with its own thread.
void LoopAccounting::SubmitRecorded() {
  parts_.ledger.Submit(recorded_);
  recorded_.clear();
}

void LoopAccounting::OnTurnEnd() {
  std::exchange(finished_, {}).clear();
  SubmitRecorded();
}

}  // namespace gatehouse::features::accounting
