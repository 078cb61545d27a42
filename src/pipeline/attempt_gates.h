#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "pipeline/attempt_gate.h"
#include "pipeline/exchange.h"

namespace gatehouse::pipeline {

// The gates of one exchange on which several stages have set one, in the order in which they did: outermost first.
class AttemptGates final : public AttemptGate {
 public:
  static constexpr std::size_t kMost = 4;
  // Sets `gate` on the exchange, behind those that are set already. It outlives the calls under it.
  static void Add(Exchange& exchange, AttemptGate& gate);

  // The first refusal; the gates that had let the call pass hear that it failed.
  base::Status Begin(std::string_view provider, std::string_view model) override;
  void Failed(const base::Error& error) override;

 private:
  void Append(AttemptGate& gate);

  std::array<AttemptGate*, kMost> gates_{};
  std::size_t size_ = 0;
};

// Whether a call that failed may have been served all the same: it was sent, and nobody saw its end.
bool MayHaveBeenServed(const base::Error& error);

}  // namespace gatehouse::pipeline
