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
  static constexpr std::size_t kLongestForm = 24;  // bytes that a number of a kind may have as it is written

  // Nobody is told of anything that is less sure than `least`.
  explicit NumberRecogniser(float least);

  // Appends what begins in the run of groups that begins at `at`, groups of letters and digits with one separator
  // between them, and returns where the run ends. REQUIRES: a group begins at `at`.
  std::size_t See(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

 private:
  // How a kind may be written. Of its bytes, a bit for each of the first ones: which are digits, capitals, either, and
  // which separate.
  struct Shape {
    std::string_view text;
    std::uint32_t digits = 0;
    std::uint32_t capitals = 0;
    std::uint32_t alnums = 0;

    bool Matches(std::string_view written, std::uint32_t is_digit, std::uint32_t is_capital) const;
  };
  struct Form {
    std::uint16_t shape = 0;  // number in its Forms
    std::uint16_t kind = 0;
  };
  // All that are of one length.
  struct Forms {
    std::vector<Shape> shapes;  // at most 64, each once
    std::vector<Form> forms;    // in the order of kinds
    std::uint64_t layouts = 0;  // a bit for the place of letters and digits in each shape
  };
  static std::uint64_t LayoutBit(std::uint32_t alnums) {
    return std::uint64_t{1} << (alnums * std::uint32_t{0x9E3779B1} >> 26U);
  }
  struct Run;
  void Add(std::string_view shape, std::size_t kind);
  static std::uint64_t MatchedBy(const Forms& forms, const Run& run, Span written);
  Sighting BestOf(const Run& run, Span written) const;

  float least_;
  std::array<Forms, kLongestForm + 1> forms_;  // by length
  ContextWords context_;                       // topics are kinds; behind them the two below
};

}  // namespace gatehouse::inspect::pii
