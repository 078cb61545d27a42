#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::pii {

// The letters of ASCII that stand at a place, in small ones: the first in the lowest byte.
struct ShortWord {
  static constexpr std::size_t kLongest = 16;

  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::size_t size = 0;  // kLongest: as long or longer
};

// REQUIRES: at <= text.size(). Nothing is read outside the text.
ShortWord ShortWordAt(std::string_view text, std::size_t at);

// Tells of most words that begin with a capital that they are nothing that is looked for, whatever stands before them:
// they are not telling by themselves, and nothing goes on behind them as names, streets and dates do. A blocked Bloom
// filter of 64 KiB: one look at one line of the cache. Filled once, then shared by all threads.
class PlainWords {
 public:
  PlainWords() : cells_(kCells) {}

  // A word that may be something by itself, or a particle that a name goes on with, in letters of either case.
  void AddTelling(std::string_view word);

  // Where the word ends that begins with the capital at `at`, which no letter or digit stands before; 0 where it is to
  // be looked at.
  std::size_t EndOf(std::string_view text, std::size_t at) const;

 private:
  static constexpr unsigned kIndexBits = 13;
  static constexpr std::size_t kCells = std::size_t{1} << kIndexBits;

  bool GoesOn(std::string_view text, std::size_t end) const;
  bool MayTell(const ShortWord& word) const;

  std::vector<std::uint64_t> cells_;
};

}  // namespace gatehouse::inspect::pii
