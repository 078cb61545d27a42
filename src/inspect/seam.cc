#include "inspect/seam.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/ascii.h"
#include "codec/text/utf8.h"

namespace gatehouse::inspect {

namespace {

constexpr auto kParticles = std::to_array<std::string_view>(
    {"al",  "am",    "an",  "auf", "ben", "bei", "bin", "bint", "da",  "das", "de",  "degli",
     "del", "della", "dem", "den", "der", "des", "di",  "do",   "dos", "du",  "el",  "en",
     "of",  "het",   "ibn", "im",  "in",  "la",  "las", "le",   "les", "los", "nad", "na",
     "op",  "pod",   "san", "st",  "sur", "ten", "ter", "und",  "van", "von", "zum", "zur"});
constexpr std::size_t kLongestParticle = 5;

// Up to eight bytes as a number.
constexpr std::uint64_t Packed(std::string_view word) {
  std::uint64_t packed = 0;
  for (const char c : word) packed = packed << 8U | static_cast<unsigned char>(c);
  return packed;
}

constexpr auto kPackedParticles = [] {
  std::array<std::uint64_t, kParticles.size()> packed{};
  std::ranges::transform(kParticles, packed.begin(), Packed);
  std::ranges::sort(packed);
  return packed;
}();
constexpr std::string_view kIntroducers = ":=-+(/\"'`";

using Block = std::uint8_t __attribute__((ext_vector_type(16)));
using Mask = bool __attribute__((ext_vector_type(16)));

constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsLetter(char c) { return base::ToLower(c) >= 'a' && base::ToLower(c) <= 'z'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsHigh(char c) { return static_cast<unsigned char>(c) > 0x7F; }
constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The first white space at or behind `at`, or the text's size.
std::size_t EndOfWord(std::string_view text, std::size_t at) {
  for (; at + sizeof(Block) <= text.size(); at += sizeof(Block)) {
    Block block;
    std::memcpy(&block, text.data() + at, sizeof block);
    const Mask spaces = __builtin_convertvector((block == ' ') | (block - '\t' <= '\r' - '\t'), Mask);
    if (const auto bits = std::bit_cast<std::uint16_t>(spaces)) return at + std::countr_zero(bits);
  }
  while (at < text.size() && !IsSpace(text[at])) ++at;
  return at;
}

// Behind the first comma or stop in text[from, to) that follows an ideograph or a kana; 0 where there is none.
std::size_t BehindStop(std::string_view text, std::size_t from, std::size_t to) {
  constexpr std::array<std::string_view, 6> kStops = {"\u3001", "\u3002", "\uFF0C", "\uFF01", "\uFF1F", "\uFF1B"};
  constexpr std::size_t kBytes = 3;  // of each of these characters
  const std::size_t high = from + codec::text::AsciiPrefix(text.substr(from, to - from));
  for (std::size_t at = high + kBytes; at + kBytes <= to; ++at) {
    const auto lead = static_cast<unsigned char>(text[at - kBytes]);
    if (!IsHigh(text[at]) || lead < 0xE3 || lead > 0xE9 || !IsContinuation(text[at - 1])) continue;
    if (std::ranges::find(kStops, text.substr(at, kBytes)) != kStops.end()) return at + kBytes;
  }
  return 0;
}

// Whether `word`, which is not empty, may go on in the next one.
bool IsOpen(std::string_view word) {
  if (word.size() == 1 || kIntroducers.contains(word.back())) return true;
  if (std::ranges::any_of(word, [](char c) { return IsDigit(c) || IsHigh(c); })) return true;
  const auto* const first = std::ranges::find_if(word, IsLetter);
  if (first != word.end() && *first <= 'Z') return true;
  return word.size() <= kLongestParticle && std::ranges::binary_search(kPackedParticles, Packed(word));
}

// Whether a word is part of one that was taken apart: a character, or a byte in hexadecimal digits.
bool IsSpacedOut(std::string_view word) {
  if (word.size() != 2) return word.size() == 1;
  return IsDigit(word[0]) && base::ToLower(word[1]) >= 'a' && base::ToLower(word[1]) <= 'f';
}

// At most `at`, and not within a character nor between CR and LF.
std::size_t Boundary(std::string_view text, std::size_t at) {
  if (text[at - 1] == '\r') return at - 1;
  std::size_t lead = at - 1;
  while (at - lead < 4 && IsContinuation(text[lead])) --lead;
  const auto length = static_cast<std::size_t>(std::countl_one(static_cast<unsigned char>(text[lead])));
  return length >= 2 && length <= 4 && lead + length > at ? lead : at;
}

// Whether the line that ends with the line feed at `end` ends with a letter, or is empty.
bool EndsLine(std::string_view text, std::size_t end) {
  if (text[end] != '\n') return false;
  if (end > 0 && text[end - 1] == '\r') --end;
  return end == 0 || IsLetter(text[end - 1]) || IsHigh(text[end - 1]) || text[end - 1] == '\n';
}

enum class Wanted : std::uint8_t { kFirst, kLast };

// The first seam behind the beginning, or the last one; 0 where there is none.
std::size_t FindSeam(std::string_view text, Wanted wanted) {
  std::size_t last = 0;
  std::size_t word = 0;  // where the word begins that is looked at
  enum { kClosed, kOpen } before = kClosed;
  std::size_t longest = kLongest;
  const auto cut = [&](std::size_t seam) {
    last = word = seam;
    before = kClosed;
    longest = kLongest;
  };
  while (wanted == Wanted::kLast || last == 0) {
    const std::size_t limit = last + kLongestWord;
    const std::size_t end = EndOfWord(text.substr(0, limit), word);
    if (const std::size_t stop = BehindStop(text, word, end)) {
      cut(stop);
      continue;
    }
    if (end == limit) {
      cut(Boundary(text, limit));
      continue;
    }
    if (end == text.size() || (text[end] == '\r' && end + 1 == text.size())) return last;
    if (end > word) {
      before = IsOpen(text.substr(word, end - word)) ? kOpen : kClosed;
      if (IsSpacedOut(text.substr(word, end - word))) longest = kLongestSpaced;
    }
    word = end + 1;
    if (text[end] == '\r' && text[word] == '\n') continue;
    if (before == kClosed || word - last >= longest || EndsLine(text, end)) cut(word);
  }
  return last;
}

}  // namespace

std::size_t LastSeam(std::string_view text) { return FindSeam(text, Wanted::kLast); }

std::size_t NextSeam(std::string_view text) {
  const std::size_t seam = FindSeam(text, Wanted::kFirst);
  return seam == 0 ? text.size() : seam;
}

Span PieceAt(std::string_view text, std::size_t seam, std::size_t at) {
  // Behind a word that is closed there is a seam, whatever stands before it.
  const bool in_line_end = at > seam && text[at] == '\n' && text[at - 1] == '\r';
  for (std::size_t back = in_line_end ? at - 1 : at; back > seam && at - back <= kLongest;) {
    while (back > seam && !IsSpace(text[back - 1])) --back;
    std::size_t end = back;
    while (end > seam && IsSpace(text[end - 1])) --end;
    std::size_t word = end;
    while (word > seam && !IsSpace(text[word - 1])) --word;
    if (word < end && end < back && !IsOpen(text.substr(word, end - word))) {
      seam = back;
      break;
    }
    back = end;
  }
  std::size_t end = seam + NextSeam(text.substr(seam));
  while (end <= at) {
    seam = end;
    end = seam + NextSeam(text.substr(seam));
  }
  return {.begin = seam, .end = end};
}

}  // namespace gatehouse::inspect
