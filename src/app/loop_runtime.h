#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/config.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "base/metrics.h"
#include "features/telemetry/telemetry.h"
#include "http/server.h"
#include "ingress/gateway_handler.h"
#include "net/epoll_loop.h"
#include "net/tls/tls_server.h"
#include "pipeline/provider.h"

namespace gatehouse::app {

// What the loops share; outlives them.
struct Shared {
  const base::Clock& clock;
  base::Metrics& metrics;
  base::LogWriter& access_log;
  const base::Log& log;
};

// A listener's TLS context by listener name; null for plaintext.
using ServerTls = std::map<std::string, std::shared_ptr<net::tls::TlsServer>, std::less<>>;

// One core's share of the gateway: loop, listeners, connections, providers, pipeline. Its thread runs until Stop().
// Everything but the functions that say so is for the thread that owns this object before Start() and after Join().
class LoopRuntime {
 public:
  LoopRuntime(const Shared& shared, std::size_t index, std::shared_ptr<const Config> config);
  LoopRuntime(const LoopRuntime&) = delete;
  LoopRuntime& operator=(const LoopRuntime&) = delete;
  ~LoopRuntime();

  // Listens, on the port that the first loop was given where the configuration says 0. Before Start().
  base::Result<std::uint16_t> Listen(const ListenerConfig& listener, std::uint16_t port,
                                     std::shared_ptr<net::tls::TlsServer> tls);
  void Start();
  // Thread-safe: new exchanges use the new configuration from the loop's next turn on.
  void Apply(std::shared_ptr<const Config> config);
  // Thread-safe: stops accepting, lets exchanges end, and stops the loop when they have, or at the deadline.
  void Drain(base::Duration at_most);
  void Join();
  // Before Start(), or on the loop itself.
  net::EpollLoop& loop() { return loop_; }

 private:
  struct Listening {
    std::unique_ptr<http::Server> server;
    std::shared_ptr<net::tls::TlsServer> tls;
    net::Listener* listener = nullptr;  // owned by the accepting task
  };

  void Use(std::shared_ptr<const Config> config);
  std::shared_ptr<const ingress::Gate> BuildGate(const std::shared_ptr<const Config>& config);
  net::Task<> AcceptTls(std::unique_ptr<net::Listener> listener, Listening& listening);
  net::Task<> Handshake(std::unique_ptr<net::Stream> stream, Listening& listening);
  net::Task<> DrainAndStop(base::Duration at_most);
  net::Task<> Probe(pipeline::Provider& provider, const std::vector<features::routing::Route>& routes);
  net::Task<> ProbeForever(std::shared_ptr<const Config> config);

  const Shared shared_;
  const std::size_t index_;
  net::EpollLoop loop_;
  base::Random random_;
  features::telemetry::ExchangeTelemetry telemetry_;
  Upstreams upstreams_;
  std::unique_ptr<ingress::GatewayHandler> handler_;
  std::vector<std::unique_ptr<Listening>> listening_;
  net::TaskGroup tasks_;
  std::unique_ptr<net::TaskGroup> probes_;  // replaced with the configuration
  std::thread thread_;
};

}  // namespace gatehouse::app
