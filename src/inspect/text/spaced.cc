#include "inspect/text/spaced.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/byte_block.h"
#include "inspect/text/vocabulary.h"

namespace gatehouse::inspect::text {

namespace {

constexpr std::size_t kLongestSeparator = 3;
constexpr std::size_t kLongestGap = 8;

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr bool IsWord(char c) { return IsDigit(c) || IsLetter(c) || static_cast<unsigned char>(c) >= 0x80; }
constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Letters and digits that stand alone, one after the other, and signs between them.
struct Run {
  std::vector<std::size_t> at;    // of each letter
  std::vector<std::size_t> gaps;  // numbers of the letters that begin a word
  std::size_t letters = 0;        // that are no digits
  std::string_view separator;

  void Clear() {
    at.clear();
    gaps.clear();
    letters = 0;
  }
};

// What separates characters in such a text: one sign, one to three spaces, or a sign between two spaces.
bool IsSeparator(std::string_view between) {
  if (between.empty() || between.size() > kLongestSeparator) return false;
  if (between.size() == 1) return true;
  if (std::ranges::all_of(between, [](char c) { return c == ' '; })) return true;
  return between.size() == 3 && between[0] == ' ' && between[2] == ' ';
}

// What stands between words: more spaces than between letters, spaces where a sign is between letters, or the separator
// with spaces around it.
bool IsGap(std::string_view between, std::string_view separator) {
  if (between.empty() || between.size() > kLongestGap) return false;
  if (!IsSpace(separator[0])) return std::ranges::all_of(between, [](char c) { return c == ' '; });
  const char sign = separator.size() == 3 ? separator[1] : separator[0];
  return between.size() > separator.size() &&
         std::ranges::all_of(between, [sign](char c) { return IsSpace(c) || c == sign || c == '/' || c == '|'; });
}

class Joiner {
 public:
  Joiner(const MappedText& source, MappedText& result, std::size_t limit)
      : text_(source.text()), rewriting_(source, result, limit) {}

  Change Run() {
    for (std::size_t at = NextAlone(0); at < text_.size() && !rewriting_.full();) at = NextAlone(TryRun(at));
    if (joined_ == Change::kSome) rewriting_.Keep(kept_, text_.size());
    return joined_;
  }

 private:
  // The first character at or behind `at` that stands alone, or the text's size.
  std::size_t NextAlone(std::size_t at) const {
    for (; at < text_.size(); at += ByteBlock::kSize) {
      const ByteBlock block(text_, at);
      const std::uint64_t high = block.Find(ByteBlock::IsHigh);
      const std::uint64_t word =
          block.Find([](auto b) { return ByteBlock::IsLetter(b) | ByteBlock::IsDigit(b); }) | high;
      const std::size_t end = at + ByteBlock::kSize;
      const std::uint64_t before = at > 0 && IsWord(text_[at - 1]) ? 1 : 0;
      const std::uint64_t behind = end < text_.size() && IsWord(text_[end]) ? 1 : 0;
      const std::uint64_t alone = word & ~high & ~(word << 1U | before) & ~(word >> 1U | behind << 63U);
      if (alone != 0) return at + static_cast<std::size_t>(std::countr_zero(alone));
    }
    return text_.size();
  }

  bool StandsAlone(std::size_t at) const {
    return at < text_.size() && static_cast<unsigned char>(text_[at]) < 0x80 && IsWord(text_[at]) &&
           (at + 1 == text_.size() || !IsWord(text_[at + 1]));
  }

  std::string_view Between(std::size_t at) const {
    std::size_t end = at + 1;
    while (end < text_.size() && !IsWord(text_[end]) && end - at <= kLongestGap) ++end;
    return text_.substr(at + 1, end - at - 1);
  }

  // Whether one character alone is at `at`, of any kind, behind a separator.
  bool IsElement(std::size_t at) const {
    if (at >= text_.size() || IsSpace(text_[at]) || static_cast<unsigned char>(text_[at]) >= 0x80) return false;
    if (IsWord(text_[at])) return StandsAlone(at);
    return text_.substr(at + 1).starts_with(run_.separator);
  }

  // The place of the next character of the run, or npos.
  std::size_t Next() {
    const std::size_t behind = run_.at.back() + 1;
    if (text_.substr(behind).starts_with(run_.separator) && IsElement(behind + run_.separator.size())) {
      return behind + run_.separator.size();
    }
    const std::string_view between = Between(run_.at.back());
    if (!StandsAlone(behind + between.size()) || !IsGap(between, run_.separator)) return std::string_view::npos;
    run_.gaps.push_back(run_.at.size());
    return behind + between.size();
  }

  // Reads the run that begins at `at`, joins it if it is one, and returns the place behind it.
  std::size_t TryRun(std::size_t at) {
    run_.Clear();
    run_.separator = Between(at);
    if (!IsSeparator(run_.separator) || !StandsAlone(at + 1 + run_.separator.size())) return at + 1;
    AddSignBefore(at);
    for (std::size_t next = at; next != std::string_view::npos; next = Next()) {
      run_.letters += IsLetter(text_[next]) ? 1 : 0;
      run_.at.push_back(next);
    }
    while (!IsWord(text_[run_.at.back()])) run_.at.pop_back();  // a sign behind the last one
    if (IsTelling()) Join();
    return run_.at.back() + 1;
  }

  // A sign that stands alone before the first letter, as far from it as the letters are from one another.
  void AddSignBefore(std::size_t at) {
    const std::size_t width = run_.separator.size() + 1;
    if (at < kept_ + width || text_.substr(at - width + 1, width - 1) != run_.separator) return;
    const std::size_t sign = at - width;
    const bool alone = sign == 0 || IsSpace(text_[sign - 1]);
    if (alone && !IsSpace(text_[sign]) && !IsWord(text_[sign])) run_.at.push_back(sign);
  }

  bool IsTelling() const {
    constexpr std::size_t kFewest = 3;
    constexpr std::size_t kFewestBySpaces = 4;
    constexpr std::size_t kFewestDigits = 8;
    const std::size_t count = run_.at.size();
    if (run_.letters < 2) return count >= kFewestDigits;
    return count >= (IsSpace(run_.separator[0]) ? kFewestBySpaces : kFewest);
  }

  void Join() {
    joined_ = Change::kSome;
    const bool all_letters = run_.letters == run_.at.size();
    if (run_.gaps.empty() && all_letters) FindWords();
    rewriting_.Keep(kept_, run_.at.front());
    auto gap = run_.gaps.begin();
    for (std::size_t number = 0; number < run_.at.size(); ++number) {
      const std::size_t at = run_.at[number];
      if (gap != run_.gaps.end() && *gap == number) {
        ++gap;
        rewriting_.Replace({.begin = run_.at[number - 1] + 1, .end = at}, " ");
      }
      rewriting_.Keep(at, at + 1);
    }
    kept_ = run_.at.back() + 1;
  }

  // Puts gaps between the words that the letters make, with as few letters as can be in none.
  void FindWords() {
    constexpr std::uint32_t kWordCost = 2;
    constexpr std::uint32_t kLetterCost = 5;
    letters_.clear();
    for (const std::size_t at : run_.at) letters_.push_back(text_[at]);
    const std::string_view letters = letters_;
    // Of the letters from each place on: what they cost, and how many are taken first.
    costs_.assign(letters.size() + 1, 0);
    steps_.assign(letters.size() + 1, 1);
    std::array<std::size_t, Vocabulary::kLongest> lengths;
    for (std::size_t at = letters.size(); at-- > 0;) {
      costs_[at] = costs_[at + 1] + kLetterCost;
      const std::size_t found = Vocabulary::Words().Prefixes(letters.substr(at), lengths);
      for (std::size_t i = 0; i < found; ++i) {
        const std::uint32_t cost = costs_[at + lengths[i]] + kWordCost;
        if (cost >= costs_[at]) continue;
        costs_[at] = cost;
        steps_[at] = static_cast<std::uint32_t>(lengths[i]) | kIsWord;
      }
    }
    for (std::size_t at = 0; at < letters.size();) {
      const bool is_word = (steps_[at] & kIsWord) != 0;
      const std::size_t next = at + (steps_[at] & ~kIsWord);
      if (next < letters.size() && (is_word || (steps_[next] & kIsWord) != 0)) run_.gaps.push_back(next);
      at = next;
    }
  }

  static constexpr std::uint32_t kIsWord = 1U << 31;

  std::string_view text_;
  Rewriting rewriting_;
  std::size_t kept_ = 0;
  Change joined_ = Change::kNone;
  struct Run run_;
  std::string letters_;
  std::vector<std::uint32_t> costs_;
  std::vector<std::uint32_t> steps_;
};

}  // namespace

Change JoinSpaced(const MappedText& source, MappedText& result, std::size_t limit) {
  return Joiner(source, result, limit).Run();
}

std::size_t OpenSpaced(std::string_view text, std::size_t seam) {
  std::size_t end = seam;
  while (end != 0 && IsSpace(text[end - 1])) --end;
  const bool stands_alone = end >= 2 && IsWord(text[end - 1]) && !IsWord(text[end - 2]);
  if (!stands_alone) return seam;
  std::size_t next = seam;
  while (next < text.size() && IsSpace(text[next])) ++next;
  const bool is_one = next + 1 >= text.size() || (IsWord(text[next]) && !IsWord(text[next + 1]));
  if (!is_one) return seam;
  std::size_t begin = end;
  while (begin != 0 && !IsSpace(text[begin - 1])) --begin;
  return begin;
}

}  // namespace gatehouse::inspect::text
