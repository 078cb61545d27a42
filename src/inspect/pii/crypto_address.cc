#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "codec/crypto/hash.h"
#include "inspect/pii/checksum.h"
#include "inspect/pii/keccak.h"
#include "inspect/pii/validators.h"

// Addresses of wallets.
namespace gatehouse::inspect::pii {
namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kBase58Bytes = 25;  // version, 20 bytes of hash, 4 bytes of check
constexpr std::uint32_t kBech32Constant = 1;
constexpr std::uint32_t kBech32mConstant = 0x2BC830A3;  // BIP 350

// The number that an address spells, most significant byte first. False where it needs more bytes.
bool DecodeBase58(std::string_view address, std::array<std::uint8_t, kBase58Bytes>& bytes) {
  bytes.fill(0);
  for (const char c : address) {
    const std::size_t digit = kBase58.find(c);
    if (digit == std::string_view::npos) return false;
    auto carry = static_cast<unsigned>(digit);
    for (std::size_t i = bytes.size(); i-- > 0;) {
      carry += 58U * bytes[i];
      bytes[i] = static_cast<std::uint8_t>(carry);
      carry >>= 8U;
    }
    if (carry != 0) return false;
  }
  return true;
}

bool IsBase58Address(std::string_view address) {
  std::array<std::uint8_t, kBase58Bytes> bytes{};
  if (address.size() < kBase58Bytes || address.size() > 35 || !DecodeBase58(address, bytes)) return false;
  const std::size_t ones = std::min(address.find_first_not_of('1'), address.size());
  const auto zeros =
      static_cast<std::size_t>(std::ranges::find_if(bytes, [](auto b) { return b != 0; }) - bytes.begin());
  if (ones != zeros || (bytes[0] != 0 && bytes[0] != 5)) return false;
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto digest = codec::crypto::Sha256(codec::crypto::AsText(codec::crypto::Sha256(all.substr(0, 21))));
  return codec::crypto::AsText(digest).substr(0, 4) == all.substr(21);
}

std::uint32_t Bech32Step(std::uint32_t checksum, std::uint32_t value) {
  static constexpr std::array<std::uint32_t, 5> kGenerator = {0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD,
                                                              0x2A1462B3};
  const std::uint32_t top = checksum >> 25U;
  checksum = (checksum & 0x1FFFFFFU) << 5U ^ value;
  for (std::size_t i = 0; i < kGenerator.size(); ++i) checksum ^= (top >> i & 1U) != 0 ? kGenerator[i] : 0;
  return checksum;
}

// Groups of five bits as bytes; false where what is left over is not padding.
bool IsPadded(std::string_view program) {
  const std::size_t spare = program.size() * 5 % 8;
  const std::size_t last = kBech32.find(program.back());
  return spare < 5 && (last & ((std::size_t{1} << spare) - 1)) == 0;
}

// BIP 173 and 350 with the human-readable part "bc". `address` in lower case.
bool IsSegwitAddress(std::string_view address) {
  if (address.size() < 14 || address.size() > 74) return false;
  std::uint32_t checksum = 1;
  for (const std::uint32_t value : {'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31}) checksum = Bech32Step(checksum, value);
  const std::string_view payload = address.substr(3);
  for (const char c : payload) {
    const std::size_t value = kBech32.find(c);
    if (value == std::string_view::npos) return false;
    checksum = Bech32Step(checksum, static_cast<std::uint32_t>(value));
  }
  const std::size_t version = kBech32.find(payload[0]);
  const std::string_view program = payload.substr(1, payload.size() - 7);
  const std::size_t bytes = program.size() * 5 / 8;
  if (version > 16 || bytes < 2 || bytes > 40 || !IsPadded(program)) return false;
  if (version == 0) return checksum == kBech32Constant && (bytes == 20 || bytes == 32);
  return checksum == kBech32mConstant;
}

char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return Lower(c); });
  return lower;
}

}  // namespace

bool IsBitcoin(std::string_view address) {
  if (address.size() < 4) return false;
  if (address[0] == '1' || address[0] == '3') return IsBase58Address(address);
  const std::string lower = Lower(address);
  const bool mixed = lower != address && std::ranges::any_of(address, [](char c) { return c >= 'a' && c <= 'z'; });
  return lower.starts_with("bc1") && !mixed && IsSegwitAddress(lower);
}

bool IsEthereum(std::string_view address) {
  if (address.size() != 42 || !address.starts_with("0x")) return false;
  const std::string_view digits = address.substr(2);
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) return false;
  if (digits.find_first_not_of('0') == std::string_view::npos) return false;
  const std::string lower = Lower(digits);
  if (lower == digits || std::ranges::none_of(digits, [](char c) { return c >= 'a'; })) return true;
  const auto digest = Keccak256(lower);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const unsigned nibble = digest[i / 2] >> (i % 2 == 0 ? 4U : 0U) & 15U;
    if (!IsDigit(digits[i]) && IsUpper(digits[i]) != (nibble >= 8)) return false;
  }
  return true;
}

}  // namespace gatehouse::inspect::pii
