#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/http2/session.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// Moves the bytes of one HTTP/2 session over its stream, without a coroutine and without a buffer while nothing moves:
// what the session has to say leaves in one write at the end of the loop's turn. A member of the connection, which
// outlives it as the stream and the session do. Belongs to the stream's loop.
class H2Transport final : private net::Deferral {
 public:
  enum class Ending : std::uint8_t {
    kPeerGone,   // closed or reset by the peer
    kViolation,  // the peer broke the protocol, or a limit
    kStalled,    // the peer takes no bytes
    kAbandoned,  // by the owner
    kFinished,   // after a GOAWAY all streams are done
  };
  // The connection. Called from the loop only, never from within its own calls.
  class Owner {
   public:
    // The session has taken bytes from the peer: time to act on the notes.
    virtual void OnReceived() = 0;
    // Nothing moves any more. The last call; the owner destroys the transport later in this turn or after it.
    virtual void OnEnded(Ending ending) = 0;

   protected:
    ~Owner() = default;
  };

  H2Transport(net::Stream& stream, codec::http2::Session& session, Owner& owner, base::Duration write_timeout);
  ~H2Transport() override;

  // Begins to move bytes. `received` has been read from the stream already.
  void Start(std::string_view received);
  // Takes what the session has ready into the output, as far as that may grow, and lets it leave at the end of this
  // turn. Call it after each change of the session.
  void Flush();
  // The same, without taking anything yet: for what more may be added to in this turn.
  void FlushAtTurnEnd();
  // The same at once, for an owner that is about to go.
  void FlushNow();
  // The owner gives the connection up: ends at once.
  void Abandon() { End(Ending::kAbandoned); }
  bool ended() const { return ended_; }
  base::TimePoint last_received() const { return last_received_; }

 private:
  class Reader final : public net::ReadyWaiter {
   public:
    explicit Reader(H2Transport& transport) : transport_(transport) {}
    void OnReady() override { transport_.OnReadable(); }

   private:
    H2Transport& transport_;  // holds this
  };
  class Writer final : public net::ReadyWaiter, public net::Timer {
   public:
    explicit Writer(H2Transport& transport) : Timer(transport.stream_.loop()), transport_(transport) {}
    void OnReady() override { transport_.OnWritable(); }
    void OnTimer() override { transport_.End(Ending::kStalled); }

   private:
    H2Transport& transport_;  // holds this
  };

  enum class ReadOutcome : std::uint8_t { kMore, kDrained, kEnded };
  ReadOutcome ReadOnce();
  void Receive(std::string_view bytes);
  void OnReadable();
  void OnWritable();
  void OnTurnEnd() override;
  void WriteOut();
  void AwaitWritable();
  void End(Ending ending);

  net::Stream& stream_;
  codec::http2::Session& session_;
  Owner& owner_;
  base::Duration write_timeout_;
  Reader reader_;
  Writer writer_;
  std::string out_;
  base::TimePoint last_received_;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  bool ended_ = false;
};

}  // namespace gatehouse::http
