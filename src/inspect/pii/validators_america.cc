#include <array>
#include <string>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

// The United States, Canada, Latin America.
namespace gatehouse::inspect::pii {
namespace {

// Prefixes of employers' numbers that the Internal Revenue Service has given out.
constexpr std::string_view kEinPrefixes =
    "01 02 03 04 05 06 10 11 12 13 14 15 16 20 21 22 23 24 25 26 27 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 "
    "47 48 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 71 72 73 74 75 76 77 80 81 82 83 84 85 86 87 88 90 "
    "91 92 93 94 95 98 99";

// Letters that Medicare's numbers have: all but S, L, O, I, B, Z.
bool IsMbiLetter(char c) { return IsUpper(c) && std::string_view("SLOIBZ").find(c) == std::string_view::npos; }

constexpr std::string_view kMexicanStates =
    "AS BC BS CC CH CL CM CS DF DG GR GT HG JC MC MN MS NE NL NT OC PL QR QT SL SP SR TC TL TS VZ YN ZS";

// Two check digits, each by modulus 11 over what stands before; weights count down from `first` and start again at 9.
bool BrazilianChecks(std::string_view number, std::span<const std::int8_t> weights) {
  const std::size_t size = number.size() - 2;
  const auto digit = [](int sum) { return (11 - sum % 11) % 11 % 10; };
  const int first = digit(WeightedSum(number.substr(0, size), weights.subspan(1)));
  const int second = digit(WeightedSum(number.substr(0, size + 1), weights));
  return first == DigitOf(number[size]) && second == DigitOf(number[size + 1]);
}

}  // namespace

bool IsUsSsn(std::string_view number) {
  if (!IsDigits(number, 9)) return false;
  const int area = Number(number, 0, 3);
  if (area == 0 || area == 666 || area >= 900 || Number(number, 3, 2) == 0 || Number(number, 5, 4) == 0) return false;
  // Numbers that were printed in advertisements and examples, and what is typed for want of one.
  if (number == "078051120" || number == "457555462" || number == "219099999" || number == "123456789") return false;
  return number.find_first_not_of(number[0]) != std::string_view::npos;
}

bool IsUsItin(std::string_view number) {
  if (!IsDigits(number, 9) || number[0] != '9') return false;
  const int group = Number(number, 3, 2);
  return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
}

bool IsUsAtin(std::string_view number) {
  return IsDigits(number, 9) && number[0] == '9' && number.substr(3, 2) == "93";
}

bool IsUsEin(std::string_view number) { return IsDigits(number, 9) && IsListed(kEinPrefixes, number.substr(0, 2)); }

bool IsUsNpi(std::string_view number) {
  if (number.size() != 10 || !IsDigits(number) || (number[0] != '1' && number[0] != '2')) return false;
  return Luhn(std::string("80840").append(number));
}

bool IsUsDea(std::string_view number) {
  static constexpr std::array<std::int8_t, 6> kWeights = {1, 2, 1, 2, 1, 2};
  if (number.size() != 9 || !IsDigits(number.substr(2))) return false;
  const bool letters = std::string_view("ABCDEFGHJKLMPRSTUX").find(number[0]) != std::string_view::npos &&
                       (IsUpper(number[1]) || number[1] == '9');
  return letters && WeightedSum(number.substr(2, 6), kWeights) % 10 == DigitOf(number[8]);
}

bool IsUsMbi(std::string_view number) {
  static constexpr std::string_view kForm = "9AX9AX9AA99";  // 9 digit, A letter, X either
  if (number.size() != kForm.size() || number[0] == '0') return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = kForm[i] != 'A' && IsDigit(number[i]);
    const bool letter = kForm[i] != '9' && IsMbiLetter(number[i]);
    if (!digit && !letter) return false;
  }
  return true;
}

bool IsCaSin(std::string_view number) { return IsDigits(number, 9) && number[0] != '8' && Luhn(number); }

bool IsBrCpf(std::string_view number) {
  static constexpr std::array<std::int8_t, 10> kWeights = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
  return number.size() == 11 && IsDigits(number) && number.find_first_not_of('0') != std::string_view::npos &&
         BrazilianChecks(number, kWeights);
}

bool IsBrCnpj(std::string_view number) {
  static constexpr std::array<std::int8_t, 13> kWeights = {6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2};
  return number.size() == 14 && IsDigits(number) && number.find_first_not_of('0') != std::string_view::npos &&
         BrazilianChecks(number, kWeights);
}

bool IsMxCurp(std::string_view number) {
  static constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ";
  if (number.size() != 18 || !IsUpperLetters(number.substr(0, 4)) || !IsDigits(number.substr(4, 6)) ||
      !IsUpperLetters(number.substr(10, 6)) || Base36(number[16]) < 0 || !IsDigit(number[17])) {
    return false;
  }
  if (!IsListed(kMexicanStates, number.substr(11, 2)) || (number[10] != 'H' && number[10] != 'M')) return false;
  const int century = IsDigit(number[16]) ? 1900 : 2000;
  if (!IsDay(century + Number(number, 4, 2), Number(number, 6, 2), Number(number, 8, 2))) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    sum += static_cast<int>(kAlphabet.find(number[i])) * (18 - static_cast<int>(i));
  }
  return (10 - sum % 10) % 10 == DigitOf(number[17]);
}

bool IsClRut(std::string_view number) {
  if ((number.size() != 8 && number.size() != 9) || !IsDigits(number.substr(0, number.size() - 1))) return false;
  int sum = 0;
  int weight = 2;
  for (std::size_t i = number.size() - 1; i-- > 0;) {
    sum += DigitOf(number[i]) * weight;
    weight = weight == 7 ? 2 : weight + 1;
  }
  return number.back() == "0K987654321"[sum % 11];
}

bool IsArCuit(std::string_view number) {
  static constexpr std::string_view kTypes = "20 23 24 27 30 33 34 50 51 55";
  static constexpr std::array<std::int8_t, 10> kWeights = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
  if (number.size() != 11 || !IsDigits(number) || !IsListed(kTypes, number.substr(0, 2))) return false;
  return number[10] == "09987654321"[WeightedSum(number.substr(0, 10), kWeights) % 11];
}

}  // namespace gatehouse::inspect::pii
