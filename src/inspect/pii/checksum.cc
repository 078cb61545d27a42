#include "inspect/pii/checksum.h"

#include <algorithm>
#include <array>

namespace gatehouse::inspect::pii {

bool IsDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return IsDigit(c); });
}
bool IsDigits(std::string_view text, std::size_t size) { return text.size() == size && IsDigits(text); }
bool IsUpperLetters(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsUpper); }

int Base36(char c) {
  if (IsDigit(c)) return c - '0';
  return IsUpper(c) ? c - 'A' + 10 : -1;
}

bool IsListed(std::string_view list, std::string_view code) {
  const std::size_t at = list.find(code);
  return at != std::string_view::npos && at % (code.size() + 1) == 0;
}

int Number(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  for (const char c : text.substr(at, size)) value = value * 10 + DigitOf(c);
  return value;
}

int Remainder(std::string_view number, int modulus) {
  int value = 0;
  for (const char c : number) {
    const int digit = Base36(c);
    value = (value * (digit > 9 ? 100 : 10) + digit) % modulus;
  }
  return value;
}

int WeightedSum(std::string_view digits, std::span<const std::int8_t> weights) {
  int sum = 0;
  for (std::size_t i = 0; i < std::min(digits.size(), weights.size()); ++i) sum += DigitOf(digits[i]) * weights[i];
  return sum;
}

namespace {

template <int kBase, class Value>
bool LuhnOver(std::string_view text, Value value_of) {
  int sum = 0;
  int factor = 1;
  for (std::size_t i = text.size(); i-- > 0;) {
    const int product = value_of(text[i]) * factor;
    sum += product / kBase + product % kBase;
    factor = 3 - factor;
  }
  return !text.empty() && sum % kBase == 0;
}

}  // namespace

bool Luhn(std::string_view digits) { return LuhnOver<10>(digits, DigitOf); }
bool Luhn36(std::string_view text) { return LuhnOver<36>(text, Base36); }

bool Mod11And10(std::string_view digits) {
  int check = 5;
  for (const char c : digits) check = ((check == 0 ? 10 : check) * 2 % 11 + DigitOf(c)) % 10;
  return check == 1;
}

bool Verhoeff(std::string_view digits) {
  static constexpr std::array<std::string_view, 10> kProduct = {"0123456789", "1234067895", "2340178956", "3401289567",
                                                                "4012395678", "5987604321", "6598710432", "7659821043",
                                                                "8765932104", "9876543210"};
  static constexpr std::array<std::string_view, 8> kPermutation = {
      "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"};
  int check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char digit = digits[digits.size() - 1 - i];
    const char permuted = kPermutation[i % 8][static_cast<std::size_t>(DigitOf(digit))];
    check = DigitOf(kProduct[static_cast<std::size_t>(check)][static_cast<std::size_t>(DigitOf(permuted))]);
  }
  return !digits.empty() && check == 0;
}

bool IsDay(int year, int month, int day) {
  static constexpr std::array<std::int8_t, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  const bool leap_year = year % 4 == 0 && (year < 100 || year % 100 != 0 || year % 400 == 0);
  const int leap = month == 2 && leap_year ? 1 : 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + leap;
}

}  // namespace gatehouse::inspect::pii
