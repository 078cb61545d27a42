#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace gatehouse::base {

namespace internal {

// `size` is from Width to 2 * Width: the two halves may overlap.
template <std::size_t Width>
inline void CopyEnds(char* to, const char* from, std::size_t size) {
  std::array<char, Width> first;
  std::array<char, Width> last;
  std::memcpy(first.data(), from, Width);
  std::memcpy(last.data(), from + size - Width, Width);
  std::memcpy(to, first.data(), Width);
  std::memcpy(to + size - Width, last.data(), Width);
}

}  // namespace internal

// Copies a text that is most often short, without a call for up to 32 bytes, and returns the end of the copy. Texts do
// not overlap.
inline char* CopyShort(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const char* const from = text.data();
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    internal::CopyEnds<16>(to, from, size);
  } else if (size >= 8) {
    internal::CopyEnds<8>(to, from, size);
  } else if (size >= 4) {
    internal::CopyEnds<4>(to, from, size);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
  return to + size;
}

}  // namespace gatehouse::base
