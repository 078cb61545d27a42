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

using codec::crypto::TextParts;

constexpr std::string_view kLeafPrefix("\0", 1);
constexpr std::string_view kNodePrefix("\1", 1);

TextParts LeafText(std::string_view entry) { return {.head = kLeafPrefix, .rest = entry}; }

// Of two that lie side by side.
TextParts NodeText(std::span<const Hash, 2> both) {
  return {.head = kNodePrefix, .rest = {reinterpret_cast<const char*>(both.data()), both.size_bytes()}};
}

Hash HashOf(const TextParts& text) { return codec::crypto::Sha256(text.head, text.rest); }

// Each two of the level become the one above them, in its front; returns how many those are.
std::size_t JoinPairs(std::span<Hash> level) {
  const std::size_t pairs = level.size() / 2;
  std::size_t done = 0;
  for (; done + 2 <= pairs; done += 2) {
    const auto four = level.subspan(2 * done).first<4>();
    const auto both = codec::crypto::Sha256OfTwo(NodeText(four.first<2>()), NodeText(four.last<2>()));
    std::ranges::copy(both, &level[done]);
  }
  if (done < pairs) level[done] = HashOf(NodeText(level.subspan(2 * done).first<2>()));
  return pairs;
}

}  // namespace

Hash LeafHash(std::string_view entry) { return HashOf(LeafText(entry)); }

void LeafHashes(std::span<const std::string_view> entries, std::span<Hash> hashes) {
  GH_CHECK(entries.size() == hashes.size());
  std::size_t done = 0;
  for (; done + 2 <= entries.size(); done += 2) {
    const auto both = codec::crypto::Sha256OfTwo(LeafText(entries[done]), LeafText(entries[done + 1]));
    std::ranges::copy(both, &hashes[done]);
  }
  if (done < entries.size()) hashes[done] = LeafHash(entries[done]);
}

Hash NodeHash(const Hash& left, const Hash& right) {
  const std::array<Hash, 2> both = {left, right};
  return HashOf(NodeText(both));
}

Hash EmptyRoot() { return codec::crypto::Sha256(""); }

// Pairs from the left, level by level; an odd one out goes up as it is. That is the split at the largest power of two.
Hash RootOf(std::span<const Hash> subtrees) {
  if (subtrees.empty()) return EmptyRoot();
  std::vector<Hash> level(subtrees.begin(), subtrees.end());
  while (level.size() > 1) {
    std::size_t above = JoinPairs(level);
    if (level.size() % 2 != 0) level[above++] = level.back();
    level.resize(above);
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
