#include "inspect/seam.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "base/ascii.h"
#include "codec/text/utf8.h"

namespace gatehouse::inspect {

namespace {

constexpr bool IsLetter(char c) { return base::ToLower(c) >= 'a' && base::ToLower(c) <= 'z'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsHigh(char c) { return static_cast<unsigned char>(c) > 0x7F; }
constexpr bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Behind the first comma or stop in text[from, to) that follows an ideograph or a kana; 0 where there is none.
std::size_t BehindStop(std::string_view text, std::size_t from, std::size_t to) {
  constexpr std::array<std::string_view, 6> kStops = {"\u3001", "\u3002", "\uFF0C", "\uFF01", "\uFF1F", "\uFF1B"};
  constexpr std::size_t kBytes = 3;  // of each of these characters
  const std::size_t high = from + codec::text::AsciiPrefix(text.substr(from, to - from));
  for (std::size_t at = high + kBytes; at + kBytes <= to; ++at) {
    if (text[at] != '\xE3' && text[at] != '\xEF') continue;
    const auto lead = static_cast<unsigned char>(text[at - kBytes]);
    if (lead < 0xE3 || lead > 0xE9 || !IsContinuation(text[at - 1])) continue;
    if (std::ranges::find(kStops, text.substr(at, kBytes)) != kStops.end()) return at + kBytes;
  }
  return 0;
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

// Whether the line that ends with the line feed at `end` ends with a letter, or is empty. What stands before `begin` is
// not looked at.
bool EndsLine(std::string_view text, std::size_t begin, std::size_t end) {
  if (text[end] != '\n') return false;
  if (end > begin && text[end - 1] == '\r') --end;
  return end == begin || IsLetter(text[end - 1]) || IsHigh(text[end - 1]) || text[end - 1] == '\n';
}

enum class Wanted : std::uint8_t { kFirst, kLast };

// The first seam of a text behind `begin`, a seam, or the last one; `begin` where there is none.
std::size_t FindSeam(WordReader& words, std::string_view text, std::size_t begin, Wanted wanted) {
  std::size_t last = begin;
  std::size_t word = begin;  // where the word begins that is looked at
  enum { kClosed, kOpen } before = kClosed;
  std::size_t longest = kLongest;
  const auto cut = [&](std::size_t seam) {
    last = word = seam;
    before = kClosed;
    longest = kLongest;
  };
  while (wanted == Wanted::kLast || last == begin) {
    const std::size_t limit = last + kLongestWord;
    if (word == last) {
      if (const std::size_t closed = words.EndOfClosed(word); closed < limit && !words.IsSpaceSeen(word)) {
        cut(closed + 1);
        continue;
      }
    }
    const WordReader::Word seen = words.Seen(word);
    std::size_t end = seen.end;
    if (seen.form != WordReader::Word::Form::kUnseen && end < limit) {
      if (seen.form != WordReader::Word::Form::kEmpty) {
        before = seen.form == WordReader::Word::Form::kOpen ? kOpen : kClosed;
      }
    } else {
      end = words.EndOfWord(word, limit);
      if (const std::size_t stop = words.MayHaveWide(word, end) ? BehindStop(text, word, end) : 0; stop != 0) {
        cut(stop);
        continue;
      }
      if (end == limit) {
        cut(Boundary(text, limit));
        continue;
      }
      if (end == text.size()) return last;
      if (end > word) before = words.IsOpen(word, end) ? kOpen : kClosed;
    }
    if (text[end] == '\r' && end + 1 == text.size()) return last;
    if (end > word && IsSpacedOut(text.substr(word, end - word))) longest = kLongestSpaced;
    word = end + 1;
    if (text[end] == '\r' && text[word] == '\n') continue;
    if (before == kClosed || word - last >= longest || EndsLine(text, begin, end)) cut(word);
  }
  return last;
}

std::size_t NextSeamBehind(WordReader& words, std::string_view text, std::size_t begin) {
  const std::size_t seam = FindSeam(words, text, begin, Wanted::kFirst);
  return seam == begin ? text.size() : seam;
}

// A seam at or before `at`, and `seam` or behind it.
std::size_t SeamBefore(WordReader& words, std::size_t seam, std::size_t at) {
  const std::string_view text = words.text();
  // Behind a word that is closed there is a seam, whatever stands before it.
  const bool in_line_end = at > seam && text[at] == '\n' && text[at - 1] == '\r';
  // Mostly what decides is within some words before and behind.
  words.Load(at - std::min(at - seam, ByteBlock::kSize / 2));
  if (!in_line_end) {
    const std::size_t begin = words.BeginOfWord(at, seam);
    const std::size_t closed = words.EndOfClosedBefore(begin);
    if (closed != std::string_view::npos) return std::min(words.EndOfSpace(closed), at);
  }
  for (std::size_t back = in_line_end ? at - 1 : at; back > seam && at - back <= kLongest;) {
    back = words.BeginOfWord(back, seam);
    const std::size_t end = words.BeginOfSpace(back, seam);
    const std::size_t word = words.BeginOfWord(end, seam);
    if (word < end && end < back && !words.IsOpen(word, end)) return back;
    back = end;
  }
  return seam;
}

}  // namespace

std::size_t LastSeam(std::string_view text) {
  constexpr std::size_t kLong = 1024;  // from where on it is cheaper to look back from the end
  WordReader words(text);
  const std::size_t from = text.size() < kLong ? 0 : SeamBefore(words, 0, text.size() - 1);
  return FindSeam(words, text, from, Wanted::kLast);
}

std::size_t NextSeam(std::string_view text) {
  WordReader words(text);
  return NextSeamBehind(words, text, 0);
}

Span PieceFinder::At(std::size_t at) {
  const std::string_view text = words_.text();
  if (at >= piece_.begin && at < piece_.end) return piece_;
  constexpr std::size_t kNear = 48;  // from where on it is cheaper to look back from there
  const bool is_behind = at >= piece_.end;
  std::size_t seam = is_behind ? piece_.end : first_;
  if (!is_behind || at - seam > kNear) seam = SeamBefore(words_, seam, at);
  // Behind a seam there is one behind each white space.
  if (!ByteBlock::IsSpaceByte(text[at])) seam = words_.EndOfSpace(seam);
  std::size_t end = NextSeamBehind(words_, text, seam);
  while (end <= at) {
    seam = end;
    end = NextSeamBehind(words_, text, seam);
  }
  return piece_ = {.begin = seam, .end = end};
}

Span PieceAt(std::string_view text, std::size_t seam, std::size_t at) { return PieceFinder(text, seam).At(at); }

}  // namespace gatehouse::inspect
