#pragma once

#include <cstddef>
#include <vector>

#include "inspect/pii/context.h"
#include "inspect/pii/plain_words.h"
#include "inspect/pii/sighting.h"
#include "inspect/pii/word_filter.h"
#include "inspect/pii/word_table.h"

namespace gatehouse::inspect::pii {

// Sees dates: with digits in the orders that are used, with names of months in nine languages, years after words that
// go before years, days of the week; and dates of birth by the words before them. Immutable.
class MomentRecogniser {
 public:
  MomentRecogniser();

  // What begins with the digit at `at`, and what begins with the word at `at`. Nothing of letters or digits stands
  // before.
  void SeeDigits(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;
  void SeeWord(const Piece& piece, std::size_t at, std::vector<Sighting>& sightings) const;

  // Adds the words that SeeWord() sees something in.
  void AddTelling(PlainWords& words) const;

 private:
  void Add(const Piece& piece, Span span, float confidence, std::vector<Sighting>& sightings) const;
  std::size_t WithYear(std::string_view text, std::size_t end) const;
  std::size_t DayAndMonth(std::string_view text, std::size_t at) const;
  std::uint32_t WordAt(std::string_view text, std::size_t at, std::size_t end) const;
  std::uint32_t WordBefore(std::string_view text, std::size_t at) const;

  WordFilter filter_{9};  // of words_
  WordTable words_;
  ContextWords context_;
};

}  // namespace gatehouse::inspect::pii
