#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http1/fields.h"

namespace gatehouse::codec::http1 {

struct HeadLimits {
  std::size_t max_head_bytes = 32 * 1024;
  std::size_t max_fields = 128;
  std::size_t max_target_bytes = 8 * 1024;
};

// The strict parser of a request head (RFC 9112, 2 to 3): what two readers could understand in two ways is refused. No
// CONNECT, no upgrade. Incremental: call Feed() with everything received since the head's first byte, again whenever
// more has come; the views it gives point into the bytes of the last call. One empty line before the request line is
// skipped (2.2). Reset() makes it ready for the next head and keeps its memory.
class RequestHeadParser {
 public:
  explicit RequestHeadParser(HeadLimits limits) : limits_(limits), fields_(limits.max_fields) { Reset(); }

  void Reset();
  Progress Feed(std::string_view bytes);

  Reason reason() const { return reason_; }  // after kRejected

  // After kDone.
  std::size_t head_bytes() const { return fields_.end_offset(); }
  std::string_view method() const { return View(method_); }
  std::string_view target() const { return View(target_); }  // as sent
  std::string_view path_query() const {
    return View(path_query_);
  }  // origin-form, or "*"; "" of an absolute-form without path
  std::string_view authority() const { return View(authority_); }  // of an absolute-form target, else Host
  bool absolute_form() const { return absolute_form_; }
  bool http10() const { return http10_; }
  const FieldSection& fields() const { return fields_; }
  BodyFraming body() const;
  bool expect_continue() const { return framing_.expect_continue && !http10_; }
  bool keep_alive() const { return http10_ ? framing_.keep_alive && !framing_.close : !framing_.close; }

 private:
  struct Span {
    std::size_t at = 0;
    std::size_t size = 0;
  };
  enum class Phase : std::uint8_t { kLeadingLine, kRequestLine, kFields, kDone };

  std::string_view View(Span span) const { return {base_ + span.at, span.size}; }
  Span SpanOf(std::string_view view) const { return {static_cast<std::size_t>(view.data() - base_), view.size()}; }
  Progress Reject(Reason reason);
  Progress Advance(std::string_view bytes);
  Progress SkipLeadingLine(std::string_view bytes);
  Progress ParseRequestLine(std::string_view bytes);
  Progress ParseVersion(const char* at, const char* end);
  Progress FinishFields();
  Reason CheckTarget();
  Reason CheckAbsoluteForm();
  Reason CheckHost();

  HeadLimits limits_;
  Phase phase_ = Phase::kLeadingLine;
  bool http10_ = false;
  bool absolute_form_ = false;
  Reason reason_ = Reason::kNone;
  const char* base_ = nullptr;
  std::size_t at_ = 0;
  Span method_, target_, path_query_, authority_;
  FramingFields framing_;
  FieldSection fields_;
};

// uri-host [":" port] (RFC 9110, 7.2) without user information: a registered name of unreserved characters, an IPv4
// address, or an IPv6 address in brackets.
bool IsHost(std::string_view text);

}  // namespace gatehouse::codec::http1
