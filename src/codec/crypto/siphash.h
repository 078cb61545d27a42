#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatehouse::codec::crypto {

// 128 bits that only the holder of the key can tell beforehand.
struct SipTag {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  bool operator==(const SipTag&) const = default;
};

// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and the
// authors' 128-bit variant): a keyed hash for tables that strangers choose the entries of. A tenth of the time of
// SHA-256 on a short text. Not for what is stored or sent.
using SipKey = std::array<std::uint64_t, 2>;
SipKey RandomSipKey();  // that nobody can guess
SipTag SipHash128(const SipKey& key, std::string_view bytes);

}  // namespace gatehouse::codec::crypto
