#include "inspect/text/encoded_word.h"

#include <algorithm>
#include <array>
#include <span>

#include "codec/text/utf8.h"

namespace gatehouse::inspect::text {

namespace {

constexpr std::uint8_t kForeign = 0xFF;
using Values = std::array<std::uint8_t, 256>;

constexpr Values Alphabet(std::string_view characters) {
  Values values;
  values.fill(kForeign);
  for (std::size_t at = 0; at < characters.size(); ++at) {
    values[static_cast<unsigned char>(characters[at])] = static_cast<std::uint8_t>(at);
  }
  return values;
}

constexpr Values Both64() {
  Values values = Alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  values['-'] = values['+'];
  values['_'] = values['/'];
  return values;
}

constexpr Values EitherCase(std::string_view upper) {
  Values values = Alphabet(upper);
  for (const char c : upper) {
    if (c >= 'A' && c <= 'Z') values[static_cast<unsigned char>(c | 0x20)] = values[static_cast<unsigned char>(c)];
  }
  return values;
}

constexpr Values kBase64 = Both64();
constexpr Values kBase32 = EitherCase("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
constexpr Values kHex = EitherCase("0123456789ABCDEF");

std::uint8_t ValueOf(const Values& alphabet, char c) { return alphabet[static_cast<unsigned char>(c)]; }

// Tells byte by byte of a text whether IsText() may still hold of all of it.
class TextSoFar {
 public:
  // `size`: bytes of all of it, at most.
  explicit TextSoFar(std::size_t size) : most_unprinted_(size / kPrintedToOne) {}

  bool MayGoOnWith(unsigned char byte) {
    if (continuations_ != 0) {
      --continuations_;
      return (byte & 0xC0) == 0x80;
    }
    if (byte >= 0x80) {
      continuations_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
      return byte >= 0xC2 && byte <= 0xF4;
    }
    return IsPrinted(static_cast<char>(byte)) || ++unprinted_ <= most_unprinted_;
  }

  static constexpr std::size_t kPrintedToOne = 16;  // that is not
  static bool IsPrinted(char c) {
    return (static_cast<unsigned char>(c) >= ' ' && c != 0x7F) || c == '\n' || c == '\t' || c == '\r';
  }

 private:
  std::size_t most_unprinted_;
  std::size_t unprinted_ = 0;
  unsigned continuations_ = 0;
};

// Bits of `word`, so many of each character; what is left over in the end is dropped. False at a foreign character, and
// once it is clear that it is no text.
bool Unpack(std::string_view word, const Values& alphabet, unsigned bits, std::string& result) {
  result.clear();
  TextSoFar text(word.size() * bits / 8);
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const char c : word) {
    const std::uint8_t value = ValueOf(alphabet, c);
    if (value == kForeign) return false;
    held = (held << bits) | value;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    const auto byte = static_cast<unsigned char>((held >> count) & 0xFF);
    if (!text.MayGoOnWith(byte)) return false;
    result.push_back(static_cast<char>(byte));
  }
  return true;
}

constexpr std::size_t kLongestNumber = 24;

std::optional<Decoded> Hex(std::string_view word, std::string& result) {
  const std::size_t begin = word.starts_with("0x") || word.starts_with("0X") ? 2 : 0;
  const std::string_view digits = word.substr(begin);
  // Numbers are not hexadecimal unless they are very long.
  const bool number = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (number && digits.size() < kLongestNumber) return std::nullopt;
  if (digits.size() % 2 != 0 || !Unpack(digits, kHex, 4, result) || !IsText(result)) return std::nullopt;
  return Decoded{.quantum = 2, .bytes = 1, .begin = begin, .end = word.size()};
}

std::optional<Decoded> Base64(std::string_view word, std::string& result) {
  const std::size_t end = std::min(word.find('='), word.size());
  if (end % 4 == 1 || !Unpack(word.substr(0, end), kBase64, 6, result) || !IsText(result)) return std::nullopt;
  return Decoded{.quantum = 4, .bytes = 3, .begin = 0, .end = word.size()};
}

std::optional<Decoded> Base32(std::string_view word, std::string& result) {
  const std::size_t end = std::min(word.find('='), word.size());
  if (!Unpack(word.substr(0, end), kBase32, 5, result) || !IsText(result)) return std::nullopt;
  return Decoded{.quantum = 8, .bytes = 5, .begin = 0, .end = word.size()};
}

}  // namespace

bool IsText(std::string_view bytes) {
  if (bytes.empty() || !codec::text::IsValidUtf8(bytes)) return false;
  const auto unprinted = std::ranges::count_if(bytes, [](char c) { return !TextSoFar::IsPrinted(c); });
  return static_cast<std::size_t>(unprinted) * TextSoFar::kPrintedToOne <= bytes.size();
}

std::optional<Decoded> DecodeWord(std::string_view word, std::string& result) {
  if (word.size() < kShortestEncoded) return std::nullopt;
  if (auto hex = Hex(word, result)) return hex;
  if (auto base64 = Base64(word, result)) return base64;
  return Base32(word, result);
}

}  // namespace gatehouse::inspect::text
