#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::net {

enum class IoState : std::uint8_t {
  kDone,        // `bytes` were moved
  kWouldBlock,  // nothing now: await readiness
  kEnd,         // the peer closed its side in order (reads only)
  kFailed,      // reset, TLS failure ...: last_error() says what
};

struct IoOutcome {
  IoState state = IoState::kWouldBlock;
  std::size_t bytes = 0;
  // A read that returned fewer bytes than asked for has drained the socket: the next TryRead would only block. Readers
  // use it to skip one system call per message.
  bool drained = false;
};

enum class Readiness : std::uint8_t { kReady, kTimeout };

// What TLS found out about the peer; empty strings on plaintext.
struct PeerIdentity {
  std::string address;      // "192.0.2.7:51234"
  std::string tls_version;  // "TLSv1.3"
  std::string alpn;         // "h2", "http/1.1"
  std::string sni;
  std::string client_subject;    // subject of the verified client certificate
  std::string client_spiffe_id;  // its URI SAN, if it is a spiffe:// one
};

class ReadinessAwaiter;

// A connected byte stream: TCP, TLS over TCP, or a scripted fake. The seam between the sessions and the machine:
// sessions try first and await readiness only when that would block, with no buffer held while they wait. Belongs to
// one loop; one reader and one writer at a time. Dropping it closes the connection.
class Stream {
 public:
  virtual ~Stream() = default;

  virtual IoOutcome TryRead(std::span<char> into) = 0;
  // Writes the pieces in order, in one system call where the transport can; may write a part.
  virtual IoOutcome TryWrite(std::span<const std::string_view> pieces) = 0;

  // co_await stream.Readable(deadline) -> Readiness. A closed or failed stream is ready: the next try says so.
  ReadinessAwaiter Readable(Deadline deadline);
  ReadinessAwaiter Writable(Deadline deadline);

  // True once the peer has closed or reset, as far as the kernel has told, without reading. Spurious false is possible.
  virtual bool PeerGone() const = 0;
  // Called once, on the loop, when the peer closes or resets; replaces an earlier callback; nullptr withdraws it.
  virtual void OnPeerGone(std::move_only_function<void()> callback) = 0;

  // Sends the orderly end (FIN, close_notify) without waiting. Reading stays possible.
  virtual void CloseWrite() = 0;
  // For the log: what made the last operation fail. Never for a client.
  virtual std::string last_error() const = 0;
  virtual const PeerIdentity& peer() const = 0;
  virtual Loop& loop() = 0;

 protected:
  friend class ReadinessAwaiter;
  enum class Direction : std::uint8_t { kRead, kWrite };
  // Exactly one awaiter per direction. Arm remembers it until Wake() on it or Disarm.
  virtual void Arm(Direction direction, ReadinessAwaiter& awaiter) = 0;
  virtual void Disarm(Direction direction) = 0;
};

// Suspends until the stream is ready in one direction or the deadline passes. Lives in the awaiting frame; destroying
// it withdraws the wait, which is what makes a dropped Task cancel its I/O.
class ReadinessAwaiter final : private Timer {
 public:
  ReadinessAwaiter(Stream& stream, Stream::Direction direction, Deadline deadline);
  ~ReadinessAwaiter() override;

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  Readiness await_resume() const { return outcome_; }

  // The stream calls this on readiness: resumes the waiter at once. The awaiter may be gone when it returns.
  void Wake();

 private:
  friend class Stream;
  void OnTimer() override;

  Stream& stream_;  // the awaiting frame holds the stream alive
  Stream::Direction direction_;
  Deadline deadline_;
  Readiness outcome_ = Readiness::kReady;
  std::coroutine_handle<> waiter_;
};

// Reads at least one byte, waiting if it must. 0 bytes: orderly end. kTimeout or kUnavailable (source kUpstream;
// callers that serve clients re-label) on failure.
Task<base::Result<std::size_t>> ReadSome(Stream& stream, std::span<char> into, Deadline deadline);
// Writes everything, waiting as it must.
Task<base::Status> WriteAll(Stream& stream, std::span<const std::string_view> pieces, Deadline deadline);

// Accepts connections on one address. Dropping it stops listening.
class Listener {
 public:
  virtual ~Listener() = default;
  // The next connection. Fails only when the listener is closed.
  virtual Task<base::Result<std::unique_ptr<Stream>>> Accept() = 0;
  virtual std::uint16_t port() const = 0;
};

struct Endpoint {
  std::string host;  // name or literal address, without brackets
  std::uint16_t port = 0;
};

// Opens connections. EpollLoop's connector resolves by c-ares and tries the addresses in turn (RFC 8305 in spirit);
// tests script a fake one.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual Task<base::Result<std::unique_ptr<Stream>>> Connect(Endpoint endpoint, Deadline deadline) = 0;
};

}  // namespace gatehouse::net
