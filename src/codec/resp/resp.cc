#include "codec/resp/resp.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace gatehouse::codec::resp {
namespace {

using Kind = Value::Kind;

constexpr std::size_t kLongestLine = 64 << 10U;

base::Error Malformed(std::string_view what) {
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kStore,
          .detail = "not the protocol of Redis: " + std::string(what)};
}

base::Error TooLarge(std::string_view what) {
  return {.code = base::ErrorCode::kTooLarge,
          .source = base::ErrorSource::kStore,
          .detail = "an answer of Redis is too large: " + std::string(what)};
}

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

bool IsDigits(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// [+-]digits[.digits][e[+-]digits], inf, -inf, nan.
bool IsDouble(std::string_view text) {
  if (text == "inf" || text == "-inf" || text == "nan") return true;
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  // A number too large for a double is one all the same.
  return !text.empty() && failed != std::errc::invalid_argument && end == text.data() + text.size();
}

Value TextOf(Kind kind, std::string_view text) { return {.kind = kind, .text = std::string(text), .parts = {}}; }

bool IsAggregate(char type) { return std::string_view("*~%>|").contains(type); }
bool IsBulk(char type) { return std::string_view("$!=").contains(type); }

base::Result<std::optional<Value>> Simple(char type, std::string_view text) {
  switch (type) {
    case '+': return std::optional(TextOf(Kind::kText, text));
    case '-': return std::optional(TextOf(Kind::kError, text));
    case '(':
      if (!IsDigits(text)) return Malformed("a big number");
      return std::optional(TextOf(Kind::kBigNumber, text));
    case ',':
      if (!IsDouble(text)) return Malformed("a double");
      return std::optional(TextOf(Kind::kDouble, text));
    case ':': {
      const auto integer = ParseInteger(text);
      if (!integer) return Malformed("an integer");
      return std::optional(Value{.kind = Kind::kInteger, .text = {}, .integer = *integer, .parts = {}});
    }
    case '#':
      if (text != "t" && text != "f") return Malformed("a boolean");
      return std::optional(Value{.kind = Kind::kBoolean, .text = {}, .integer = text == "t" ? 1 : 0, .parts = {}});
    case '_':
      if (!text.empty()) return Malformed("a null");
      return std::optional(Value());
    default: return Malformed("a type that there is not");
  }
}

}  // namespace

std::string_view Value::ErrorWord() const {
  if (!IsError()) return {};
  return std::string_view(text).substr(0, text.find(' '));
}

void Decoder::Feed(std::string_view bytes) {
  buffer_.erase(0, std::exchange(at_, 0));
  buffer_.append(bytes);
}

base::Result<std::optional<std::string_view>> Decoder::Line() {
  const std::size_t end = buffer_.find('\n', at_);
  if (end == std::string::npos) {
    if (buffered() > kLongestLine) return TooLarge("a line");
    return std::optional<std::string_view>();
  }
  const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
  if (line.size() > kLongestLine) return TooLarge("a line");
  if (line.size() < 2 || !line.ends_with('\r')) return Malformed("a line");
  return std::optional(line.substr(0, line.size() - 1));
}

base::Result<std::optional<Value>> Decoder::Bulk(char type, std::string_view length) {
  const auto size = ParseInteger(length);
  if (!size || *size < -1) return Malformed("a length");
  const std::size_t head = length.size() + 3;  // type and line end
  if (*size == -1) {
    if (type != '$') return Malformed("a length");
    at_ += head;
    return std::optional(Value());
  }
  const auto bytes = static_cast<std::size_t>(*size);
  if (bytes > limits_.max_text) return TooLarge("a text");
  if (buffered() < head + bytes + 2) return std::optional<Value>();
  const std::string_view rest = std::string_view(buffer_).substr(at_ + head);
  if (rest.substr(bytes, 2) != "\r\n") return Malformed("the end of a text");
  std::string_view text = rest.substr(0, bytes);
  if (type == '=') {
    constexpr std::size_t kFormat = 4;  // "txt:"
    if (text.size() < kFormat || text[kFormat - 1] != ':') return Malformed("a verbatim text");
    text.remove_prefix(kFormat);
  }
  Value value = TextOf(type == '!' ? Kind::kError : Kind::kText, text);
  at_ += head + bytes + 2;
  return std::optional(std::move(value));
}

base::Status Decoder::Begin(char type, std::string_view count) {
  const auto stated = ParseInteger(count);
  if (!stated || *stated < 0) return Malformed("a count");
  if (static_cast<std::uint64_t>(*stated) > limits_.max_parts) return TooLarge("an array");
  const bool pairs = type == '%' || type == '|';
  const std::size_t parts = static_cast<std::size_t>(*stated) * (pairs ? 2 : 1);
  parts_ += parts;
  if (parts_ > limits_.max_parts) return TooLarge("an array");
  if (open_.size() >= limits_.max_depth) return TooLarge("arrays within arrays");
  Open open{.value = {}, .missing = parts};
  if (type == '*') open.value.kind = Kind::kArray;
  if (type == '~') open.value.kind = Kind::kSet;
  if (type == '%') open.value.kind = Kind::kMap;
  if (type == '>') open.value.kind = Kind::kPush;
  if (type == '|') open.fate = Open::Fate::kDropped;
  open_.push_back(std::move(open));
  return base::Ok();
}

// One value, or the beginning of one that has parts: then nullopt, and pending_ tells it from a lack of bytes.
base::Result<std::optional<Value>> Decoder::Element() {
  pending_ = Pending::kNone;
  GH_TRY(const auto line, Line());
  if (!line) return std::optional<Value>();
  const char type = line->front();
  const std::string_view rest = line->substr(1);
  if (IsBulk(type)) return Bulk(type, rest);
  if (type == '*' && rest == "-1") {
    at_ += line->size() + 2;
    return std::optional(Value());
  }
  if (IsAggregate(type)) {
    GH_CHECK_OK(Begin(type, rest));
    at_ += line->size() + 2;
    pending_ = Pending::kOpened;
    return std::optional<Value>();
  }
  GH_TRY(auto value, Simple(type, rest));
  at_ += line->size() + 2;
  return value;
}

// Puts a whole value where it belongs; the outermost one comes out.
std::optional<Value> Decoder::Complete(Value value) {
  while (!open_.empty()) {
    Open& innermost = open_.back();
    innermost.value.parts.push_back(std::move(value));
    if (--innermost.missing > 0) return {};
    const bool dropped = innermost.fate == Open::Fate::kDropped;
    value = std::move(innermost.value);
    open_.pop_back();
    if (dropped) return {};  // what it says something about comes next
  }
  parts_ = 0;
  return value;
}

base::Result<std::optional<Value>> Decoder::Next() {
  for (;;) {
    GH_TRY(auto element, Element());
    if (!element) {
      if (pending_ == Pending::kNone) return std::optional<Value>();
      if (open_.back().missing > 0) continue;
      // An empty one is whole at once.
      const bool dropped = open_.back().fate == Open::Fate::kDropped;
      element = std::move(open_.back().value);
      open_.pop_back();
      if (dropped) continue;
    }
    if (auto whole = Complete(*std::move(element))) return whole;
  }
}

void AppendCommand(std::string& out, std::span<const std::string_view> words) {
  out.append("*").append(std::to_string(words.size())).append("\r\n");
  for (const std::string_view word : words) {
    out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
  }
}

}  // namespace gatehouse::codec::resp
