#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace gatehouse::llm::token {

// What the token patterns tell apart. The values are those of tools/tokenizer/unicode_classes.mjs.
enum class CharacterClass : std::uint8_t {
  kOther,
  kUpper,     // Lu, Lt
  kLower,     // Ll
  kCaseless,  // Lm, Lo
  kMark,      // M
  kNumber,    // N
  kSpace,     // White_Space
};

// The class of every code point, looked up in a flat table where text usually is and by bisection above. Immutable.
class CharacterClasses {
 public:
  // Built on first use, in about a millisecond; lives as long as the process.
  static const CharacterClasses& Unicode();

  CharacterClass Of(char32_t code_point) const { return code_point < kFlat ? flat_[code_point] : Search(code_point); }

 private:
  static constexpr char32_t kFlat = 0x20000;  // the basic plane, and the supplementary one with scripts and emoji
  struct Run {
    char32_t end;
    CharacterClass kind;
  };

  CharacterClasses();
  CharacterClass Search(char32_t code_point) const;

  std::unique_ptr<CharacterClass[]> flat_;
  std::vector<Run> above_;
};

}  // namespace gatehouse::llm::token
