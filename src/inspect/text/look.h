#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gatehouse::inspect::text {

// Why a text may say more than its bytes do.
enum class Reason : std::uint8_t {
  kNotAscii = 1,  // letters of other scripts, invisible characters
  kEscaped = 2,   // percent signs, entities, backslashes
  kEncoded = 4,   // a long word of letters and digits; pairs of hexadecimal digits
  kSpaced = 8,    // letters that stand alone
  kLeet = 16,     // digits between letters
  kMorse = 32,
};

// Reasons, or-ed.
using Reasons = std::uint8_t;
constexpr Reasons operator|(Reason a, Reason b) {
  return static_cast<Reasons>(static_cast<Reasons>(a) | static_cast<Reasons>(b));
}
constexpr Reasons operator|(Reasons a, Reason b) { return static_cast<Reasons>(a | static_cast<Reasons>(b)); }
constexpr Reasons Without(Reasons reasons, Reason reason) {
  return static_cast<Reasons>(reasons & ~static_cast<Reasons>(reason));
}
constexpr bool Has(Reasons reasons, Reason reason) { return (reasons & static_cast<Reasons>(reason)) != 0; }

inline constexpr std::size_t kLookBlock = 64;  // bytes that share reasons

// Replaces `blocks` by the reasons of each kLookBlock bytes of `text`, and returns those of all together. Errs on the
// side of a reason: it looks at classes of characters, a few nanoseconds for each block. Plain prose has none.
Reasons Look(std::string_view text, std::vector<Reasons>& blocks);

}  // namespace gatehouse::inspect::text
