#include "codec/json/parser.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "codec/json/hex4.h"
#include "codec/text/scan.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::json {
namespace {

constexpr std::size_t kMaxText = (std::size_t{1} << 28) - 1;
// Of all objects that are open at one time.
constexpr std::size_t kUsualNames = 16;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

template <class Word>
std::uint64_t Load(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Names that differ in their length or in their first or last eight bytes differ in this, save for rare collisions.
std::uint64_t Fingerprint(std::string_view name) {
  constexpr std::uint64_t kMultiplier = 0x9E37'79B9'7F4A'7C15ULL;
  const char* const begin = name.data();
  const std::size_t size = name.size();
  const std::uint64_t length = static_cast<std::uint64_t>(size) << 56;
  if (size >= 8) return (Load<std::uint64_t>(begin) * kMultiplier) ^ Load<std::uint64_t>(begin + size - 8) ^ length;
  if (size >= 4) return (Load<std::uint32_t>(begin) | (Load<std::uint32_t>(begin + size - 4) << 32)) ^ length;
  if (size == 0) return 0;
  const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(begin[i])}; };
  return (byte(0) | (byte(size / 2) << 8) | (byte(size - 1) << 16)) ^ length;
}

std::string ErrorText(std::size_t offset, std::string_view problem) {
  return "The body is not valid JSON: at byte " + std::to_string(offset) + ": " + std::string(problem) + ".";
}

}  // namespace

base::Status Document::Parse(std::string_view text, const Limits& limits) {
  text_ = text;
  token_count_ = 0;
  names_.clear();
  if (names_.capacity() == 0) names_.reserve(kUsualNames);
  auto status = Parser(*this, text, limits).Run();
  if (!status.ok()) {
    token_count_ = 0;
    text_ = {};
  }
  return status;
}

Document::Parser::Parser(Document& document, std::string_view text, const Limits& limits)
    : document_(&document), begin_(text.data()), end_(begin_ + text.size()), limits_(limits) {
  limits_.values = std::min<std::size_t>(limits_.values, Token::kMaxCount);
  token_limit_ = static_cast<std::uint32_t>(std::min<std::size_t>(document.token_capacity_, limits_.values));
}

base::Status Document::Parser::Run() {
  const std::string_view text(begin_, static_cast<std::size_t>(end_ - begin_));
  if (text.size() > kMaxText) return base::InvalidRequest("The body is larger than 256 MiB.");
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return base::InvalidRequest(ErrorText(text::ValidUtf8Prefix(text), "this byte is not valid UTF-8"));
  }
  Expect next = Expect::kValue;
  Cursor at = SkipSpace(begin_);
  do {
    at = Step(at, next);
  } while (at != nullptr && (next != Expect::kAfterValue || open_ != kNoContainer));
  if (at != nullptr) {
    at = SkipSpace(at);
    if (AtEnd(at)) return base::Ok();
    Expected(at, "the end of the text");
  }
  return base::InvalidRequest(ErrorText(static_cast<std::size_t>(problem_at_ - begin_), problem_));
}

// Inlined where it is used: the calls would cost as much as the work.
[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::SkipSpace(Cursor at) const {
  while (at != end_ && static_cast<unsigned char>(*at) <= ' ' && IsSpace(*at)) ++at;
  return at;
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::Push(Cursor begin, Cursor end, Type type,
                                                                              std::uint32_t link, std::uint32_t count) {
  if (document_->token_count_ == token_limit_ && !GrowTape()) {
    return Fail(begin, "more than " + std::to_string(limits_.values) + " values and names");
  }
  // Member by member: a token made apart is read back in one piece before its four stores are through.
  Token& token = document_->tokens_[document_->token_count_++];
  token.offset = static_cast<std::uint32_t>(begin - begin_);
  token.length = static_cast<std::uint32_t>(end - begin);
  token.link = link;
  token.type_and_count = Token::Pack(type, count);
  return end;
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::ParseString(Cursor at) {
  const Cursor stop = text::Find<text::JsonStringStop>(at + 1, end_);
  if (!Sees(stop, '"')) return Sees(stop, '\\') ? ParseEscapedString(at, stop) : UnfinishedString(stop);
  return Push(at, stop + 1, Type::kString, Token::kNotEscaped, 0);
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::Step(Cursor at, Expect& next) {
  if (next == Expect::kAfterValue) {
    at = ParseAfterValue(at, next);
    if (at == nullptr || next == Expect::kAfterValue) return at;
  }
  if (next == Expect::kName) {
    at = ParseName(at);
    if (at == nullptr) return at;
  }
  return ParseValue(at, next);
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::ParseValue(Cursor at, Expect& next) {
  if (AtEnd(at)) return Expected(at, "a value");
  next = Expect::kAfterValue;
  switch (*at) {
    case '"': return ParseString(at);
    case '{': return Open(at, Type::kObject, next);
    case '[': return Open(at, Type::kArray, next);
    case 't': return ParseLiteral(at, "true", Type::kBool);
    case 'f': return ParseLiteral(at, "false", Type::kBool);
    case 'n': return ParseLiteral(at, "null", Type::kNull);
    default: return *at == '-' || IsDigit(*at) ? ParseNumber(at) : Expected(at, "a value");
  }
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::ParseName(Cursor at) {
  if (!Sees(at, '"')) return Expected(at, "a member name in quotes");
  at = ParseString(at);
  if (at == nullptr || RememberName(at) == nullptr) return nullptr;
  at = SkipSpace(at);
  if (!Sees(at, ':')) return Expected(at, "':' after the member name");
  return SkipSpace(at + 1);
}

[[gnu::always_inline]] inline Document::Parser::Cursor Document::Parser::ParseAfterValue(Cursor at, Expect& next) {
  Token& container = document_->tokens_[open_];
  container.AddToCount(1);
  at = SkipSpace(at);
  const bool in_object = container.type() == Type::kObject;
  if (Sees(at, ',')) {
    next = in_object ? Expect::kName : Expect::kValue;
    return SkipSpace(at + 1);
  }
  if (Sees(at, in_object ? '}' : ']')) return Close(at);
  return Expected(at, in_object ? "',' or '}' after a member" : "',' or ']' after an element");
}

Document::Parser::Cursor Document::Parser::Open(Cursor at, Type type, Expect& next) {
  if (depth_ == limits_.depth) {
    return Fail(at, "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }
  const std::uint32_t token = document_->token_count_;
  if (Push(at, at, type, open_, 0) == nullptr) return nullptr;
  // Until the container is closed, the length of its token is the place of the outer object's first name.
  document_->tokens_[token].length = static_cast<std::uint32_t>(first_name_);
  open_ = token;
  first_name_ = document_->names_.size();
  ++depth_;
  at = SkipSpace(at + 1);
  if (Sees(at, type == Type::kObject ? '}' : ']')) return Close(at);
  next = type == Type::kObject ? Expect::kName : Expect::kValue;
  if (AtEnd(at)) return Expected(at, type == Type::kObject ? "a member name or '}'" : "a value or ']'");
  return at;
}

Document::Parser::Cursor Document::Parser::Close(Cursor at) {
  auto& names = document_->names_;
  if (names.size() - first_name_ > kPairwiseNames && CheckNamesSorted(at) == nullptr) return nullptr;
  names.resize(first_name_);
  Token& token = document_->tokens_[open_];
  first_name_ = token.length;
  token.length = static_cast<std::uint32_t>(at + 1 - begin_) - token.offset;
  open_ = std::exchange(token.link, document_->token_count_);
  --depth_;
  return at + 1;
}

bool Document::Parser::GrowTape() {
  constexpr std::size_t kSmallest = 32;
  constexpr std::size_t kUsualBytesPerToken = 32;
  Document& document = *document_;
  const auto usual = static_cast<std::size_t>(end_ - begin_) / kUsualBytesPerToken;
  if (document.token_count_ == limits_.values) return false;
  const auto capacity =
      std::min(limits_.values, std::max({kSmallest, usual, std::size_t{document.token_capacity_} * 2}));
  auto larger = std::make_unique_for_overwrite<Token[]>(capacity);
  std::copy_n(document.tokens_.get(), document.token_count_, larger.get());
  document.tokens_ = std::move(larger);
  document.token_capacity_ = static_cast<std::uint32_t>(capacity);
  token_limit_ = document.token_capacity_;
  return true;
}

Document::Parser::Cursor Document::Parser::RememberName(Cursor at) {
  const std::uint32_t token = document_->token_count_ - 1;
  const std::string_view name = document_->StringAt(token);
  const std::uint64_t fingerprint = Fingerprint(name);
  auto& names = document_->names_;
  const std::size_t count = names.size() - first_name_;
  if (count < kPairwiseNames) {
    const Name* const open_names = names.data() + first_name_;
    for (std::size_t i = 0; i < count; ++i) {
      if (open_names[i].fingerprint == fingerprint && document_->StringAt(open_names[i].token) == name) {
        return Fail(begin_ + document_->tokens_[token].offset, "the name appears twice in one object");
      }
    }
  }
  names.push_back({fingerprint, token});
  return at;
}

Document::Parser::Cursor Document::Parser::CheckNamesSorted(Cursor at) {
  auto& names = document_->names_;
  const auto begin = names.begin() + static_cast<std::ptrdiff_t>(first_name_);
  const auto text_of = [this](const Name& name) { return document_->StringAt(name.token); };
  std::sort(begin, names.end(), [&](const Name& a, const Name& b) {
    if (a.fingerprint != b.fingerprint) return a.fingerprint < b.fingerprint;
    const int order = text_of(a).compare(text_of(b));
    return order != 0 ? order < 0 : a.token < b.token;
  });
  const auto twin = std::adjacent_find(begin, names.end(), [&](const Name& a, const Name& b) {
    return a.fingerprint == b.fingerprint && text_of(a) == text_of(b);
  });
  if (twin == names.end()) return at;
  return Fail(begin_ + document_->tokens_[std::next(twin)->token].offset, "the name appears twice in one object");
}

Document::Parser::Cursor Document::Parser::ParseLiteral(Cursor at, std::string_view word, Type type) {
  if (!std::string_view(at, static_cast<std::size_t>(end_ - at)).starts_with(word)) return Expected(at, "a value");
  return Push(at, at + word.size(), type, 0, 0);
}

Document::Parser::Cursor Document::Parser::ParseNumber(Cursor begin) {
  Cursor at = begin;
  const auto skip_digits = [this](Cursor first) {
    while (first != end_ && IsDigit(*first)) ++first;
    return first;
  };
  if (*at == '-') ++at;
  const Cursor digits = at;
  at = skip_digits(at);
  if (at == digits) return Expected(at, "a digit");
  if (*digits == '0' && at - digits > 1) return Fail(begin, "a number may not begin with a zero");
  if (Sees(at, '.')) {
    const Cursor fraction = ++at;
    at = skip_digits(at);
    if (at == fraction) return Expected(at, "a digit after the point");
  }
  if (Sees(at, 'e') || Sees(at, 'E')) {
    ++at;
    if (Sees(at, '+') || Sees(at, '-')) ++at;
    const Cursor exponent = at;
    at = skip_digits(at);
    if (at == exponent) return Expected(at, "a digit in the exponent");
  }
  return Push(begin, at, Type::kNumber, 0, 0);
}

// The decoded form of a string is never longer than the string: all of them together fit in the size of the text.
void Document::Parser::ReserveUnescaped() {
  const auto needed = static_cast<std::size_t>(end_ - begin_) + text::kCopyPadding;
  if (document_->unescaped_capacity_ >= needed) return;
  document_->unescaped_ = std::make_unique_for_overwrite<char[]>(needed);
  document_->unescaped_capacity_ = needed;
}

Document::Parser::Cursor Document::Parser::ParseEscapedString(Cursor opening, Cursor first_escape) {
  if (unescaped_size_ == 0) ReserveUnescaped();
  char* const start = document_->unescaped_.get() + unescaped_size_;
  char* out = std::copy(opening + 1, first_escape, start);
  Cursor at = first_escape;
  while (Sees(at, '\\')) {
    const Cursor plain = ParseEscape(at + 1, out);
    if (plain == nullptr) return nullptr;
    at = text::CopyUntil<text::JsonStringStop>(plain, end_, out);
    out += at - plain;
  }
  if (!Sees(at, '"')) return UnfinishedString(at);
  const auto offset = static_cast<std::uint32_t>(unescaped_size_);
  const auto size = static_cast<std::uint32_t>(out - start);
  unescaped_size_ += size;
  return Push(opening, at + 1, Type::kString, offset, size);
}

Document::Parser::Cursor Document::Parser::ParseEscape(Cursor at, char*& out) {
  if (AtEnd(at)) return Expected(at, "the rest of the escape");
  switch (*at) {
    case 'n': *out++ = '\n'; break;
    case '"':
    case '\\':
    case '/': *out++ = *at; break;
    case 't': *out++ = '\t'; break;
    case 'r': *out++ = '\r'; break;
    case 'b': *out++ = '\b'; break;
    case 'f': *out++ = '\f'; break;
    case 'u': return ParseUnicodeEscape(at, out);
    default: return Expected(at, "one of \"\\/bfnrtu after the backslash");
  }
  return at + 1;
}

// RFC 8259, section 7: what is outside the basic plane is a pair of surrogates; one alone names no character.
Document::Parser::Cursor Document::Parser::ParseUnicodeEscape(Cursor at, char*& out) {
  const Cursor escape = at - 1;
  std::uint32_t unit = 0;
  const Cursor behind = ReadHex4(at + 1, end_, unit);
  if (behind == nullptr) return Expected(escape, "four hexadecimal digits after \\u");
  at = behind;
  if (unit >= 0xD800 && unit < 0xE000) {
    std::uint32_t low = 0;
    const bool pair = unit < 0xDC00 && end_ - at >= 6 && at[0] == '\\' && at[1] == 'u';
    at = pair ? ReadHex4(at + 2, end_, low) : nullptr;
    if (at == nullptr || low < 0xDC00 || low >= 0xE000) {
      return Fail(escape, "this \\u escape is one half of a surrogate pair without the other");
    }
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  out = text::EncodeCodePoint(out, unit);
  return at;
}

Document::Parser::Cursor Document::Parser::Fail(Cursor at, std::string_view problem) {
  problem_ = problem;
  problem_at_ = at;
  return nullptr;
}

Document::Parser::Cursor Document::Parser::Expected(Cursor at, std::string_view what) {
  return Fail(at, "expected " + std::string(what) + ", found " + Found(at));
}

Document::Parser::Cursor Document::Parser::UnfinishedString(Cursor at) {
  if (AtEnd(at)) return Expected(at, "the quote that ends the string");
  return Expected(at, "an escape such as \\n instead of a control character");
}

std::string Document::Parser::Found(Cursor at) const {
  if (AtEnd(at)) return "the end of the text";
  if (static_cast<unsigned char>(*at) < 0x20) return "a control character";
  if (static_cast<unsigned char>(*at) >= 0x7F) return "a character outside ASCII";
  return std::string("'") + *at + "'";
}

}  // namespace gatehouse::codec::json
