#pragma once

#include <cstdint>

#include "base/clock.h"
#include "features/oversight/approval.h"
#include "features/oversight/stop.h"

namespace gatehouse::features::oversight {

// How a stop came into force in this process.
struct Halted {
  std::uint64_t exchanges = 0;  // under way, that were ended
  base::Duration took{};        // from the call, or from when this gateway learnt of it, until the last of them was
  enum class Whether : std::uint8_t { kAll, kNotYet } whether = Whether::kAll;  // not yet: some still end
};

// Is told what people decide here: for the record, and to tell other people.
class Witness {
 public:
  virtual ~Witness() = default;
  // On the main loop.
  virtual void NoteStop(const Stop& stop, const Halted& halted) = 0;
  virtual void NoteLift(const Stop& stop) = 0;
  // On any loop: somebody asks; somebody has decided; it is over, or was approved.
  virtual void NoteRequest(const Approval& approval) = 0;
  virtual void NoteVote(const Approval& approval, const Vote& vote) = 0;
  virtual void NoteOutcome(const Approval& approval) = 0;
};

}  // namespace gatehouse::features::oversight
