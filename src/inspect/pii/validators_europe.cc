#include <algorithm>
#include <array>
#include <string>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

// Western and southern Europe.
namespace gatehouse::inspect::pii {
namespace {

// The check letter of Spanish numbers of persons.
char SpanishLetter(int number) { return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]; }

// Digits of Italian codes, or the letters that stand for them where two people would have one code.
int OmocodiaDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const std::size_t at = std::string_view("LMNPQRSTUV").find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

int FiscalCodeSum(std::string_view code) {
  static constexpr std::array<std::int8_t, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                                       20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  int sum = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const int value = IsDigit(code[i]) ? code[i] - '0' : code[i] - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
  }
  return sum;
}

bool HasFiscalCodeForm(std::string_view code) {
  static constexpr std::string_view kForm = "LLLLLLDDLDDLDDDL";
  if (code.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (kForm[i] == 'L' ? !IsUpper(code[i]) : OmocodiaDigit(code[i]) < 0) return false;
  }
  return true;
}

}  // namespace

bool IsFrNir(std::string_view number) {
  if (number.size() != 15 || !IsDigits(number.substr(0, 5)) || !IsDigits(number.substr(7))) return false;
  if (std::string_view("123478").find(number[0]) == std::string_view::npos) return false;
  const int month = Number(number, 3, 2);
  if (month == 0 || (month > 12 && month < 20) || (month > 42 && month < 50)) return false;
  std::string digits(number.substr(0, 13));
  const std::string_view department = number.substr(5, 2);
  if (department == "2A" || department == "2B") {
    digits.replace(5, 2, department == "2A" ? "19" : "18");
  } else if (!IsDigits(department)) {
    return false;
  }
  return 97 - Remainder(digits, 97) == Number(number, 13, 2);
}

bool IsFrSiren(std::string_view number) { return IsDigits(number, 9) && Luhn(number); }

bool IsDeTaxId(std::string_view number) {
  if (!IsDigits(number, 11) || number[0] == '0') return false;
  std::array<int, 10> counts{};
  for (const char c : number.substr(0, 10)) ++counts[static_cast<std::size_t>(DigitOf(c))];
  const auto repeated = std::ranges::count_if(counts, [](int count) { return count > 1; });
  const int most = *std::ranges::max_element(counts);
  return repeated == 1 && most <= 3 && Mod11And10(number);
}

bool IsDeSocialSecurity(std::string_view number) {
  static constexpr std::array<std::int8_t, 12> kWeights = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
  if (number.size() != 12 || !IsDigits(number.substr(0, 8)) || !IsUpper(number[8]) || !IsDigits(number.substr(9))) {
    return false;
  }
  const int day = Number(number, 2, 2);
  if (!IsDay(Number(number, 6, 2), Number(number, 4, 2), day > 50 ? day - 50 : day)) return false;
  std::string digits(number.substr(0, 8));
  const int letter = number[8] - 'A' + 1;
  digits.append({static_cast<char>('0' + letter / 10), static_cast<char>('0' + letter % 10)});
  digits.append(number.substr(9, 2));
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int product = DigitOf(digits[i]) * kWeights[i];
    sum += product / 10 + product % 10;
  }
  return sum % 10 == DigitOf(number[11]);
}

bool IsDeIdCard(std::string_view number) {
  static constexpr std::string_view kAlphabet = "0123456789CFGHJKLMNPRTVWXYZ";
  if (number.size() != 10 || !IsUpper(number[0]) || !IsDigit(number[9])) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    if (kAlphabet.find(number[i]) == std::string_view::npos) return false;
    sum += Base36(number[i]) * "\7\3\1"[i % 3];
  }
  return sum % 10 == DigitOf(number[9]);
}

bool IsEsDni(std::string_view number) {
  return number.size() == 9 && IsDigits(number.substr(0, 8)) && number[8] == SpanishLetter(Number(number, 0, 8));
}

bool IsEsNie(std::string_view number) {
  if (number.size() != 9 || number[0] < 'X' || number[0] > 'Z' || !IsDigits(number.substr(1, 7))) return false;
  return number[8] == SpanishLetter((number[0] - 'X') * 10'000'000 + Number(number, 1, 7));
}

bool IsItFiscalCode(std::string_view number) {
  static constexpr std::string_view kMonths = "ABCDEHLMPRST";
  if (!HasFiscalCodeForm(number)) return false;
  const std::size_t month = kMonths.find(number[8]);
  if (month == std::string_view::npos) return false;
  const auto pair = [number](std::size_t at) { return OmocodiaDigit(number[at]) * 10 + OmocodiaDigit(number[at + 1]); };
  const int year = pair(6) < 20 ? 2000 + pair(6) : 1900 + pair(6);
  if (!IsDay(year, static_cast<int>(month) + 1, pair(9) % 40)) return false;
  return FiscalCodeSum(number.substr(0, 15)) % 26 == number[15] - 'A';
}

bool IsItVat(std::string_view number) {
  if (!IsDigits(number, 11) || Number(number, 0, 7) == 0) return false;
  const int office = Number(number, 7, 3);
  const bool known = (office >= 1 && office <= 100) || office == 120 || office == 121 || office == 888 || office == 999;
  return known && Luhn(number);
}

bool IsNlBsn(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kWeights = {9, 8, 7, 6, 5, 4, 3, 2, -1};
  return IsDigits(number, 9) && Number(number, 0, 9) > 0 && WeightedSum(number, kWeights) % 11 == 0;
}

bool IsBeNationalNumber(std::string_view number) {
  if (!IsDigits(number, 11) || number.find_first_not_of('0') == std::string_view::npos) return false;
  const int check = Number(number, 9, 2);
  // Those born from 2000 on have a 2 before the number that is checked.
  return 97 - Remainder(number.substr(0, 9), 97) == check ||
         97 - Remainder(std::string("2").append(number.substr(0, 9)), 97) == check;
}

bool IsPtNif(std::string_view number) {
  static constexpr std::array<std::int8_t, 8> kWeights = {9, 8, 7, 6, 5, 4, 3, 2};
  if (!IsDigits(number, 9) || number[0] == '0') return false;
  return (11 - WeightedSum(number, kWeights) % 11) % 11 % 10 == DigitOf(number[8]);
}

bool IsIePps(std::string_view number) {
  static constexpr std::string_view kLetters = "WABCDEFGHIJKLMNOPQRSTUV";
  static constexpr std::array<std::int8_t, 7> kWeights = {8, 7, 6, 5, 4, 3, 2};
  if ((number.size() != 8 && number.size() != 9) || !IsDigits(number.substr(0, 7))) return false;
  int sum = WeightedSum(number, kWeights);
  if (number.size() == 9) {
    if (std::string_view("AHWTX").find(number[8]) == std::string_view::npos) return false;
    if (number[8] == 'A' || number[8] == 'H') sum += 9 * static_cast<int>(kLetters.find(number[8]));
  }
  return number[7] == kLetters[static_cast<std::size_t>(sum % 23)];
}

bool IsAtSocialSecurity(std::string_view number) {
  static constexpr std::array<std::int8_t, 10> kWeights = {3, 7, 9, 0, 5, 8, 4, 2, 1, 6};
  return IsDigits(number, 10) && number[0] != '0' && WeightedSum(number, kWeights) % 11 == DigitOf(number[3]);
}

bool IsLuVat(std::string_view number) {
  return IsDigits(number, 8) && Number(number, 0, 6) % 89 == Number(number, 6, 2);
}

bool IsChAhv(std::string_view number) {
  static constexpr std::array<std::int8_t, 13> kWeights = {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1};
  return IsDigits(number, 13) && number.starts_with("756") && WeightedSum(number, kWeights) % 10 == 0;
}

}  // namespace gatehouse::inspect::pii
