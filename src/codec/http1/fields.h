#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/http1/reason.h"

namespace gatehouse::codec::http1 {

enum class Progress : std::uint8_t { kNeedMore, kDone, kRejected };

// One field line: views into the bytes that were fed last. The name as it was sent, the value without the white space
// around it.
struct Field {
  std::string_view name;
  std::string_view value;
};

// The field lines of a head or of a trailer section, up to and with the empty line (RFC 9112, 5). Incremental: feed it
// the same bytes again with more behind them. What it answers depends on the bytes alone, never on how they were cut.
class FieldSection {
 public:
  explicit FieldSection(std::size_t max_fields) : max_fields_(max_fields) {}

  // Forgets everything; the section starts at `offset` of the bytes fed from now on.
  void Reset(std::size_t offset);
  Progress Feed(std::string_view bytes);

  Reason reason() const { return reason_; }
  std::size_t end_offset() const { return at_; }  // after kDone: behind the empty line
  std::size_t size() const { return spans_.size(); }
  Field at(std::size_t index) const;

 private:
  struct Span {
    std::uint32_t name_at;
    std::uint32_t name_size;
    std::uint32_t value_at;
    std::uint32_t value_size;
  };
  Progress Reject(Reason reason);
  Progress ParseLine(std::string_view bytes);

  std::size_t max_fields_;
  std::size_t at_ = 0;  // start of the first line that is not parsed yet
  const char* base_ = nullptr;
  Reason reason_ = Reason::kNone;
  std::vector<Span> spans_;  // keeps its memory over Reset()
};

// A CRLF at `at`: kDone and `at` moved behind it; else why not.
struct LineEnd {
  Progress progress;
  Reason reason;
};
LineEnd TakeLineEnd(const char*& at, const char* end);

enum class BodyKind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };

// How the body of a message is delimited (RFC 9112, 6).
struct BodyFraming {
  BodyKind kind = BodyKind::kNone;
  std::uint64_t length = 0;  // of kLength
};

// What the fields of a head say about the message and the connection.
struct FramingFields {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;       // Connection: close
  bool keep_alive = false;  // Connection: keep-alive
  bool expect_continue = false;
  std::optional<std::string_view> host;
};

enum class MessageKind : std::uint8_t { kRequest, kResponse };

// Reads them all; kNone when they are sound. Host and Expect are read in requests only.
Reason ReadFramingFields(const FieldSection& fields, MessageKind kind, FramingFields& into);

// 1*DIGIT below 2^63 (RFC 9110, 8.6).
Reason ParseContentLength(std::string_view text, std::uint64_t& into);

}  // namespace gatehouse::codec::http1
