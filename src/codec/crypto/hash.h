#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

// The gateway's hashes. The only home of OpenSSL's EVP interface.
namespace gatehouse::codec::crypto {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 (FIPS 180-4) of the bytes.
Digest Sha256(std::string_view bytes);
// Of the one followed by the other.
Digest Sha256(std::string_view head, std::string_view rest);

// A text in two parts, the one followed by the other.
struct TextParts {
  std::string_view head;
  std::string_view rest;
};
// Of two texts, both at a time where the processor has instructions for it: of texts of about the same length a third
// faster than one after the other.
std::array<Digest, 2> Sha256OfTwo(const TextParts& a, const TextParts& b);

// SHA-256 of what comes in pieces. Movable; one thread. After Finish() only destruction and assignment are allowed.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void Update(std::string_view bytes);
  Digest Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// HMAC-SHA-256 (RFC 2104). A key of any length, the empty one included.
Digest HmacSha256(std::string_view key, std::string_view bytes);

inline std::string_view AsText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Whether both are the same, in a time that depends on their lengths alone.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace gatehouse::codec::crypto
