#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "codec/http1/chunked.h"
#include "codec/http1/fields.h"
#include "http/header_map.h"
#include "http/read_buffer.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// How long one write may take: each pause of the peer, and all together.
struct WriteLimits {
  base::Duration stall;
  net::Deadline deadline;
};
enum class WriteOutcome : std::uint8_t { kDone, kFailed, kTimeout };

// At most that many pieces are written at once.
inline constexpr std::size_t kMaxPieces = 6;

// Bytes that are still to be written. A value over borrowed bytes.
class Unwritten {
 public:
  explicit Unwritten(std::span<const std::string_view> pieces);  // at most kMaxPieces
  // Offers all that is left to the stream; kDone: nothing is left; kWouldBlock: wait and try again.
  net::IoState TryWrite(net::Stream& stream);
  std::size_t written() const { return written_; }

 private:
  void Advance(std::size_t bytes);
  std::string_view pieces_[kMaxPieces];
  std::size_t count_ = 0;
  std::size_t written_ = 0;
};

// Offers `rest` to the stream when the loop's turn ends, and gives the outcome of that. What one turn has to say to
// many peers then leaves in one go: they wake once, and this side's code and the kernel's stay warm in turn.
class TurnEndWrite final : private net::Deferral {
 public:
  TurnEndWrite(net::Stream& stream, Unwritten& rest) : stream_(stream), rest_(rest) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    Schedule(stream_.loop(), Phase::kWrite);
  }
  net::IoState await_resume() const { return *outcome_; }

 private:
  void OnTurnEnd() override;

  net::Stream& stream_;  // both live in the awaiting frame, or longer
  Unwritten& rest_;
  std::optional<net::IoState> outcome_;
  std::coroutine_handle<> waiter_;
};

// Writes `rest` to the end. The stream and the bytes outlive the task.
net::Task<WriteOutcome> WriteRest(net::Stream& stream, Unwritten rest, WriteLimits limits);

// Copies field lines.
void AppendFields(const codec::http1::FieldSection& fields, HeaderMap& into);

// The body of one HTTP/1.1 message, taken off a connection's read buffer piece by piece.
class H1Body {
 public:
  void Begin(codec::http1::BodyFraming framing);

  enum class Taken : std::uint8_t { kBytes, kEnd, kNeedMore, kBroken };
  struct Step {
    Taken taken;
    std::string_view bytes;  // of kBytes: good until the buffer is read into from its start again
  };
  // Takes what the buffer holds of this body.
  Step Take(ReadBuffer& buffer);
  // The peer has closed: the end of a body that lasts until then, a cut of any other.
  Taken TakeEnd();

  bool ended() const { return ended_; }
  codec::http1::BodyKind kind() const { return kind_; }
  std::uint64_t left() const { return left_; }  // of kLength
  // That many bytes of kLength were taken without the buffer.
  void TookDirectly(std::uint64_t bytes);
  codec::http1::Reason reason() const { return decoder_.reason(); }
  const codec::http1::FieldSection& trailers() const { return decoder_.trailers(); }

 private:
  Step TakeLength(ReadBuffer& buffer);
  Step TakeChunked(ReadBuffer& buffer);

  codec::http1::BodyKind kind_ = codec::http1::BodyKind::kNone;
  bool ended_ = true;
  std::uint64_t left_ = 0;
  codec::http1::ChunkedDecoder decoder_;
};

}  // namespace gatehouse::http
