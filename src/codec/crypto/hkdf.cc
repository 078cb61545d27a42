#include "codec/crypto/hkdf.h"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "codec/crypto/hash.h"

namespace gatehouse::codec::crypto {

base::Secret HkdfSha256(const base::Secret& secret, std::string_view salt, std::string_view info, std::size_t size) {
  GH_CHECK(size <= kMaxHkdfBytes);
  Digest extracted = HmacSha256(salt, secret.Reveal());  // section 2.2; no salt is a key of zeros, as HMAC pads
  std::string key;
  key.reserve(size);  // so that nothing of it stays behind where it grew
  std::string input;
  input.reserve(extracted.size() + info.size() + 1);
  Digest block{};
  for (unsigned char counter = 1; key.size() < size; ++counter) {  // section 2.3
    if (counter > 1) input.assign(AsText(block));
    input.append(info).push_back(static_cast<char>(counter));
    block = HmacSha256(AsText(extracted), input);
    key.append(AsText(block).substr(0, std::min(block.size(), size - key.size())));
  }
  explicit_bzero(extracted.data(), extracted.size());
  explicit_bzero(block.data(), block.size());
  explicit_bzero(input.data(), input.size());
  return base::Secret(std::move(key));
}

}  // namespace gatehouse::codec::crypto
