#include "codec/crypto/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace gatehouse::codec::crypto {

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  GH_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace gatehouse::codec::crypto
