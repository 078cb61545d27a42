#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "inspect/pii/word_filter.h"

namespace gatehouse::inspect::pii {

// Tells of most words that begin with a capital that they are nothing that is looked for, whatever stands before them:
// they are not telling by themselves, and nothing goes on behind them as names, streets and dates do. Filled once, then
// shared by all threads.
class PlainWords {
 public:
  // A word that may be something by itself, in letters of either case.
  void AddTelling(std::string_view word) { telling_.Add(word); }
  // A word in small letters that a name goes on with.
  void AddParticle(std::string_view word);

  // Where the word ends that begins with the capital at `at`, which no letter or digit stands before; 0 where it is to
  // be looked at.
  std::size_t EndOf(std::string_view text, std::size_t at) const;

 private:
  bool GoesOn(std::string_view text, std::size_t end) const;
  bool GoesOnSmall(std::string_view text, std::size_t at) const;

  WordFilter telling_{13};
  WordFilter particles_{5};
  std::array<std::uint8_t, 32> sizes_{};  // of particles, a bit for each, by the last bits of their first letter
};

}  // namespace gatehouse::inspect::pii
