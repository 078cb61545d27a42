#pragma once

// For tests; never included by product code.

#include <memory>
#include <utility>

#include "net/epoll_loop.h"
#include "net/socket_address.h"
#include "net/stream.h"
#include "net/tcp_stream.h"

namespace gatehouse::store::redis {

// Connects to literal addresses.
class LoopbackConnector final : public net::Connector {
 public:
  explicit LoopbackConnector(net::EpollLoop& loop) : loop_(loop) {}
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint endpoint,
                                                                net::Deadline deadline) override {
    return net::TcpStream::Connect(loop_, *net::SocketAddress::Parse(endpoint.host, endpoint.port), deadline);
  }

 private:
  net::EpollLoop& loop_;
};

}  // namespace gatehouse::store::redis
