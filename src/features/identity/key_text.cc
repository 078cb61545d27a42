#include "features/identity/key_text.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/check.h"
#include "codec/crypto/crc32.h"
#include "codec/crypto/random.h"

namespace gatehouse::features::identity {
namespace {

constexpr std::string_view kPrefix = "gh_";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandom = 32;
constexpr std::size_t kChecksum = 6;  // 62^6 > 2^32
constexpr std::size_t kMaxScope = 16;

bool IsScope(std::string_view text) {
  return !text.empty() && text.size() <= kMaxScope &&
         std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool IsInAlphabet(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kAlphabet.find(c) != std::string_view::npos; });
}

std::array<char, kChecksum> ChecksumOf(std::string_view text) {
  std::array<char, kChecksum> digits{};
  std::uint32_t sum = codec::crypto::Crc32(text);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, sum /= kAlphabet.size()) {
    *digit = kAlphabet[sum % kAlphabet.size()];
  }
  return digits;
}

// Bytes above the last multiple of 62 are not used: they would make some characters likelier than others.
std::string RandomCharacters(std::size_t count) {
  constexpr unsigned kFair = 256 / kAlphabet.size() * kAlphabet.size();
  std::string out;
  while (out.size() < count) {
    for (const char c : codec::crypto::RandomBytes(count - out.size())) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < kFair) out.push_back(kAlphabet[byte % kAlphabet.size()]);
    }
  }
  return out;
}

}  // namespace

std::string NewKey(std::string_view scope) {
  GH_CHECK(IsScope(scope));
  std::string key(kPrefix);
  key.append(scope).append("_").append(RandomCharacters(kRandom));
  const auto checksum = ChecksumOf(key);
  key.append(checksum.data(), checksum.size());
  return key;
}

KeyShape ShapeOf(std::string_view text) {
  if (!text.starts_with(kPrefix)) return KeyShape::kForeign;
  const auto end_of_scope = text.find('_', kPrefix.size());
  if (end_of_scope == std::string_view::npos) return KeyShape::kForeign;
  if (!IsScope(text.substr(kPrefix.size(), end_of_scope - kPrefix.size()))) return KeyShape::kForeign;
  const std::string_view rest = text.substr(end_of_scope + 1);
  if (rest.size() != kRandom + kChecksum || !IsInAlphabet(rest)) return KeyShape::kMistyped;
  const auto checksum = ChecksumOf(text.substr(0, text.size() - kChecksum));
  return std::ranges::equal(text.substr(text.size() - kChecksum), checksum) ? KeyShape::kWellFormed
                                                                            : KeyShape::kMistyped;
}

}  // namespace gatehouse::features::identity
