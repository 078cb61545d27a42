#include <algorithm>
#include <array>

#include "inspect/pii/checksum.h"
#include "inspect/pii/validators.h"

// The British Isles' kingdom, Scandinavia, central and eastern Europe.
namespace gatehouse::inspect::pii {
namespace {

bool IsOneOf(char c, std::string_view letters) { return letters.find(c) != std::string_view::npos; }

// Year of birth by the serial number, as the Norwegian register gives it; 0 where it gives none.
int NorwegianYear(int year, int serial) {
  if (serial < 500) return 1900 + year;
  if (serial < 750 && year >= 54) return 1800 + year;
  if (year < 40) return 2000 + year;
  return serial >= 900 ? 1900 + year : 0;
}

int DanishYear(int year, char serial) {
  if (serial >= '5' && serial <= '8' && year >= 58) return 1800 + year;
  const bool last_century = serial <= '3' || ((serial == '4' || serial == '9') && year >= 37);
  return (last_century ? 1900 : 2000) + year;
}

}  // namespace

bool IsUkNhs(std::string_view number) {
  static constexpr std::array<std::int8_t, 10> kWeights = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  return IsDigits(number, 10) && WeightedSum(number, kWeights) % 11 == 0;
}

bool IsUkNino(std::string_view number) {
  if ((number.size() != 8 && number.size() != 9) || !IsUpperLetters(number.substr(0, 2))) return false;
  if (IsOneOf(number[0], "DFIQUV") || IsOneOf(number[1], "DFIOQUV")) return false;
  if (IsListed("BG GB NK KN NT TN ZZ", number.substr(0, 2)) || !IsDigits(number.substr(2, 6))) return false;
  return number.size() == 8 || IsOneOf(number[8], "ABCD");
}

bool IsUkUtr(std::string_view number) {
  static constexpr std::array<std::int8_t, 9> kWeights = {6, 7, 8, 9, 10, 5, 4, 3, 2};
  return IsDigits(number, 10) && number[0] == "21987654321"[WeightedSum(number.substr(1), kWeights) % 11];
}

bool IsUkDrivingLicence(std::string_view number) {
  if (number.size() != 16 || !IsDigits(number.substr(5, 6))) return false;
  const std::size_t name = std::min<std::size_t>(number.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 5);
  if (name == 0 || number.substr(name, 5 - name).find_first_not_of('9') != std::string_view::npos) return false;
  const int month = Number(number, 6, 2);  // plus 50 for women
  if (!IsDay(DigitOf(number[5]) * 10 + DigitOf(number[10]), month > 50 ? month - 50 : month, Number(number, 8, 2))) {
    return false;
  }
  const bool initials = IsUpper(number[11]) && (IsUpper(number[12]) || number[12] == '9');
  return initials && Base36(number[13]) >= 0 && IsUpperLetters(number.substr(14));
}

bool IsSePersonnummer(std::string_view number) {
  if ((number.size() != 10 && number.size() != 12) || !IsDigits(number)) return false;
  const std::string_view short_form = number.substr(number.size() - 10);
  const int year = number.size() == 12 ? Number(number, 0, 4) : Number(number, 0, 2);
  return IsDay(year, Number(short_form, 2, 2), Number(short_form, 4, 2)) && Luhn(short_form);
}

bool IsFiHetu(std::string_view number) {
  if (number.size() != 11 || !IsDigits(number.substr(0, 6)) || !IsDigits(number.substr(7, 3))) return false;
  if (!IsOneOf(number[6], "+-UVWXYABCDEF")) return false;
  const int century = number[6] == '+' ? 1800 : IsOneOf(number[6], "ABCDEF") ? 2000 : 1900;
  const int serial = Number(number, 7, 3);
  if (!IsDay(century + Number(number, 4, 2), Number(number, 2, 2), Number(number, 0, 2))) return false;
  const int checked = Number(number, 0, 6) * 1000 + serial;
  return serial >= 2 && serial < 900 && number[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[checked % 31];
}

bool IsDkCpr(std::string_view number) {
  return IsDigits(number, 10) &&
         IsDay(DanishYear(Number(number, 4, 2), number[6]), Number(number, 2, 2), Number(number, 0, 2));
}

bool IsNoFodselsnummer(std::string_view number) {
  static constexpr std::array<std::int8_t, 10> kFirst = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
  static constexpr std::array<std::int8_t, 11> kSecond = {5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1};
  if (!IsDigits(number, 11)) return false;
  if (WeightedSum(number, kFirst) % 11 != 0 || WeightedSum(number, kSecond) % 11 != 0) return false;
  const int day = Number(number, 0, 2);
  const int month = Number(number, 2, 2);
  const int year = NorwegianYear(Number(number, 4, 2), Number(number, 6, 3));
  return year != 0 && day < 80 && IsDay(year, month > 40 ? month - 40 : month, day > 40 ? day - 40 : day);
}

bool IsPlPesel(std::string_view number) {
  static constexpr std::array<std::int8_t, 11> kWeights = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
  static constexpr std::array<std::int16_t, 5> kCenturies = {1900, 2000, 2100, 2200, 1800};
  if (!IsDigits(number, 11) || WeightedSum(number, kWeights) % 10 != 0) return false;
  const int month = Number(number, 2, 2);
  const int century = kCenturies[static_cast<std::size_t>(month / 20)];
  return IsDay(century + Number(number, 0, 2), month % 20, Number(number, 4, 2));
}

bool IsPlNip(std::string_view number) {
  static constexpr std::array<std::int8_t, 10> kWeights = {6, 5, 7, 2, 3, 4, 5, 6, 7, -1};
  return IsDigits(number, 10) && WeightedSum(number, kWeights) % 11 == 0;
}

bool IsHrOib(std::string_view number) { return IsDigits(number, 11) && Mod11And10(number); }

bool IsRoCnp(std::string_view number) {
  static constexpr std::array<std::int8_t, 12> kWeights = {2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9};
  static constexpr std::array<std::int16_t, 10> kCenturies = {0, 1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900, 1900};
  if (!IsDigits(number, 13) || number[0] == '0') return false;
  const int century = kCenturies[static_cast<std::size_t>(DigitOf(number[0]))];
  if (!IsDay(century + Number(number, 1, 2), Number(number, 3, 2), Number(number, 5, 2))) return false;
  const int check = WeightedSum(number, kWeights) % 11;
  return (check == 10 ? 1 : check) == DigitOf(number[12]);
}

bool IsGrAmka(std::string_view number) {
  return IsDigits(number, 11) && Luhn(number) &&
         IsDay(Number(number, 4, 2), Number(number, 2, 2), Number(number, 0, 2));
}

}  // namespace gatehouse::inspect::pii
