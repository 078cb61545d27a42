#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/finding.h"

namespace gatehouse::inspect::content {

constexpr std::string_view kPromptLeak = "PROMPT_LEAK";  // the entity of its findings

// The last words of a text, as one hash.
class RunOfWords {
 public:
  static constexpr std::size_t kWords = 5;  // that are compared together

  // False until there have been as many words.
  bool Push(std::uint64_t word);
  std::uint64_t hash() const;

 private:
  std::array<std::uint64_t, kWords> words_{};
  std::size_t count_ = 0;
};

// The runs of words of a prompt that an answer must not repeat, as hashes. Made for one exchange, whose loop owns it.
// Immutable.
class PromptRuns {
 public:
  // Of all texts of a prompt together, and of all that excuse; what follows is not compared.
  static constexpr std::size_t kMostWords = 16384;
  static constexpr std::size_t kMostExcusing = 8 * kMostWords;

  PromptRuns() = default;
  // What `prompts` say. What is in `excusing` as well is no leak: the user wrote it himself.
  explicit PromptRuns(std::span<const std::string_view> prompts, std::span<const std::string_view> excusing = {});
  // Whether there is nothing to compare with.
  bool empty() const { return runs_.empty(); }
  std::size_t size() const { return runs_.size(); }
  bool Has(std::uint64_t run) const;

 private:
  std::vector<std::uint64_t> runs_;  // sorted, each once
};

// Sees a prompt that comes back in one text of an answer, word for word: runs of words that are runs of the prompt too,
// whatever stands between the words and whichever case they are in. The text is taken in pieces that end at seams, in
// order; where they are cut changes nothing but that a run is told of piece by piece. Of one loop.
class LeakWatch {
 public:
  static constexpr std::size_t kShortestLeak = 12;  // words of a run that is told of

  // `prompt` outlives it.
  explicit LeakWatch(const PromptRuns& prompt) : prompt_(&prompt) {}

  // Appends what of text[begin, end) is a leak; what stands before was taken before.
  void Take(std::string_view text, std::size_t begin, std::vector<Finding>& findings);

 private:
  const PromptRuns* prompt_;
  RunOfWords window_;       // of the answer
  std::size_t in_run_ = 0;  // words of the run that lasts
};

}  // namespace gatehouse::inspect::content
