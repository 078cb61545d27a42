#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http2/stream.h"

namespace gatehouse::codec::http2 {

// Frames spelled out, for tests that play a peer which no library would play.
enum class FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kResetStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
inline constexpr std::uint8_t kEndStream = 0x1;
inline constexpr std::uint8_t kEndHeaders = 0x4;

inline std::string Frame(FrameType type, std::uint8_t flags, StreamId id, std::string_view payload) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(id >> shift);
  return bytes.append(payload);
}

// HPACK without compression (RFC 7541, 6.2.2). REQUIRES: names and values below 127 bytes.
inline std::string FieldBlock(const std::vector<Field>& fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes += '\0';
    bytes.append(1, static_cast<char>(name.size())).append(name);
    bytes.append(1, static_cast<char>(value.size())).append(value);
  }
  return bytes;
}

inline std::string FourBytes(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

}  // namespace gatehouse::codec::http2
