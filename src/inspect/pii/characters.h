#pragma once

#include <cstddef>
#include <string_view>

#include "base/ascii.h"
#include "inspect/pii/checksum.h"

// Classes of bytes, and where words begin and end. Bytes above 0x7F are taken for letters: of names, mostly.
namespace gatehouse::inspect::pii {

constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
constexpr bool IsAlnum(char c) { return IsDigit(c) || IsLetter(c); }
constexpr bool IsHigh(char c) { return static_cast<unsigned char>(c) > 0x7F; }
constexpr bool IsWordByte(char c) { return IsAlnum(c) || IsHigh(c); }
constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsHex(char c) { return IsDigit(c) || (base::ToLower(c) >= 'a' && base::ToLower(c) <= 'f'); }

// text[at], or a NUL where there is none.
inline char At(std::string_view text, std::size_t at) { return at < text.size() ? text[at] : '\0'; }
inline char Before(std::string_view text, std::size_t at) { return at > 0 ? text[at - 1] : '\0'; }

// Where the run of bytes of a class that begins at `at` ends, and where the one that ends at `at` begins.
template <class Class>
std::size_t SkipForward(std::string_view text, std::size_t at, Class is_in) {
  while (at < text.size() && is_in(text[at])) ++at;
  return at;
}
template <class Class>
std::size_t SkipBack(std::string_view text, std::size_t at, std::size_t first, Class is_in) {
  while (at > first && is_in(text[at - 1])) --at;
  return at;
}

// A capital of Latin script at `at`: ASCII, Latin-1 or Latin Extended-A.
inline bool IsCapitalAt(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  if (IsUpper(text[at])) return true;
  const auto lead = static_cast<unsigned char>(text[at]);
  const auto next = static_cast<unsigned char>(At(text, at + 1));
  if (lead == 0xC3) return next >= 0x80 && next <= 0x9E && next != 0x97;
  if (lead != 0xC4 && lead != 0xC5) return false;
  // Latin Extended-A has capitals and small letters in pairs; which of a pair is even changes twice.
  const unsigned point = ((lead & 0x1FU) << 6U) | (next & 0x3FU);
  const bool odd_capitals = (point >= 0x139 && point <= 0x148) || (point >= 0x179 && point <= 0x17E);
  return point == 0x178 || (point % 2 == 0) != odd_capitals;
}

}  // namespace gatehouse::inspect::pii
