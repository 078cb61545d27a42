#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/crypto/encoding.h"

// What is encoded is decoded to itself, and what is decoded has one text only.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::codec::crypto;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto form : {Base64::kStandard, Base64::kUrl}) {
    GH_CHECK(Base64Decode(Base64Encode(input, form), form) == input);
    const auto decoded = Base64Decode(input, form);
    if (decoded) GH_CHECK(Base64Encode(*decoded, form) == input);
  }
  GH_CHECK(HexDecode(HexEncode(input)) == input);
  const auto decoded = HexDecode(input);
  if (decoded) GH_CHECK(HexEncode(*decoded).size() == input.size());
  return 0;
}
