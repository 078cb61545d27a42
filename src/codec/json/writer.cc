#include "codec/json/writer.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "codec/text/scan.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::json {
namespace {

void AppendEscape(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 0xF];
}

void AppendEscaped(std::string& out, std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const char* const stop = text::Find<text::JsonStringStop>(at, end);
    out.append(at, stop);
    if (stop == end) return;
    AppendEscape(out, *stop);
    at = stop + 1;
  }
}

template <class T>
void AppendNumber(std::string& out, T number) {
  std::array<char, 32> buffer;  // the longest shortest-form double has 24 characters, the longest integer 20
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  GH_DCHECK(error == std::errc());
  out.append(buffer.data(), end);
}

}  // namespace

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  if (text::IsPlainJson(text)) {
    out.append(text);
  } else if (simdjson::validate_utf8(text.data(), text.size())) {
    AppendEscaped(out, text);
  } else {
    AppendEscaped(out, text::ReplaceInvalidUtf8(text));
  }
  out.push_back('"');
}

void Writer::Separate() {
  if (needs_comma_) out_->push_back(',');
  needs_comma_ = true;
}

Writer& Writer::Open(char bracket) {
  Separate();
  out_->push_back(bracket);
  needs_comma_ = false;
  ++depth_;
  return *this;
}

Writer& Writer::Close(char bracket) {
  GH_DCHECK(depth_ > 0);
  --depth_;
  out_->push_back(bracket);
  needs_comma_ = true;
  return *this;
}

Writer& Writer::Key(std::string_view name) {
  Separate();
  AppendQuoted(*out_, name);
  out_->push_back(':');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::String(std::string_view text) {
  Separate();
  AppendQuoted(*out_, text);
  return *this;
}

Writer& Writer::Signed(std::int64_t number) {
  Separate();
  AppendNumber(*out_, number);
  return *this;
}

Writer& Writer::Unsigned(std::uint64_t number) {
  Separate();
  AppendNumber(*out_, number);
  return *this;
}

Writer& Writer::Number(double number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  AppendNumber(*out_, number);
  return *this;
}

Writer& Writer::Bool(bool value) { return Raw(value ? "true" : "false"); }
Writer& Writer::Null() { return Raw("null"); }

Writer& Writer::Raw(std::string_view json) {
  Separate();
  out_->append(json);
  return *this;
}

}  // namespace gatehouse::codec::json
