#pragma once

#include <cstdint>

#include "net/task.h"

namespace gatehouse::pipeline {

// For a gate whose refusal may be for this moment only: what it lacks is on its way. Belongs to the exchange.
class AttemptWait {
 public:
  virtual ~AttemptWait() = default;
  // Whether the call that the gate refused last lacks something that can be waited for.
  enum class Lack : std::uint8_t { kNothing, kOnItsWay };
  virtual Lack lack() const = 0;
  // Waits for it, within the exchange's own deadline; then the gate is to be asked again, and will refuse for good, or
  // lack something again, in a bounded time.
  virtual net::Task<> Fetch() = 0;
};

class Exchange;

// `wait` belongs to the exchange.
void AddWait(Exchange& exchange, AttemptWait& wait);
// Who lacks something for the call that was refused last; null: it is refused for good.
AttemptWait* FindLacking(const Exchange& exchange);

}  // namespace gatehouse::pipeline
