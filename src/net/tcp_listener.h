#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "net/descriptor.h"
#include "net/epoll_loop.h"
#include "net/socket_address.h"
#include "net/stream.h"

namespace gatehouse::net {

struct ListenOptions {
  int backlog = 4096;  // the kernel cuts it to net.core.somaxconn
  // Connections of this listener that may be open at once; more wait in the backlog.
  std::size_t max_connections = std::numeric_limits<std::size_t>::max();
};

// Listens on one address, with SO_REUSEPORT: each loop has its own, and the kernel spreads the connections. Where the
// process has run out of descriptors it pauses instead of spinning.
class TcpListener final : public Listener, private Pollable {
 public:
  // How long accepting pauses when there are no descriptors or no memory.
  static constexpr base::Duration kPause = std::chrono::milliseconds(100);
  // Connections accepted in one turn: then those that exist have theirs.
  static constexpr std::uint32_t kBatch = 64;

  // Port 0 takes a free one. kUnavailable (source kGateway) when the address cannot be had.
  static base::Result<std::unique_ptr<TcpListener>> Listen(EpollLoop& loop, const SocketAddress& address,
                                                           ListenOptions options);
  ~TcpListener() override;

  Task<base::Result<std::unique_ptr<Stream>>> Accept() override;
  void Close() override;
  std::uint16_t port() const override { return port_; }
  std::size_t open_connections() const;

 private:
  struct Places;
  TcpListener(EpollLoop& loop, Descriptor socket, std::uint16_t port, ListenOptions options);
  void OnPoll(PollEvents events) override;
  // Counts an attempt; true when this turn has had its batch.
  bool BatchIsComplete();
  std::unique_ptr<Stream> Adopt(Descriptor socket, const SocketAddress& peer);

  EpollLoop& loop_;
  Descriptor socket_;
  std::uint16_t port_;
  EpollLoop::Token token_;
  std::uint64_t turn_ = 0;
  std::uint32_t accepted_in_turn_ = 0;
  std::shared_ptr<Places> places_;  // shared with the connections, which may outlive the listener
};

}  // namespace gatehouse::net
