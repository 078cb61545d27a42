#include "llm/token/split.h"

#include <array>
#include <span>

#include "codec/text/utf8.h"
#include "llm/token/character_class.h"

namespace gatehouse::llm::token {
namespace {

using enum CharacterClass;

constexpr std::uint8_t Bit(CharacterClass kind) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind)); }

using ClassSet = std::uint8_t;
constexpr ClassSet kLetter = Bit(kUpper) | Bit(kLower) | Bit(kCaseless);
constexpr ClassSet kWordStart = Bit(kUpper) | Bit(kCaseless) | Bit(kMark);
constexpr ClassSet kWordEnd = Bit(kLower) | Bit(kCaseless) | Bit(kMark);
constexpr ClassSet kPunctuation = Bit(kOther) | Bit(kMark);
constexpr ClassSet kLetterOrNumber = kLetter | Bit(kNumber);

// The first of these: \t, \n, \v, \f, \r and the space are White_Space.
constexpr std::array<ClassSet, 128> kAsciiClasses = [] {
  std::array<ClassSet, 128> classes{};
  for (std::size_t c = 0; c < 128; ++c) {
    CharacterClass kind = kOther;
    if (c >= 'A' && c <= 'Z') kind = kUpper;
    if (c >= 'a' && c <= 'z') kind = kLower;
    if (c >= '0' && c <= '9') kind = kNumber;
    if ((c >= '\t' && c <= '\r') || c == ' ') kind = kSpace;
    classes[c] = Bit(kind);
  }
  return classes;
}();

bool IsLineBreak(char c) { return c == '\n' || c == '\r'; }

// Walks over the characters of one text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t size() const { return text_.size(); }
  char At(std::size_t at) const { return text_[at]; }
  bool AtEnd(std::size_t at) const { return at >= text_.size(); }

  struct Character {
    ClassSet kind = 0;  // no class at the end of the text
    std::size_t end = 0;
  };

  Character Read(std::size_t at) const {
    if (AtEnd(at)) return {0, at};
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x80) return {kAsciiClasses[byte], at + 1};
    const auto point = codec::text::DecodeAt(text_, at);
    if (point.length == 0) return {Bit(kOther), at + 1};
    return {Bit(classes_.Of(point.value)), at + point.length};
  }

  // Behind the longest run of these from `at`, of at most `most` characters.
  std::size_t Run(std::size_t at, ClassSet kinds, std::size_t most = static_cast<std::size_t>(-1)) const {
    for (; most > 0; --most) {
      const Character next = Read(at);
      if ((next.kind & kinds) == 0) break;
      at = next.end;
    }
    return at;
  }

  // Behind a contraction such as 'll that begins at `at`, or `at`.
  std::size_t Contraction(std::size_t at) const {
    if (AtEnd(at) || text_[at] != '\'') return at;
    const auto lower = [&](std::size_t i) { return AtEnd(i) ? '\0' : static_cast<char>(text_[i] | 0x20); };
    const char a = lower(at + 1);
    if (a == 's' || a == 'd' || a == 'm' || a == 't') return at + 2;
    const char b = lower(at + 2);
    const bool two = (a == 'l' && b == 'l') || (a == 'v' && b == 'e') || (a == 'r' && b == 'e');
    return two ? at + 3 : at;
  }

 private:
  std::string_view text_;
  const CharacterClasses& classes_ = CharacterClasses::Unicode();  // lives as long as the process
};

// U*W+ from `at`, or `at`. Greedy U* gives back characters until one of them can begin W+.
std::size_t StartsThenEnds(const Scanner& scanner, std::size_t at) {
  std::size_t last_both_end = at;  // behind the last character of the run that is in U and in W
  std::size_t stop = at;
  while (true) {
    const auto next = scanner.Read(stop);
    if ((next.kind & kWordStart) == 0) break;
    stop = next.end;
    if ((next.kind & kWordEnd) != 0) last_both_end = stop;
  }
  const std::size_t end = scanner.Run(stop, kWordEnd);
  return end != stop ? end : last_both_end;
}

// A word of o200k with what may stand before it, or 0.
std::size_t WordO200k(const Scanner& scanner) {
  const auto first = scanner.Read(0);
  const bool prefix = (first.kind & kLetterOrNumber) == 0 && !IsLineBreak(scanner.At(0));
  const std::array<std::size_t, 2> both = {first.end, 0};
  const auto starts = std::span(both).subspan(prefix ? 0 : 1);
  for (const std::size_t start : starts) {
    const std::size_t end = StartsThenEnds(scanner, start);
    if (end != start) return scanner.Contraction(end);
  }
  for (const std::size_t start : starts) {
    const std::size_t upper = scanner.Run(start, kWordStart);
    if (upper != start) return scanner.Contraction(scanner.Run(upper, kWordEnd));
  }
  return 0;
}

// A word of cl100k with what may stand before it, or 0.
std::size_t WordCl100k(const Scanner& scanner) {
  if (const std::size_t end = scanner.Contraction(0); end != 0) return end;
  const auto first = scanner.Read(0);
  if ((first.kind & kLetter) != 0) return scanner.Run(first.end, kLetter);
  if ((first.kind & kLetterOrNumber) != 0 || IsLineBreak(scanner.At(0))) return 0;
  const std::size_t end = scanner.Run(first.end, kLetter);
  return end == first.end ? 0 : end;
}

// Punctuation with the space before and the line breaks behind it, or 0.
std::size_t PunctuationPiece(const Scanner& scanner, Pattern pattern) {
  const std::size_t start = scanner.At(0) == ' ' ? 1 : 0;
  std::size_t end = scanner.Run(start, kPunctuation);
  if (end == start) return 0;
  const bool slash = pattern == Pattern::kO200k;
  while (!scanner.AtEnd(end) && (IsLineBreak(scanner.At(end)) || (slash && scanner.At(end) == '/'))) ++end;
  return end;
}

// What is left is white space.
std::size_t SpacePiece(const Scanner& scanner, Pattern pattern) {
  std::size_t end = 0;
  std::size_t last_start = 0;
  std::size_t behind_line_break = 0;
  while (true) {
    const auto next = scanner.Read(end);
    if ((next.kind & Bit(kSpace)) == 0) break;
    if (IsLineBreak(scanner.At(end))) behind_line_break = next.end;
    last_start = end;
    end = next.end;
  }
  if (pattern == Pattern::kCl100k && scanner.AtEnd(end)) return end;
  if (behind_line_break != 0) return behind_line_break;
  if (scanner.AtEnd(end) || last_start == 0) return end;
  return last_start;  // the last one belongs to what follows
}

}  // namespace

std::size_t FirstPiece(Pattern pattern, std::string_view text) {
  const Scanner scanner(text);
  const std::size_t word = pattern == Pattern::kO200k ? WordO200k(scanner) : WordCl100k(scanner);
  if (word != 0) return word;
  constexpr std::size_t kMostDigits = 3;
  if (const std::size_t digits = scanner.Run(0, Bit(kNumber), kMostDigits); digits != 0) return digits;
  if (const std::size_t punctuation = PunctuationPiece(scanner, pattern); punctuation != 0) return punctuation;
  return SpacePiece(scanner, pattern);
}

}  // namespace gatehouse::llm::token
