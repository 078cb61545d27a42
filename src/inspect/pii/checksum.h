#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// The arithmetic of check digits. Every function takes ASCII digits unless it says otherwise; the empty text has no
// checksum that holds.
namespace gatehouse::inspect::pii {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
inline int DigitOf(char c) { return c - '0'; }

// All of `text`, which is not empty.
bool IsDigits(std::string_view text);
bool IsDigits(std::string_view text, std::size_t size);  // exactly so many
bool IsUpperLetters(std::string_view text);

// Digits as themselves, letters from A = 10. -1 for anything else.
int Base36(char c);

// Whether a list of codes with one space between them has this one; all of the list's codes are as long as it.
bool IsListed(std::string_view list, std::string_view code);

// The value of text[at, at + size), at most nine digits.
int Number(std::string_view text, std::size_t at, std::size_t size);

// The remainder of a number of any length; letters stand for two digits (A = 10), as ISO 7064 MOD 97-10 has them.
int Remainder(std::string_view number, int modulus);

// Sum of digit times weight over as many as there are weights.
int WeightedSum(std::string_view digits, std::span<const std::int8_t> weights);

// ISO/IEC 7812-1 annex B.
bool Luhn(std::string_view digits);
// The same over an alphabet of 36: digits and upper-case letters.
bool Luhn36(std::string_view text);
// ISO 7064 MOD 11,10.
bool Mod11And10(std::string_view digits);
// Verhoeff's check over the dihedral group of ten.
bool Verhoeff(std::string_view digits);

// Whether there is such a day. Of a year below 100, whose century is not known, every fourth is a leap year.
bool IsDay(int year, int month, int day);

}  // namespace gatehouse::inspect::pii
