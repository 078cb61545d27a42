#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "codec/json/tape.h"

namespace gatehouse::codec::json {

// Fills the tape of one Document in a single pass. Lives for one call of Parse().
class Document::Parser {
 public:
  Parser(Document& document, std::string_view text, const Limits& limits);

  base::Status Run();

 private:
  static constexpr std::uint32_t kNoContainer = 0xFFFF'FFFF;
  // Up to so many names an object is searched name by name; above, the names are sorted once it is complete.
  static constexpr std::size_t kPairwiseNames = 32;

  enum class Outcome : std::uint8_t { kGoOn, kFailed };
  // What the grammar allows at the cursor.
  enum class Expect : std::uint8_t { kValue, kName, kAfterValue };

  Outcome ParseValue(Expect& next);
  Outcome ParseName(Expect& next);
  Outcome ParseAfterValue(Expect& next);
  Outcome ParseNumber();
  Outcome ParseLiteral(std::string_view word, Type type);
  Outcome ParseString();
  Outcome ParseEscapedString(const char* opening, const char* first_escape);
  Outcome ParseEscape();
  Outcome ParseUnicodeEscape();
  bool ParseHex4(std::uint32_t& value);

  Outcome Open(Type type, char closing, Expect& next);
  Outcome Close(Expect& next);
  Outcome Push(Type type, const char* begin, std::uint32_t link, std::uint32_t count);
  Outcome RememberName();
  Outcome CheckNamesSorted(std::size_t first);

  void SkipSpace();
  Token& open() { return document_->tokens_[open_]; }
  bool AtEnd() const { return at_ == end_; }

  Outcome Fail(const char* at, std::string_view problem);
  Outcome Expected(std::string_view what);
  std::string Found() const;

  Document* document_;
  const char* begin_;
  const char* at_;
  const char* end_;
  std::uint32_t open_ = kNoContainer;  // token of the innermost container
  std::size_t depth_ = 0;
  std::size_t first_name_ = 0;  // of the innermost object, in names_
  Limits limits_;
  std::string problem_;
  const char* problem_at_ = nullptr;
};

}  // namespace gatehouse::codec::json
