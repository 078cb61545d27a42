#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gatehouse::codec::cel {

enum class TokenKind : std::uint8_t {
  kEnd,
  kIdentifier,
  kReserved,  // a word kept for later: a field's name, but not a variable's
  kQuoted,    // a field's name in backquotes
  kIn,
  kTrue,
  kFalse,
  kNull,
  kInt,  // decimal or 0x, as written, without a sign
  kUint,
  kDouble,
  kString,
  kBytes,
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t position = 0;
  std::string_view source;  // as written
  std::string text;         // what a string, bytes or quoted name means

  bool IsSymbol(std::string_view symbol) const { return kind == TokenKind::kSymbol && source == symbol; }
};

// "line 2, column 7: what", for the person who wrote the source. Columns count code points.
base::Error SourceError(std::string_view source, std::size_t position, std::string_view what);

// Cuts a source into tokens, one per call. The source is valid UTF-8 and outlives it.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  base::Result<Token> Next();

 private:
  void SkipBlanks();
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  std::size_t StringPrefix() const;
  Token Cut(TokenKind kind, std::size_t begin) const;
  Token Word();
  base::Result<Token> Number();
  void Exponent(TokenKind& kind);
  base::Result<Token> Quoted();
  base::Result<Token> String(std::size_t prefix);
  base::Result<Token> Symbol();
  base::Error ErrorAt(std::size_t position, std::string_view what) const;

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace gatehouse::codec::cel
