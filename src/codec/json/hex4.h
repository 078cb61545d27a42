#pragma once

#include <cstdint>

namespace gatehouse::codec::json {

// Reads the four hexadecimal digits of a \u escape at `at`. nullptr when they are not there.
inline const char* ReadHex4(const char* at, const char* end, std::uint32_t& value) {
  if (end - at < 4) return nullptr;
  value = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    const char lower = static_cast<char>(*at | 0x20);
    if (*at >= '0' && *at <= '9') {
      value = value * 16 + static_cast<std::uint32_t>(*at - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return nullptr;
    }
  }
  return at;
}

}  // namespace gatehouse::codec::json
