#include "inspect/word_reader.h"

#include <array>
#include <cstring>

#include "base/ascii.h"

namespace gatehouse::inspect {

namespace {

constexpr auto kParticles = std::to_array<std::string_view>(
    {"al",  "am",    "an",  "auf", "ben", "bei", "bin", "bint", "da",  "das", "de",  "degli",
     "del", "della", "dem", "den", "der", "des", "di",  "do",   "dos", "du",  "el",  "en",
     "of",  "het",   "ibn", "im",  "in",  "la",  "las", "le",   "les", "los", "nad", "na",
     "op",  "pod",   "san", "st",  "sur", "ten", "ter", "und",  "van", "von", "zum", "zur"});

// Up to eight bytes as a number, the first the lowest.
constexpr std::uint64_t Packed(std::string_view word) {
  std::uint64_t packed = 0;
  for (std::size_t at = word.size(); at-- > 0;) packed = packed << 8U | static_cast<unsigned char>(word[at]);
  return packed;
}

// The particles, each in a slot of its own, which a multiplication gives: the factor was found by trying.
constexpr std::uint64_t kParticleFactor = 0x3F5082492D83A823ULL;
constexpr std::size_t SlotOf(std::uint64_t packed) { return (packed * kParticleFactor) >> 56U; }
constexpr auto kPackedParticles = [] {
  std::array<std::uint64_t, 256> slots{};
  for (const std::string_view particle : kParticles) slots.at(SlotOf(Packed(particle))) = Packed(particle);
  return slots;
}();
static_assert(std::ranges::count(kPackedParticles, 0U) == kPackedParticles.size() - kParticles.size());

constexpr bool IsLetter(char c) { return base::ToLower(c) >= 'a' && base::ToLower(c) <= 'z'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsHigh(char c) { return static_cast<unsigned char>(c) > 0x7F; }

// Up to seven bytes of a text as a number.
std::uint64_t PackedAt(std::string_view text, std::size_t begin, std::size_t size) {
  if (text.size() - begin < sizeof(std::uint64_t)) return Packed(text.substr(begin, size));
  std::uint64_t packed = 0;
  std::memcpy(&packed, text.data() + begin, sizeof packed);
  if constexpr (std::endian::native == std::endian::big) packed = __builtin_bswap64(packed);
  return packed & ((std::uint64_t{1} << (8 * size)) - 1);
}

}  // namespace

bool WordReader::IsParticle(std::size_t begin, std::size_t end) const {
  const std::uint64_t packed = PackedAt(text_, begin, end - begin);
  return kPackedParticles[SlotOf(packed)] == packed;
}

bool WordReader::IsOpenLong(std::size_t begin, std::size_t end) const {
  const std::string_view word = text_.substr(begin, end - begin);
  if (std::ranges::any_of(word, [](char c) { return IsDigit(c) || IsHigh(c); })) return true;
  const auto* const first = std::ranges::find_if(word, IsLetter);
  if (first != word.end() && *first <= 'Z') return true;
  return word.size() <= kLongestParticle && IsParticle(begin, end);
}

std::size_t WordReader::BeginOfWord(std::size_t end, std::size_t first) const {
  if (begin_ < end && Sees(begin_, end)) {
    const std::uint64_t spaces = space_ & Range(begin_, end);
    end = begin_ + ByteBlock::kSize - static_cast<std::size_t>(std::countl_zero(spaces));
    if (end > begin_) return std::max(end, first);
  }
  while (end > first && !ByteBlock::IsSpaceByte(text_[end - 1])) --end;
  return std::max(end, first);
}

std::size_t WordReader::BeginOfSpace(std::size_t end, std::size_t first) const {
  while (end > first && ByteBlock::IsSpaceByte(text_[end - 1])) --end;
  return end;
}

}  // namespace gatehouse::inspect
