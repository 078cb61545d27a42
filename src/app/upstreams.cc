#include "app/upstreams.h"

#include <utility>

#include "app/config.h"
#include "base/check.h"
#include "http/proxy_connector.h"
#include "net/tcp_connector.h"

namespace gatehouse::app {
namespace {

// A TLS connection over what another connector opens.
class TlsConnector final : public net::Connector {
 public:
  TlsConnector(net::Connector& inner, std::shared_ptr<net::tls::TlsClient> tls) : inner_(inner), tls_(std::move(tls)) {}

  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint endpoint,
                                                                net::Deadline deadline) override {
    GH_CO_TRY(std::unique_ptr<net::Stream> stream, co_await inner_.Connect(endpoint, deadline));
    co_return co_await tls_->Handshake(std::move(stream), endpoint.host, deadline);
  }

 private:
  net::Connector& inner_;  // a sibling in the same PooledConnector
  std::shared_ptr<net::tls::TlsClient> tls_;
};

std::string PoolKey(const providers::common::Upstream& upstream) {
  const auto& origin = upstream.origin;
  std::string key;
  for (const auto part : {std::string_view(origin.endpoint.host), std::string_view(upstream.tls.ca_file),
                          std::string_view(upstream.tls.certificate_file), std::string_view(upstream.tls.key_file),
                          std::string_view(origin.proxy ? std::string_view(origin.proxy->host) : std::string_view()),
                          std::string_view(origin.proxy_authorization)}) {
    key.append(part).push_back('\x1f');
  }
  const std::int64_t numbers[] = {origin.endpoint.port,
                                  static_cast<std::int64_t>(origin.scheme),
                                  static_cast<std::int64_t>(origin.protocol),
                                  origin.proxy ? origin.proxy->port : 0,
                                  static_cast<std::int64_t>(upstream.pool.max_connections),
                                  static_cast<std::int64_t>(upstream.pool.max_idle),
                                  static_cast<std::int64_t>(upstream.pool.max_waiting),
                                  upstream.pool.idle_timeout.count()};
  for (const std::int64_t number : numbers) key.append(std::to_string(number)).push_back('\x1f');
  return key;
}

}  // namespace

// The chain of connectors of one pool, which owns the pool too: TCP, then a proxy's tunnel, then TLS.
class Upstreams::PooledConnector {
 public:
  PooledConnector(net::EpollLoop& loop, net::dns::Resolver& resolver, const providers::common::Upstream& upstream,
                  std::shared_ptr<net::tls::TlsClient> tls)
      : tcp_(loop, resolver) {
    net::Connector* top = &tcp_;
    if (tls) {
      if (upstream.origin.proxy) {
        proxy_ =
            std::make_unique<http::ProxyConnector>(*top, *upstream.origin.proxy, upstream.origin.proxy_authorization);
        top = proxy_.get();
      }
      tls_ = std::make_unique<TlsConnector>(*top, std::move(tls));
      top = tls_.get();
    }
    pool_ = std::make_unique<http::Pool>(loop, *top, upstream.origin, upstream.pool);
  }

  http::Pool* pool() { return pool_.get(); }

 private:
  net::TcpConnector tcp_;
  std::unique_ptr<http::ProxyConnector> proxy_;
  std::unique_ptr<TlsConnector> tls_;
  std::unique_ptr<http::Pool> pool_;  // last: its connections use the rest
};

Upstreams::Upstreams(net::EpollLoop& loop, const base::Log& log) : loop_(loop), log_(log) {
  auto names = net::dns::AresResolver::Create(loop, {});
  if (!names.ok()) {
    log_.Error("name resolution cannot start", {{"detail", names.error().detail}});
  }
  GH_CHECK(names.ok());  // no memory, or a broken resolv.conf: nothing would work
  names_ = std::move(names).value();
  resolver_ = std::make_unique<net::dns::CachingResolver>(loop, *names_);
}

Upstreams::~Upstreams() = default;

std::shared_ptr<net::tls::TlsClient> Upstreams::TlsFor(const providers::common::Upstream& upstream) {
  net::tls::ClientOptions options;
  using Protocol = http::Origin::Protocol;
  if (upstream.origin.protocol == Protocol::kAuto) options.alpn = {"h2", "http/1.1"};
  if (upstream.origin.protocol == Protocol::kHttp2) options.alpn = {"h2"};
  const auto load = [this](const std::string& path) {
    if (path.empty()) return std::string();
    auto text = ReadFile(path);
    if (text.ok()) return std::move(text).value();
    log_.Error("cannot read an upstream's TLS file", {{"path", path}});
    return std::string();
  };
  options.authorities_pem = load(upstream.tls.ca_file);
  if (!upstream.tls.certificate_file.empty()) {
    options.identity = net::tls::PemIdentity{load(upstream.tls.certificate_file), load(upstream.tls.key_file)};
  }
  auto client = net::tls::TlsClient::Create(options);
  if (client.ok()) return std::move(client).value();
  log_.Error("an upstream's TLS settings do not work",
             {{"host", upstream.origin.endpoint.host}, {"detail", client.error().detail}});
  return nullptr;
}

std::shared_ptr<http::Pool> Upstreams::PoolFor(const providers::common::Upstream& upstream) {
  auto& slot = pools_[PoolKey(upstream)];
  if (auto pool = slot.lock()) return pool;
  std::shared_ptr<net::tls::TlsClient> tls;
  if (upstream.origin.scheme == http::Origin::Scheme::kHttps) tls = TlsFor(upstream);
  auto chain = std::make_shared<PooledConnector>(loop_, *resolver_, upstream, std::move(tls));
  std::shared_ptr<http::Pool> pool(chain, chain->pool());
  slot = pool;
  return pool;
}

}  // namespace gatehouse::app
