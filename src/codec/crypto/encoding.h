#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Bytes as printable text (RFC 4648). Decoding is strict: no foreign character, no white space, no bits or padding left
// over, so that every text has one decoding and every decoding one text.
namespace gatehouse::codec::crypto {

std::string HexEncode(std::string_view bytes);               // lower case
std::optional<std::string> HexDecode(std::string_view hex);  // either case

enum class Base64 : std::uint8_t {
  kStandard,  // + and /, padded with =
  kUrl,       // - and _, without padding
};
std::string Base64Encode(std::string_view bytes, Base64 form = Base64::kStandard);
std::optional<std::string> Base64Decode(std::string_view text, Base64 form = Base64::kStandard);

}  // namespace gatehouse::codec::crypto
