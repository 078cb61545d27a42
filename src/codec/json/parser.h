#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json/tape.h"

namespace gatehouse::codec::json {

// Fills the tape of one Document in a single pass. Lives for one call of Parse(). The cursor is handed from function to
// function, so that it stays in a register: each takes where to read and returns where to go on, or nullptr when it has
// failed.
class Document::Parser {
 public:
  Parser(Document& document, std::string_view text, const Limits& limits);

  base::Status Run();

 private:
  using Cursor = const char*;
  static constexpr std::uint32_t kNoContainer = 0xFFFF'FFFF;
  // Up to so many names an object is searched name by name; above, the names are sorted once it is complete.
  static constexpr std::size_t kPairwiseNames = 32;

  // What the grammar allows at the cursor.
  enum class Expect : std::uint8_t { kValue, kName, kAfterValue };

  Cursor Step(Cursor at, Expect& next);
  Cursor ParseValue(Cursor at, Expect& next);
  Cursor ParseName(Cursor at);
  Cursor ParseAfterValue(Cursor at, Expect& next);
  Cursor ParseNumber(Cursor at);
  Cursor ParseLiteral(Cursor at, std::string_view word, Type type);
  Cursor ParseString(Cursor at);
  Cursor ParseEscapedString(Cursor opening, Cursor first_escape);
  Cursor ParseEscape(Cursor at, char*& out);
  Cursor ParseUnicodeEscape(Cursor at, char*& out);

  Cursor Open(Cursor at, Type type, Expect& next);
  Cursor Close(Cursor at);
  Cursor Push(Cursor begin, Cursor end, Type type, std::uint32_t link, std::uint32_t count);
  Cursor RememberName(Cursor at);
  Cursor CheckNamesSorted(Cursor at);
  bool GrowTape();
  void ReserveUnescaped();

  Cursor SkipSpace(Cursor at) const;
  bool AtEnd(Cursor at) const { return at == end_; }
  bool Sees(Cursor at, char c) const { return at != end_ && *at == c; }

  Cursor Fail(Cursor at, std::string_view problem);
  Cursor Expected(Cursor at, std::string_view what);
  Cursor UnfinishedString(Cursor at);
  std::string Found(Cursor at) const;

  Document* document_;
  Cursor begin_;
  Cursor end_;
  std::uint32_t open_ = kNoContainer;  // token of the innermost container
  std::size_t depth_ = 0;
  std::size_t unescaped_size_ = 0;
  std::size_t first_name_ = 0;  // of the innermost object, in names_
  Limits limits_;
  std::uint32_t token_limit_ = 0;  // what the memory of the tape and the limits allow
  std::string problem_;
  Cursor problem_at_ = nullptr;
};

}  // namespace gatehouse::codec::json
