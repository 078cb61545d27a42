#include "http/proxy_connector.h"

#include <array>
#include <utility>

#include "codec/http1/head_writer.h"
#include "codec/http1/response_head.h"
#include "http/client_connection.h"
#include "http/h1_io.h"

namespace gatehouse::http {

namespace codec1 = codec::http1;

namespace {

constexpr std::size_t kMaxHeadBytes = 8 * 1024;

std::string AuthorityOf(const net::Endpoint& endpoint) {
  const bool address = endpoint.host.find(':') != std::string::npos;
  return (address ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

std::string ConnectHead(const net::Endpoint& endpoint, const std::string& authorization) {
  const std::string authority = AuthorityOf(endpoint);
  std::string head;
  codec1::AppendRequestLine(head, "CONNECT", authority);
  codec1::AppendField(head, "host", authority);
  if (!authorization.empty()) codec1::AppendField(head, "proxy-authorization", authorization);
  codec1::AppendHeadEnd(head);
  return head;
}

// Reads the proxy's answer, byte by byte at its end so that no byte of the tunnel is taken: the origin does not speak
// first under TLS, but nothing here relies on that.
net::Task<base::Result<std::uint16_t>> ReadAnswer(net::Stream& stream, net::Deadline deadline) {
  codec1::ResponseHeadParser parser({.max_head_bytes = kMaxHeadBytes});
  std::string received;
  while (true) {
    char byte = 0;
    const auto read = co_await net::ReadSome(stream, {&byte, 1}, deadline);
    if (!read.ok()) co_return read.error();
    if (read.value() == 0) co_return UpstreamUnavailable("the proxy closed the connection");
    received.push_back(byte);
    if (byte != '\n') continue;
    const codec1::Progress progress = parser.Feed(received);
    if (progress == codec1::Progress::kRejected || received.size() >= kMaxHeadBytes) {
      co_return BadUpstream("the proxy's answer: " + std::string(codec1::ToString(parser.reason())));
    }
    if (progress == codec1::Progress::kNeedMore) continue;
    if (!parser.interim()) co_return parser.status();
    parser.Reset();
    received.clear();
  }
}

}  // namespace

ProxyConnector::ProxyConnector(net::Connector& inner, net::Endpoint proxy, std::string authorization)
    : inner_(inner), proxy_(std::move(proxy)), authorization_(std::move(authorization)) {}

net::Task<base::Result<std::unique_ptr<net::Stream>>> ProxyConnector::Connect(net::Endpoint endpoint,
                                                                              net::Deadline deadline) {
  auto connected = co_await inner_.Connect(proxy_, deadline);
  if (!connected.ok()) co_return std::move(connected).TakeError();
  std::unique_ptr<net::Stream> stream = std::move(connected).value();
  const std::string head = ConnectHead(endpoint, authorization_);
  const std::array<std::string_view, 1> pieces = {head};
  GH_CO_CHECK_OK(co_await net::WriteAll(*stream, pieces, deadline));
  const auto status = co_await ReadAnswer(*stream, deadline);
  if (!status.ok()) co_return status.error();
  if (status.value() / 100 != 2) {
    co_return UpstreamUnavailable("the proxy answered CONNECT with " + std::to_string(status.value()));
  }
  co_return stream;
}

}  // namespace gatehouse::http
