#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/read_buffer.h"
#include "http/server.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::http {

class H1ServerExchange;

// The value of Date (RFC 9110, 6.6.1), made anew when its second is over. Belongs to one loop.
class DateValue {
 public:
  std::string_view At(const net::Loop& loop);

 private:
  std::string text_;
  base::TimePoint good_until_;
};

class ServerConnection;

// What the connections of one server share. Owned by the server, outlives them, belongs to its loop.
struct ServerContext {
  ServerContext(net::Loop& event_loop, const ServerLimits& server_limits, Handler& request_handler);
  ~ServerContext();

  net::Loop& loop;  // outlives the server
  ServerLimits limits;
  Handler& handler;  // outlives the server
  ServerStatistics statistics;
  BufferPool buffers;
  DateValue date;
  enum class Phase : std::uint8_t { kServing, kDraining } phase = Phase::kServing;
  std::list<ServerConnection*> connections;  // those that have told their protocol or may still do so
  std::vector<std::unique_ptr<H1ServerExchange>> spare_exchanges;
};

// One client's connection, of either protocol. Owned by the coroutine that runs it, in the server's task group.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  // Serves until the connection is over.
  virtual net::Task<> Run() = 0;
  // Take no new requests, end when those under way are done. Does not end the connection within the call.
  virtual void BeginDrain() = 0;
};

// Registers a connection for as long as it runs, so that a drain reaches it.
class ConnectionRegistration {
 public:
  ConnectionRegistration(ServerContext& context, ServerConnection& connection)
      : connections_(context.connections), at_(connections_.insert(connections_.end(), &connection)) {}
  ConnectionRegistration(const ConnectionRegistration&) = delete;
  ConnectionRegistration& operator=(const ConnectionRegistration&) = delete;
  ~ConnectionRegistration() { connections_.erase(at_); }

 private:
  std::list<ServerConnection*>& connections_;
  std::list<ServerConnection*>::iterator at_;
};

// Counts an exchange with a handler for as long as it lasts.
class OpenStream {
 public:
  explicit OpenStream(ServerStatistics& statistics) : statistics_(statistics) {
    ++statistics_.requests;
    ++statistics_.streams_open;
  }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;
  ~OpenStream() { --statistics_.streams_open; }

 private:
  ServerStatistics& statistics_;  // the server's, which outlives its handlers
};

// An HTTP/2 connection over `stream`, of which `received` has been read already: ALPN chose h2, or the client sent the
// preface of RFC 9113, 3.4. nullptr: not supported.
std::unique_ptr<ServerConnection> MakeH2ServerConnection(ServerContext& context, std::unique_ptr<net::Stream> stream,
                                                         ReadBuffer received);

// Waits for a stream's first byte after a pause, so that a drain can interrupt it.
enum class IdleOutcome : std::uint8_t { kReady, kTimeout, kInterrupted };

class IdleWait final : private net::Timer, private net::ReadyWaiter {
 public:
  IdleWait(net::Stream& stream, net::Deadline deadline) : Timer(stream.loop()), stream_(stream), deadline_(deadline) {}
  ~IdleWait() override { Withdraw(); }

  bool await_ready() const { return stream_.MayProgress(net::Direction::kRead); }
  void await_suspend(std::coroutine_handle<> waiter);
  IdleOutcome await_resume() const { return outcome_; }

  // Resumes whoever waits; this may be gone when it returns.
  void Interrupt() { Resume(IdleOutcome::kInterrupted); }

 private:
  void OnTimer() override { Resume(IdleOutcome::kTimeout); }
  void OnReady() override { Resume(IdleOutcome::kReady); }
  void Withdraw();
  void Resume(IdleOutcome outcome);

  net::Stream& stream_;  // the awaiting frame holds it
  net::Deadline deadline_;
  IdleOutcome outcome_ = IdleOutcome::kReady;
  std::coroutine_handle<> waiter_;
};

}  // namespace gatehouse::http
