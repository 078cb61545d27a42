#include "app/shared_store.h"

#include <utility>

#include "app/tls_files.h"

namespace gatehouse::app {
namespace {

// Shorter than requests may wait for more of a budget, so that a server that is gone is known soon.
constexpr base::Duration kSilence = std::chrono::seconds(1);
constexpr base::Duration kIdle = std::chrono::seconds(2);

}  // namespace

SharedStore::SharedStore(net::EpollLoop& loop)
    : random_(static_cast<std::uint64_t>(loop.clock().Wall().time_since_epoch().count())) {}

base::Result<std::unique_ptr<SharedStore>> SharedStore::Open(const RedisConfig& config, net::EpollLoop& loop) {
  std::unique_ptr<SharedStore> self(new SharedStore(loop));
  GH_TRY(self->names_, net::dns::AresResolver::Create(loop, {}));
  self->resolver_ = std::make_unique<net::dns::CachingResolver>(loop, *self->names_);
  self->connector_ = std::make_unique<net::TcpConnector>(loop, *self->resolver_);
  if (config.tls) {
    GH_TRY(net::tls::ClientOptions options,
           LoadUpstreamTls({.origin = {.endpoint = config.endpoint}, .base_path = {}, .tls = *config.tls}));
    options.alpn.clear();
    GH_TRY(self->tls_, net::tls::TlsClient::Create(options));
  }
  self->store_ = std::make_unique<store::redis::RedisKeyValue>(loop, *self->connector_, self->tls_.get(), self->random_,
                                                               store::redis::ClientSettings{.endpoint = config.endpoint,
                                                                                            .username = config.username,
                                                                                            .password = config.password,
                                                                                            .database = config.database,
                                                                                            .silence = kSilence,
                                                                                            .idle = kIdle},
                                                               config.prefix);
  return self;
}

}  // namespace gatehouse::app
