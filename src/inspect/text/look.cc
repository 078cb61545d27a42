#include "inspect/text/look.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/target_clones.h"

namespace gatehouse::inspect::text {

namespace {

using Bytes = std::uint8_t __attribute__((ext_vector_type(16)));
using Flags = bool __attribute__((ext_vector_type(16)));
using Test = char __attribute__((ext_vector_type(16)));
using Block = std::uint8_t __attribute__((ext_vector_type(kLookBlock)));
using BlockFlags = bool __attribute__((ext_vector_type(kLookBlock)));

// A bit for each byte of a block, the first byte's the lowest.
struct Classes {
  std::uint64_t letter = 0;
  std::uint64_t word = 0;     // letters and digits
  std::uint64_t encoded = 0;  // what base64 is made of, in both alphabets
  std::uint64_t high = 0;     // not of ASCII
  std::uint64_t escape = 0;   // % & and the backslash
  std::uint64_t mark = 0;     // $ and the exclamation mark
};

std::uint64_t BitsOf(Test test) { return std::bit_cast<std::uint16_t>(__builtin_convertvector(test, Flags)); }

Bytes Load(const char* at) {
  Bytes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

Test IsDigit(Bytes bytes) { return bytes - '0' <= 9; }

// The bits of a block for which a test holds.
template <class Predicate>
std::uint64_t Find(const char* block, Predicate test) {
  std::uint64_t bits = 0;
  for (unsigned at = 0; at < kLookBlock; at += sizeof(Bytes)) bits |= BitsOf(test(Load(block + at))) << at;
  return bits;
}

// The classes of blocks that follow one another. What there is of it for newer processors is chosen at the start.
GH_TARGET_CLONES void Classify(const char* text, std::size_t blocks, Classes* classes) {
  const auto bits = [](const auto& test) __attribute__((always_inline)) {
    return __builtin_bit_cast(std::uint64_t, __builtin_convertvector(test, BlockFlags));
  };
  for (std::size_t block = 0; block < blocks; ++block) {
    Block bytes;
    std::memcpy(&bytes, text + (block * kLookBlock), sizeof bytes);
    Classes& all = classes[block];
    const auto letter = (bytes | 0x20) - 'a' <= 'z' - 'a';
    all = {.letter = bits(letter)};
    all.word = all.encoded = all.letter;
    const auto plain = letter | (bytes == ' ') | (bytes == ',') | (bytes == '.') | (bytes == '\n');
    if (bits(plain) == ~std::uint64_t{0}) continue;  // prose: nothing else is in it
    const auto digit = bytes - '0' <= 9;
    const auto sign = (bytes == '-') | (bytes == '/') | (bytes == '+') | (bytes == '=') | (bytes == '_');
    all.word |= bits(digit);
    all.encoded |= bits(digit | sign);
    all.high = bits(bytes >= 0x80);
    all.escape = bits((bytes - '%' <= '&' - '%') | (bytes == '\\'));
    all.mark = bits((bytes == '$') | (bytes == '!'));
  }
}

// Bits of this block, each moved `by` places on; those of the block before come in.
constexpr std::uint64_t Moved(std::uint64_t before, std::uint64_t now, unsigned by) {
  return (now << by) | (before >> (64 - by));
}

constexpr auto kRunSteps = std::to_array<unsigned>({1, 2, 4, 7});  // to runs of 2, 4, 8 and 15

// The bits of `now` that are the last of 15 in a row.
std::uint64_t EndsOfRuns(std::uint64_t before, std::uint64_t now) {
  for (const unsigned step : kRunSteps) {
    if (now == 0) return 0;
    now &= Moved(before, now, step);
    before &= before << step;  // its own first ones are left out: they were looked at with the block before
  }
  return now;
}

// Whether a long word ends at one of `ends`, in this block, that has a digit or a capital, as all that is encoded does.
bool HasEncoded(std::uint64_t ends, const char* block) {
  constexpr std::uint64_t kBegunBefore = (1U << 14) - 1;
  if (ends == 0 || (ends & kBegunBefore) != 0) return ends != 0;
  std::uint64_t runs = ends;
  for (const unsigned step : kRunSteps) runs |= runs >> step;
  return (runs & Find(block, [](Bytes bytes) { return IsDigit(bytes) | (bytes - 'A' <= 'Z' - 'A'); })) != 0;
}

constexpr bool IsHex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
constexpr bool IsAlpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Whether what follows makes text[at] the beginning of an escape.
bool IsEscape(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return false;
  const char next = text[at + 1];
  if (text[at] == '%') return IsHex(next) && IsHex(text[at + 2]);
  if (text[at] == '&') return next == '#' || IsAlpha(next);
  return next == 'u' || next == 'U' || next == 'x' || (next >= '0' && next <= '7');
}

// Whether an escape begins at one of `bits`, of the block at `block`.
bool HasEscape(std::string_view text, std::size_t block, std::uint64_t bits) {
  for (; bits != 0; bits &= bits - 1) {
    const std::size_t at = block + static_cast<std::size_t>(std::countr_zero(bits));
    if (IsEscape(text, at)) return true;
  }
  return false;
}

// What begins and ends within this block and the one before. Classes that seldom matter are looked for where the others
// leave room for them.
class Looker {
 public:
  // `block` is text[at, at + kLookBlock), or that and line ends where the text is at its end.
  Reasons See(const char* block, const Classes& now, std::string_view text, std::size_t at) {
    Reasons reasons = 0;
    if (now.high != 0) reasons = reasons | Reason::kNotAscii;
    if (HasEscape(text, at, now.escape)) reasons = reasons | Reason::kEscaped;
    if (HasEncoded(EndsOfRuns(before_.encoded, now.encoded), block)) reasons = reasons | Reason::kEncoded;
    if (HasLeet(now, block)) reasons = reasons | Reason::kLeet;
    if (HasMorse(now, block)) reasons = reasons | Reason::kMorse;
    reasons |= SeeWords(now, block);
    before_ = now;
    return reasons;
  }

 private:
  // Digits and signs within a word that stand for letters.
  bool HasLeet(const Classes& now, const char* block) {
    const std::uint64_t other = (now.word & ~now.letter) | now.mark;
    std::uint64_t leet = other == 0 ? 0 : Find(block, [](Bytes bytes) {
      return (IsDigit(bytes) & (bytes != '2') & (bytes != '6') & (bytes != '9')) | (bytes == '$') | (bytes == '!');
    });
    std::swap(leet, leet_);
    return (Moved(before_.letter, now.letter, 2) & Moved(leet, leet_, 1) & now.letter) != 0;
  }

  // Some letters of Morse behind one another, wherever the blocks begin.
  bool HasMorse(const Classes& now, const char* block) {
    constexpr int kMostWord = 48;  // letters and digits, of a block that has some
    constexpr int kFewest = 2;     // spaces between strokes, of two blocks
    int gaps = 0;
    if (std::popcount(now.word) <= kMostWord) {
      const std::uint64_t strokes = Find(block, [](Bytes bytes) { return (bytes == '-') | (bytes == '.'); });
      const std::uint64_t spaces = Find(block, [](Bytes bytes) { return bytes == ' '; });
      gaps = std::popcount(spaces & (strokes << 1) & (strokes >> 1));
    }
    return std::exchange(morse_, gaps) + gaps >= kFewest;
  }

  // Words of one letter at equal distances; words of two hexadecimal digits; many that begin with 0x.
  Reasons SeeWords(const Classes& now, const char* block) {
    constexpr int kFewestPrefixes = 3;
    const std::uint64_t ends = Moved(before_.word, now.word, 1) & ~now.word;  // the place behind a word
    const std::uint64_t one = ends & ~Moved(before_.word, now.word, 2);
    const std::uint64_t two =
        ends & Moved(before_.word, now.word, 1) & Moved(before_.word, now.word, 2) & ~Moved(before_.word, now.word, 3);
    Reasons reasons = 0;
    for (unsigned distance = 2; one != 0 && distance <= 4; ++distance) {
      if ((one & Moved(one_, one, distance) & Moved(one_, one, 2 * distance)) != 0) reasons = reasons | Reason::kSpaced;
    }
    const std::uint64_t pairs = two & Moved(two_, two, 3) & Moved(two_, two, 6);
    if (pairs != 0 && HasHex(pairs, block)) reasons = reasons | Reason::kEncoded;
    const std::uint64_t prefixes = ((now.word & ~now.letter) << 1) & now.letter & ~(now.word << 2);
    const int count = std::popcount(prefixes);
    if (std::exchange(prefixes_, count) + count >= kFewestPrefixes) reasons = reasons | Reason::kEncoded;
    one_ = one;
    two_ = two;
    return reasons;
  }

  // Whether some of the words that end at `ends` and are in this block are hexadecimal digits.
  static bool HasHex(std::uint64_t ends, const char* block) {
    const std::uint64_t hex =
        Find(block, [](Bytes bytes) { return IsDigit(bytes) | ((bytes | 0x20) - 'a' <= 'f' - 'a'); });
    constexpr std::uint64_t kBegun = 3;  // before this block
    return (ends & ((hex << 1) | 1) & ((hex << 2) | kBegun)) != 0;
  }

  Classes before_;
  std::uint64_t leet_ = 0;
  std::uint64_t one_ = 0;
  std::uint64_t two_ = 0;
  int morse_ = 0;     // of the block before
  int prefixes_ = 0;  // of the block before
};

}  // namespace

Reasons Look(std::string_view text, std::vector<Reasons>& blocks) {
  constexpr std::size_t kAtOnce = 32;
  std::array<Classes, kAtOnce> classes;
  blocks.resize((text.size() + kLookBlock - 1) / kLookBlock);
  Looker looker;
  Reasons all = 0;
  std::size_t at = 0;
  while (text.size() - at >= kLookBlock) {
    const std::size_t count = std::min((text.size() - at) / kLookBlock, kAtOnce);
    Classify(text.data() + at, count, classes.data());
    for (std::size_t block = 0; block < count; ++block, at += kLookBlock) {
      all |= blocks[at / kLookBlock] = looker.See(text.data() + at, classes.at(block), text, at);
    }
  }
  if (at < text.size()) {
    std::array<char, kLookBlock> rest;
    rest.fill('\n');
    std::memcpy(rest.data(), text.data() + at, text.size() - at);
    Classify(rest.data(), 1, classes.data());
    all |= blocks[at / kLookBlock] = looker.See(rest.data(), classes.front(), text, at);
  }
  return all;
}

}  // namespace gatehouse::inspect::text
