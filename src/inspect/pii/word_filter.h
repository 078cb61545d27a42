#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::pii {

// The letters of ASCII that stand at a place, in small ones: the first in the lowest byte.
struct ShortWord {
  static constexpr std::size_t kLongest = 16;
  using Bytes = std::uint8_t __attribute__((ext_vector_type(kLongest)));

  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::size_t size = 0;  // kLongest: as long or longer

  // Those that `bytes` begin with.
  static ShortWord Of(Bytes bytes) {
    using Flags = bool __attribute__((ext_vector_type(kLongest)));
    bytes |= 0x20;
    const Flags letters = __builtin_convertvector(bytes - 'a' <= 'z' - 'a', Flags);
    const auto size = static_cast<std::size_t>(std::countr_one(std::bit_cast<std::uint16_t>(letters)));
    Bytes first;
    std::memcpy(&first, &kFirst[kLongest - size], sizeof first);
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(bytes & first);
    return {.low = halves[0], .high = halves[1], .size = size};
  }

  // Of a text of fewer bytes, and NULs behind them.
  static Bytes Padded(std::string_view text);

 private:
  // So many bytes of ones before zeros: from its middle on none, and one more for each byte before that.
  static constexpr auto kFirst = [] {
    std::array<std::uint8_t, 2 * kLongest> ones{};
    for (std::size_t at = 0; at < kLongest; ++at) ones[at] = 0xFF;
    return ones;
  }();
};

// REQUIRES: at <= text.size(). Nothing is read outside the text.
inline ShortWord ShortWordAt(std::string_view text, std::size_t at) {
  if (text.size() - at < ShortWord::kLongest) [[unlikely]]
    return ShortWord::Of(ShortWord::Padded(text.substr(at)));
  ShortWord::Bytes bytes;
  std::memcpy(&bytes, text.data() + at, sizeof bytes);
  return ShortWord::Of(bytes);
}

// Tells of most words that they are not among some: a blocked Bloom filter, so that it takes one look at one line of
// the cache. Filled once, then shared by all threads.
class WordFilter {
 public:
  // Of 2^index_bits cells of eight bytes. Two words for each cell let one other in a thousand through.
  explicit WordFilter(unsigned index_bits) : shift_(64 - index_bits), cells_(std::size_t{1} << index_bits) {}

  // In letters of either case. What is no ShortWord is left out: callers look at such words in any case.
  void Add(std::string_view word);

  bool MayHave(const ShortWord& word) const {
    const std::uint64_t hash = Hash(word);
    const std::uint64_t bits = BitsOf(hash);
    return (cells_[hash >> shift_] & bits) == bits;
  }

 private:
  static std::uint64_t Hash(const ShortWord& word) {
    return (word.low * 0x9E3779B97F4A7C15ULL) ^ (word.high * 0xD6E8FEB86659FD93ULL);
  }
  // Two bits of a cell.
  static std::uint64_t BitsOf(std::uint64_t hash) {
    return (std::uint64_t{1} << ((hash >> 45U) & 63U)) | (std::uint64_t{1} << ((hash >> 39U) & 63U));
  }

  unsigned shift_;
  std::vector<std::uint64_t> cells_;
};

}  // namespace gatehouse::inspect::pii
