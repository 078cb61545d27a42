#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/dns/resolver.h"
#include "net/epoll_loop.h"
#include "net/stream.h"

namespace gatehouse::net {

enum class AddressVerdict : std::uint8_t { kAllow, kRefuse };

// Opens TCP connections to names and literal addresses. Belongs to its loop; the resolver and what the filter refers to
// outlive it.
class TcpConnector final : public Connector {
 public:
  // Asked about each address before it is connected to, after resolution: so that a name cannot lead to where its owner
  // must not send us (link-local metadata services, private networks).
  using AddressFilter = std::function<AddressVerdict(const SocketAddress& address)>;

  TcpConnector(EpollLoop& loop, dns::Resolver& resolver) : loop_(loop), resolver_(resolver) {}
  TcpConnector(EpollLoop& loop, dns::Resolver& resolver, AddressFilter filter)
      : loop_(loop), resolver_(resolver), filter_(std::move(filter)) {}

  // kTimeout, kUnavailable, or kDenied (source kPolicy) when the filter refuses all addresses.
  Task<base::Result<std::unique_ptr<Stream>>> Connect(Endpoint endpoint, Deadline deadline) override;

 private:
  Task<base::Result<std::vector<SocketAddress>>> AddressesOf(Endpoint endpoint, Deadline deadline);

  EpollLoop& loop_;
  dns::Resolver& resolver_;
  AddressFilter filter_;
  std::size_t rotation_ = 0;
};

}  // namespace gatehouse::net
