#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/crypto/encoding.h"

namespace gatehouse::record::vault {

// 16 bytes that name one thing of one kind. A value.
template <class Kind>
struct Id {
  static constexpr std::size_t kBytes = 16;
  std::array<char, kBytes> bytes{};

  std::string_view text() const { return {bytes.data(), bytes.size()}; }
  std::string Hex() const { return codec::crypto::HexEncode(text()); }
  // nullopt unless it is 16 bytes.
  static std::optional<Id> Of(std::string_view text) {
    if (text.size() != kBytes) return {};
    Id id;
    std::memcpy(id.bytes.data(), text.data(), kBytes);
    return id;
  }
  // nullopt unless it is 32 digits in lower case, so that every id has one name.
  static std::optional<Id> FromHex(std::string_view hex) {
    const auto decoded = codec::crypto::HexDecode(hex);
    if (!decoded) return {};
    const auto id = Of(*decoded);
    return id && id->Hex() == hex ? id : std::nullopt;
  }
  friend auto operator<=>(const Id&, const Id&) = default;
};

// For tables whose ids nobody chooses: any 8 bytes of them are a hash.
struct IdHash {
  template <class Kind>
  std::size_t operator()(const Id<Kind>& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.bytes.data() + 8, sizeof(hash));
    return hash;
  }
};

// Of the key of one person or application whose payloads are kept.
using KeyId = Id<struct KeyIdKind>;
// Of the entry of the record that payloads belong to: 48 bits of milliseconds since 1970, big-endian, and 80 random
// bits, as RFC 9562 has them in UUIDs of version 7 (without its version bits), so that ids sort by time.
using RecordId = Id<struct RecordIdKind>;

RecordId NewRecordId(base::WallTime now);
// Milliseconds since 1970.
std::uint64_t TimeOf(const RecordId& id);

}  // namespace gatehouse::record::vault
