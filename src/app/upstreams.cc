#include "app/upstreams.h"

#include <utility>

#include "app/tls_files.h"
#include "base/check.h"
#include "codec/crypto/hash.h"
#include "http/proxy_connector.h"

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

// In place of TLS settings that do not work: never plaintext instead.
class RefusingConnector final : public net::Connector {
 public:
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint, net::Deadline) override {
    co_return base::Error{.code = base::ErrorCode::kUnavailable,
                          .source = base::ErrorSource::kUpstream,
                          .retry = base::Retry::kOtherTarget,
                          .public_message = "The gateway's TLS settings for this upstream do not work. See its log.",
                          .detail = "TLS settings do not work"};
  }
};

// The files' contents are part of what a pool connects with: new ones make a new pool.
std::string PoolKey(const providers::common::Upstream& upstream, std::string_view tls_digest) {
  const auto& origin = upstream.origin;
  std::string key;
  for (const auto part : {std::string_view(origin.endpoint.host), tls_digest,
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
    if (upstream.origin.scheme == http::Origin::Scheme::kHttps) {
      if (upstream.origin.proxy) {
        proxy_ =
            std::make_unique<http::ProxyConnector>(*top, *upstream.origin.proxy, upstream.origin.proxy_authorization);
        top = proxy_.get();
      }
      if (tls) {
        tls_ = std::make_unique<TlsConnector>(*top, std::move(tls));
      } else {
        tls_ = std::make_unique<RefusingConnector>();
      }
      top = tls_.get();
    }
    pool_ = std::make_unique<http::Pool>(loop, *top, upstream.origin, upstream.pool);
  }

  http::Pool* pool() { return pool_.get(); }

 private:
  net::TcpConnector tcp_;
  std::unique_ptr<http::ProxyConnector> proxy_;
  std::unique_ptr<net::Connector> tls_;
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
  connector_ = std::make_unique<net::TcpConnector>(loop, *resolver_);
}

Upstreams::~Upstreams() = default;

Upstreams::Tls Upstreams::TlsFor(const providers::common::Upstream& upstream) {
  if (upstream.origin.scheme != http::Origin::Scheme::kHttps) return {};
  const auto tell = [&](const base::Error& error) {
    log_.Error("an upstream's TLS settings do not work; it is not called",
               {{"host", upstream.origin.endpoint.host}, {"problem", error.public_message}, {"detail", error.detail}});
  };
  const auto options = LoadUpstreamTls(upstream);
  if (!options.ok()) {
    tell(options.error());
    return {.digest = "unreadable", .client = nullptr};
  }
  std::string all = options.value().authorities_pem;
  if (const auto& identity = options.value().identity) all.append(identity->certificate).append(identity->private_key);
  auto client = net::tls::TlsClient::Create(options.value());
  if (!client.ok()) tell(client.error());
  return {.digest = std::string(codec::crypto::AsText(codec::crypto::Sha256(all))),
          .client = client.ok() ? std::move(client).value() : nullptr};
}

std::shared_ptr<http::Pool> Upstreams::PoolFor(const providers::common::Upstream& upstream) {
  Tls tls = TlsFor(upstream);
  auto& slot = pools_[PoolKey(upstream, tls.digest)];
  if (auto pool = slot.lock()) return pool;
  auto chain = std::make_shared<PooledConnector>(loop_, *resolver_, upstream, std::move(tls.client));
  std::shared_ptr<http::Pool> pool(chain, chain->pool());
  slot = pool;
  return pool;
}

http::Fetcher::PoolFor Upstreams::PoolsForFetching(const http::PoolLimits& limits) {
  return [this, limits](const http::Origin& origin, const std::string& ca_file) {
    return PoolFor({.origin = origin, .tls = {.ca_file = ca_file}, .pool = limits});
  };
}

}  // namespace gatehouse::app
