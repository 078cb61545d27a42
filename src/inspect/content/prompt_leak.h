#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect::content {

// Sees a prompt that comes back in an answer, word for word: runs of words that are runs of the prompt too, whatever
// stands between the words and whichever case they are in. What the user wrote himself is no leak.
//
// Made for one exchange, whose loop owns it; it keeps hashes, no text. An answer is taken in pieces that end at seams,
// in order; where they are cut changes nothing but that a run is told of piece by piece.
class PromptLeak {
 public:
  static constexpr std::size_t kRun = 5;            // words that are compared together
  static constexpr std::size_t kShortestLeak = 12;  // words of a run that is told of
  static constexpr std::size_t kMostWords = 8192;   // of the prompt; what follows is not compared

  explicit PromptLeak(std::string_view prompt);
  // What is in `text` as well is no leak.
  void Excuse(std::string_view text);
  // Whether there is anything to compare with.
  bool empty() const { return runs_.empty(); }

  // Appends what of text[begin, end) is a leak; what stands before was taken before.
  void Take(std::string_view text, std::size_t begin, std::vector<Finding>& findings);

 private:
  // The hash of the last kRun words.
  class Window {
   public:
    // False until there have been as many words.
    bool Push(std::uint64_t word);
    std::uint64_t hash() const;

   private:
    std::array<std::uint64_t, kRun> words_{};
    std::size_t count_ = 0;
  };

  bool Has(std::uint64_t run) const;

  std::vector<std::uint64_t> runs_;  // sorted
  Window window_;                    // of the answer
  std::size_t in_run_ = 0;           // words of the run that lasts
};

}  // namespace gatehouse::inspect::content
