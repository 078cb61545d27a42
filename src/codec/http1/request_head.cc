#include "codec/http1/request_head.h"

#include <algorithm>

#include "codec/http1/characters.h"

namespace gatehouse::codec::http1 {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::string_view kVersionPrefix = "HTTP/";

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsPort(std::string_view text) {
  if (text.size() > 5) return false;
  unsigned port = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65535;
}

bool IsAddressLiteral(std::string_view inside) {
  if (inside.size() < 2 || inside.size() > 45) return false;
  return std::ranges::all_of(
      inside, [](char c) { return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'f') || c == ':' || c == '.'; });
}

}  // namespace

bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || !IsAddressLiteral(text.substr(1, close - 1))) return false;
    text.remove_prefix(close + 1);
  } else {
    const auto port = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, port);
    if (host.empty() || !std::ranges::all_of(host, [](char c) { return IsClass(c, internal::kHostCharacter); })) {
      return false;
    }
    text.remove_prefix(port);
  }
  return text.empty() || (text.front() == ':' && IsPort(text.substr(1)));
}

void RequestHeadParser::Reset() {
  phase_ = Phase::kLeadingLine;
  reason_ = Reason::kNone;
  at_ = 0;
  http10_ = absolute_form_ = false;
  method_ = target_ = path_query_ = authority_ = {};
}

Progress RequestHeadParser::Reject(Reason reason) {
  reason_ = reason;
  return Progress::kRejected;
}

Progress RequestHeadParser::Feed(std::string_view bytes) {
  if (reason_ != Reason::kNone) return Progress::kRejected;
  base_ = bytes.data();
  const Progress progress = Advance(bytes.substr(0, limits_.max_head_bytes));
  const bool full = bytes.size() >= limits_.max_head_bytes;
  return progress == Progress::kNeedMore && full ? Reject(Reason::kHeadTooLarge) : progress;
}

Progress RequestHeadParser::Advance(std::string_view bytes) {
  if (phase_ == Phase::kLeadingLine) {
    if (const Progress progress = SkipLeadingLine(bytes); progress != Progress::kDone) return progress;
    phase_ = Phase::kRequestLine;
  }
  if (phase_ == Phase::kRequestLine) {
    if (const Progress progress = ParseRequestLine(bytes); progress != Progress::kDone) return progress;
    phase_ = Phase::kFields;
    fields_.Reset(at_);
  }
  if (phase_ == Phase::kFields) {
    const Progress progress = fields_.Feed(bytes);
    if (progress == Progress::kRejected) return Reject(fields_.reason());
    if (progress == Progress::kNeedMore) return progress;
    phase_ = Phase::kDone;
    return FinishFields();
  }
  return Progress::kDone;
}

Progress RequestHeadParser::SkipLeadingLine(std::string_view bytes) {
  if (bytes.empty()) return Progress::kNeedMore;
  if (bytes[0] != '\r') return Progress::kDone;
  const char* at = bytes.data();
  const LineEnd line_end = TakeLineEnd(at, bytes.data() + bytes.size());
  if (line_end.progress == Progress::kRejected) return Reject(line_end.reason);
  if (line_end.progress == Progress::kDone) at_ = 2;
  return line_end.progress;
}

// method SP request-target SP HTTP-version CRLF, with exactly one space each.
Progress RequestHeadParser::ParseRequestLine(std::string_view bytes) {
  const char* const start = bytes.data() + at_;
  const char* const end = bytes.data() + bytes.size();
  const char* const method_end = SkipClass(start, end, internal::kTokenCharacter);
  if (static_cast<std::size_t>(method_end - start) > kMaxMethodBytes) return Reject(Reason::kBadMethod);
  if (method_end == end) return Progress::kNeedMore;
  if (*method_end != ' ' || method_end == start) {
    return Reject(*method_end == '\n' ? Reason::kBareLf : Reason::kBadMethod);
  }
  const char* const target = method_end + 1;
  const char* const target_end = SkipClass(target, end, internal::kTargetCharacter);
  if (static_cast<std::size_t>(target_end - target) > limits_.max_target_bytes) return Reject(Reason::kTargetTooLong);
  if (target_end == end) return Progress::kNeedMore;
  if (*target_end == '\n') return Reject(Reason::kBareLf);
  if (*target_end == '\r') return Reject(Reason::kBadRequestLine);
  if (*target_end != ' ' || target_end == target) return Reject(Reason::kBadTarget);
  method_ = SpanOf({start, static_cast<std::size_t>(method_end - start)});
  target_ = SpanOf({target, static_cast<std::size_t>(target_end - target)});
  return ParseVersion(target_end + 1, end);
}

Progress RequestHeadParser::ParseVersion(const char* at, const char* end) {
  constexpr std::size_t kVersionBytes = 8;  // HTTP/1.1
  char version[kVersionBytes];
  for (std::size_t i = 0; i < kVersionBytes; ++i, ++at) {
    if (at == end) return Progress::kNeedMore;
    const bool digit = i == 5 || i == 7;
    const char wanted = i == 6 ? '.' : digit ? '0' : kVersionPrefix[i];
    if (digit ? !IsDigit(*at) : *at != wanted) return Reject(*at == '\n' ? Reason::kBareLf : Reason::kBadVersion);
    version[i] = *at;
  }
  const LineEnd line_end = TakeLineEnd(at, end);
  if (line_end.progress == Progress::kNeedMore) return Progress::kNeedMore;
  if (line_end.progress == Progress::kRejected) {
    return Reject(line_end.reason == Reason::kControlCharacter ? Reason::kBadVersion : line_end.reason);
  }
  if (version[5] != '1' || (version[7] != '0' && version[7] != '1')) return Reject(Reason::kUnsupportedVersion);
  http10_ = version[7] == '0';
  at_ = static_cast<std::size_t>(at - base_);
  const Reason reason = CheckTarget();
  return reason == Reason::kNone ? Progress::kDone : Reject(reason);
}

Reason RequestHeadParser::CheckTarget() {
  const std::string_view target = this->target();
  if (method() == "CONNECT") return Reason::kConnectRefused;
  path_query_ = target_;
  if (target.starts_with('/')) return Reason::kNone;
  if (target == "*") return method() == "OPTIONS" ? Reason::kNone : Reason::kBadTarget;
  return CheckAbsoluteForm();
}

Reason RequestHeadParser::CheckAbsoluteForm() {
  const std::string_view target = this->target();
  const auto scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return Reason::kBadTarget;
  const std::string_view scheme = target.substr(0, scheme_end);
  if (!EqualsIgnoringCase(scheme, "http") && !EqualsIgnoringCase(scheme, "https")) return Reason::kBadTarget;
  const std::string_view rest = target.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  if (!IsHost(authority)) return Reason::kBadTarget;
  absolute_form_ = true;
  authority_ = SpanOf(authority);
  path_query_ = SpanOf(rest.substr(authority_end));
  return Reason::kNone;
}

Reason RequestHeadParser::CheckHost() {
  if (!framing_.host) return http10_ ? Reason::kNone : Reason::kMissingHost;
  if (!IsHost(*framing_.host)) return Reason::kBadHost;
  // RFC 9112, 3.2.2: the authority of an absolute-form target replaces Host.
  if (!absolute_form_) authority_ = SpanOf(*framing_.host);
  return Reason::kNone;
}

Progress RequestHeadParser::FinishFields() {
  Reason reason = ReadFramingFields(fields_, MessageKind::kRequest, framing_);
  if (reason == Reason::kNone) reason = CheckHost();
  if (reason == Reason::kNone && framing_.chunked && http10_) reason = Reason::kTransferEncodingOnHttp10;
  return reason == Reason::kNone ? Progress::kDone : Reject(reason);
}

BodyFraming RequestHeadParser::body() const {
  if (framing_.chunked) return {BodyKind::kChunked, 0};
  const std::uint64_t length = framing_.content_length.value_or(0);
  return {length == 0 ? BodyKind::kNone : BodyKind::kLength, length};
}

}  // namespace gatehouse::codec::http1
