#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "http/client.h"
#include "http/read_buffer.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// What came of sending a request over one connection.
struct SendAttempt {
  base::Result<std::unique_ptr<ClientResponse>> response;
  // How far a failed one got: it decides whether the request may be sent again elsewhere.
  enum class Reached : std::uint8_t { kNothingWritten, kWritten, kAnswered } reached = Reached::kNothingWritten;
};

// What the connections of one pool share. Owned by the pool's state, outlives them, belongs to its loop.
struct ClientContext {
  net::Loop& loop;  // outlives the pool
  Origin origin;
  PoolLimits limits;
  std::string host_field;  // value of Host and :authority
  PoolStatistics statistics;
  BufferPool buffers;
};

// An HTTP/2 connection to an origin, which carries several requests at once. Owned by the pool; its responses keep it
// alive beyond that.
class MultiplexedConnection {
 public:
  virtual ~MultiplexedConnection() = default;
  // How many more requests may start now; 0 for good once it is closing (GOAWAY) or broken.
  virtual std::size_t available_streams() const = 0;
  virtual bool closing() const = 0;
  virtual net::Task<SendAttempt> Send(ClientRequest request, ClientTimeouts timeouts, net::Deadline deadline) = 0;
};

// An HTTP/2 connection over `stream`, for which ALPN chose h2 or which has it by prior knowledge. `on_change` is
// called, on the loop, when a stream has ended or the connection is closing or gone; it may drop the pool's hold on the
// connection. `context` keeps the pool's state alive, which drops its connections when the pool goes. nullptr: not
// supported.
std::shared_ptr<MultiplexedConnection> MakeH2ClientConnection(const std::shared_ptr<ClientContext>& context,
                                                              std::unique_ptr<net::Stream> stream,
                                                              std::move_only_function<void()> on_change);

// Errors of the client side. `detail` is for the log only.
base::Error UpstreamTimedOut(std::string detail);
base::Error UpstreamUnavailable(std::string detail);
base::Error BadUpstream(std::string detail);

}  // namespace gatehouse::http
