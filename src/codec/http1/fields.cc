#include "codec/http1/fields.h"

#include <limits>

#include "codec/http1/characters.h"

namespace gatehouse::codec::http1 {
namespace {

Reason BadByte(char c) {
  if (c == '\n') return Reason::kBareLf;
  if (c == '\r') return Reason::kBareCr;
  return Reason::kControlCharacter;
}

Reason BadNameByte(char c, bool first) {
  if (c == ':') return Reason::kEmptyFieldName;
  if (IsBlank(c)) return first ? Reason::kObsoleteFold : Reason::kSpaceBeforeColon;
  if (c == '\n') return Reason::kBareLf;
  return c == '\0' ? Reason::kControlCharacter : Reason::kBadFieldName;
}

// Calls `take` for each element of a comma-separated list.
template <class Take>
void ForEachElement(std::string_view list, Take take) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    take(TrimBlanks(list.substr(0, comma)));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
}

void ReadConnection(std::string_view value, FramingFields& into) {
  ForEachElement(value, [&into](std::string_view option) {
    if (EqualsIgnoringCase(option, "close")) into.close = true;
    if (EqualsIgnoringCase(option, "keep-alive")) into.keep_alive = true;
  });
}

Reason ReadContentLength(std::string_view value, FramingFields& into) {
  if (into.content_length) return Reason::kDuplicateContentLength;
  std::uint64_t length = 0;
  const Reason reason = ParseContentLength(value, length);
  into.content_length = length;
  return reason;
}

Reason ReadTransferEncoding(std::string_view value, FramingFields& into) {
  if (into.chunked || !EqualsIgnoringCase(value, "chunked")) return Reason::kBadTransferEncoding;
  into.chunked = true;
  return Reason::kNone;
}

Reason ReadHost(std::string_view value, FramingFields& into) {
  if (into.host) return Reason::kDuplicateHost;
  into.host = value;
  return Reason::kNone;
}

Reason ReadExpect(std::string_view value, FramingFields& into) {
  if (!EqualsIgnoringCase(value, "100-continue")) return Reason::kBadExpectation;
  into.expect_continue = true;
  return Reason::kNone;
}

Reason ReadRequestField(const Field& field, FramingFields& into) {
  if (EqualsIgnoringCase(field.name, "host")) return ReadHost(field.value, into);
  if (EqualsIgnoringCase(field.name, "expect")) return ReadExpect(field.value, into);
  return Reason::kNone;
}

Reason ReadField(const Field& field, MessageKind kind, FramingFields& into) {
  switch (field.name.size()) {
    case 4:
    case 6: return kind == MessageKind::kRequest ? ReadRequestField(field, into) : Reason::kNone;
    case 10:
      if (EqualsIgnoringCase(field.name, "connection")) ReadConnection(field.value, into);
      return Reason::kNone;
    case 14:
      return EqualsIgnoringCase(field.name, "content-length") ? ReadContentLength(field.value, into) : Reason::kNone;
    case 17:
      return EqualsIgnoringCase(field.name, "transfer-encoding") ? ReadTransferEncoding(field.value, into)
                                                                 : Reason::kNone;
    default: return Reason::kNone;
  }
}

}  // namespace

void FieldSection::Reset(std::size_t offset) {
  at_ = offset;
  reason_ = Reason::kNone;
  spans_.clear();
}

Field FieldSection::at(std::size_t index) const {
  const Span& span = spans_[index];
  return {{base_ + span.name_at, span.name_size}, {base_ + span.value_at, span.value_size}};
}

Progress FieldSection::Reject(Reason reason) {
  reason_ = reason;
  return Progress::kRejected;
}

Progress FieldSection::Feed(std::string_view bytes) {
  if (reason_ != Reason::kNone) return Progress::kRejected;
  base_ = bytes.data();
  while (at_ < bytes.size()) {
    if (bytes[at_] == '\r') {
      const char* at = bytes.data() + at_;
      const LineEnd line_end = TakeLineEnd(at, bytes.data() + bytes.size());
      if (line_end.progress == Progress::kRejected) return Reject(line_end.reason);
      if (line_end.progress == Progress::kDone) at_ += 2;
      return line_end.progress;
    }
    if (const Progress progress = ParseLine(bytes); progress != Progress::kDone) return progress;
  }
  return Progress::kNeedMore;
}

// One `name: value CRLF` at at_, which moves behind it.
Progress FieldSection::ParseLine(std::string_view bytes) {
  const char* const start = bytes.data() + at_;
  const char* const end = bytes.data() + bytes.size();
  if (spans_.size() == max_fields_) return Reject(Reason::kTooManyFields);
  const char* const colon = SkipToken(start, end);
  if (colon == end) return Progress::kNeedMore;
  if (*colon != ':' || colon == start) return Reject(BadNameByte(*colon, colon == start));
  const char* const value_end = SkipFieldBytes(colon + 1, end);
  const char* next = value_end;
  const LineEnd line_end = TakeLineEnd(next, end);
  if (line_end.progress == Progress::kRejected) return Reject(line_end.reason);
  if (line_end.progress == Progress::kNeedMore) return Progress::kNeedMore;
  const std::string_view value = TrimBlanks({colon + 1, static_cast<std::size_t>(value_end - (colon + 1))});
  Span& span = spans_.emplace_back();
  span.name_at = static_cast<std::uint32_t>(at_);
  span.name_size = static_cast<std::uint32_t>(colon - start);
  span.value_at = static_cast<std::uint32_t>(value.data() - bytes.data());
  span.value_size = static_cast<std::uint32_t>(value.size());
  at_ = static_cast<std::size_t>(next - bytes.data());
  return Progress::kDone;
}

LineEnd TakeLineEnd(const char*& at, const char* end) {
  if (at == end) return {Progress::kNeedMore, Reason::kNone};
  if (*at != '\r') return {Progress::kRejected, BadByte(*at)};
  if (at + 1 == end) return {Progress::kNeedMore, Reason::kNone};
  if (at[1] != '\n') return {Progress::kRejected, Reason::kBareCr};
  at += 2;
  return {Progress::kDone, Reason::kNone};
}

Reason ParseContentLength(std::string_view text, std::uint64_t& into) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return Reason::kBadContentLength;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return Reason::kBadContentLength;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMax - digit) / 10) return Reason::kContentLengthOverflow;
    length = length * 10 + digit;
  }
  into = length;
  return Reason::kNone;
}

Reason ReadFramingFields(const FieldSection& fields, MessageKind kind, FramingFields& into) {
  into = {};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (const Reason reason = ReadField(fields.at(i), kind, into); reason != Reason::kNone) return reason;
  }
  if (into.chunked && into.content_length) return Reason::kLengthAndTransferEncoding;
  return Reason::kNone;
}

}  // namespace gatehouse::codec::http1
