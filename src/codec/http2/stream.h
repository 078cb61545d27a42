#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace gatehouse::codec::http2 {

using StreamId = std::int32_t;

// RFC 9113, 7. Values beyond these arrive too and are passed on as they are.
enum class ErrorCode : std::uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kStreamClosed = 0x5,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kEnhanceYourCalm = 0xb,
};

// Whether a piece is the last one its sender sends on the stream.
enum class End : std::uint8_t { kMore, kEnd };

// What a block of fields is: the head of a message, an interim head (1xx), or the trailers.
enum class Block : std::uint8_t { kHead, kInterim, kTrailers };

// Pseudo fields (":method") first, names in lower case.
struct Field {
  std::string_view name;
  std::string_view value;
};

class Session;

// One stream of a Session. Its owner derives from it and is told what arrives by the hooks, which run inside
// Session::Receive() and Produce() and therefore only take notes: they call nothing of the session but Consume(),
// Reset() and Supply(). Destroying an open stream resets it: CANCEL, or NO_ERROR by a server whose answer is sent.
// Streams and their session die in any order.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream();

  StreamId id() const { return id_; }
  bool open() const { return session_ != nullptr; }
  // Bytes that were supplied but do not fit the peer's windows or the output yet.
  bool sending() const { return !pending_.empty() || (ending_ && !ended_); }
  // What was supplied and is not framed yet.
  std::string_view pending() const { return pending_; }
  // Everything of ours, the end included, is framed.
  bool sent_end() const { return ended_; }
  bool received_end() const { return received_end_; }
  // Reset() was called.
  bool reset_by_owner() const { return reset_by_us_; }

  // Server: the final head. kEnd: there is no body.
  void Respond(std::span<const Field> fields, End end);
  // Server: an interim head (1xx).
  void SendInterim(std::span<const Field> fields);
  // The next piece of our body. REQUIRES: !sending(). `bytes` lives until OnTaken() or the stream's end.
  void Supply(std::string_view bytes, End end);
  // `copy` takes the place of pending(), whose bytes go away.
  void Relocate(std::string_view copy) { pending_ = copy; }
  // `bytes` of the received body are dealt with: the peer may send as many again.
  void Consume(std::size_t bytes);
  void Reset(ErrorCode code);

 protected:
  virtual void OnField(Block block, std::string_view name, std::string_view value) = 0;
  virtual void OnBlockEnd(Block block, End end) = 0;
  // The head is larger than the session's limits; OnField() was told its first part, OnBlockEnd() is not called.
  virtual void OnHeadTooLarge() = 0;
  virtual void OnBody(std::string_view bytes) = 0;
  virtual void OnBodyEnd() = 0;  // after OnBody() or OnBlockEnd() with kMore, when the peer's side is complete
  virtual void OnTaken() = 0;    // what was supplied is framed
  // The last call. kNoError: both sides ended in order.
  virtual void OnClosed(ErrorCode code) = 0;

 private:
  friend class Session;
  friend struct Callbacks;

  Session* session_ = nullptr;  // null before it is opened and after it is closed
  Stream* previous_ = nullptr;  // the session's list of open streams
  Stream* next_ = nullptr;
  std::string_view pending_;
  std::size_t unconsumed_ = 0;   // received, not consumed
  std::size_t block_bytes_ = 0;  // of the block being received, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
  std::uint32_t block_fields_ = 0;
  StreamId id_ = 0;
  Block block_ = Block::kHead;
  bool head_complete_ = false;  // the final head has been received
  bool too_large_ = false;
  bool deferred_ = false;  // the library waits for Supply()
  bool ending_ = false;    // our last piece was supplied
  bool ended_ = false;     // and framed
  bool received_end_ = false;
  bool reset_by_us_ = false;
};

}  // namespace gatehouse::codec::http2
