#include "inspect/pii/plain_words.h"

#include <array>
#include <bit>
#include <cstring>

#include "inspect/pii/characters.h"

namespace gatehouse::inspect::pii {
namespace {

using Bytes = std::uint8_t __attribute__((ext_vector_type(16)));
using Flags = bool __attribute__((ext_vector_type(16)));

constexpr std::uint64_t FirstBytes(std::uint64_t word, std::size_t size) {
  return size >= 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

std::uint64_t Hash(const ShortWord& word) {
  return (word.low * 0x9E3779B97F4A7C15ULL) ^ (word.high * 0xD6E8FEB86659FD93ULL);
}

// Two bits of a cell.
constexpr std::uint64_t BitsOf(std::uint64_t hash) {
  return (std::uint64_t{1} << ((hash >> 45U) & 63U)) | (std::uint64_t{1} << ((hash >> 39U) & 63U));
}

constexpr std::size_t kLongestParticle = 5;

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

void PlainWords::AddTelling(std::string_view word) {
  const ShortWord key = ShortWordAt(word, 0);
  if (key.size != word.size() || key.size == ShortWord::kLongest) return;  // is looked at in any case
  const std::uint64_t hash = Hash(key);
  cells_[hash >> (64 - kIndexBits)] |= BitsOf(hash);
}

bool PlainWords::MayTell(const ShortWord& word) const {
  const std::uint64_t hash = Hash(word);
  const std::uint64_t bits = BitsOf(hash);
  return (cells_[hash >> (64 - kIndexBits)] & bits) == bits;
}

// Whether what stands behind a word may belong to it.
bool PlainWords::GoesOn(std::string_view text, std::size_t end) const {
  const char next = At(text, end);
  if (next == ' ' && IsLower(At(text, end + 1))) {
    const ShortWord word = ShortWordAt(text, end + 1);
    return word.size <= kLongestParticle && At(text, end + 1 + word.size) == ' ' && MayTell(word);
  }
  if (IsHigh(next) || IsDigit(next) || next == '_') return true;
  if (next == '-' || next == '\'') return IsCapitalAt(text, end + 1);
  std::size_t behind = next == '.' ? end + 1 : end;
  if (At(text, behind) == ',') ++behind;
  if (At(text, behind) != ' ') return false;
  const char begins = At(text, behind + 1);
  return IsDigit(begins) || IsUpper(begins) || IsHigh(begins) || (next == '.' && IsLower(begins));
}

std::size_t PlainWords::EndOf(std::string_view text, std::size_t at) const {
  if (!IsUpper(text[at])) return 0;
  const ShortWord word = ShortWordAt(text, at);
  const std::size_t end = at + word.size;
  return word.size == ShortWord::kLongest || GoesOn(text, end) || MayTell(word) ? 0 : end;
}

}  // namespace gatehouse::inspect::pii
