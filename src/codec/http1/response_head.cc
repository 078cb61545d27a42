#include "codec/http1/response_head.h"

#include "codec/http1/characters.h"

namespace gatehouse::codec::http1 {
namespace {

constexpr std::string_view kStatusLineShape = "HTTP/1.d ddd";

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool Matches(char c, char shape) { return shape == 'd' ? IsDigit(c) : c == shape; }

}  // namespace

void ResponseHeadParser::Reset() {
  status_line_done_ = fields_done_ = http10_ = false;
  status_ = 0;
  reason_ = Reason::kNone;
}

Progress ResponseHeadParser::Reject(Reason reason) {
  reason_ = reason;
  return Progress::kRejected;
}

Progress ResponseHeadParser::Feed(std::string_view bytes) {
  if (reason_ != Reason::kNone) return Progress::kRejected;
  const Progress progress = Advance(bytes.substr(0, limits_.max_head_bytes));
  const bool full = bytes.size() >= limits_.max_head_bytes;
  return progress == Progress::kNeedMore && full ? Reject(Reason::kHeadTooLarge) : progress;
}

Progress ResponseHeadParser::Advance(std::string_view bytes) {
  if (!status_line_done_) {
    if (const Progress progress = ParseStatusLine(bytes); progress != Progress::kDone) return progress;
    status_line_done_ = true;
  }
  if (fields_done_) return Progress::kDone;
  const Progress progress = fields_.Feed(bytes);
  if (progress == Progress::kRejected) return Reject(fields_.reason());
  if (progress == Progress::kNeedMore) return progress;
  fields_done_ = true;
  return FinishFields();
}

// HTTP/1.x SP 3DIGIT [SP reason] CRLF. The space before an absent reason is often left out; nothing hangs on it.
Progress ResponseHeadParser::ParseStatusLine(std::string_view bytes) {
  for (std::size_t i = 0; i < kStatusLineShape.size(); ++i) {
    if (i == bytes.size()) return Progress::kNeedMore;
    if (!Matches(bytes[i], kStatusLineShape[i])) return Reject(Reason::kBadStatusLine);
  }
  if (bytes[7] > '1') return Reject(Reason::kUnsupportedVersion);
  if (bytes[9] == '0') return Reject(Reason::kBadStatusLine);
  const char* at = bytes.data() + kStatusLineShape.size();
  const char* const end = bytes.data() + bytes.size();
  if (at == end) return Progress::kNeedMore;
  if (*at == ' ') at = SkipFieldBytes(at, end);
  const LineEnd line_end = TakeLineEnd(at, end);
  if (line_end.progress == Progress::kNeedMore) return Progress::kNeedMore;
  if (line_end.progress == Progress::kRejected) {
    return Reject(IsFieldByte(*at) ? Reason::kBadStatusLine : line_end.reason);
  }
  http10_ = bytes[7] == '0';
  status_ = static_cast<std::uint16_t>((bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + (bytes[11] - '0'));
  fields_.Reset(static_cast<std::size_t>(at - bytes.data()));
  return status_ == 101 ? Reject(Reason::kUnexpectedUpgrade) : Progress::kDone;
}

Progress ResponseHeadParser::FinishFields() {
  Reason reason = ReadFramingFields(fields_, MessageKind::kResponse, framing_);
  if (reason == Reason::kNone && framing_.chunked && http10_) reason = Reason::kTransferEncodingOnHttp10;
  return reason == Reason::kNone ? Progress::kDone : Reject(reason);
}

BodyFraming ResponseHeadParser::body(AnswerTo request) const {
  if (request == AnswerTo::kHead || status_ < 200 || status_ == 204 || status_ == 304) return {};
  if (framing_.chunked) return {BodyKind::kChunked, 0};
  if (!framing_.content_length) return {BodyKind::kUntilClose, 0};
  return {*framing_.content_length == 0 ? BodyKind::kNone : BodyKind::kLength, *framing_.content_length};
}

bool ResponseHeadParser::keep_alive(AnswerTo request) const {
  if (framing_.close || body(request).kind == BodyKind::kUntilClose) return false;
  return !http10_ || framing_.keep_alive;
}

}  // namespace gatehouse::codec::http1
