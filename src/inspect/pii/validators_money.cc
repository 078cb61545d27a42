#include <algorithm>
#include <array>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

// Cards, banks, securities, vehicles and telephones.
namespace gatehouse::inspect::pii {
namespace {

// Issuers by the first digits, each range with the lengths that its numbers have.
struct IssuerRange {
  int first;  // of as many digits as `digits` says
  int last;
  std::int8_t digits;
  std::int8_t shortest;
  std::int8_t longest;
};

constexpr auto kIssuers = std::to_array<IssuerRange>({
    {4, 4, 1, 13, 19},        // Visa: 13, 16 or 19
    {51, 55, 2, 16, 16},      // Mastercard
    {2221, 2720, 4, 16, 16},  // Mastercard
    {34, 34, 2, 15, 15},      // American Express
    {37, 37, 2, 15, 15},      // American Express
    {300, 305, 3, 14, 19},    // Diners Club
    {3095, 3095, 4, 14, 19},  // Diners Club
    {36, 36, 2, 14, 19},      // Diners Club
    {38, 39, 2, 14, 19},      // Diners Club
    {6011, 6011, 4, 16, 19},  // Discover
    {644, 649, 3, 16, 19},    // Discover
    {65, 65, 2, 16, 19},      // Discover, RuPay
    {3528, 3589, 4, 16, 19},  // JCB
    {1800, 1800, 4, 15, 15},  // JCB
    {2131, 2131, 4, 15, 15},  // JCB
    {62, 62, 2, 16, 19},      // UnionPay
    {81, 81, 2, 16, 19},      // UnionPay, RuPay
    {2200, 2204, 4, 16, 19},  // Mir
    {9792, 9792, 4, 16, 16},  // Troy
    {508, 508, 3, 16, 16},    // RuPay
    {60, 60, 2, 16, 16},      // RuPay
    {82, 82, 2, 16, 16},      // RuPay
    {50, 50, 2, 12, 19},      // Maestro
    {56, 58, 2, 12, 19},      // Maestro
    {6304, 6304, 4, 12, 19},  // Maestro
    {67, 67, 2, 12, 19},      // Maestro
    {639, 639, 3, 12, 19},    // Maestro
});

bool HasIssuer(std::string_view number) {
  const auto size = static_cast<int>(number.size());
  return std::ranges::any_of(kIssuers, [&](const IssuerRange& range) {
    const int prefix = Number(number, 0, static_cast<std::size_t>(range.digits));
    return prefix >= range.first && prefix <= range.last && size >= range.shortest && size <= range.longest;
  });
}

bool AllSame(std::string_view number) {
  return std::ranges::all_of(number, [&](char c) { return c == number.front(); });
}

// Codes of countries in numbers of mobile subscribers (ITU-T E.212): ranges, both ends in.
constexpr auto kMobileCountries = std::to_array<std::pair<std::int16_t, std::int16_t>>({
    {1, 1},     {202, 202}, {204, 204}, {206, 206}, {208, 208}, {212, 214}, {216, 216}, {218, 222}, {226, 226},
    {228, 228}, {230, 232}, {234, 235}, {238, 238}, {240, 240}, {242, 242}, {244, 244}, {246, 248}, {250, 250},
    {255, 255}, {257, 257}, {259, 260}, {262, 262}, {266, 266}, {268, 268}, {270, 270}, {272, 272}, {274, 274},
    {276, 276}, {278, 278}, {280, 280}, {282, 284}, {286, 286}, {288, 290}, {292, 295}, {297, 297}, {302, 302},
    {308, 308}, {310, 314}, {316, 316}, {330, 330}, {334, 334}, {338, 338}, {340, 340}, {342, 342}, {344, 344},
    {346, 346}, {348, 348}, {350, 350}, {352, 352}, {354, 354}, {356, 356}, {358, 358}, {360, 360}, {362, 366},
    {368, 368}, {370, 370}, {372, 372}, {374, 374}, {376, 376}, {400, 402}, {404, 405}, {410, 410}, {412, 422},
    {424, 429}, {432, 432}, {434, 434}, {436, 438}, {440, 441}, {450, 450}, {452, 452}, {454, 457}, {460, 460},
    {466, 467}, {470, 470}, {472, 472}, {502, 502}, {505, 505}, {510, 510}, {514, 515}, {520, 520}, {525, 525},
    {528, 528}, {530, 530}, {536, 537}, {539, 555}, {602, 643}, {645, 655}, {657, 659}, {702, 702}, {704, 704},
    {706, 706}, {708, 708}, {710, 710}, {712, 712}, {714, 714}, {716, 716}, {722, 722}, {724, 724}, {730, 730},
    {732, 732}, {734, 734}, {736, 736}, {738, 738}, {740, 740}, {742, 742}, {744, 744}, {746, 746}, {748, 748},
    {750, 750}, {901, 902}, {991, 991}, {995, 995}, {999, 999},
});

constexpr std::string_view kIsinPseudoCountries = "EU QS QT XA XB XC XD XF XK XS AN CS";

// Letters as ISO 3779 counts them; -1 for I, O and Q.
int VinValue(char c) {
  if (IsDigit(c)) return c - '0';
  static constexpr std::string_view kValues = "12345678.12345.7.923456789";
  const char value = IsUpper(c) ? kValues[static_cast<std::size_t>(c - 'A')] : '.';
  return value == '.' ? -1 : value - '0';
}

}  // namespace

bool IsCard(std::string_view number) {
  if (number.size() < 12 || number.size() > 19 || !IsDigits(number) || AllSame(number)) return false;
  const bool visa_length = number.size() == 13 || number.size() == 16 || number.size() == 19;
  return (number[0] != '4' || visa_length) && HasIssuer(number) && Luhn(number);
}

bool IsBic(std::string_view number) {
  if (number.size() != 8 && number.size() != 11) return false;
  return IsUpperLetters(number.substr(0, 6)) && IsCountry(number.substr(4, 2)) &&
         std::ranges::all_of(number.substr(6), [](char c) { return Base36(c) >= 0; });
}

bool IsIsin(std::string_view number) {
  if (number.size() != 12 || !IsUpperLetters(number.substr(0, 2)) || !IsDigit(number.back())) return false;
  const std::string_view country = number.substr(0, 2);
  if (!IsCountry(country) && !IsListed(kIsinPseudoCountries, country)) return false;
  std::array<char, 24> digits{};
  std::size_t size = 0;
  for (const char c : number) {
    const int value = Base36(c);
    if (value < 0) return false;
    if (value > 9) digits[size++] = static_cast<char>('0' + value / 10);
    digits[size++] = static_cast<char>('0' + value % 10);
  }
  return Luhn({digits.data(), size});
}

bool IsAbaRouting(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kWeights = {3, 7, 1, 3, 7, 1, 3, 7, 1};
  if (number.size() != 9 || !IsDigits(number)) return false;
  const int district = Number(number, 0, 2);
  const bool known =
      district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district == 80;
  return known && WeightedSum(number, kWeights) % 10 == 0;
}

bool IsVin(std::string_view number) {
  static constexpr std::array<std::int8_t, 17> kWeights = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  if (number.size() != 17) return false;
  int sum = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const int value = VinValue(number[i]);
    if (value < 0) return false;
    sum += value * kWeights[i];
  }
  return number[8] == "0123456789X"[sum % 11];
}

bool IsImei(std::string_view number) { return number.size() == 15 && IsDigits(number) && Luhn(number); }

bool IsImsi(std::string_view number) {
  if ((number.size() != 14 && number.size() != 15) || !IsDigits(number)) return false;
  const int country = Number(number, 0, 3);
  return std::ranges::any_of(
      kMobileCountries, [country](const auto& range) { return country >= range.first && country <= range.second; });
}

}  // namespace gatehouse::inspect::pii
