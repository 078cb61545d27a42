#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "inspect/pii/context.h"
#include "inspect/pii/number_kind.h"
#include "inspect/pii/sighting.h"

namespace gatehouse::inspect::pii {

// Sees numbers of the kinds in number_kind.h, accounts by IBAN, and addresses of wallets. Immutable.
class NumberRecogniser {
 public:
  NumberRecogniser();

  // Appends what begins in the run of groups that begins at `at`, groups of letters and digits with one separator
  // between them, and returns where the run ends. REQUIRES: a group begins at `at`.
  std::size_t See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

 private:
  struct Form {
    std::string_view shape;
    std::uint16_t kind = 0;
  };
  static constexpr std::size_t kLongestForm = 24;

  struct Run;
  Sighting BestOf(const Run& run, Span written) const;

  std::array<std::vector<Form>, kLongestForm + 1> forms_;  // by length
  ContextWords context_;                                   // topics are kinds; behind them the two below
};

}  // namespace gatehouse::inspect::pii
