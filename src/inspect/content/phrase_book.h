#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inspect/content/phrase.h"

namespace gatehouse::inspect::content {

// Phrases that are looked for together, and what of a text may be the beginning of one. Immutable once they are added.
class PhraseBook {
 public:
  // What the phrase looks at outlives this. Returns its number.
  std::uint32_t Add(const Phrase& phrase);

  const PhraseMatcher& at(std::uint32_t phrase) const { return phrases_[phrase]; }
  // As Detector::OpenFrom: where the first phrase begins before `seam` that reaches over it, or may.
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const;

 private:
  // A word that a phrase may begin with.
  struct Beginning {
    std::string_view word;
    std::uint32_t phrase = 0;
  };
  static constexpr std::size_t kSlots = 1024;

  static std::size_t Slot(std::string_view word);
  bool MayBegin(std::span<const WordsBefore::Word> words, std::size_t seam, PhraseMatcher::LastWord last) const;

  std::vector<PhraseMatcher> phrases_;
  std::array<std::vector<Beginning>, kSlots> beginnings_;  // by Slot()
};

}  // namespace gatehouse::inspect::content
