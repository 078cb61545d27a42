#include "record/tlog/hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "record/errors.h"

namespace gatehouse::record::tlog {
namespace {

constexpr char kLeafPrefix = 0;
constexpr char kNodePrefix = 1;

}  // namespace

Hash LeafHash(std::string_view entry) { return codec::crypto::Sha256(std::string_view(&kLeafPrefix, 1), entry); }

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * kHashBytes> bytes{};
  bytes[0] = kNodePrefix;
  std::memcpy(&bytes[1], left.data(), kHashBytes);
  std::memcpy(&bytes[1 + kHashBytes], right.data(), kHashBytes);
  return codec::crypto::Sha256({bytes.data(), bytes.size()});
}

Hash EmptyRoot() { return codec::crypto::Sha256(""); }

// Pairs from the left, level by level; an odd one out goes up as it is. That is the split at the largest power of two.
Hash RootOf(std::span<const Hash> subtrees) {
  if (subtrees.empty()) return EmptyRoot();
  std::vector<Hash> level(subtrees.begin(), subtrees.end());
  while (level.size() > 1) {
    std::size_t out = 0;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) level[out++] = NodeHash(level[i], level[i + 1]);
    if (level.size() % 2 != 0) level[out++] = level.back();
    level.resize(out);
  }
  return level[0];
}

std::string ToBase64(const Hash& hash) { return codec::crypto::Base64Encode(codec::crypto::AsText(hash)); }

base::Result<Hash> ParseBase64Hash(std::string_view text) {
  const auto bytes = codec::crypto::Base64Decode(text);
  if (!bytes || bytes->size() != kHashBytes) return Malformed("a hash is not the base64 of 32 bytes");
  return HashFrom(*bytes);
}

Hash HashFrom(std::string_view bytes) {
  GH_CHECK(bytes.size() == kHashBytes);
  Hash hash;
  std::memcpy(hash.data(), bytes.data(), kHashBytes);
  return hash;
}

base::Result<std::uint64_t> ParseDecimal(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool leading_zero = text.size() > 1 && text[0] == '0';
  if (text.empty() || leading_zero || error != std::errc() || stopped != end || value >> 63U != 0) {
    return Malformed("a number is not a decimal without leading zeros below 2^63");
  }
  return value;
}

}  // namespace gatehouse::record::tlog
