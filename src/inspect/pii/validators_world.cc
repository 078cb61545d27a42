#include <algorithm>
#include <array>
#include <string>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

// Asia, Africa and Oceania.
namespace gatehouse::inspect::pii {
namespace {

constexpr std::string_view kChineseProvinces =
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91";

}  // namespace

bool IsInAadhaar(std::string_view number) {
  if (!IsDigits(number, 12) || number[0] < '2' || !Verhoeff(number)) return false;
  return !std::equal(number.begin(), number.end(), number.rbegin());
}

bool IsInPan(std::string_view number) {
  static constexpr std::string_view kHolders = "ABCFGHLJPTK";
  return number.size() == 10 && IsUpperLetters(number.substr(0, 5)) && IsDigits(number.substr(5, 4)) &&
         IsUpper(number[9]) && kHolders.find(number[3]) != std::string_view::npos && number.substr(5, 4) != "0000";
}

bool IsInGstin(std::string_view number) {
  if (number.size() != 15 || !IsDigits(number.substr(0, 2)) || !IsInPan(number.substr(2, 10))) return false;
  const int state = Number(number, 0, 2);
  return state >= 1 && state <= 37 && Base36(number[12]) > 0 && number[13] == 'Z' && Base36(number[14]) >= 0 &&
         Luhn36(number);
}

bool IsInVoter(std::string_view number) {
  return number.size() == 10 && IsUpperLetters(number.substr(0, 3)) && IsDigits(number.substr(3)) &&
         Luhn(number.substr(3));
}

bool IsAuTfn(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kWeights = {1, 4, 3, 7, 5, 8, 6, 9, 10};
  return (IsDigits(number, 8) || IsDigits(number, 9)) && WeightedSum(number, kWeights) % 11 == 0;
}

bool IsAuAbn(std::string_view number) {
  static constexpr std::array<std::int8_t, 11> kWeights = {10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19};
  return IsDigits(number, 11) && number[0] != '0' && (WeightedSum(number, kWeights) - 10) % 89 == 0;
}

bool IsAuAcn(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kWeights = {8, 7, 6, 5, 4, 3, 2, 1, 1};
  return IsDigits(number, 9) && WeightedSum(number, kWeights) % 10 == 0;
}

bool IsAuMedicare(std::string_view number) {
  static constexpr std::array<std::int8_t, 8> kWeights = {1, 3, 7, 9, 1, 3, 7, 9};
  if (!IsDigits(number, 10) && !IsDigits(number, 11)) return false;
  return number[0] >= '2' && number[0] <= '6' && WeightedSum(number, kWeights) % 10 == DigitOf(number[8]);
}

bool IsCnResidentId(std::string_view number) {
  static constexpr std::array<std::int8_t, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  if (number.size() != 18 || !IsDigits(number.substr(0, 17))) return false;
  if (!IsListed(kChineseProvinces, number.substr(0, 2))) return false;
  if (!IsDay(Number(number, 6, 4), Number(number, 10, 2), Number(number, 12, 2))) return false;
  return number[17] == "10X98765432"[WeightedSum(number, kWeights) % 11];
}

bool IsKrRrn(std::string_view number) {
  static constexpr std::array<std::int8_t, 12> kWeights = {2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5};
  static constexpr std::array<std::int16_t, 10> kCenturies = {1800, 1900, 1900, 2000, 2000,
                                                              1900, 1900, 2000, 2000, 1800};
  if (!IsDigits(number, 13) || Number(number, 7, 2) > 96) return false;
  const int century = kCenturies[static_cast<std::size_t>(DigitOf(number[6]))];
  if (!IsDay(century + Number(number, 0, 2), Number(number, 2, 2), Number(number, 4, 2))) return false;
  return (11 - WeightedSum(number, kWeights) % 11) % 10 == DigitOf(number[12]);
}

bool IsJpCorporateNumber(std::string_view number) {
  static constexpr std::array<std::int8_t, 12> kWeights = {2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1};
  return IsDigits(number, 13) && 9 - WeightedSum(number.substr(1), kWeights) % 9 == DigitOf(number[0]);
}

bool IsTrNationalId(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kFirst = {3, 1, 3, 1, 3, 1, 3, 1, 3};
  static constexpr std::array<std::int8_t, 10> kSecond = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  if (!IsDigits(number, 11) || number[0] == '0') return false;
  return (10 - WeightedSum(number, kFirst) % 10) % 10 == DigitOf(number[9]) &&
         WeightedSum(number, kSecond) % 10 == DigitOf(number[10]);
}

bool IsIlId(std::string_view number) {
  return !number.empty() && number.size() <= 9 && IsDigits(number) && Number(number, 0, 9) > 0 && Luhn(number);
}

bool IsZaId(std::string_view number) {
  return IsDigits(number, 13) && IsDay(Number(number, 0, 2), Number(number, 2, 2), Number(number, 4, 2)) &&
         number[10] <= '1' && Luhn(number);
}

bool IsNzIrd(std::string_view number) {
  static constexpr std::array<std::int8_t, 8> kFirst = {3, 2, 7, 6, 5, 4, 3, 2};
  static constexpr std::array<std::int8_t, 8> kSecond = {7, 4, 3, 2, 5, 2, 7, 6};
  if (!IsDigits(number, 8) && !IsDigits(number, 9)) return false;
  if (Number(number, 0, 9) <= 10'000'000 || Number(number, 0, 9) >= 150'000'000) return false;
  const std::string padded = std::string(9 - number.size(), '0').append(number);
  int check = (11 - WeightedSum(padded, kFirst) % 11) % 11;
  if (check == 10) check = (11 - WeightedSum(padded, kSecond) % 11) % 11;
  return check == DigitOf(padded[8]);
}

}  // namespace gatehouse::inspect::pii
