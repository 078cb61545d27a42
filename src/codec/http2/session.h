#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "codec/http2/frame_heads.h"
#include "codec/http2/stream.h"
#include "codec/http2/token_bucket.h"

struct nghttp2_session;

namespace gatehouse::codec::http2 {

enum class Role : std::uint8_t { kServer, kClient };

struct SessionLimits {
  std::uint32_t max_streams = 128;                    // that the peer may have open
  std::uint32_t stream_window = 256 * 1024;           // bytes of one body that are not consumed yet
  std::uint32_t connection_window = 4 * 1024 * 1024;  // the same for all bodies of the connection
  std::uint32_t max_block_bytes = 32 * 1024;  // of a head or trailers: names, values and 32 per field (RFC 9113, 6.5.2)
  std::uint32_t max_block_fields = 128;
  // Streams that end by a reset or an error of the peer (rapid reset and its mirror image); one that ends in order
  // gives one back.
  std::uint32_t reset_burst = 200;
  std::uint32_t resets_per_second = 50;
  // PING, SETTINGS, PRIORITY and empty DATA: legal, free for the peer, work for us.
  std::uint32_t control_burst = 500;
  std::uint32_t controls_per_second = 100;
};

// What concerns the connection as a whole. The same rule as for the hooks of Stream: take notes.
class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  // Server: the peer opened a stream; the observer owns the object it returns, and tells the session by it what to do.
  virtual Stream& OnStream() = 0;
  virtual void OnGoaway(ErrorCode code) = 0;
  virtual void OnPong() = 0;
};

// One HTTP/2 connection (RFC 9113) without its socket and without its clock: bytes in, bytes out. Knows frames, HPACK,
// flow control and the rules of HTTP messages in HTTP/2 (pseudo fields, connection-specific fields, content-length);
// bounds what a peer can make it hold or do. Wraps nghttp2. Belongs to one thread.
class Session {
 public:
  // `observer` outlives the session.
  Session(Role role, const SessionLimits& limits, SessionObserver& observer);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Takes what came from the peer. An error means that the connection is beyond repair: send what Produce() still
  // gives (a GOAWAY that says why) and close.
  base::Status Receive(std::string_view bytes, base::TimePoint now);
  // Appends what has to be sent, frame by frame, until `out` holds `limit` bytes or nothing is left.
  void Produce(std::string& out, std::size_t limit);
  // Nothing is left to send and the peer has nothing left to say.
  bool finished() const;

  // Client: sends a request on a new stream. kUnavailable when the connection takes no more.
  base::Status Open(Stream& stream, std::span<const Field> fields, End end);
  // Client: how many more streams the peer allows now; 0 after a GOAWAY.
  std::size_t room() const;

  // Server: announces that the connection ends soon, keeping streams that are under way and those the peer is opening
  // while the announcement travels; the next Goaway() draws the line.
  void AnnounceShutdown();
  // No further streams. Those under way go on unless `code` is an error.
  void Goaway(ErrorCode code);
  // The answer comes by OnPong().
  void Ping();
  // The connection is gone: ends every stream with that code.
  void CloseAll(ErrorCode code);

  std::size_t open_streams() const { return open_streams_; }

 private:
  friend class Stream;
  friend struct Callbacks;
  struct Deleter {
    void operator()(nghttp2_session* session) const;
  };

  void SubmitSettings();
  base::Status Feed(std::string_view bytes);
  void Attach(Stream& stream, StreamId id);
  void Detach(Stream& stream);
  void ChargeReset();
  void ChargeControl();
  void CalmDown(std::string_view why);

  Role role_;
  SessionLimits limits_;
  SessionObserver& observer_;
  std::unique_ptr<nghttp2_session, Deleter> session_;
  Stream* streams_ = nullptr;
  std::size_t open_streams_ = 0;
  FrameHeads heads_;
  TokenBucket resets_;
  TokenBucket controls_;
  base::TimePoint now_{};
  std::string_view flood_;  // why the peer is being cut off; "" while it behaves
  bool goaway_received_ = false;
  bool shutdown_announced_ = false;
};

}  // namespace gatehouse::codec::http2
