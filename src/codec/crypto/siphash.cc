#include "codec/crypto/siphash.h"

#include <bit>
#include <cstddef>
#include <cstring>
#include <string>

#include "codec/crypto/random.h"

namespace gatehouse::codec::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

struct State {
  std::uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void Compress(std::uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }

  std::uint64_t Squeeze() {
    for (int i = 0; i < 4; ++i) Round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

std::uint64_t LoadWord(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

}  // namespace

SipKey RandomSipKey() {
  const std::string bytes = RandomBytes(sizeof(SipKey));
  SipKey key;
  std::memcpy(key.data(), bytes.data(), bytes.size());
  return key;
}

SipTag SipHash128(const SipKey& key, std::string_view bytes) {
  constexpr std::size_t kWord = 8;
  State state{.v0 = key[0] ^ 0x736F'6D65'7073'6575ULL,
              .v1 = key[1] ^ 0x646F'7261'6E64'6F6DULL ^ 0xEE,
              .v2 = key[0] ^ 0x6C79'6765'6E65'7261ULL,
              .v3 = key[1] ^ 0x7465'6462'7974'6573ULL};
  const std::size_t whole = bytes.size() / kWord * kWord;
  for (std::size_t i = 0; i < whole; i += kWord) state.Compress(LoadWord(bytes.data() + i, kWord));
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56U;
  if (whole != bytes.size()) last |= LoadWord(bytes.data() + whole, bytes.size() - whole);
  state.Compress(last);
  SipTag tag;
  state.v2 ^= 0xEE;
  tag.low = state.Squeeze();
  state.v1 ^= 0xDD;
  tag.high = state.Squeeze();
  return tag;
}

}  // namespace gatehouse::codec::crypto
