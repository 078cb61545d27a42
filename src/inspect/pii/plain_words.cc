#include "inspect/pii/plain_words.h"

#include "base/check.h"
#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

constexpr std::size_t kLongestParticle = 5;

}  // namespace

void PlainWords::AddParticle(std::string_view word) {
  GH_CHECK(!word.empty() && word.size() <= kLongestParticle);
  particles_.Add(word);
  sizes_[word.front() & 0x1F] |= static_cast<std::uint8_t>(1U << word.size());
}

// Whether the word in small letters at `at` may be a particle that a name goes on with.
bool PlainWords::GoesOnSmall(std::string_view text, std::size_t at) const {
  const ShortWord word = ShortWordAt(text, at);
  const bool fits = word.size <= kLongestParticle && (sizes_[text[at] & 0x1F] >> word.size & 1) != 0;
  return fits && At(text, at + word.size) == ' ' && particles_.MayHave(word);
}

// Whether what stands behind a word may belong to it.
bool PlainWords::GoesOn(std::string_view text, std::size_t end) const {
  const char next = At(text, end);
  if (next == ' ' && IsLower(At(text, end + 1))) return GoesOnSmall(text, end + 1);
  if (IsHigh(next) || IsDigit(next) || next == '_') return true;
  if (next == '-' || next == '\'') return IsCapitalAt(text, end + 1);
  std::size_t behind = next == '.' ? end + 1 : end;
  if (At(text, behind) == ',') ++behind;
  if (At(text, behind) != ' ') return false;
  const char begins = At(text, behind + 1);
  return IsDigit(begins) || IsUpper(begins) || IsHigh(begins) || (next == '.' && IsLower(begins));
}

std::size_t PlainWords::EndOf(std::string_view text, std::size_t at) const {
  if (!IsUpper(text[at])) return 0;
  const ShortWord word = ShortWordAt(text, at);
  const std::size_t end = at + word.size;
  return word.size == ShortWord::kLongest || GoesOn(text, end) || telling_.MayHave(word) ? 0 : end;
}

}  // namespace gatehouse::inspect::pii
