#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gatehouse::inspect::pattern {

// Tells, with some false alarms, whether a short text may hold one of many literals: by four bytes that each of them
// begins with. A nanosecond for each byte of the text, where a scan takes a hundred to begin. Immutable once it is
// filled; threads share it.
class LiteralFilter {
 public:
  static constexpr std::size_t kShortest = 4;

  // Letters of ASCII are of either case. REQUIRES: kShortest bytes or more.
  void Add(std::string_view literal) {
    const std::uint32_t slot = SlotOf(literal.data());
    slots_[slot / kWord] |= std::uint64_t{1} << (slot % kWord);
  }

  bool MayHold(std::string_view text) const {
    for (std::size_t at = 0; at + kShortest <= text.size(); ++at) {
      const std::uint32_t slot = SlotOf(text.data() + at);
      if ((slots_[slot / kWord] >> (slot % kWord) & 1) != 0) return true;
    }
    return false;
  }

 private:
  static constexpr unsigned kSlotBits = 16;
  static constexpr std::uint32_t kWord = 64;

  // Of four bytes, with the bit that sets small letters apart from capitals in each.
  static std::uint32_t SlotOf(const char* bytes) {
    constexpr std::uint32_t kFold = 0x20202020;
    constexpr std::uint32_t kGolden = 0x9E3779B1;  // 2^32 over the golden ratio: spreads what is alike
    std::uint32_t four;
    std::memcpy(&four, bytes, sizeof four);
    return ((four | kFold) * kGolden) >> (32 - kSlotBits);
  }

  std::array<std::uint64_t, (1U << kSlotBits) / kWord> slots_{};
};

}  // namespace gatehouse::inspect::pattern
