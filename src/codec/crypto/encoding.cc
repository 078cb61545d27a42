#include "codec/crypto/encoding.h"

#include <array>
#include <cstddef>

namespace gatehouse::codec::crypto {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kForeign = 0xFF;

using Table = std::array<std::uint8_t, 256>;

constexpr Table Invert(std::string_view alphabet) {
  Table table;
  table.fill(kForeign);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr Table kStandardValues = Invert(kStandardAlphabet);
constexpr Table kUrlValues = Invert(kUrlAlphabet);

std::uint32_t Byte(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

std::uint8_t HexValue(char c) {
  const char lower = static_cast<char>(c | 0x20);
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return kForeign;
}

// The last one or two bytes of what is encoded.
void EncodeTail(std::string_view tail, std::string_view alphabet, Base64 form, std::string& out) {
  const std::uint32_t bits = (Byte(tail, 0) << 16) | (tail.size() == 2 ? Byte(tail, 1) << 8 : 0);
  out += alphabet[bits >> 18];
  out += alphabet[(bits >> 12) & 63];
  if (tail.size() == 2) out += alphabet[(bits >> 6) & 63];
  if (form == Base64::kStandard) out.append(3 - tail.size(), '=');
}

// The last two or three characters without padding. The bits they do not need must be zero.
bool DecodeTail(std::string_view tail, const Table& values, std::string& out) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const std::uint8_t value = values[Byte(tail, i)];
    if (value == kForeign) return false;
    bits |= static_cast<std::uint32_t>(value) << (18 - 6 * i);
  }
  out += static_cast<char>(bits >> 16);
  if (tail.size() == 2) return (bits & 0xFFFF) == 0;
  out += static_cast<char>((bits >> 8) & 0xFF);
  return (bits & 0xFF) == 0;
}

}  // namespace

std::string HexEncode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out += kHex[Byte(bytes, i) >> 4];
    out += kHex[Byte(bytes, i) & 0xF];
  }
  return out;
}

std::optional<std::string> HexDecode(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const std::uint8_t high = HexValue(hex[i]);
    const std::uint8_t low = HexValue(hex[i + 1]);
    if (high == kForeign || low == kForeign) return std::nullopt;
    out += static_cast<char>((high << 4) | low);
  }
  return out;
}

std::string Base64Encode(std::string_view bytes, Base64 form) {
  const std::string_view alphabet = form == Base64::kStandard ? kStandardAlphabet : kUrlAlphabet;
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = (Byte(bytes, i) << 16) | (Byte(bytes, i + 1) << 8) | Byte(bytes, i + 2);
    out += alphabet[bits >> 18];
    out += alphabet[(bits >> 12) & 63];
    out += alphabet[(bits >> 6) & 63];
    out += alphabet[bits & 63];
  }
  if (i < bytes.size()) EncodeTail(bytes.substr(i), alphabet, form, out);
  return out;
}

std::optional<std::string> Base64Decode(std::string_view text, Base64 form) {
  const Table& values = form == Base64::kStandard ? kStandardValues : kUrlValues;
  if (form == Base64::kStandard) {
    if (text.size() % 4 != 0) return std::nullopt;
    if (text.ends_with("==")) {
      text.remove_suffix(2);
    } else if (text.ends_with('=')) {
      text.remove_suffix(1);
    }
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = values[Byte(text, i)];
    const std::uint32_t b = values[Byte(text, i + 1)];
    const std::uint32_t c = values[Byte(text, i + 2)];
    const std::uint32_t d = values[Byte(text, i + 3)];
    if (((a | b | c | d) & 0x80) != 0) return std::nullopt;
    const std::uint32_t bits = (a << 18) | (b << 12) | (c << 6) | d;
    out += static_cast<char>(bits >> 16);
    out += static_cast<char>((bits >> 8) & 0xFF);
    out += static_cast<char>(bits & 0xFF);
  }
  if (i < text.size() && !DecodeTail(text.substr(i), values, out)) return std::nullopt;
  return out;
}

}  // namespace gatehouse::codec::crypto
