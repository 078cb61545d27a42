#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/accounting_house.h"
#include "app/config.h"
#include "app/governance.h"
#include "app/identity_providers.h"
#include "app/observers.h"
#include "app/review_house.h"
#include "app/shared_store.h"
#include "app/upstreams.h"
#include "base/log.h"
#include "base/metrics.h"
#include "features/audit/archive.h"
#include "features/audit/record.h"
#include "features/identity/directory_placement.h"
#include "features/identity/keys.h"
#include "features/oversight/kill_switch.h"
#include "features/oversight/loop_reviews.h"
#include "features/oversight/loop_stops.h"
#include "features/ratelimit/rule_set.h"
#include "features/telemetry/telemetry.h"
#include "http/server.h"
#include "ingress/gateway_handler.h"
#include "net/epoll_loop.h"
#include "net/tls/tls_server.h"
#include "pipeline/provider.h"
#include "store/database.h"
#include "store/memory/memory_key_value.h"

namespace gatehouse::app {

// What the loops share; outlives them.
struct Shared {
  const base::Clock& clock;
  base::Metrics& metrics;
  base::LogWriter& access_log;
  const base::Log& log;
  store::Database& database;
  store::memory::SharedValues& conversations;  // of this process alone
  AccountingHouse& accounting;
  const IdentityProviders& identity;
  const features::identity::KeyServices& keys;
  PolicyRecords& policies;
  features::audit::Record* record;    // null: none is kept
  features::audit::Archive* archive;  // null: nothing of payloads is
  features::oversight::KillSwitch& kill_switch;
  features::oversight::ApprovalQueue& approvals;
  ReviewHouse& reviews;
  features::ratelimit::MeterBoard& meters;
  features::ratelimit::FindNode find_node;  // thread-safe
};

// One core's share of the gateway: loop, listeners, connections, providers, pipeline. Its thread runs until Stop().
// Everything but the functions that say so is for the thread that owns this object before Start() and after Join().
class LoopRuntime {
 public:
  LoopRuntime(const Shared& shared, std::size_t index, std::shared_ptr<const Config> config);
  LoopRuntime(const LoopRuntime&) = delete;
  LoopRuntime& operator=(const LoopRuntime&) = delete;
  ~LoopRuntime();

  // Names a listener within the process, of all that there ever were.
  using ListenerId = std::uint64_t;

  // Listens, on the port that the first loop was given where the configuration says 0. Before Start() this happens in
  // the caller's thread; afterwards the caller, which is not the loop, waits for it.
  base::Result<std::uint16_t> Listen(ListenerId id, const ListenerConfig& listener, std::uint16_t port,
                                     std::shared_ptr<net::tls::TlsServer> tls);
  // Thread-safe: stops accepting there; its connections end as in a drain.
  void StopListening(ListenerId id, base::Duration at_most);
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
    Listening(ListenerId listener_id, net::EpollLoop& loop, const http::ServerLimits& limits, http::Handler& handler)
        : id(listener_id), server(loop, limits, handler), tasks(loop) {}
    ListenerId id;
    http::Server server;
    std::shared_ptr<net::tls::TlsServer> tls;
    net::Listener* listener = nullptr;  // owned by the accepting task of a TLS listener
    net::TaskGroup tasks;               // accepting and handshakes; last, because they refer to the rest
  };

  void Use(std::shared_ptr<const Config> config);
  // Where conversations' tokens are kept; null where none are.
  store::KeyValue* ConversationsOf(const Config& config);
  std::shared_ptr<const ingress::Gate> BuildGate(const std::shared_ptr<const Config>& config);
  base::Result<std::uint16_t> ListenHere(ListenerId id, const ListenerConfig& listener, std::uint16_t port,
                                         std::shared_ptr<net::tls::TlsServer> tls);
  net::Task<> DrainListener(std::unique_ptr<Listening> listening, net::Deadline deadline);
  net::Task<> AcceptTls(std::unique_ptr<net::Listener> listener, Listening& listening);
  net::Task<> Handshake(std::unique_ptr<net::Stream> stream, Listening& listening);
  net::Task<> DrainAndStop(base::Duration at_most);
  net::Task<> Probe(pipeline::Provider& provider, const std::vector<features::routing::Route>& routes);
  net::Task<> ProbeForever(std::shared_ptr<const Config> config);

  const Shared shared_;
  const features::identity::DirectoryPlacement placement_;
  const std::size_t index_;
  net::EpollLoop loop_;
  base::Random random_;
  features::telemetry::ExchangeTelemetry telemetry_;
  Upstreams upstreams_;
  http::Fetcher fetcher_;                              // of guardrails outside; uses upstreams_
  std::unique_ptr<SharedStore> shared_conversations_;  // once a configuration of a cluster keeps any
  std::unique_ptr<store::KeyValue> conversations_;     // once one of a gateway that is alone does
  features::oversight::LoopStops stops_;               // outlives what accounting sees through
  features::accounting::LoopAccounting accounting_;    // dropped before the upstreams whose calls it sees through
  features::accounting::LedgerObserver ledger_;
  std::optional<features::audit::LoopRecord> record_;
  features::oversight::LoopReviews reviews_;
  Observers observers_;
  std::unique_ptr<ingress::GatewayHandler> handler_;
  std::vector<std::unique_ptr<Listening>> listening_;
  net::TaskGroup retiring_;  // listeners that are no longer in the configuration
  net::TaskGroup tasks_;
  std::unique_ptr<net::TaskGroup> probes_;  // replaced with the configuration
  std::thread thread_;
};

}  // namespace gatehouse::app
