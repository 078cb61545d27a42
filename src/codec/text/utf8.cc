#include "codec/text/utf8.h"

#include <array>
#include <cstring>

namespace gatehouse::codec::text {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

struct Lead {
  std::uint8_t length;  // 0: no sequence starts with this byte
  unsigned char second_min;
  unsigned char second_max;
  std::uint8_t payload_mask;
};

// Table 3-7 of the Unicode standard: the range of the second byte excludes overlong forms and surrogates.
Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0, 0x7F};
  if (byte < 0xC2) return {0, 0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF, 0x1F};
  if (byte == 0xE0) return {3, 0xA0, 0xBF, 0x0F};
  if (byte == 0xED) return {3, 0x80, 0x9F, 0x0F};
  if (byte < 0xF0) return {3, 0x80, 0xBF, 0x0F};
  if (byte == 0xF0) return {4, 0x90, 0xBF, 0x07};
  if (byte < 0xF4) return {4, 0x80, 0xBF, 0x07};
  if (byte == 0xF4) return {4, 0x80, 0x8F, 0x07};
  return {0, 0, 0, 0};
}

}  // namespace

CodePoint DecodeAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const Lead lead = LeadOf(byte(0));
  if (lead.length == 0 || text.size() - at < lead.length) return {};
  char32_t value = byte(0) & lead.payload_mask;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const bool fits = i == 1 ? byte(1) >= lead.second_min && byte(1) <= lead.second_max : IsContinuation(byte(i));
    if (!fits) return {};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  return {value, lead.length};
}

char* EncodeCodePoint(char* out, char32_t value) {
  const auto put = [&](char32_t bits) { *out++ = static_cast<char>(bits); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | (value >> 6));
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | (value >> 18));
    put(0x80 | ((value >> 12) & 0x3F));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  }
  return out;
}

void AppendCodePoint(std::string& out, char32_t value) {
  std::array<char, 4> bytes;
  out.append(bytes.data(), EncodeCodePoint(bytes.data(), value));
}

std::size_t AsciiPrefix(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    if ((word & kHighBits) != 0) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

std::size_t ValidUtf8Prefix(std::string_view text) {
  std::size_t i = 0;
  while (true) {
    i += AsciiPrefix(text.substr(i));
    if (i == text.size()) return i;
    const CodePoint point = DecodeAt(text, i);
    if (point.length == 0) return i;
    i += point.length;
  }
}

std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t valid = ValidUtf8Prefix(text);
    out.append(text.substr(0, valid));
    if (valid == text.size()) return out;
    out.append(kReplacement);
    text.remove_prefix(valid + 1);
  }
}

}  // namespace gatehouse::codec::text
