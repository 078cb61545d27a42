#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http1/fields.h"
#include "codec/http1/request_head.h"

namespace gatehouse::codec::http1 {

// Which request a response answers; it decides whether there is a body (RFC 9112, 6.3).
enum class AnswerTo : std::uint8_t { kHead, kOther };

// The strict parser of a response head. Used like RequestHeadParser. Interim answers (1xx) are heads of their own: the
// caller skips them and parses the next. 101 is refused, for we never ask for an upgrade.
class ResponseHeadParser {
 public:
  explicit ResponseHeadParser(HeadLimits limits) : limits_(limits), fields_(limits.max_fields) { Reset(); }

  void Reset();
  Progress Feed(std::string_view bytes);

  Reason reason() const { return reason_; }  // after kRejected

  // After kDone.
  std::size_t head_bytes() const { return fields_.end_offset(); }
  std::uint16_t status() const { return status_; }
  bool interim() const { return status_ < 200; }
  bool http10() const { return http10_; }
  const FieldSection& fields() const { return fields_; }
  BodyFraming body(AnswerTo request) const;
  // Whether the connection can carry another request once the body has ended.
  bool keep_alive(AnswerTo request) const;

 private:
  Progress Reject(Reason reason);
  Progress Advance(std::string_view bytes);
  Progress ParseStatusLine(std::string_view bytes);
  Progress FinishFields();

  HeadLimits limits_;
  bool status_line_done_ = false;
  bool fields_done_ = false;
  bool http10_ = false;
  std::uint16_t status_ = 0;
  Reason reason_ = Reason::kNone;
  FramingFields framing_;
  FieldSection fields_;
};

}  // namespace gatehouse::codec::http1
