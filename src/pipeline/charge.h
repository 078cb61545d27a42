#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/money.h"

namespace gatehouse::pipeline {

// What an exchange came to in money, of the usage in its outcome.
struct Charge {
  enum class Basis : std::uint8_t {
    kNothing,    // no upstream was called, or it billed nothing
    kProvider,   // the provider's own figures
    kEstimated,  // counted here, because the provider's figures never came
    kWorstCase,  // in doubt: what it can have cost at most
  };
  Basis basis = Basis::kNothing;
  base::NanoUsd cost;
  std::string price;  // which entry of which catalogue: "2026-11-01/openai/gpt-5"; "" where nothing was priced
};

std::string_view ToString(Charge::Basis basis);  // "nothing", "provider", ...

}  // namespace gatehouse::pipeline
