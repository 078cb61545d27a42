#include "inspect/text/decode.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "inspect/byte_block.h"
#include "inspect/text/encoded_word.h"
#include "inspect/text/escape.h"

namespace gatehouse::inspect::text {

namespace {

enum class Class : std::uint8_t { kOther, kWord, kSign, kEscape };

constexpr std::array<Class, 256> Classes() {
  std::array<Class, 256> classes{};
  for (unsigned c = '0'; c <= '9'; ++c) classes[c] = Class::kWord;
  for (unsigned c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 0x20] = Class::kWord;
  for (const char c : std::string_view("+/-_")) classes[static_cast<unsigned char>(c)] = Class::kSign;
  for (const char c : std::string_view("%&\\=")) classes[static_cast<unsigned char>(c)] = Class::kEscape;
  return classes;
}
constexpr std::array<Class, 256> kClasses = Classes();

constexpr Class ClassOf(char c) { return kClasses[static_cast<unsigned char>(c)]; }
constexpr bool IsHex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
constexpr std::uint8_t HexValue(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// How far from a telling escape a plain one is read. Farther away nobody knows whether one will come.
constexpr std::size_t kPlainReach = 64;

class Decoder {
 public:
  Decoder(const MappedText& source, MappedText& result, std::size_t limit)
      : text_(source.text()), rewriting_(source, result, limit) {}

  Change Run() {
    for (std::size_t at = NextCandidate(0); at < text_.size() && !rewriting_.full();) {
      at = NextCandidate(ClassOf(text_[at]) == Class::kEscape ? ReadEscapeAt(at) : ReadWordAt(at));
    }
    if (change_ == Change::kSome) rewriting_.Keep(kept_, text_.size());
    return change_;
  }

 private:
  // The first place at or behind `at`, where a word begins if one goes on there, of an escape or of a word that may
  // stand for another: a long one, or one that begins with two hexadecimal digits and is no longer, or goes on with a
  // dash. The text's size where there is none.
  std::size_t NextCandidate(std::size_t at) const {
    constexpr std::size_t kAhead = 16;  // bytes behind a word's beginning that decide
    constexpr std::size_t kStep = ByteBlock::kSize - kAhead;
    std::uint64_t before = 0;
    for (; at < text_.size(); at += kStep) {
      const ByteBlock block(text_, at);
      const std::uint64_t word = block.Find([](auto b) { return ByteBlock::IsLetter(b) | ByteBlock::IsDigit(b); });
      const std::uint64_t sign = block.Find([](auto b) { return (b == '+') | (b == '/') | (b == '-') | (b == '_'); });
      const std::uint64_t found = (Escapes(block) | Words(block, word | sign, before)) & BitRange(0, kStep);
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
      before = (word | sign) >> (kStep - 1) & 1U;
    }
    return text_.size();
  }

  static std::uint64_t Escapes(const ByteBlock& block) {
    return block.Find([](auto b) { return (b - '%' <= '&' - '%') | (b == '\\') | (b == '='); });
  }

  // Where words begin that may stand for others.
  static std::uint64_t Words(const ByteBlock& block, std::uint64_t word, std::uint64_t before) {
    const std::uint64_t begins = word & ~(word << 1U | before);
    std::uint64_t longer = word & word >> 1U;  // by so many bytes: 1, 3, 7, 12
    longer &= longer >> 2U;
    longer &= longer >> 4U;
    longer &= longer >> 5U;
    static_assert(kShortestEncoded - 2 == 13);
    const std::uint64_t hex =
        block.Find([](auto b) { return ByteBlock::IsDigit(b) | ((b | 0x20) - 'a' <= 'f' - 'a'); });
    const std::uint64_t dash = block.Find([](auto b) { return b == '-'; });
    const std::uint64_t pair = hex & hex >> 1U & (~word >> 2U | dash >> 2U);
    const std::uint64_t zero = block.Find([](auto b) { return b == '0'; });
    const std::uint64_t prefixed = zero & block.Find([](auto b) { return b == 'x'; }) >> 1U;
    return begins & (longer | pair | prefixed);
  }

  void Put(std::size_t begin, std::size_t end, std::string_view bytes) {
    rewriting_.Keep(kept_, begin);
    rewriting_.Replace({.begin = begin, .end = end}, bytes);
    kept_ = end;
  }

  std::size_t ReadEscapeAt(std::size_t at) {
    const Escape escape = ReadEscape(text_.substr(at));
    if (escape.length == 0) return at + 1;
    const std::size_t end = at + escape.length;
    if (escape.kind == Escape::Kind::kTelling) {
      change_ = Change::kSome;
      plain_end_ = end + kPlainReach;
    } else if (at >= plain_end_ && !IsTellingBehind(end)) {
      return end;
    }
    Put(at, end, escape.bytes);
    return end;
  }

  // Whether a telling escape follows in the same word.
  bool IsTellingBehind(std::size_t at) {
    const std::size_t last = std::min(at + kPlainReach, text_.size());
    for (at = std::max(at, untold_end_); at < last && !IsSpace(text_[at]); ++at) {
      if (ClassOf(text_[at]) != Class::kEscape) continue;
      const Escape escape = ReadEscape(text_.substr(at));
      if (escape.length != 0 && escape.kind == Escape::Kind::kTelling) return true;
    }
    untold_end_ = at;
    return false;
  }

  std::size_t ReadWordAt(std::size_t at) {
    std::size_t end = at;
    while (end < text_.size() && (ClassOf(text_[end]) == Class::kWord || ClassOf(text_[end]) == Class::kSign)) ++end;
    const std::size_t pairs = ReadPairsAt(at, end);
    if (pairs != at) return pairs;
    if (end - at + 2 < kShortestEncoded) return end;
    std::size_t padded = end;
    while (padded < text_.size() && padded - end < 6 && text_[padded] == '=') ++padded;
    if (TryWord(at, padded)) return padded;
    return ReadParts(at, end);
  }

  bool TryWord(std::size_t begin, std::size_t end) {
    const auto decoded = DecodeWord(text_.substr(begin, end - begin), bytes_);
    if (!decoded) return false;
    const std::size_t last = begin + decoded->end;
    std::size_t at = begin + decoded->begin;
    // The characters left over in the end, and the padding, go with the bytes left over.
    for (std::size_t byte = 0; byte < bytes_.size(); byte += decoded->bytes) {
      const bool is_last = byte + decoded->bytes >= bytes_.size();
      const std::size_t next = is_last ? last : at + decoded->quantum;
      Put(byte == 0 ? begin : at, next, std::string_view(bytes_).substr(byte, decoded->bytes));
      at = next;
    }
    change_ = Change::kSome;
    return true;
  }

  // A path or a name with dashes may have an encoded part.
  std::size_t ReadParts(std::size_t begin, std::size_t end) {
    while (begin < end) {
      std::size_t stop = begin;
      while (stop < end && ClassOf(text_[stop]) == Class::kWord) ++stop;
      if (stop != begin && stop - begin + 2 >= kShortestEncoded && (stop - begin) != end - begin) TryWord(begin, stop);
      begin = stop + 1;
    }
    return end;
  }

  // Hexadecimal digits by pairs, each maybe with "0x" before it, with equal separators: where they end, or `at`.
  std::size_t ReadPairsAt(std::size_t at, std::size_t end) {
    constexpr std::size_t kFewest = 6;
    const std::size_t prefix = text_.substr(at).starts_with("0x") ? 2 : 0;
    const std::size_t length = prefix + 2;
    if (end - at != length && !(end - at > length && text_[at + length] == '-')) return at;
    std::string_view separator;
    bytes_.clear();
    std::size_t next = at;
    for (std::size_t stop = at;; next = stop + separator.size()) {
      if (!IsPair(next, prefix)) break;
      bytes_.push_back(static_cast<char>((HexValue(text_[next + prefix]) << 4) | HexValue(text_[next + prefix + 1])));
      stop = next + length;
      if (separator.empty()) {
        std::size_t behind = stop;
        while (behind < text_.size() && behind - stop < 2 && std::string_view(" ,:;-").contains(text_[behind]))
          ++behind;
        separator = text_.substr(stop, behind - stop);
        if (separator.empty()) break;
      }
      if (text_.substr(stop, separator.size()) != separator) break;
    }
    if (bytes_.size() < kFewest || !IsText(bytes_)) return at;
    const std::size_t step = length + separator.size();
    for (std::size_t pair = 0; pair < bytes_.size(); ++pair) {
      const std::size_t begin = at + (pair * step);
      Put(begin, std::min(begin + length, text_.size()), std::string_view(bytes_).substr(pair, 1));
      if (pair + 1 < bytes_.size()) kept_ = begin + step;  // the separator goes
    }
    change_ = Change::kSome;
    return kept_;
  }

  bool IsPair(std::size_t at, std::size_t prefix) const {
    if (prefix != 0 && !text_.substr(std::min(at, text_.size())).starts_with("0x")) return false;
    const std::size_t digits = at + prefix;
    if (digits + 2 > text_.size() || !IsHex(text_[digits]) || !IsHex(text_[digits + 1])) return false;
    return digits + 2 == text_.size() || ClassOf(text_[digits + 2]) != Class::kWord;
  }

  std::string_view text_;
  Rewriting rewriting_;
  std::size_t kept_ = 0;
  Change change_ = Change::kNone;
  std::size_t plain_end_ = 0;   // up to where plain escapes are read, for there was a telling one
  std::size_t untold_end_ = 0;  // up to where none was found that would be telling
  std::string bytes_;
};

}  // namespace

Change Decode(const MappedText& source, MappedText& result, std::size_t limit) {
  return Decoder(source, result, limit).Run();
}

}  // namespace gatehouse::inspect::text
