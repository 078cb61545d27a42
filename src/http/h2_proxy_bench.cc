// A bare reverse proxy over Server and Pool: no policy, no parsing, no log. It shows what the transport costs by itself
// beside another proxy under the same load.
//
// usage: h2_proxy_bench LISTEN_PORT UPSTREAM_PORT [h1|h2]     (the protocol towards the upstream; h1 by default)
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/server.h"
#include "net/epoll_loop.h"
#include "net/tcp_connector.h"
#include "net/tcp_listener.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kMaxBody = 8 * 1024 * 1024;

class NoNames final : public net::dns::Resolver {
 public:
  net::Task<base::Result<net::dns::Answer>> Resolve(std::string name, net::Deadline /*deadline*/) override {
    co_return net::dns::CannotResolve(name, "names are not resolved here");
  }
};

class ForwardingHandler final : public Handler {
 public:
  explicit ForwardingHandler(Pool& pool) : pool_(pool) {}

  net::Task<> Serve(ServerExchange& exchange) override {
    const auto body = co_await exchange.CollectBody(kMaxBody);
    if (!body.ok()) co_return;
    const RequestHead& head = exchange.head();
    auto sent = co_await pool_.Send(
        {.method = head.method, .target = head.target, .headers = &head.headers, .body = body.value()}, {},
        net::Deadline::Never());
    if (sent.ok()) co_await Relay(exchange, *sent.value());
  }
  std::string RejectionBody(std::uint16_t /*status*/, std::string_view reason) const override {
    return std::string(reason);
  }

 private:
  static net::Task<> Relay(ServerExchange& exchange, ClientResponse& response) {
    auto first = co_await response.ReadBody();
    if (!first.ok()) co_return;
    if (response.ended()) {
      static_cast<void>(co_await exchange.Respond(response.head(), first.value()));
      co_return;
    }
    static_cast<void>(co_await exchange.Start(response.head()));
    for (auto piece = std::move(first); piece.ok() && !piece.value().empty(); piece = co_await response.ReadBody()) {
      const auto written = co_await exchange.Write(piece.value());
      if (!written.ok()) co_return;
    }
    static_cast<void>(co_await exchange.Finish());
  }

  Pool& pool_;  // outlives the server
};

int Run(std::uint16_t listen_port, std::uint16_t upstream_port, Origin::Protocol protocol) {
  net::EpollLoop loop(base::SystemClock());
  NoNames resolver;
  net::TcpConnector connector(loop, resolver);
  Pool pool(
      loop, connector,
      {.scheme = Origin::Scheme::kHttp, .endpoint = {.host = "127.0.0.1", .port = upstream_port}, .protocol = protocol},
      {});
  ForwardingHandler handler(pool);
  auto listener = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", listen_port), {});
  if (!listener.ok()) {
    std::fprintf(stderr, "%s\n", listener.error().detail.c_str());
    return 1;
  }
  Server server(loop, {}, handler);
  net::TaskGroup tasks(loop);
  tasks.Spawn(server.Run(std::move(listener).value()));
  loop.Run();
  return 0;
}

}  // namespace
}  // namespace gatehouse::http

int main(int count, char** arguments) {
  using gatehouse::http::Origin;
  if (count < 3) {
    std::fprintf(stderr, "usage: h2_proxy_bench LISTEN_PORT UPSTREAM_PORT [h1|h2]\n");
    return 2;
  }
  const bool http2 = count > 3 && std::string_view(arguments[3]) == "h2";
  return gatehouse::http::Run(static_cast<std::uint16_t>(std::atoi(arguments[1])),
                              static_cast<std::uint16_t>(std::atoi(arguments[2])),
                              http2 ? Origin::Protocol::kHttp2 : Origin::Protocol::kHttp1);
}
