#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::text {

// The words by which disguised text is told from text that only looks odd: those of instructions to a model, of
// secrets and personal data, and the small words between them. Immutable, shared by all threads.
class Vocabulary {
 public:
  static const Vocabulary& Words();

  bool Contains(std::string_view word) const;  // in either case
  // Bytes of the words that `text` begins with, shortest first; at most as many as `lengths` holds.
  std::size_t Prefixes(std::string_view text, std::span<std::size_t> lengths) const;

  static constexpr std::size_t kLongest = 16;

 private:
  using Node = std::array<std::uint16_t, 27>;  // by letter, the number of the next node; last, whether a word ends here
  static constexpr std::size_t kEnd = 26;
  Vocabulary();

  std::vector<Node> nodes_;
};

// Those of the words that are telling by themselves, for finding them reversed or rotated; and beginnings of what is no
// word: addresses, tokens.
std::span<const std::string_view> TellingWords();
std::span<const std::string_view> TellingBeginnings();

}  // namespace gatehouse::inspect::text
