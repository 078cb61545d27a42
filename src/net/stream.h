#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
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
enum class Direction : std::uint8_t { kRead, kWrite };

// What is known about the peer; empty strings where it is not, or on plaintext.
struct PeerIdentity {
  std::string address;      // "192.0.2.7:51234", "[2001:db8::7]:51234"
  std::string tls_version;  // "TLSv1.3"
  std::string alpn;         // "h2", "http/1.1"
  std::string sni;
  std::string client_subject;    // subject of the verified client certificate, RFC 2253 form
  std::string client_spiffe_id;  // its URI SAN, if it is a spiffe:// one
};

// Whoever waits for one direction of a stream. OnReady may destroy the stream and the waiter itself.
class ReadyWaiter {
 public:
  virtual void OnReady() = 0;

 protected:
  ~ReadyWaiter() = default;
};

class ReadinessAwaiter;

// A connected byte stream: TCP, TLS over another stream, or a scripted fake. The seam between the sessions and the
// machine: sessions try first and await readiness only when that would block, with no buffer held while they wait.
// Belongs to one loop; one reader and one writer at a time. Dropping it closes the connection; it may be dropped at any
// time, also from within a wake-up that it gives.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream();  // nobody waits on it any more: whoever awaits a stream holds it

  virtual IoOutcome TryRead(std::span<char> into) = 0;
  // Writes the pieces in order, in one system call where the transport can; may write a part. Over TLS the unwritten
  // rest must be offered again unchanged (it may have moved in memory).
  virtual IoOutcome TryWrite(std::span<const std::string_view> pieces) = 0;

  // co_await stream.Readable(deadline) -> Readiness. A closed or failed stream is ready: the next try says so. Ready at
  // once, without suspending, unless the last try would have blocked or said `drained`.
  ReadinessAwaiter Readable(Deadline deadline);
  ReadinessAwaiter Writable(Deadline deadline);

  // True once the peer has closed or reset, as far as the kernel has told, without reading. Spurious false is possible.
  virtual bool PeerGone() const = 0;
  // Called once, on the loop, when the peer closes or resets (soon, if it already has); replaces an earlier callback;
  // nullptr withdraws it. The callback may drop the stream.
  virtual void OnPeerGone(std::move_only_function<void()> callback) = 0;

  // Sends the orderly end (FIN, close_notify) without waiting. Reading stays possible.
  virtual void CloseWrite() = 0;
  // For the log: what made the last operation fail. Never for a client.
  virtual std::string last_error() const = 0;
  virtual const PeerIdentity& peer() const = 0;
  virtual Loop& loop() = 0;

  // For awaiters and for streams that wrap streams. MayProgress: a try in that direction could do something now.
  virtual bool MayProgress(Direction direction) const = 0;
  // Remembers `waiter` until it is told once or withdrawn.
  void AddWaiter(Direction direction, ReadyWaiter& waiter);
  void RemoveWaiter(Direction direction, const ReadyWaiter& waiter);

 protected:
  // Somebody begins to wait in that direction.
  virtual void OnWait(Direction direction) { static_cast<void>(direction); }
  bool HasWaiter(Direction direction) const { return waiters_[Index(direction)] != nullptr; }
  // Tells who waits, if anybody does. The stream may be gone when this returns.
  void Wake(Direction direction);

 private:
  static constexpr std::size_t Index(Direction direction) { return static_cast<std::size_t>(direction); }
  std::array<ReadyWaiter*, 2> waiters_{};
};

// Suspends until the stream is ready in one direction or the deadline passes. Lives in the awaiting frame; destroying
// it withdraws the wait, which is what makes a dropped Task cancel its I/O.
class ReadinessAwaiter final : private Timer, private ReadyWaiter {
 public:
  ReadinessAwaiter(Stream& stream, Direction direction, Deadline deadline)
      : Timer(stream.loop()), stream_(stream), direction_(direction), deadline_(deadline) {}
  ~ReadinessAwaiter() override { Withdraw(); }

  bool await_ready() const { return stream_.MayProgress(direction_); }
  void await_suspend(std::coroutine_handle<> waiter);
  Readiness await_resume() const { return outcome_; }

 private:
  void OnTimer() override;
  void OnReady() override;
  void Withdraw();

  Stream& stream_;  // the awaiting frame holds the stream alive
  Direction direction_;
  Readiness outcome_ = Readiness::kReady;
  Deadline deadline_;
  std::coroutine_handle<> waiter_;  // null unless suspended
};

inline ReadinessAwaiter Stream::Readable(Deadline deadline) { return {*this, Direction::kRead, deadline}; }
inline ReadinessAwaiter Stream::Writable(Deadline deadline) { return {*this, Direction::kWrite, deadline}; }

// Reads at least one byte, waiting if it must. 0 bytes: orderly end. kTimeout or kUnavailable (source kUpstream;
// callers that serve clients re-label) on failure. The stream outlives the task.
Task<base::Result<std::size_t>> ReadSome(Stream& stream, std::span<char> into, Deadline deadline);
// Writes everything, waiting as it must. What `pieces` spans and points to outlives the task, as the stream does.
Task<base::Status> WriteAll(Stream& stream, std::span<const std::string_view> pieces, Deadline deadline);

// Accepts connections on one address. Dropping it stops listening.
class Listener {
 public:
  virtual ~Listener() = default;
  // The next connection. Fails only when the listener is closed. One at a time; the listener outlives the task.
  virtual Task<base::Result<std::unique_ptr<Stream>>> Accept() = 0;
  // Accepts no more: a pending Accept() fails soon, connections that exist live on.
  virtual void Close() = 0;
  virtual std::uint16_t port() const = 0;
};

struct Endpoint {
  std::string host;  // name or literal address, without brackets
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// Opens connections. TcpConnector resolves by c-ares and tries the addresses in turn (RFC 8305 in spirit); tests script
// a fake one. Outlives the tasks it gave out.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual Task<base::Result<std::unique_ptr<Stream>>> Connect(Endpoint endpoint, Deadline deadline) = 0;
};

// Turns a connected stream into another one on top of it, or fails: a TLS handshake on the server's or the client's
// side. `name` is whom a client means to reach (host name or literal address); a server ignores it. Outlives the tasks.
class Handshaker {
 public:
  virtual ~Handshaker() = default;
  virtual Task<base::Result<std::unique_ptr<Stream>>> Handshake(std::unique_ptr<Stream> transport, std::string name,
                                                                Deadline deadline) = 0;
};

}  // namespace gatehouse::net
