#include "codec/cel/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/result.h"
#include "codec/cel/literal.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::cel {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsWordStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsWord(char c) { return IsWordStart(c) || IsDigit(c); }
bool IsQuotedNameCharacter(char c) { return IsWord(c) || c == '.' || c == '-' || c == '/' || c == ' '; }
bool IsQuote(char c) { return c == '"' || c == '\''; }

constexpr std::array kReservedWords = {
    std::string_view("as"),        std::string_view("break"),  std::string_view("const"),
    std::string_view("continue"),  std::string_view("else"),   std::string_view("for"),
    std::string_view("function"),  std::string_view("if"),     std::string_view("import"),
    std::string_view("let"),       std::string_view("loop"),   std::string_view("package"),
    std::string_view("namespace"), std::string_view("return"), std::string_view("var"),
    std::string_view("void"),      std::string_view("while")};

// Longer ones first.
constexpr std::array kSymbols = {
    std::string_view("=="), std::string_view("!="), std::string_view("<="), std::string_view(">="),
    std::string_view("&&"), std::string_view("||"), std::string_view("["),  std::string_view("]"),
    std::string_view("{"),  std::string_view("}"),  std::string_view("("),  std::string_view(")"),
    std::string_view("."),  std::string_view(","),  std::string_view("-"),  std::string_view("!"),
    std::string_view("?"),  std::string_view(":"),  std::string_view("+"),  std::string_view("*"),
    std::string_view("/"),  std::string_view("%"),  std::string_view("<"),  std::string_view(">")};

TokenKind KindOfWord(std::string_view word) {
  if (word == "in") return TokenKind::kIn;
  if (word == "true") return TokenKind::kTrue;
  if (word == "false") return TokenKind::kFalse;
  if (word == "null") return TokenKind::kNull;
  return std::ranges::find(kReservedWords, word) != kReservedWords.end() ? TokenKind::kReserved
                                                                         : TokenKind::kIdentifier;
}

}  // namespace

base::Error SourceError(std::string_view source, std::size_t position, std::string_view what) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < std::min(position, source.size()); ++i) {
    if (source[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(source[i]) & 0xC0) != 0x80) {
      ++column;
    }
  }
  std::string message = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
  return base::InvalidRequest(message.append(what));
}

base::Error Lexer::ErrorAt(std::size_t position, std::string_view what) const {
  return SourceError(source_, position, what);
}

void Lexer::SkipBlanks() {
  while (at_ < source_.size()) {
    const char c = Peek();
    if (c == '/' && Peek(1) == '/') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else {
      return;
    }
  }
}

Token Lexer::Cut(TokenKind kind, std::size_t begin) const {
  return {.kind = kind, .position = static_cast<std::uint32_t>(begin), .source = source_.substr(begin, at_ - begin)};
}

// Letters before a quote: r for raw, b for bytes, or both. SIZE_MAX: no string starts here.
std::size_t Lexer::StringPrefix() const {
  std::size_t length = 0;
  bool raw = false;
  bool bytes = false;
  for (; length < 2; ++length) {
    const char c = Peek(length);
    bool& seen = c == 'r' || c == 'R' ? raw : bytes;
    if ((c != 'r' && c != 'R' && c != 'b' && c != 'B') || seen) break;
    seen = true;
  }
  return IsQuote(Peek(length)) ? length : std::string_view::npos;
}

base::Result<Token> Lexer::Next() {
  SkipBlanks();
  if (at_ == source_.size()) return Cut(TokenKind::kEnd, at_);
  if (const std::size_t prefix = StringPrefix(); prefix != std::string_view::npos) return String(prefix);
  const char c = Peek();
  if (IsWordStart(c)) return Word();
  if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
  if (c == '`') return Quoted();
  return Symbol();
}

Token Lexer::Word() {
  const std::size_t begin = at_;
  while (IsWord(Peek())) ++at_;
  return Cut(KindOfWord(source_.substr(begin, at_ - begin)), begin);
}

void Lexer::Exponent(TokenKind& kind) {
  if (Peek() != 'e' && Peek() != 'E') return;
  const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
  if (!IsDigit(Peek(1 + sign))) return;
  at_ += 1 + sign;
  while (IsDigit(Peek())) ++at_;
  kind = TokenKind::kDouble;
}

base::Result<Token> Lexer::Number() {
  const std::size_t begin = at_;
  TokenKind kind = TokenKind::kInt;
  if (Peek() == '0' && Peek(1) == 'x') {
    at_ += 2;
    while (IsHexDigit(Peek())) ++at_;
    if (at_ == begin + 2) return ErrorAt(begin, "`0x` needs hexadecimal digits after it");
  } else {
    while (IsDigit(Peek())) ++at_;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      kind = TokenKind::kDouble;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    Exponent(kind);
  }
  if (kind == TokenKind::kInt && (Peek() == 'u' || Peek() == 'U')) {
    ++at_;
    kind = TokenKind::kUint;
  }
  if (IsWord(Peek()))
    return ErrorAt(at_, "a letter or digit stands right behind a number; put a space or an operator between");
  return Cut(kind, begin);
}

base::Result<Token> Lexer::Quoted() {
  const std::size_t begin = at_++;
  while (IsQuotedNameCharacter(Peek())) ++at_;
  if (Peek() != '`' || at_ == begin + 1) {
    return ErrorAt(
        begin, "a name in backquotes has letters, digits, `.`, `-`, `/`, `_` and spaces, and ends with a backquote");
  }
  ++at_;
  Token token = Cut(TokenKind::kQuoted, begin);
  token.text = token.source.substr(1, token.source.size() - 2);
  return token;
}

base::Result<Token> Lexer::String(std::size_t prefix) {
  const std::size_t begin = at_;
  const std::string_view letters = source_.substr(begin, prefix);
  const bool raw = letters.find_first_of("rR") != std::string_view::npos;
  const TokenKind kind = letters.find_first_of("bB") != std::string_view::npos ? TokenKind::kBytes : TokenKind::kString;
  at_ += prefix;
  const char quote = Peek();
  const std::size_t width = Peek(1) == quote && Peek(2) == quote ? 3 : 1;
  const std::string end(width, quote);
  at_ += width;
  const std::size_t body = at_;
  while (source_.substr(at_, width) != end) {
    if (at_ == source_.size()) return ErrorAt(begin, "this text never ends; close it with " + end);
    if (width == 1 && (Peek() == '\n' || Peek() == '\r')) {
      return ErrorAt(begin, "this text runs over the end of the line; write \\n, or put it in three quotes");
    }
    at_ += !raw && Peek() == '\\' && at_ + 1 < source_.size() ? 2 : 1;
  }
  std::string_view inside = source_.substr(body, at_ - body);
  at_ += width;
  Token token = Cut(kind, begin);
  if (raw) {
    token.text = inside;
    return token;
  }
  GH_TRY(token.text, Unescape(inside, kind == TokenKind::kBytes ? Escapes::kBytes : Escapes::kText, source_, body));
  return token;
}

base::Result<Token> Lexer::Symbol() {
  for (const std::string_view symbol : kSymbols) {
    if (!source_.substr(at_).starts_with(symbol)) continue;
    at_ += symbol.size();
    return Cut(TokenKind::kSymbol, at_ - symbol.size());
  }
  const char c = Peek();
  if (c == '=') return ErrorAt(at_, "`=` is not an operator; write `==` to compare");
  if (c == '&' || c == '|') return ErrorAt(at_, std::string("write `") + c + c + "`; there is no single `" + c + "`");
  return ErrorAt(
      at_, "unexpected character `" + std::string(source_.substr(at_, text::DecodeAt(source_, at_).length)) + "`");
}

}  // namespace gatehouse::codec::cel
