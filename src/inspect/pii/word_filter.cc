#include "inspect/pii/word_filter.h"

#include <array>
#include <bit>
#include <cstring>

namespace gatehouse::inspect::pii {
namespace {

using Bytes = std::uint8_t __attribute__((ext_vector_type(16)));
using Flags = bool __attribute__((ext_vector_type(16)));

constexpr std::uint64_t FirstBytes(std::uint64_t word, std::size_t size) {
  return size >= 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

}  // namespace

ShortWord ShortWordAt(std::string_view text, std::size_t at) {
  std::array<char, ShortWord::kLongest> padded{};
  const char* from = text.data() + at;
  if (text.size() - at < ShortWord::kLongest) {
    text.copy(padded.data(), padded.size(), at);
    from = padded.data();
  }
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  bytes |= 0x20;
  const Flags letters = __builtin_convertvector(bytes - 'a' <= 'z' - 'a', Flags);
  const auto size = static_cast<std::size_t>(std::countr_one(std::bit_cast<std::uint16_t>(letters)));
  const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(bytes);
  return {.low = FirstBytes(halves[0], size), .high = FirstBytes(halves[1], size < 8 ? 0 : size - 8), .size = size};
}

void WordFilter::Add(std::string_view word) {
  const ShortWord key = ShortWordAt(word, 0);
  if (key.size != word.size() || key.size == ShortWord::kLongest) return;
  const std::uint64_t hash = Hash(key);
  cells_[hash >> shift_] |= BitsOf(hash);
}

}  // namespace gatehouse::inspect::pii
