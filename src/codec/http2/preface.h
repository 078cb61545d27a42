#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::codec::http2 {

// What a client that knows HTTP/2 beforehand sends first (RFC 9113, 3.4).
inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class PrefaceMatch : std::uint8_t { kNo, kPartly, kWhole };

// Whether `bytes`, the first of a connection, are the preface. No HTTP/1.1 request begins with "PRI * HTTP/2.0", so
// the answer is final after the first byte that differs.
inline PrefaceMatch MatchPreface(std::string_view bytes) {
  if (bytes.size() >= kClientPreface.size()) {
    return bytes.starts_with(kClientPreface) ? PrefaceMatch::kWhole : PrefaceMatch::kNo;
  }
  return kClientPreface.starts_with(bytes) ? PrefaceMatch::kPartly : PrefaceMatch::kNo;
}

}  // namespace gatehouse::codec::http2
