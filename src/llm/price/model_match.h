#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/cel/regex.h"

namespace gatehouse::llm::price {

// Which names mean a model: one comparison, or several joined. Case does not matter. Immutable.
class ModelMatch {
 public:
  enum class Kind : std::uint8_t { kEquals, kStartsWith, kEndsWith, kContains, kRegex, kNot, kAny, kAll };

  // `text` in any case.
  static ModelMatch Of(Kind kind, std::string_view text);
  static ModelMatch Of(codec::cel::Regex regex);
  // kNot: of one part.
  static ModelMatch Of(Kind kind, std::vector<ModelMatch> parts);

  // REQUIRES: `name` in lower case.
  bool Matches(std::string_view name) const;

 private:
  Kind kind_ = Kind::kEquals;
  std::string text_;
  std::vector<ModelMatch> parts_;
  std::optional<codec::cel::Regex> regex_;
};

std::string LowerCase(std::string_view text);  // ASCII letters

}  // namespace gatehouse::llm::price
