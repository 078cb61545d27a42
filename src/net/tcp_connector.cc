#include "net/tcp_connector.h"

#include <utility>
#include <vector>

#include "net/connect_any.h"
#include "net/tcp_stream.h"

namespace gatehouse::net {

namespace {

base::Error AddressRefused() {
  return {.code = base::ErrorCode::kDenied,
          .source = base::ErrorSource::kPolicy,
          .public_message = "The gateway does not connect to the addresses of this upstream.",
          .detail = "connect: every address is refused by the address filter"};
}

}  // namespace

Task<base::Result<std::vector<SocketAddress>>> TcpConnector::AddressesOf(Endpoint endpoint, Deadline deadline) {
  if (const auto literal = SocketAddress::Parse(endpoint.host, endpoint.port)) co_return std::vector{*literal};
  GH_CO_TRY(auto answer, co_await resolver_.Resolve(std::move(endpoint.host), deadline));
  for (auto& address : answer.addresses) address = address.WithPort(endpoint.port);
  co_return Interleave(answer.addresses, rotation_++);
}

Task<base::Result<std::unique_ptr<Stream>>> TcpConnector::Connect(Endpoint endpoint, Deadline deadline) {
  GH_CO_TRY(auto addresses, co_await AddressesOf(std::move(endpoint), deadline));
  if (filter_) {
    std::erase_if(addresses, [this](const auto& address) { return filter_(address) == AddressVerdict::kRefuse; });
  }
  if (addresses.empty()) co_return AddressRefused();
  auto dial = [&loop = loop_](SocketAddress address, Deadline until) {
    return TcpStream::Connect(loop, address, until);
  };
  co_return co_await ConnectAny(loop_, std::move(addresses), std::move(dial), deadline);
}

}  // namespace gatehouse::net
