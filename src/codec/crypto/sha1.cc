#include "codec/crypto/sha1.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace gatehouse::codec::crypto {

std::array<std::uint8_t, 20> Sha1(std::string_view bytes) {
  std::array<std::uint8_t, 20> digest{};
  GH_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
  return digest;
}

}  // namespace gatehouse::codec::crypto
