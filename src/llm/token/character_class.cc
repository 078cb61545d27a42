#include "llm/token/character_class.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/check.h"
#include "llm/token/unicode_classes.h"

namespace gatehouse::llm::token {
namespace {

constexpr char32_t kCodePoints = 0x110000;

std::uint32_t SixBits(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  return c == '+' ? 62 : 63;
}

}  // namespace

const CharacterClasses& CharacterClasses::Unicode() {
  static const CharacterClasses classes;
  return classes;
}

CharacterClasses::CharacterClasses() : flat_(std::make_unique<CharacterClass[]>(kFlat)) {
  char32_t begin = 0;
  for (std::size_t i = 0; i < kEncodedClassRuns.size();) {
    const std::uint32_t first = SixBits(kEncodedClassRuns[i++]);
    std::uint32_t length = first & 3;
    bool more = (first & 4) != 0;
    for (int shift = 2; more; shift += 5) {
      const std::uint32_t bits = SixBits(kEncodedClassRuns[i++]);
      length |= (bits & 31) << shift;
      more = (bits & 32) != 0;
    }
    const auto kind = static_cast<CharacterClass>(first >> 3);
    const char32_t end = begin + length + 1;
    for (char32_t c = begin; c < std::min(end, kFlat); ++c) flat_[c] = kind;
    if (end > kFlat) above_.push_back({end, kind});
    begin = end;
  }
  GH_CHECK(begin == kCodePoints);
}

CharacterClass CharacterClasses::Search(char32_t code_point) const {
  const auto run = std::ranges::upper_bound(above_, code_point, {}, &Run::end);
  return run == above_.end() ? CharacterClass::kOther : run->kind;
}

}  // namespace gatehouse::llm::token
