#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatehouse::inspect {

// 64 bytes of a text, for questions about all of them at once: an answer has a bit for each byte, the first byte's the
// lowest. What is behind the text's end is a NUL. A few registers; the text is not needed any more.
class ByteBlock {
 public:
  static constexpr std::size_t kSize = 64;
  using Bytes = std::uint8_t __attribute__((ext_vector_type(16)));
  using Test = char __attribute__((ext_vector_type(16)));  // -1 where it holds, as a comparison of Bytes is

  // REQUIRES: at <= text.size(). Nothing is read outside the text.
  ByteBlock(std::string_view text, std::size_t at) {
    if (text.size() - at >= kSize) {
      std::memcpy(bytes_.data(), text.data() + at, kSize);
    } else {
      Pad(text.substr(at));
    }
  }

  // The bytes for which `test`, of sixteen at a time, holds.
  template <class Predicate>
  std::uint64_t Find(Predicate test) const {
    std::uint64_t bits = 0;
    for (unsigned at = 0; at < bytes_.size(); ++at) bits |= BitsOf(test(bytes_[at])) << (at * sizeof(Bytes));
    return bits;
  }

  static Test IsDigit(Bytes bytes) { return bytes - '0' <= 9; }
  static Test IsLetter(Bytes bytes) { return (bytes | 0x20) - 'a' <= 'z' - 'a'; }
  static Test IsCapital(Bytes bytes) { return bytes - 'A' <= 'Z' - 'A'; }
  static Test IsHigh(Bytes bytes) { return bytes >= 0x80; }
  static bool IsSpaceByte(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static Test IsSpace(Bytes bytes) { return (bytes == ' ') | (bytes - '\t' <= '\r' - '\t'); }

 private:
  using Flags = bool __attribute__((ext_vector_type(16)));

  static std::uint64_t BitsOf(Test test) { return std::bit_cast<std::uint16_t>(__builtin_convertvector(test, Flags)); }

  void Pad(std::string_view rest) {
    std::array<char, kSize> padded{};
    rest.copy(padded.data(), kSize);
    std::memcpy(bytes_.data(), padded.data(), kSize);
  }

  std::array<Bytes, kSize / sizeof(Bytes)> bytes_;
};

// Bits [begin, end) of an answer. REQUIRES: begin <= end <= 64.
constexpr std::uint64_t BitRange(std::size_t begin, std::size_t end) {
  const std::uint64_t below = end == ByteBlock::kSize ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
  return begin == ByteBlock::kSize ? 0 : below & (~std::uint64_t{0} << begin);
}

}  // namespace gatehouse::inspect
