#include "record/vault/key_slot.h"

#include "base/check.h"
#include "codec/crypto/crc32c.h"

namespace gatehouse::record::vault {
namespace {

constexpr std::size_t kIdAt = 8;
constexpr std::size_t kTagAt = 24;
constexpr std::size_t kMadeAt = 80;
constexpr std::size_t kDestroyedAt = 88;
constexpr std::size_t kSumAt = kKeySlotBytes - 4;

void Put(std::string& bytes, std::size_t at, std::size_t size, std::uint64_t number) {
  for (std::size_t i = size; i-- > 0; number >>= 8U) bytes[at + i] = static_cast<char>(number & 0xFFU);
}

std::uint64_t Get(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(at, size)) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

std::string KeyTable::Slot::Encode() const {
  GH_CHECK(wrapped.size() == kWrappedKeyBytes && state != State::kDamaged);
  std::string bytes(kKeySlotBytes, '\0');
  if (state == State::kFree) return bytes;
  bytes[0] = static_cast<char>(state);
  bytes.replace(kIdAt, KeyId::kBytes, id.text());
  bytes.replace(kTagAt, Tag::kBytes, tag.text());
  bytes.replace(kWrappedKeyAt, kWrappedKeyBytes, wrapped);
  Put(bytes, kMadeAt, 8, static_cast<std::uint64_t>(made_ms));
  Put(bytes, kDestroyedAt, 8, static_cast<std::uint64_t>(destroyed_ms));
  Put(bytes, kSumAt, 4, codec::crypto::Crc32c(std::string_view(bytes).substr(0, kSumAt), 0));
  return bytes;
}

KeyTable::Slot KeyTable::Slot::Decode(std::string_view bytes) {
  GH_CHECK(bytes.size() == kKeySlotBytes);
  Slot slot;
  if (bytes.find_first_not_of('\0') == std::string_view::npos) return slot;
  slot.id = *KeyId::Of(bytes.substr(kIdAt, KeyId::kBytes));
  slot.tag = *Tag::Of(bytes.substr(kTagAt, Tag::kBytes));
  slot.wrapped = bytes.substr(kWrappedKeyAt, kWrappedKeyBytes);
  slot.made_ms = static_cast<std::int64_t>(Get(bytes, kMadeAt, 8));
  slot.destroyed_ms = static_cast<std::int64_t>(Get(bytes, kDestroyedAt, 8));
  const auto state = static_cast<unsigned char>(bytes[0]);
  const bool known =
      state == static_cast<unsigned char>(State::kLive) || state == static_cast<unsigned char>(State::kDestroyed);
  const bool whole = Get(bytes, kSumAt, 4) == codec::crypto::Crc32c(bytes.substr(0, kSumAt), 0);
  slot.state = known && whole ? static_cast<State>(state) : State::kDamaged;
  return slot;
}

}  // namespace gatehouse::record::vault
