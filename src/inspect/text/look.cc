#include "inspect/text/look.h"

#include <array>
#include <bit>
#include <cstring>

namespace gatehouse::inspect::text {

namespace {

using Bytes = std::uint8_t __attribute__((ext_vector_type(16)));
using Flags = bool __attribute__((ext_vector_type(16)));
using Test = char __attribute__((ext_vector_type(16)));

// A bit for each byte of a block, the first byte's the lowest.
struct Classes {
  std::uint64_t high = 0;
  std::uint64_t letter = 0;
  std::uint64_t word = 0;     // letters and digits
  std::uint64_t hex = 0;      // digits, and letters that are digits in hexadecimal
  std::uint64_t encoded = 0;  // what base64 is made of, in both alphabets
  std::uint64_t escape = 0;   // % & and the backslash
  std::uint64_t leet = 0;     // what stands for a letter
  std::uint64_t stroke = 0;   // dot and dash
  std::uint64_t space = 0;
  std::uint64_t zero = 0;
  std::uint64_t x = 0;
};

std::uint64_t BitsOf(Test test) { return std::bit_cast<std::uint16_t>(__builtin_convertvector(test, Flags)); }

Bytes Load(const char* at) {
  Bytes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

Test Letters(Bytes bytes) { return (bytes | 0x20) - 'a' <= 'z' - 'a'; }

// Of prose there are letters to know alone; false where there is anything else than letters, spaces, commas and stops.
bool ClassifyProse(const char* block, Classes& all) {
  std::uint64_t plain = 0;
  for (unsigned at = 0; at < kLookBlock; at += sizeof(Bytes)) {
    const Bytes bytes = Load(block + at);
    const Test letter = Letters(bytes);
    all.letter |= BitsOf(letter) << at;
    plain |= BitsOf(letter | (bytes == ' ') | (bytes == ',') | (bytes == '.') | (bytes == '\n')) << at;
  }
  all.word = all.encoded = all.letter;
  return plain == ~std::uint64_t{0};
}

void Classify(Bytes bytes, unsigned shift, Classes& all) {
  const Test digit = bytes - '0' <= 9;
  const Test word = Letters(bytes) | digit;
  const Test dash = bytes == '-';
  const Test sign = dash | (bytes == '/') | (bytes == '+') | (bytes == '=') | (bytes == '_');
  const Test leet = (digit & (bytes != '2') & (bytes != '6') & (bytes != '9')) | (bytes == '$') | (bytes == '!');
  all.high |= BitsOf(bytes >= 0x80) << shift;
  all.word |= BitsOf(word) << shift;
  all.hex |= BitsOf(digit | ((bytes | 0x20) - 'a' <= 'f' - 'a')) << shift;
  all.encoded |= BitsOf(word | sign) << shift;
  all.escape |= BitsOf((bytes == '%') | (bytes == '&') | (bytes == '\\')) << shift;
  all.leet |= BitsOf(leet) << shift;
  all.stroke |= BitsOf(dash | (bytes == '.')) << shift;
  all.space |= BitsOf(bytes == ' ') << shift;
  all.zero |= BitsOf(bytes == '0') << shift;
  all.x |= BitsOf(bytes == 'x') << shift;
}

// Bits of this block, each moved `by` places on; those of the block before come in.
constexpr std::uint64_t Moved(std::uint64_t before, std::uint64_t now, unsigned by) {
  return (now << by) | (before >> (64 - by));
}

// Whether 16 bits in a row are set, the last of them in `now`.
bool HasRun(std::uint64_t before, std::uint64_t now) {
  for (unsigned length = 1; length < 16; length *= 2) {
    now &= Moved(before, now, length);
    before &= before << length;  // its own first ones are left out: they were looked at with the block before
  }
  return now != 0;
}

constexpr bool IsHex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
constexpr bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Whether what follows makes text[at] the beginning of an escape.
bool IsEscape(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return false;
  const char next = text[at + 1];
  if (text[at] == '%') return IsHex(next) && IsHex(text[at + 2]);
  if (text[at] == '&') return next == '#' || IsLetter(next);
  return next == 'u' || next == 'U' || next == 'x' || (next >= '0' && next <= '7');
}

bool HasEscape(std::string_view text, std::size_t block, std::uint64_t bits) {
  for (; bits != 0; bits &= bits - 1) {
    if (IsEscape(text, block + static_cast<std::size_t>(std::countr_zero(bits)))) return true;
  }
  return false;
}

// What begins and ends within this block and the one before.
class Looker {
 public:
  // `block` is text[at, at + kLookBlock), or that and line ends where the text is at its end.
  Reasons See(const char* block, std::string_view text, std::size_t at) {
    Classes now;
    Reasons reasons = 0;
    if (!ClassifyProse(block, now)) {
      for (unsigned part = 0; part < kLookBlock; part += sizeof(Bytes)) Classify(Load(block + part), part, now);
      reasons = SeeSigns(now, text, at);
    }
    if (HasRun(before_.encoded, now.encoded)) reasons = reasons | Reason::kEncoded;
    const std::uint64_t inner = Moved(before_.letter, now.letter, 2) & Moved(before_.leet, now.leet, 1) & now.letter;
    if (inner != 0) reasons = reasons | Reason::kLeet;
    reasons |= SeeWords(now);
    before_ = now;
    return reasons;
  }

 private:
  Reasons SeeSigns(const Classes& now, std::string_view text, std::size_t at) const {
    Reasons reasons = 0;
    if (now.high != 0) reasons = reasons | Reason::kNotAscii;
    if (now.escape != 0 && HasEscape(text, at, now.escape)) reasons = reasons | Reason::kEscaped;
    if (std::popcount((now.zero << 1) & now.x) >= 3) reasons = reasons | Reason::kEncoded;
    if (std::popcount(now.stroke) >= 6 && std::popcount(now.stroke & (now.space << 1)) >= 2) {
      reasons = reasons | Reason::kMorse;
    }
    return reasons;
  }

  // Words of one letter at equal distances, and of two.
  Reasons SeeWords(const Classes& now) {
    const std::uint64_t ends = Moved(before_.word, now.word, 1) & ~now.word;  // the place behind a word
    const std::uint64_t one = ends & ~Moved(before_.word, now.word, 2);
    const std::uint64_t two =
        ends & Moved(before_.hex, now.hex, 1) & Moved(before_.hex, now.hex, 2) & ~Moved(before_.word, now.word, 3);
    Reasons reasons = 0;
    for (unsigned distance = 2; one != 0 && distance <= 4; ++distance) {
      if ((one & Moved(one_, one, distance) & Moved(one_, one, 2 * distance)) != 0) reasons = reasons | Reason::kSpaced;
    }
    if ((two & Moved(two_, two, 3) & Moved(two_, two, 6)) != 0) reasons = reasons | Reason::kEncoded;
    one_ = one;
    two_ = two;
    return reasons;
  }

  Classes before_;
  std::uint64_t one_ = 0;
  std::uint64_t two_ = 0;
};

}  // namespace

Reasons Look(std::string_view text, std::vector<Reasons>& blocks) {
  blocks.resize((text.size() + kLookBlock - 1) / kLookBlock);
  Looker looker;
  Reasons all = 0;
  std::size_t at = 0;
  for (; at + kLookBlock <= text.size(); at += kLookBlock) {
    all |= blocks[at / kLookBlock] = looker.See(text.data() + at, text, at);
  }
  if (at < text.size()) {
    std::array<char, kLookBlock> rest;
    rest.fill('\n');
    std::memcpy(rest.data(), text.data() + at, text.size() - at);
    all |= blocks[at / kLookBlock] = looker.See(rest.data(), text, at);
  }
  return all;
}

}  // namespace gatehouse::inspect::text
