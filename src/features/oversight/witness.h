#pragma once

#include <cstdint>

#include "base/clock.h"
#include "features/oversight/stop.h"

namespace gatehouse::features::oversight {

// How a stop came into force in this process.
struct Halted {
  std::uint64_t exchanges = 0;  // under way, that were ended
  base::Duration took{};        // from the call, or from when this gateway learnt of it, until the last of them was
  enum class Whether : std::uint8_t { kAll, kNotYet } whether = Whether::kAll;  // not yet: some still end
};

// Is told what people decide here: for the record. On the main loop.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void NoteStop(const Stop& stop, const Halted& halted) = 0;
  virtual void NoteLift(const Stop& stop) = 0;
};

}  // namespace gatehouse::features::oversight
