#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/log.h"
#include "http/client.h"
#include "http/fetcher.h"
#include "net/dns/ares_resolver.h"
#include "net/dns/caching_resolver.h"
#include "net/epoll_loop.h"
#include "net/stream.h"
#include "net/tcp_connector.h"
#include "net/tls/tls_client.h"
#include "providers/common/blueprint.h"

namespace gatehouse::app {

// The connections of one loop to upstreams: one pool per address, trust and limits, kept while somebody holds it. A
// reload that leaves an upstream as it is keeps its connections.
class Upstreams final : public providers::common::LoopServices {
 public:
  Upstreams(net::EpollLoop& loop, const base::Log& log);
  ~Upstreams() override;

  net::Loop& loop() override { return loop_; }
  std::shared_ptr<http::Pool> PoolFor(const providers::common::Upstream& upstream) override;
  // The same for calls that the gateway makes on its own behalf. This outlives it.
  http::Fetcher::PoolFor PoolsForFetching(const http::PoolLimits& limits);
  // Plain connections, for what is not HTTP.
  net::Connector& connector() { return *connector_; }

 private:
  class PooledConnector;

  struct Tls {
    std::string digest;                           // of the files' contents
    std::shared_ptr<net::tls::TlsClient> client;  // nullptr: of a plaintext upstream, or it cannot be used
  };

  Tls TlsFor(const providers::common::Upstream& upstream);

  net::EpollLoop& loop_;
  const base::Log& log_;
  std::unique_ptr<net::dns::AresResolver> names_;
  std::unique_ptr<net::dns::CachingResolver> resolver_;
  std::unique_ptr<net::TcpConnector> connector_;  // uses resolver_
  std::map<std::string, std::weak_ptr<http::Pool>> pools_;
};

}  // namespace gatehouse::app
