#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// One request being served: its head, its body to pull, its answer to push. The same on HTTP/1.1 and HTTP/2. Owned by
// the connection; a handler borrows it for the length of Serve(). Belongs to one loop.
class ServerExchange {
 public:
  virtual ~ServerExchange() = default;

  virtual const RequestHead& head() const = 0;
  virtual const net::PeerIdentity& peer() const = 0;
  virtual net::Loop& loop() = 0;

  // The next piece of the body, "" at its end; valid until the next call. The first call answers `Expect:
  // 100-continue`. kTimeout when the client is slower than the listener allows, kInvalidRequest when its framing is
  // broken.
  virtual net::Task<base::Result<std::string_view>> ReadBody() = 0;
  // The whole body; kTooLarge beyond `limit` (by Content-Length without reading a byte).
  virtual net::Task<base::Result<std::string>> CollectBody(std::size_t limit) = 0;
  virtual const HeaderMap& trailers() const = 0;  // after the end of the body

  // A whole answer: head and body in one write, with Content-Length.
  virtual net::Task<base::Status> Respond(ResponseHead head, std::string_view body) = 0;
  // A streamed answer: chunked on HTTP/1.1 (or of the length that `head` states in Content-Length), DATA frames on
  // HTTP/2. The head leaves with the first bytes that are written in this turn of the loop, else at its end. Each
  // Write() is flushed and returns when the transport has taken the bytes (backpressure). Finish() ends it, with a last
  // piece where there is one, in one flush; an exchange dropped before Finish() is cut visibly (connection closed,
  // RST_STREAM).
  virtual net::Task<base::Status> Start(ResponseHead head) = 0;
  virtual net::Task<base::Status> Write(std::string_view bytes) = 0;
  virtual net::Task<base::Status> Finish(std::string_view last = {}) = 0;
  virtual bool started() const = 0;

  virtual std::uint64_t bytes_received() const = 0;  // of the body
  virtual std::uint64_t bytes_sent() const = 0;      // of the body
};

// What answers requests. One per listener and loop. Must respond before Serve() ends; if it does not, the server
// answers 500.
class Handler {
 public:
  virtual ~Handler() = default;
  // The task is dropped (cancelled) when the client is gone or the connection is shut.
  virtual net::Task<> Serve(ServerExchange& exchange) = 0;
  // The answer to a request that never became an exchange (malformed, too large a head): a body for that status; "" for
  // none.
  virtual std::string RejectionBody(std::uint16_t status, std::string_view reason) const = 0;
};

struct ServerLimits {
  std::size_t max_head_bytes = 32 * 1024;
  std::size_t max_fields = 128;
  std::size_t max_connections = 20'000;                    // per loop; beyond it accept waits
  std::uint32_t max_streams = 128;                         // HTTP/2 concurrent streams of one connection
  std::uint32_t max_requests_per_connection = 0;           // 0: no limit
  base::Duration head_timeout = std::chrono::seconds(10);  // first byte of a request to the end of its head
  base::Duration idle_timeout = std::chrono::seconds(75);  // between requests
  base::Duration body_timeout = std::chrono::seconds(60);  // between two pieces of a body
  // Bytes per second, averaged over the time a handler waits for them after a grace of body_timeout, below which a
  // client is too slow.
  std::size_t min_body_rate = 64;
  // A client that takes no byte of its answer for that long is gone.
  base::Duration write_timeout = std::chrono::seconds(60);
  // What a client means that closes its sending side after a whole request. A close() looks the same on the wire, and
  // who waits for an answer hardly ever half-closes: so by default its exchange is cancelled.
  enum class HalfClose : std::uint8_t { kGone, kServed } half_close = HalfClose::kGone;

  bool operator==(const ServerLimits&) const = default;
};

struct ServerStatistics {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t requests = 0;
  std::uint64_t rejected = 0;  // malformed or over a limit, before a handler saw them
  std::uint64_t streams_open = 0;
  std::uint64_t clients_gone = 0;  // exchanges cancelled because their client left
  std::uint64_t timeouts = 0;      // connections closed because the client was too slow
  std::uint64_t handler_faults = 0;
};

// Serves one listener on one loop: HTTP/1.1, and HTTP/2 by ALPN or prior knowledge. Dropping it closes everything.
class Server {
 public:
  // `loop` and `handler` outlive the server.
  Server(net::Loop& loop, const ServerLimits& limits, Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // Accepts until the listener closes or Drain() begins.
  net::Task<> Run(std::unique_ptr<net::Listener> listener);
  // Serves one connection that is there already.
  void Adopt(std::unique_ptr<net::Stream> stream);
  // Stops accepting, tells HTTP/2 peers GOAWAY and HTTP/1.1 peers `Connection: close`, lets running exchanges end,
  // closes idle connections; returns when all are gone or at the deadline, cutting what is left.
  net::Task<> Drain(net::Deadline deadline);
  const ServerStatistics& statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::http
