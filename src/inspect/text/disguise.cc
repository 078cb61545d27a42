#include "inspect/text/disguise.h"

#include <algorithm>
#include <array>
#include <bit>

#include "codec/text/utf8.h"
#include "inspect/byte_block.h"
#include "inspect/text/encoded_word.h"
#include "inspect/text/vocabulary.h"

namespace gatehouse::inspect::text {

namespace {

using codec::text::CodePoint;
using codec::text::DecodeAt;

constexpr bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// The letter that a sign stands for, or 0.
constexpr auto kLetters = [] {
  constexpr std::string_view kSigns = "01!|34@5$7+89";
  constexpr std::string_view kMeant = "oiiieaassttbg";
  std::array<char, 256> letters{};
  for (std::size_t at = 0; at < kSigns.size(); ++at) letters.at(static_cast<unsigned char>(kSigns[at])) = kMeant[at];
  return letters;
}();
constexpr char LetterOf(char c) { return kLetters[static_cast<unsigned char>(c)]; }

constexpr char Rotated(char c) {
  if (!IsLetter(c)) return c;
  const auto first = static_cast<char>('a' & (c | 0xDF));
  return static_cast<char>(first + (c - first + 13) % 26);
}

class LeetReader {
 public:
  LeetReader(const MappedText& source, MappedText& result, std::size_t limit)
      : text_(source.text()), rewriting_(source, result, limit) {}

  Change Run() {
    for (std::size_t at = NextSign(0); at < text_.size() && !rewriting_.full();) {
      std::size_t begin = at;
      while (begin > 0 && IsPart(text_[begin - 1])) --begin;
      std::size_t end = at;
      while (end < text_.size() && IsPart(text_[end])) ++end;
      ReadWord(begin, end);
      at = NextSign(end);
    }
    if (change_ == Change::kSome) rewriting_.Keep(kept_, text_.size());
    return change_;
  }

 private:
  static bool IsPart(char c) { return IsLetter(c) || LetterOf(c) != 0; }

  // The first sign that stands for a letter at or behind `at`, or the text's size.
  std::size_t NextSign(std::size_t at) const {
    for (; at < text_.size(); at += ByteBlock::kSize) {
      const std::uint64_t signs = ByteBlock(text_, at).Find([](auto b) {
        const auto digit = ByteBlock::IsDigit(b) & (b != '2') & (b != '6');
        return digit | (b == '!') | (b == '|') | (b == '@') | (b == '$') | (b == '+');
      });
      if (signs != 0) return at + static_cast<std::size_t>(std::countr_zero(signs));
    }
    return text_.size();
  }

  void ReadWord(std::size_t begin, std::size_t end) {
    constexpr std::size_t kShortest = 2;
    while (end > begin && (text_[end - 1] == '!' || text_[end - 1] == '|')) --end;  // a mark behind it
    if (end - begin < kShortest || end - begin > Vocabulary::kLongest) return;
    word_.clear();
    std::size_t signs = 0;
    for (const char c : text_.substr(begin, end - begin)) {
      word_.push_back(IsLetter(c) ? c : LetterOf(c));
      signs += IsLetter(c) ? 0 : 1;
    }
    if (signs == 0 || !IsKnown(begin)) return;
    if (word_.size() >= 4 && signs < word_.size()) change_ = Change::kSome;
    for (std::size_t at = begin; at < end; ++at) {
      if (IsLetter(text_[at])) continue;
      rewriting_.Keep(kept_, at);
      rewriting_.Replace({.begin = at, .end = at + 1}, std::string_view(word_).substr(at - begin, 1));
      kept_ = at + 1;
    }
  }

  // Whether it is a word, with each 1 as i or all of them as l.
  bool IsKnown(std::size_t begin) {
    if (Vocabulary::Words().Contains(word_)) return true;
    for (std::size_t at = 0; at < word_.size(); ++at) {
      if (LetterOf(text_[begin + at]) == 'i') word_[at] = 'l';
    }
    return Vocabulary::Words().Contains(word_);
  }

  std::string_view text_;
  Rewriting rewriting_;
  std::size_t kept_ = 0;
  Change change_ = Change::kNone;
  std::string word_;
};

// By the number of signs and then by the signs, a dash as 1: a leading 1 marks where they begin.
constexpr std::array<char, 64> MorseLetters() {
  constexpr auto kCodes = std::to_array<std::pair<char, std::string_view>>({
      {'a', ".-"},    {'b', "-..."},  {'c', "-.-."},  {'d', "-.."},   {'e', "."},     {'f', "..-."},
      {'g', "--."},   {'h', "...."},  {'i', ".."},    {'j', ".---"},  {'k', "-.-"},   {'l', ".-.."},
      {'m', "--"},    {'n', "-."},    {'o', "---"},   {'p', ".--."},  {'q', "--.-"},  {'r', ".-."},
      {'s', "..."},   {'t', "-"},     {'u', "..-"},   {'v', "...-"},  {'w', ".--"},   {'x', "-..-"},
      {'y', "-.--"},  {'z', "--.."},  {'0', "-----"}, {'1', ".----"}, {'2', "..---"}, {'3', "...--"},
      {'4', "....-"}, {'5', "....."}, {'6', "-...."}, {'7', "--..."}, {'8', "---.."}, {'9', "----."},
  });
  std::array<char, 64> letters{};
  for (const auto& [letter, code] : kCodes) {
    unsigned number = 1;
    for (const char sign : code) number = (number << 1) | (sign == '-' ? 1U : 0U);
    letters[number] = letter;
  }
  return letters;
}
constexpr std::array<char, 64> kMorse = MorseLetters();

constexpr bool IsStroke(char c) { return c == '.' || c == '-'; }

// The letter at text[at], and its signs; 0 signs where there is none.
struct MorseLetter {
  char letter = 0;
  std::size_t signs = 0;
};

MorseLetter MorseAt(std::string_view text, std::size_t at) {
  constexpr std::size_t kMost = 5;
  std::size_t end = at;
  unsigned number = 1;
  for (; end < text.size() && IsStroke(text[end]) && end - at <= kMost; ++end) {
    number = (number << 1) | (text[end] == '-' ? 1U : 0U);
  }
  if (end - at > kMost || end == at || kMorse[number] == 0) return {};
  return {.letter = kMorse[number], .signs = end - at};
}

// Between letters one space, between words more, or signs.
std::size_t MorseGap(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && end - at < 8 && std::string_view(" /|\n\r\t").contains(text[end])) ++end;
  return end - at;
}

// What one character that is not shown carries, or -1.
int HiddenByte(char32_t c) {
  if (c >= 0xE0020 && c <= 0xE007E) return static_cast<int>(c - 0xE0000);
  if (c >= 0xFE00 && c <= 0xFE0F) return static_cast<int>(c - 0xFE00);
  if (c >= 0xE0100 && c <= 0xE01EF) return static_cast<int>(c - 0xE0100) + 16;
  return -1;
}

// What hidden characters that follow one another say is a line of its own, in their place, if it is text.
class HiddenReader {
 public:
  HiddenReader(const MappedText& source, MappedText& result, std::size_t limit)
      : text_(source.text()), rewriting_(source, result, limit) {}

  Change Run() {
    for (std::size_t at = 0; at < text_.size() && !rewriting_.full();) {
      const std::size_t ascii = codec::text::AsciiPrefix(text_.substr(at));
      if (ascii != 0) Finish();
      at += ascii;
      if (at == text_.size()) break;
      const CodePoint point = DecodeAt(text_, at);
      const std::size_t end = at + std::max<std::size_t>(point.length, 1);
      const int byte = point.length == 0 ? -1 : HiddenByte(point.value);
      if (byte >= 0) {
        bytes_.push_back(static_cast<char>(byte));
        places_.push_back({.begin = at, .end = end});
      } else {
        Finish();
      }
      at = end;
    }
    Finish();
    if (change_ == Change::kSome) rewriting_.Keep(kept_, text_.size());
    return change_;
  }

 private:
  void Finish() {
    constexpr std::size_t kFewest = 4;
    if (bytes_.size() >= kFewest && IsText(bytes_)) Say();
    bytes_.clear();
    places_.clear();
  }

  void Say() {
    change_ = Change::kSome;
    rewriting_.Keep(kept_, places_.front().begin);
    for (std::size_t at = 0; at < bytes_.size(); ++at) {
      std::string says(1, bytes_[at]);
      if (at == 0) says.insert(says.begin(), '\n');
      if (at + 1 == bytes_.size()) says.push_back('\n');
      rewriting_.Replace(places_[at], says);
    }
    kept_ = places_.back().end;
  }

  std::string_view text_;
  Rewriting rewriting_;
  std::size_t kept_ = 0;
  Change change_ = Change::kNone;
  std::string bytes_;
  std::vector<Span> places_;
};

// Shows what follows from right to left.
constexpr std::string_view kOverride = "\u202E";

// Where what is shown so from `begin` on ends: at a mark, the line's end or the text's.
std::size_t EndOfOverride(std::string_view text, std::size_t begin) {
  static constexpr auto kEnds = std::to_array<std::string_view>({"\u202C", "\u202E", "\u2069", "\n"});
  std::size_t end = text.size();
  for (const std::string_view mark : kEnds) end = std::min(end, text.find(mark, begin));
  return end;
}

}  // namespace

Change ReadLeet(const MappedText& source, MappedText& result, std::size_t limit) {
  return LeetReader(source, result, limit).Run();
}

Change ReadMorse(const MappedText& source, MappedText& result, std::size_t limit) {
  constexpr std::size_t kFewest = 6;
  const std::string_view text = source.text();
  Rewriting rewriting(source, result, limit);
  Change change = Change::kNone;
  struct Letter {
    Span part;
    std::string_view says;
  };
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::vector<Letter> letters;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < text.size() && !rewriting.full();) {
    letters.clear();
    for (MorseLetter letter = MorseAt(text, at); letter.signs != 0; letter = MorseAt(text, at)) {
      letters.push_back({.part = {.begin = at, .end = at + letter.signs},
                         .says = kAlphabet.substr(kAlphabet.find(letter.letter), 1)});
      at += letter.signs;
      const std::size_t gap = MorseGap(text, at);
      if (gap > 1 && at + gap < text.size()) letters.push_back({.part = {.begin = at, .end = at + gap}, .says = " "});
      at += gap;
      if (gap == 0) break;
    }
    if (letters.size() >= kFewest) {
      change = Change::kSome;
      if (letters.back().says == " ") letters.pop_back();  // a gap behind them
      rewriting.Keep(kept, letters.front().part.begin);
      for (const Letter& letter : letters) rewriting.Replace(letter.part, letter.says);
      kept = letters.back().part.end;
    }
    // To the beginning of the next word.
    while (at < text.size() && !(IsStroke(text[at]) && (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n'))) ++at;
    if (letters.empty()) ++at;
  }
  if (change == Change::kSome) rewriting.Keep(kept, text.size());
  return change;
}

Change ReadHidden(const MappedText& source, MappedText& result, std::size_t limit) {
  return HiddenReader(source, result, limit).Run();
}

std::string Rotated(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = Rotated(c);
  return result;
}

std::string Reversed(std::string_view word) { return {word.rbegin(), word.rend()}; }

void Rotate(const MappedText& source, MappedText& result, std::size_t limit) {
  Rewriting rewriting(source, result, limit);
  const std::string_view text = source.text();
  rewriting.Keep(0, text.size());
  result.Overwrite([](char c) { return Rotated(c); });
}

Change Straighten(const MappedText& source, MappedText& result, std::size_t limit) {
  const std::string_view text = source.text();
  Rewriting rewriting(source, result, limit);
  std::size_t kept = 0;
  for (std::size_t at = text.find(kOverride); at != std::string_view::npos; at = text.find(kOverride, kept)) {
    const std::size_t begin = at + kOverride.size();
    const std::size_t end = EndOfOverride(text, begin);
    rewriting.Keep(kept, at);
    rewriting.Mirror(begin, end);
    kept = end;
  }
  if (kept == 0) return Change::kNone;
  rewriting.Keep(kept, text.size());
  return Change::kSome;
}

std::size_t OpenOverride(std::string_view text, std::size_t seam) {
  const std::size_t at = text.substr(0, seam).rfind(kOverride);
  if (at == std::string_view::npos) return seam;
  const std::size_t end = EndOfOverride(text, at + kOverride.size());
  return end < seam ? seam : at;
}

void Reverse(const MappedText& source, MappedText& result) {
  Rewriting(source, result, source.text().size()).Mirror(0, source.text().size());
}

}  // namespace gatehouse::inspect::text
