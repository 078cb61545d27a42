#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::inspect {

enum class Category : std::uint8_t { kPii, kSecret, kContent, kExfiltration, kInjection };

std::string_view ToString(Category category);  // "pii", "secret", ...

// In which form of the text something was seen.
enum class View : std::uint8_t {
  kRaw,         // as it came
  kNormalised,  // without invisible characters, confusables folded, letters that were spaced out joined
  kDecoded,     // what base64, hex, percent signs, entities or escapes stood for
};

std::string_view ToString(View view);  // "raw", "normalised", "decoded"

// Bytes [begin, end) of a text as it came.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
  bool operator==(const Span&) const = default;
};

// What a detector saw. It names no content: the span says where it is.
struct Finding {
  Category category = Category::kPii;
  std::string entity;    // "EMAIL_ADDRESS", "aws-access-token", "HIDDEN_TEXT"
  Span span;             // of the text as it came, whatever the view
  float confidence = 0;  // 0 to 1
  View view = View::kRaw;

  bool operator==(const Finding&) const = default;
};

}  // namespace gatehouse::inspect
