#pragma once

#include <list>
#include <memory>
#include <vector>

#include "http/client.h"
#include "http/client_connection.h"
#include "http/h1_client_response.h"

namespace gatehouse::http {

// The connections of a pool and who waits for one. Shared by the pool, its sends and its responses.
struct Pool::State final : H1ConnectionOwner, std::enable_shared_from_this<Pool::State> {
  State(net::Loop& loop, net::Connector& connector_to_use, Origin origin, PoolLimits limits);
  ~State() override;

  static net::Task<base::Result<std::unique_ptr<ClientResponse>>> Send(std::shared_ptr<State> state,
                                                                       ClientRequest request, ClientTimeouts timeouts,
                                                                       net::Deadline deadline);
  // The pool is gone: what is idle closes now, the rest when it comes back.
  void Shut();

  void GiveBack(std::unique_ptr<H1ClientConnection> connection) override;
  void Closed() override;

  ClientContext context;
  net::Connector& connector;

 private:
  class Waiter;
  class Slot;
  class Reaper;
  enum class Reuse : std::uint8_t { kAllowed, kFreshOnly };  // HTTP/2 connections are shared in any case
  // What carries one request: exactly one of them.
  struct Carrier {
    std::optional<H1Lease> lease;
    std::shared_ptr<MultiplexedConnection> multiplexed;
    bool reused = false;
  };

  static net::Task<base::Result<Carrier>> Acquire(std::shared_ptr<State> state, Reuse reuse, ClientTimeouts timeouts,
                                                  net::Deadline deadline);
  static net::Task<base::Status> WaitInLine(std::shared_ptr<State> state, net::Deadline deadline);
  static net::Task<base::Result<Carrier>> Connect(std::shared_ptr<State> state, net::Deadline deadline);
  base::Result<Carrier> Adopt(std::unique_ptr<net::Stream> stream);
  base::Result<Carrier> AdoptHttp2(std::unique_ptr<net::Stream> stream);
  std::optional<Carrier> TakeExisting(Reuse reuse);
  std::optional<Carrier> TakeNow(Reuse reuse);
  // A connection is being made that will carry more than the request it is made for.
  bool SharedConnectUnderWay() const { return multiplexes_ && connecting_ > 0; }
  void OnMultiplexedChange();
  bool HasRoom(Reuse reuse);
  void DropIdle(const H1ClientConnection* connection);
  void DropExpired();
  void DropClosing();
  void WakeOne();
  void CountIdle() { context.statistics.connections_idle = idle_.size(); }

  bool shut_ = false;
  bool multiplexes_;                                       // the origin speaks HTTP/2, as far as is known
  std::size_t connecting_ = 0;                             // connections being made
  std::vector<std::unique_ptr<H1ClientConnection>> idle_;  // the longest idle first
  std::vector<std::shared_ptr<MultiplexedConnection>> multiplexed_;
  std::list<Waiter*> line_;
  std::unique_ptr<Reaper> reaper_;
};

}  // namespace gatehouse::http
