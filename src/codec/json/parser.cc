#include "codec/json/parser.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "codec/text/scan.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::json {
namespace {

constexpr std::size_t kMaxText = (std::size_t{1} << 28) - 1;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::uint64_t LoadBytes(const char* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

// Names that differ in their length or in their first or last eight bytes differ in this, save for rare collisions.
std::uint64_t Fingerprint(std::string_view name) {
  constexpr std::uint64_t kMultiplier = 0x9E37'79B9'7F4A'7C15ULL;
  const std::size_t size = name.size();
  if (size >= 8) {
    const std::uint64_t head = LoadBytes(name.data(), 8);
    const std::uint64_t tail = LoadBytes(name.data() + size - 8, 8);
    return (head * kMultiplier) ^ tail ^ (static_cast<std::uint64_t>(size) << 56);
  }
  std::uint64_t word = 0;
  for (const char c : name) word = (word << 8) | static_cast<unsigned char>(c);
  return word ^ (static_cast<std::uint64_t>(size) << 56);
}

std::string ErrorText(std::size_t offset, std::string_view problem) {
  return "The body is not valid JSON: at byte " + std::to_string(offset) + ": " + std::string(problem) + ".";
}

}  // namespace

base::Status Document::Parse(std::string_view text, const Limits& limits) {
  text_ = {};
  tokens_.clear();
  unescaped_.clear();
  names_.clear();
  if (text.size() > kMaxText) return base::InvalidRequest("The body is larger than 256 MiB.");
  if (!simdjson::validate_utf8(text.data(), text.size())) {
    return base::InvalidRequest(ErrorText(text::ValidUtf8Prefix(text), "this byte is not valid UTF-8"));
  }
  text_ = text;
  auto status = Parser(*this, text, limits).Run();
  if (!status.ok()) {
    tokens_.clear();
    text_ = {};
  }
  return status;
}

Document::Parser::Parser(Document& document, std::string_view text, const Limits& limits)
    : document_(&document), begin_(text.data()), at_(begin_), end_(begin_ + text.size()), limits_(limits) {
  limits_.values = std::min<std::size_t>(limits_.values, Token::kMaxCount);
}

base::Status Document::Parser::Run() {
  Expect next = Expect::kValue;
  Outcome outcome = Outcome::kGoOn;
  SkipSpace();
  do {
    switch (next) {
      case Expect::kValue: outcome = ParseValue(next); break;
      case Expect::kName: outcome = ParseName(next); break;
      case Expect::kAfterValue: outcome = ParseAfterValue(next); break;
    }
  } while (outcome == Outcome::kGoOn && (next != Expect::kAfterValue || open_ != kNoContainer));
  if (outcome == Outcome::kGoOn) {
    SkipSpace();
    if (!AtEnd()) outcome = Expected("the end of the text");
  }
  if (outcome == Outcome::kGoOn) return base::Ok();
  return base::InvalidRequest(ErrorText(static_cast<std::size_t>(problem_at_ - begin_), problem_));
}

void Document::Parser::SkipSpace() {
  while (at_ != end_ && IsSpace(*at_)) ++at_;
}

Document::Parser::Outcome Document::Parser::ParseValue(Expect& next) {
  if (AtEnd()) return Expected("a value");
  next = Expect::kAfterValue;
  switch (*at_) {
    case '{': return Open(Type::kObject, '}', next);
    case '[': return Open(Type::kArray, ']', next);
    case '"': return ParseString();
    case 't': return ParseLiteral("true", Type::kBool);
    case 'f': return ParseLiteral("false", Type::kBool);
    case 'n': return ParseLiteral("null", Type::kNull);
    default: return *at_ == '-' || IsDigit(*at_) ? ParseNumber() : Expected("a value");
  }
}

Document::Parser::Outcome Document::Parser::ParseName(Expect& next) {
  if (AtEnd() || *at_ != '"') return Expected("a member name in quotes");
  if (ParseString() == Outcome::kFailed || RememberName() == Outcome::kFailed) return Outcome::kFailed;
  SkipSpace();
  if (AtEnd() || *at_ != ':') return Expected("':' after the member name");
  ++at_;
  SkipSpace();
  next = Expect::kValue;
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::ParseAfterValue(Expect& next) {
  open().AddToCount(1);
  SkipSpace();
  const bool in_object = open().type() == Type::kObject;
  if (!AtEnd() && *at_ == ',') {
    ++at_;
    SkipSpace();
    next = in_object ? Expect::kName : Expect::kValue;
    return Outcome::kGoOn;
  }
  if (!AtEnd() && *at_ == (in_object ? '}' : ']')) return Close(next);
  return Expected(in_object ? "',' or '}' after a member" : "',' or ']' after an element");
}

Document::Parser::Outcome Document::Parser::Push(Type type, const char* begin, std::uint32_t link,
                                                 std::uint32_t count) {
  if (document_->tokens_.size() >= limits_.values) {
    return Fail(begin, "more than " + std::to_string(limits_.values) + " values and names");
  }
  document_->tokens_.push_back({static_cast<std::uint32_t>(begin - begin_), static_cast<std::uint32_t>(at_ - begin),
                                link, Token::Pack(type, count)});
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::Open(Type type, char closing, Expect& next) {
  if (depth_ == limits_.depth) {
    return Fail(at_, "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }
  const auto token = static_cast<std::uint32_t>(document_->tokens_.size());
  const char* const bracket = at_++;
  if (Push(type, bracket, open_, 0) == Outcome::kFailed) return Outcome::kFailed;
  // Until it is closed, the length of an object's token is the place of the outer object's first name.
  document_->tokens_.back().length = static_cast<std::uint32_t>(first_name_);
  open_ = token;
  first_name_ = document_->names_.size();
  ++depth_;
  SkipSpace();
  if (!AtEnd() && *at_ == closing) return Close(next);
  next = type == Type::kObject ? Expect::kName : Expect::kValue;
  if (AtEnd()) return Expected(type == Type::kObject ? "a member name or '}'" : "a value or ']'");
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::Close(Expect& next) {
  ++at_;
  auto& names = document_->names_;
  if (names.size() - first_name_ > kPairwiseNames && CheckNamesSorted(first_name_) == Outcome::kFailed) {
    return Outcome::kFailed;
  }
  names.resize(first_name_);
  Token& token = open();
  first_name_ = token.length;
  token.length = static_cast<std::uint32_t>(at_ - begin_) - token.offset;
  open_ = std::exchange(token.link, static_cast<std::uint32_t>(document_->tokens_.size()));
  --depth_;
  next = Expect::kAfterValue;
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::RememberName() {
  const auto token = static_cast<std::uint32_t>(document_->tokens_.size() - 1);
  const std::string_view name = document_->StringAt(token);
  const std::uint64_t fingerprint = Fingerprint(name);
  auto& names = document_->names_;
  if (names.size() - first_name_ < kPairwiseNames) {
    for (std::size_t i = first_name_; i < names.size(); ++i) {
      if (names[i].fingerprint == fingerprint && document_->StringAt(names[i].token) == name) {
        return Fail(begin_ + document_->tokens_[token].offset, "the name appears twice in one object");
      }
    }
  }
  names.push_back({fingerprint, token});
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::CheckNamesSorted(std::size_t first) {
  auto& names = document_->names_;
  const auto begin = names.begin() + static_cast<std::ptrdiff_t>(first);
  const auto text_of = [this](const Name& name) { return document_->StringAt(name.token); };
  std::sort(begin, names.end(), [&](const Name& a, const Name& b) {
    if (a.fingerprint != b.fingerprint) return a.fingerprint < b.fingerprint;
    const int order = text_of(a).compare(text_of(b));
    return order != 0 ? order < 0 : a.token < b.token;
  });
  const auto twin = std::adjacent_find(begin, names.end(), [&](const Name& a, const Name& b) {
    return a.fingerprint == b.fingerprint && text_of(a) == text_of(b);
  });
  if (twin == names.end()) return Outcome::kGoOn;
  return Fail(begin_ + document_->tokens_[std::next(twin)->token].offset, "the name appears twice in one object");
}

Document::Parser::Outcome Document::Parser::ParseLiteral(std::string_view word, Type type) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view(at_, word.size()) != word) {
    return Expected("a value");
  }
  const char* const begin = at_;
  at_ += word.size();
  return Push(type, begin, 0, 0);
}

Document::Parser::Outcome Document::Parser::ParseNumber() {
  const char* const begin = at_;
  const auto skip_digits = [this] {
    const char* const first = at_;
    while (!AtEnd() && IsDigit(*at_)) ++at_;
    return at_ != first;
  };
  if (*at_ == '-') ++at_;
  if (!AtEnd() && *at_ == '0') {
    ++at_;
    if (!AtEnd() && IsDigit(*at_)) return Fail(begin, "a number may not begin with a zero");
  } else if (!skip_digits()) {
    return Expected("a digit");
  }
  if (!AtEnd() && *at_ == '.') {
    ++at_;
    if (!skip_digits()) return Expected("a digit after the point");
  }
  if (!AtEnd() && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (!AtEnd() && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!skip_digits()) return Expected("a digit in the exponent");
  }
  return Push(Type::kNumber, begin, 0, 0);
}

Document::Parser::Outcome Document::Parser::ParseString() {
  const char* const opening = at_;
  at_ = text::Find<text::JsonStringStop>(opening + 1, end_);
  if (AtEnd()) return Expected("the quote that ends the string");
  if (*at_ == '\\') return ParseEscapedString(opening, at_);
  if (*at_ != '"') return Expected("an escape such as \\n instead of a control character");
  ++at_;
  return Push(Type::kString, opening, Token::kNotEscaped, 0);
}

Document::Parser::Outcome Document::Parser::ParseEscapedString(const char* opening, const char* first_escape) {
  std::string& out = document_->unescaped_;
  const std::size_t start = out.size();
  out.append(opening + 1, first_escape);
  while (!AtEnd() && *at_ == '\\') {
    if (ParseEscape() == Outcome::kFailed) return Outcome::kFailed;
    const char* const plain = at_;
    at_ = text::Find<text::JsonStringStop>(plain, end_);
    out.append(plain, at_);
  }
  if (AtEnd()) return Expected("the quote that ends the string");
  if (*at_ != '"') return Expected("an escape such as \\n instead of a control character");
  ++at_;
  return Push(Type::kString, opening, static_cast<std::uint32_t>(start),
              static_cast<std::uint32_t>(out.size() - start));
}

Document::Parser::Outcome Document::Parser::ParseEscape() {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  ++at_;
  if (AtEnd()) return Expected("the rest of the escape");
  if (*at_ == 'u') return ParseUnicodeEscape();
  const auto which = kEscapes.find(*at_);
  if (which == std::string_view::npos) return Expected("one of \"\\/bfnrtu after the backslash");
  document_->unescaped_.push_back(kMeanings[which]);
  ++at_;
  return Outcome::kGoOn;
}

bool Document::Parser::ParseHex4(std::uint32_t& value) {
  value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (AtEnd()) return false;
    const char c = *at_;
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      value = value * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  return true;
}

// RFC 8259, section 7: what is outside the basic plane is a pair of surrogates; one alone names no character.
Document::Parser::Outcome Document::Parser::ParseUnicodeEscape() {
  const char* const escape = at_ - 1;
  std::uint32_t unit = 0;
  ++at_;
  if (!ParseHex4(unit)) return Expected("four hexadecimal digits after \\u");
  if (unit >= 0xD800 && unit < 0xE000) {
    std::uint32_t low = 0;
    const bool pair = unit < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
    if (pair) at_ += 2;
    if (!pair || !ParseHex4(low) || low < 0xDC00 || low >= 0xE000) {
      return Fail(escape, "this \\u escape is one half of a surrogate pair without the other");
    }
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  }
  text::AppendCodePoint(document_->unescaped_, unit);
  return Outcome::kGoOn;
}

Document::Parser::Outcome Document::Parser::Fail(const char* at, std::string_view problem) {
  problem_ = problem;
  problem_at_ = at;
  return Outcome::kFailed;
}

Document::Parser::Outcome Document::Parser::Expected(std::string_view what) {
  return Fail(at_, "expected " + std::string(what) + ", found " + Found());
}

std::string Document::Parser::Found() const {
  if (AtEnd()) return "the end of the text";
  if (static_cast<unsigned char>(*at_) < 0x20) return "a control character";
  if (static_cast<unsigned char>(*at_) >= 0x7F) return "a character outside ASCII";
  return std::string("'") + *at_ + "'";
}

}  // namespace gatehouse::codec::json
