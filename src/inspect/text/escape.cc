#include "inspect/text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/ascii.h"
#include "codec/text/utf8.h"

namespace gatehouse::inspect::text {

namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;

// The number that `text` begins with, of at least `fewest` and at most `most` digits.
struct Number {
  std::size_t digits = 0;
  std::uint32_t value = 0;
};

Number ReadNumber(std::string_view text, int base, std::size_t fewest, std::size_t most) {
  Number number;
  const char* const end = text.data() + std::min(most, text.size());
  const auto [stop, error] = std::from_chars(text.data(), end, number.value, base);
  const auto digits = static_cast<std::size_t>(stop - text.data());
  if (error != std::errc{} || digits < fewest) return {};
  number.digits = digits;
  return number;
}

Escape Character(std::uint32_t value, std::size_t length) {
  if (value == 0 || value > kLastCodePoint || (value >= 0xD800 && value <= 0xDFFF)) return {};
  Escape escape{.length = length, .bytes = {}};
  codec::text::AppendCodePoint(escape.bytes, value);
  return escape;
}

// A byte of a text in UTF-8, of which the others are escaped too.
Escape Byte(std::uint32_t value, std::size_t length) {
  const auto byte = static_cast<char>(value);
  const bool control = value < ' ' && byte != '\n' && byte != '\t' && byte != '\r';
  return {.length = length, .bytes = std::string(1, control ? ' ' : byte)};
}

struct Named {
  std::string_view name;
  char character;
};
constexpr auto kNamed = std::to_array<Named>({
    {"amp", '&'},    {"lt", '<'},       {"gt", '>'},     {"quot", '"'},   {"apos", '\''},  {"nbsp", ' '},
    {"Tab", '\t'},   {"NewLine", '\n'}, {"excl", '!'},   {"num", '#'},    {"dollar", '$'}, {"percnt", '%'},
    {"lpar", '('},   {"rpar", ')'},     {"ast", '*'},    {"plus", '+'},   {"comma", ','},  {"period", '.'},
    {"sol", '/'},    {"colon", ':'},    {"semi", ';'},   {"equals", '='}, {"quest", '?'},  {"commat", '@'},
    {"lsqb", '['},   {"lbrack", '['},   {"bsol", '\\'},  {"rsqb", ']'},   {"rbrack", ']'}, {"Hat", '^'},
    {"lowbar", '_'}, {"grave", '`'},    {"lcub", '{'},   {"lbrace", '{'}, {"verbar", '|'}, {"vert", '|'},
    {"rcub", '}'},   {"rbrace", '}'},   {"hyphen", '-'}, {"dash", '-'},   {"shy", '\0'},   {"zwnj", '\0'},
    {"zwj", '\0'},   {"lrm", '\0'},     {"rlm", '\0'},
});
constexpr std::size_t kLongestName = 8;

Escape Entity(std::string_view text) {
  if (text.starts_with("&#")) {
    const bool hex = text.size() > 2 && base::ToLower(text[2]) == 'x';
    const std::size_t begin = hex ? 3 : 2;
    const Number number = ReadNumber(text.substr(begin), hex ? 16 : 10, 1, 7);
    if (number.digits == 0) return {};
    const std::size_t end = begin + number.digits;
    return Character(number.value, end + (text.substr(end).starts_with(';') ? 1 : 0));
  }
  const std::size_t end = text.substr(0, kLongestName + 2).find(';');
  if (end == std::string_view::npos) return {};
  const auto* const named = std::ranges::find(kNamed, text.substr(1, end - 1), &Named::name);
  if (named == kNamed.end()) return {};
  return {.length = end + 1, .bytes = named->character == '\0' ? "" : std::string(1, named->character)};
}

// The second half of a character above U+FFFF, as JSON writes it.
Escape Unit(std::string_view text, std::uint32_t unit) {
  constexpr std::size_t kLength = 6;
  if (unit < 0xD800 || unit > 0xDBFF) return Character(unit, kLength);
  if (text.size() < 2 * kLength || text[kLength] != '\\' || text[kLength + 1] != 'u') return {};
  const Number low = ReadNumber(text.substr(kLength + 2), 16, 4, 4);
  if (low.digits == 0 || low.value < 0xDC00 || low.value > 0xDFFF) return {};
  return Character(0x10000 + ((unit - 0xD800) << 10) + (low.value - 0xDC00), 2 * kLength);
}

Escape Backslash(std::string_view text) {
  const char kind = text[1];
  if (kind == 'n' || kind == 'r' || kind == 't' || kind == '"' || kind == '/') {
    const char meant = kind == 'n' || kind == 'r' ? '\n' : (kind == 't' ? '\t' : kind);
    return {.length = 2, .bytes = std::string(1, meant), .kind = Escape::Kind::kPlain};
  }
  const std::string_view digits = text.substr(2);
  if (kind == 'u' && digits.starts_with('{')) {
    const Number number = ReadNumber(digits.substr(1), 16, 1, 6);
    const std::size_t end = 3 + number.digits;
    if (number.digits == 0 || !text.substr(end).starts_with('}')) return {};
    return Character(number.value, end + 1);
  }
  if (kind == 'u') {
    const Number number = ReadNumber(digits, 16, 4, 4);
    return number.digits == 0 ? Escape{} : Unit(text, number.value);
  }
  if (kind == 'U') {
    const Number number = ReadNumber(digits, 16, 8, 8);
    return number.digits == 0 ? Escape{} : Character(number.value, 10);
  }
  if (kind == 'x') {
    const Number number = ReadNumber(digits, 16, 2, 2);
    return number.digits == 0 ? Escape{} : Byte(number.value, 4);
  }
  const Number octal = ReadNumber(text.substr(1), 8, 3, 3);
  return octal.digits == 0 || octal.value > 0xFF ? Escape{} : Byte(octal.value, 4);
}

// Several in a row: an equals sign alone is before a number often enough.
Escape QuotedPrintable(std::string_view text) {
  constexpr std::size_t kLength = 3;
  const Number first = ReadNumber(text.substr(1), 16, 2, 2);
  if (first.digits == 0 || text.size() < 2 * kLength || text[kLength] != '=') return {};
  const Number second = ReadNumber(text.substr(kLength + 1), 16, 2, 2);
  if (second.digits == 0) return {};
  const std::array<char, 2> bytes = {static_cast<char>(first.value), static_cast<char>(second.value)};
  return {.length = 2 * kLength, .bytes = std::string(bytes.data(), bytes.size())};
}

}  // namespace

Escape ReadEscape(std::string_view text) {
  if (text.size() < 2) return {};
  switch (text[0]) {
    case '%': {
      const Number number = ReadNumber(text.substr(1), 16, 2, 2);
      return number.digits == 0 ? Escape{} : Byte(number.value, 3);
    }
    case '&': return Entity(text);
    case '\\': return Backslash(text);
    case '=': return QuotedPrintable(text);
    default: return {};
  }
}

}  // namespace gatehouse::inspect::text
