#pragma once

#include <memory>

#include "app/config_cluster.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "net/dns/ares_resolver.h"
#include "net/dns/caching_resolver.h"
#include "net/epoll_loop.h"
#include "net/tcp_connector.h"
#include "net/tls/tls_client.h"
#include "store/redis/redis_key_value.h"

namespace gatehouse::app {

// The main loop's connection to the Redis server that gateways share, with what it is made of. Owned by the Gateway.
class SharedStore {
 public:
  // Does not wait for the server. `loop` outlives it.
  static base::Result<std::unique_ptr<SharedStore>> Open(const RedisConfig& config, net::EpollLoop& loop);
  SharedStore(const SharedStore&) = delete;
  SharedStore& operator=(const SharedStore&) = delete;
  ~SharedStore() = default;

  store::KeyValue& store() { return *store_; }

 private:
  explicit SharedStore(net::EpollLoop& loop);

  base::Random random_;
  std::unique_ptr<net::dns::AresResolver> names_;
  std::unique_ptr<net::dns::CachingResolver> resolver_;
  std::unique_ptr<net::TcpConnector> connector_;
  std::unique_ptr<net::tls::TlsClient> tls_;            // null: plaintext
  std::unique_ptr<store::redis::RedisKeyValue> store_;  // last: uses the rest
};

}  // namespace gatehouse::app
