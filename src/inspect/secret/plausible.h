#pragma once

#include <cstdint>
#include <string_view>

// Whether characters are a credential, or stand for one.
namespace gatehouse::inspect::secret {

// Shannon's entropy of the bytes, in bits for each: 0 for "aaaa", 4 at most for hexadecimal digits.
double Entropy(std::string_view text);

// Whether it is what documentation writes in the place of a credential: "xxxxxxxx", "YOUR_KEY_HERE", "12345678",
// "AKIAIOSFODNN7EXAMPLE", "${TOKEN}", "<token>", "***".
bool IsPlaceholder(std::string_view text);

// Whether it is made of words rather than of random characters: "app-decryption-secret", "SharedAccessSignature".
bool IsWordy(std::string_view text);

bool HasDigit(std::string_view text);
bool HasLetter(std::string_view text);
bool HasUpper(std::string_view text);
bool HasLower(std::string_view text);

enum class Checksum : std::uint8_t {
  kNone,
  kCrc32OfRandom,  // the last six: CRC-32 of the random part behind the prefix's underscore (GitHub, npm)
  kCrc32OfAll,     // the last six: CRC-32 of all before (docs/formats/virtual_key.md)
};
bool HasChecksum(std::string_view token, Checksum kind);

}  // namespace gatehouse::inspect::secret
