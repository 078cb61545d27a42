#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "record/vault/ids.h"
#include "record/vault/key_table.h"

// How a KeyTable's file is written; for its own sources. All numbers are big-endian.
namespace gatehouse::record::vault {

inline constexpr std::size_t kKeyHeadBytes = 512;
inline constexpr std::size_t kKeySlotBytes = 128;
inline constexpr std::size_t kWrappedKeyAt = 40;     // in a slot
inline constexpr std::size_t kWrappedKeyBytes = 40;  // 32 and what RFC 3394 adds

// One slot, decoded. Written in one call that stays within a sector of the disk.
struct KeyTable::Slot {
  State state = State::kFree;
  KeyId id;
  Tag tag;
  std::string wrapped = std::string(kWrappedKeyBytes, '\0');
  std::int64_t made_ms = 0;
  std::int64_t destroyed_ms = 0;

  std::string Encode() const;
  // kDamaged where the checksum is of something else. A slot of zeros is free.
  static Slot Decode(std::string_view bytes);
  bool HasZeroKey() const { return wrapped.find_first_not_of('\0') == std::string::npos; }
};

}  // namespace gatehouse::record::vault
