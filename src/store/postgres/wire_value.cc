#include "store/postgres/wire_value.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace gatehouse::store::postgres {
namespace {

// OIDs of built-in types: https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat
constexpr unsigned kBool = 16;
constexpr unsigned kBytea = 17;
constexpr unsigned kInt8 = 20;
constexpr unsigned kInt2 = 21;
constexpr unsigned kInt4 = 23;
constexpr unsigned kText = 25;
constexpr unsigned kFloat4 = 700;
constexpr unsigned kFloat8 = 701;
constexpr unsigned kNumeric = 1700;

constexpr int kAsText = 0;
constexpr int kAsBytes = 1;

template <class Number>
std::string TextOf(Number number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

template <class Number>
Number NumberOf(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

int Nibble(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

// "\x" and two lower-case digits a byte: bytea_output of every server since 9.0.
Blob BytesOf(std::string_view text) {
  Blob blob;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2) {
    blob.bytes.push_back(static_cast<char>(Nibble(text[i]) * 16 + Nibble(text[i + 1])));
  }
  return blob;
}

// The sum of BIGINTs is a NUMERIC.
Value NumericOf(std::string_view text) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error == std::errc() && end == text.data() + text.size()) return whole;
  return NumberOf<double>(text);
}

}  // namespace

Arguments::Arguments(const std::vector<Value>& values) {
  numbers_.reserve(values.size());
  const auto add = [this](unsigned type, const char* text, std::size_t length, int format) {
    types_.push_back(type);
    texts_.push_back(text);
    lengths_.push_back(static_cast<int>(length));
    formats_.push_back(format);
  };
  for (const Value& value : values) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      add(kInt8, numbers_.emplace_back(TextOf(*integer)).c_str(), 0, kAsText);
    } else if (const auto* number = std::get_if<double>(&value)) {
      add(kFloat8, numbers_.emplace_back(TextOf(*number)).c_str(), 0, kAsText);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      add(kText, text->data(), text->size(), kAsBytes);
    } else if (const auto* blob = std::get_if<Blob>(&value)) {
      add(kBytea, blob->bytes.data(), blob->bytes.size(), kAsBytes);
    } else {
      add(0, nullptr, 0, kAsText);
    }
  }
}

Value ColumnValue(std::string_view text, unsigned type) {
  switch (type) {
    case kBool: return std::int64_t{text == "t"};
    case kInt2:
    case kInt4:
    case kInt8: return NumberOf<std::int64_t>(text);
    case kFloat4:
    case kFloat8: return NumberOf<double>(text);
    case kNumeric: return NumericOf(text);
    case kBytea: return BytesOf(text);
    default: return std::string(text);
  }
}

}  // namespace gatehouse::store::postgres
