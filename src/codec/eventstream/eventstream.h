#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

// application/vnd.amazon.eventstream, the framing of streamed answers of AWS services. All numbers big-endian:
//   u32 total length | u32 length of headers | u32 CRC-32 of these eight bytes
//   headers | payload | u32 CRC-32 of everything before it
// A header is u8 length of name | name | u8 type | value.
namespace gatehouse::codec::eventstream {

struct Bytes {
  std::string_view bytes;
  bool operator==(const Bytes&) const = default;
};
struct Timestamp {
  std::int64_t milliseconds = 0;  // since 1970 UTC
  bool operator==(const Timestamp&) const = default;
};
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const Uuid&) const = default;
};

// The wire has ten types: true and false are two of them.
using HeaderValue =
    std::variant<bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, Bytes, std::string_view, Timestamp, Uuid>;

struct Header {
  std::string_view name;  // 1 to 255 bytes
  HeaderValue value;      // bytes and strings up to 65535 bytes
  bool operator==(const Header&) const = default;
};

// Views into the decoder's memory or the bytes last fed, valid until the next call of the decoder.
struct Message {
  std::vector<Header> headers;
  std::string_view payload;

  // The string header of that name, or "". ":message-type" is event, exception or error; ":event-type",
  // ":exception-type", ":error-code" and ":content-type" say more.
  std::string_view Text(std::string_view name) const;
};

// Takes a stream of bytes apart into messages: any cut of the bytes gives the same messages. Both sums are checked; the
// length is believed only after the first of them. Sans-I/O; one thread.
class Decoder {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{16} * 1024 * 1024;

  explicit Decoder(std::size_t max_message_bytes = kDefaultLimit) : max_message_bytes_(max_message_bytes) {}

  // Hands `bytes` over. They are copied only where a message spans two calls.
  // REQUIRES: Next() has returned kNeedMore since the last Feed, and `bytes` stays unchanged until it does so again.
  void Feed(std::string_view bytes) { input_ = bytes; }

  enum class Outcome : std::uint8_t { kMessage, kNeedMore };
  // kBadUpstream for a wrong sum, an impossible length, a message over the limit or a malformed header; that is the
  // last thing the decoder says.
  base::Result<Outcome> Next(Message& message);

  // The stream has ended: kBadUpstream when that was within a message.
  base::Status Finish() const;

 private:
  enum class State : std::uint8_t { kReading, kReturnedCarry, kFailed };

  // The message at the beginning of carry_ and input_, or "" while bytes are missing.
  base::Result<std::string_view> TakeMessage();
  base::Error Fail(std::string problem);

  std::size_t max_message_bytes_;
  std::string carry_;  // the beginning of a message whose end has not come
  std::string_view input_;
  std::string problem_;
  State state_ = State::kReading;
};

// Appends one message. REQUIRES: names and values within the lengths stated above.
void AppendMessage(std::string& out, std::span<const Header> headers, std::string_view payload);

}  // namespace gatehouse::codec::eventstream
