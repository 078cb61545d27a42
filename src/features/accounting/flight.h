#pragma once

#include <memory>

#include "base/result.h"
#include "features/accounting/loop_accounting.h"
#include "features/accounting/settlement.h"
#include "llm/event.h"
#include "net/loop.h"
#include "pipeline/exchange.h"
#include "pipeline/operation.h"

namespace gatehouse::features::accounting {

// A call that is seen through without the client that asked for it: what the provider will bill is only known at its
// end. Keeps the exchange and all that serves it. One loop. Dropping it cancels the call, and the settlement concludes
// with what is known.
class Flight final : private net::Timer {
 public:
  // `accounting` outlives it.
  Flight(LoopAccounting& accounting, std::shared_ptr<pipeline::Exchange> exchange, Settlement& settlement);
  ~Flight() override;

  // Goes on with a call that was begun, and reads its answer.
  void Continue(net::Task<base::Result<pipeline::Reply>> call, base::Duration at_most);
  // Reads an answer to its end, for its figures alone.
  void Read(std::unique_ptr<llm::EventSource> events, base::Duration at_most);
  bool done() const { return done_; }

 private:
  net::Task<> SeeThrough(net::Task<base::Result<pipeline::Reply>> call);
  net::Task<> ReadToEnd(std::unique_ptr<llm::EventSource> events);
  void OnTimer() override;
  void Finish();

  LoopAccounting& accounting_;
  const std::shared_ptr<pipeline::Exchange> exchange_;
  Settlement& settlement_;
  bool done_ = false;
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

// Takes from a batch what accounting wants to know of it, into the exchange's outcome.
struct Portion {
  std::uint64_t tokens = 0;  // at least, by the number of frames or by what they say
  std::uint64_t bytes = 0;   // of text, where the events say it
};
Portion Measure(const llm::Batch& batch, pipeline::Outcome& outcome);
// How a reply that is no chat came, for its settlement.
Settlement::Coming ComingOf(const pipeline::Reply& reply);
// The same of a reply that is no chat.
void NoteUsage(const pipeline::Reply& reply, pipeline::Outcome& outcome);

}  // namespace gatehouse::features::accounting
