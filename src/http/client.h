#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

// Where requests of one provider go. Immutable; the pool below keys on it by identity.
struct Origin {
  enum class Scheme : std::uint8_t { kHttp, kHttps } scheme = Scheme::kHttps;
  net::Endpoint endpoint;
  // kAuto: ALPN on https, HTTP/1.1 on http. kHttp2: ALPN must yield h2, or h2c by prior knowledge.
  enum class Protocol : std::uint8_t { kAuto, kHttp1, kHttp2 } protocol = Protocol::kAuto;
  // An HTTP proxy. For http origins the pool connects to it and sends absolute-form targets; for https origins the
  // connector tunnels: a TLS connector over a ProxyConnector.
  std::optional<net::Endpoint> proxy;
  std::string proxy_authorization;  // value of Proxy-Authorization; "" for none
};

struct PoolLimits {
  std::size_t max_connections = 1024;  // per origin and loop; further requests wait in line
  std::size_t max_waiting = 4096;      // beyond it a request fails at once with kUnavailable
  std::size_t max_idle = 256;
  base::Duration idle_timeout = std::chrono::seconds(55);
  std::size_t max_head_bytes = 64 * 1024;
  std::size_t max_fields = 256;
};

struct ClientTimeouts {
  base::Duration connect = std::chrono::seconds(5);       // name resolution, TCP, TLS
  base::Duration first_byte = std::chrono::seconds(120);  // request sent to the end of the response head
  base::Duration idle = std::chrono::seconds(60);         // between two pieces of a body
};

struct ClientRequest {
  std::string_view method = "POST";
  std::string_view target;             // path and query
  const HeaderMap* headers = nullptr;  // without Host, Content-Length, Connection; outlives Send()
  std::string_view body;               // outlives Send()
  // A request that was written to a reused connection which then closed without a byte of answer is sent once more if
  // the body was not processed for sure (RFC 9110, 9.2.2): always for kReplayable, for others only when nothing was
  // written.
  enum class Replay : std::uint8_t { kReplayable, kOnce } replay = Replay::kReplayable;
};

// The answer: head at once, body to pull. Dropping it before its end closes the HTTP/1.1 connection or resets the
// HTTP/2 stream, which tells the upstream to stop.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual const ResponseHead& head() const = 0;
  // The next piece, "" at the end; valid until the next call. kTimeout past the idle time-out or the deadline,
  // kUnavailable on a reset, kBadUpstream on broken framing; a body shorter than announced is kBadUpstream too.
  virtual net::Task<base::Result<std::string_view>> ReadBody() = 0;
  // The rest of the body; kTooLarge beyond `limit`.
  virtual net::Task<base::Result<std::string>> CollectBody(std::size_t limit) = 0;
  // The last piece has been handed out: ReadBody() would give "" at once.
  virtual bool ended() const = 0;
  virtual const HeaderMap& trailers() const = 0;  // after the end
};

struct PoolStatistics {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_idle = 0;
  std::uint64_t connects = 0;
  std::uint64_t connect_failures = 0;
  std::uint64_t reused = 0;
  std::uint64_t replays = 0;
  std::uint64_t waiting = 0;
};

// Connections to one origin, on one loop: LIFO over idle ones, HTTP/2 multiplexed. Dropping it closes them.
class Pool {
 public:
  // `loop` and `connector` (which does TLS for https origins) outlive the pool.
  Pool(net::Loop& loop, net::Connector& connector, Origin origin, PoolLimits limits);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Sends once (but see Replay) and returns at the end of the response head. Interim 1xx answers are skipped.
  // Errors: kTimeout, kUnavailable (retry kOtherTarget), kBadUpstream.
  net::Task<base::Result<std::unique_ptr<ClientResponse>>> Send(ClientRequest request, ClientTimeouts timeouts,
                                                                net::Deadline deadline);
  const PoolStatistics& statistics() const;
  const Origin& origin() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the responses under way
};

}  // namespace gatehouse::http
