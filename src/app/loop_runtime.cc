#include "app/loop_runtime.h"

#include <algorithm>
#include <future>
#include <utility>

#include "app/pipeline_order.h"
#include "base/check.h"
#include "codec/crypto/hash.h"
#include "features/routing/routing_stage.h"
#include "net/socket_address.h"
#include "net/tcp_listener.h"

namespace gatehouse::app {
namespace {

// A guardrail outside sees every exchange.
constexpr http::PoolLimits kHookPools = {.max_connections = 64, .max_waiting = 512, .max_idle = 16};
constexpr base::Duration kHandshakeTimeout = std::chrono::seconds(10);

// A gate and what it runs on: dies when the last exchange that began with it is over.
struct OwnedGate {
  std::shared_ptr<const Config> config;  // blueprints and keys, which the providers and stages refer to
  std::map<std::string, std::unique_ptr<pipeline::Provider>, std::less<>> providers;
  ingress::Gate gate;
};

features::accounting::LoopAccounting::Parts PartsFor(const Shared& shared, std::size_t index, net::Loop& loop) {
  auto parts = shared.accounting.PartsFor(index, loop);
  parts.unrecorded = &UnrecordedCell(shared.metrics, index);
  return parts;
}

std::optional<features::audit::LoopRecord> RecordFor(const Shared& shared, std::size_t index, net::Loop& loop) {
  if (shared.record == nullptr) return {};
  return std::make_optional<features::audit::LoopRecord>(loop, *shared.record, index, shared.archive);
}

// What an exchange came to is settled before its entry is written, and people look at what has one.
std::vector<pipeline::ExchangeObserver*> ObserversOf(features::telemetry::ExchangeTelemetry& telemetry,
                                                     features::accounting::LedgerObserver& ledger,
                                                     std::optional<features::audit::LoopRecord>& record,
                                                     features::oversight::LoopReviews& reviews) {
  std::vector<pipeline::ExchangeObserver*> all = {&telemetry, &ledger};
  if (record) all.push_back(&*record);
  all.push_back(&reviews);
  return all;
}

std::shared_ptr<const features::audit::EntryContext> EntryContextOf(const Config& config) {
  auto context = std::make_shared<features::audit::EntryContext>();
  context->config = config.revision;
  for (const auto& route : *config.routes) context->models.insert(route.model);
  return context;
}

// The same on all gateways of one pepper, and of no use for anything else that is made with it.
base::Secret TokenKey(const features::identity::KeyServices& keys) {
  return base::Secret(std::string(codec::crypto::AsText(keys.hash.Of("gatehouse guard tokens"))));
}

}  // namespace

LoopRuntime::LoopRuntime(const Shared& shared, std::size_t index, std::shared_ptr<const Config> config)
    : shared_(shared),
      placement_(shared.keys.directory),
      index_(index),
      loop_(shared.clock),
      random_(static_cast<std::uint64_t>(shared.clock.Wall().time_since_epoch().count()) * 31 + index),
      telemetry_(loop_, shared.metrics, index, shared.access_log, config->log.access),
      upstreams_(loop_, shared.log),
      fetcher_(upstreams_.PoolsForFetching(kHookPools)),
      stops_(loop_, shared.kill_switch.table()),
      accounting_(PartsFor(shared, index, loop_)),
      ledger_(accounting_),
      record_(RecordFor(shared, index, loop_)),
      reviews_(loop_, shared.reviews.queue()),
      observers_(ObserversOf(telemetry_, ledger_, record_, reviews_)),
      handler_(std::make_unique<ingress::GatewayHandler>(
          ingress::LoopContext{loop_, random_, observers_,
                               shared_.archive == nullptr ? nullptr : shared_.archive->room()},
          BuildGate(config))),
      retiring_(loop_),
      tasks_(loop_),
      probes_(std::make_unique<net::TaskGroup>(loop_)) {
  if (record_) accounting_.TellOfFlights([this](const pipeline::Exchange& exchange) { record_->Settled(exchange); });
  shared_.accounting.Admit(index_, accounting_);
  shared_.kill_switch.Admit(stops_);
  if (index_ == 0 && config->probe_interval.count() > 0) probes_->Spawn(ProbeForever(std::move(config)));
}

LoopRuntime::~LoopRuntime() {
  GH_CHECK(!thread_.joinable());
  accounting_.EndFlights();
  accounting_.TellOfFlights({});  // the record goes first
  shared_.kill_switch.Dismiss(stops_);
  shared_.accounting.Dismiss(index_);
}

std::shared_ptr<const ingress::Gate> LoopRuntime::BuildGate(const std::shared_ptr<const Config>& config) {
  auto owned = std::make_shared<OwnedGate>();
  owned->config = config;
  std::map<std::string, pipeline::Provider*, std::less<>> by_name;
  for (const auto& [name, blueprint] : config->providers) {
    by_name[name] = owned->providers.emplace(name, blueprint->Build(upstreams_)).first->second.get();
  }
  auto routes = std::make_shared<const features::routing::RouteTable>(config->routes, by_name);
  owned->gate.settings = config->gate;
  owned->gate.authenticator = shared_.identity.Wrap(
      std::make_unique<features::identity::KeyAuthenticator>(shared_.keys), config->identity, loop_, &placement_);
  using Rows = features::accounting::LedgerObserver::Rows;
  ledger_.Use(config->accounting.keeping == AccountingConfig::Keeping::kOn ? Rows::kWritten : Rows::kNone);
  auto governing = GoverningStages(*config, shared_.policies.OfLoop(index_), shared_.metrics, index_,
                                   {.token_key = TokenKey(shared_.keys),
                                    .fetcher = &fetcher_,
                                    .loop = &loop_,
                                    .conversations = ConversationsOf(*config),
                                    .approvals = &shared_.approvals});
  auto rates =
      std::make_shared<const features::ratelimit::RuleSet>(config->rate_limits, shared_.meters, shared_.find_node);
  owned->gate.pipeline =
      BuildPipeline(*config, std::move(governing.stages), std::move(rates), std::move(routes),
                    {.accounting = accounting_, .record = record_ ? &*record_ : nullptr, .stops = stops_});
  if (record_) record_->Use(EntryContextOf(*config));
  reviews_.Use(shared_.reviews.PlanOf(*config->policies));
  return {owned, &owned->gate};
}

store::KeyValue* LoopRuntime::ConversationsOf(const Config& config) {
  using Tokens = features::guard::GuardSettings::Tokens;
  if (config.guard == nullptr || config.guard->tokens != Tokens::kPerConversation) return nullptr;
  if (config.cluster && shared_conversations_ == nullptr) {
    auto opened = SharedStore::Open(config.cluster->redis, loop_);
    if (opened.ok()) shared_conversations_ = std::move(opened).value();
  }
  if (shared_conversations_ != nullptr) return &shared_conversations_->store();
  if (conversations_ == nullptr) {
    conversations_ = std::make_unique<store::memory::MemoryKeyValue>(loop_, shared_.conversations);
  }
  return conversations_.get();
}

base::Result<std::uint16_t> LoopRuntime::Listen(ListenerId id, const ListenerConfig& config, std::uint16_t port,
                                                std::shared_ptr<net::tls::TlsServer> tls) {
  if (!thread_.joinable()) return ListenHere(id, config, port, std::move(tls));
  std::promise<base::Result<std::uint16_t>> bound;
  loop_.Post([&] { bound.set_value(ListenHere(id, config, port, std::move(tls))); });
  return bound.get_future().get();
}

base::Result<std::uint16_t> LoopRuntime::ListenHere(ListenerId id, const ListenerConfig& config, std::uint16_t port,
                                                    std::shared_ptr<net::tls::TlsServer> tls) {
  const auto address = net::SocketAddress::Parse(config.address, port);
  if (!address)
    return base::Error{.code = base::ErrorCode::kInvalidRequest, .detail = config.address + " is not an IP address"};
  GH_TRY(std::unique_ptr<net::Listener> listener,
         net::TcpListener::Listen(loop_, *address, {.max_connections = config.limits.max_connections}));
  const std::uint16_t bound = listener->port();
  auto& listening = *listening_.emplace_back(std::make_unique<Listening>(id, loop_, config.limits, *handler_));
  listening.tls = std::move(tls);
  if (listening.tls) {
    listening.listener = listener.get();
    listening.tasks.Spawn(AcceptTls(std::move(listener), listening));
  } else {
    listening.tasks.Spawn(listening.server.Run(std::move(listener)));
  }
  return bound;
}

void LoopRuntime::StopListening(ListenerId id, base::Duration at_most) {
  loop_.Post([this, id, at_most] {
    const auto found = std::ranges::find_if(listening_, [id](const auto& listening) { return listening->id == id; });
    if (found == listening_.end()) return;
    auto listening = std::move(*found);
    listening_.erase(found);
    retiring_.Spawn(DrainListener(std::move(listening), loop_.In(at_most)));
  });
}

net::Task<> LoopRuntime::DrainListener(std::unique_ptr<Listening> listening, net::Deadline deadline) {
  if (listening->listener != nullptr) listening->listener->Close();
  co_await listening->server.Drain(deadline);
}

net::Task<> LoopRuntime::AcceptTls(std::unique_ptr<net::Listener> listener, Listening& listening) {
  for (;;) {
    auto stream = co_await listener->Accept();
    if (!stream.ok()) {
      listening.listener = nullptr;
      co_return;
    }
    listening.tasks.Spawn(Handshake(std::move(stream).value(), listening));
  }
}

net::Task<> LoopRuntime::Handshake(std::unique_ptr<net::Stream> stream, Listening& listening) {
  auto secured = co_await listening.tls->Handshake(std::move(stream), {}, loop_.In(kHandshakeTimeout));
  if (secured.ok()) {
    listening.server.Adopt(std::move(secured).value());
  } else {
    shared_.log.Debug("TLS handshake failed", {{"detail", secured.error().detail}});
  }
}

void LoopRuntime::Start() {
  thread_ = std::thread([this] { loop_.Run(); });
}

void LoopRuntime::Use(std::shared_ptr<const Config> config) {
  fetcher_.Forget();
  handler_->Replace(BuildGate(config));
  probes_ = std::make_unique<net::TaskGroup>(loop_);
  if (index_ == 0 && config->probe_interval.count() > 0) probes_->Spawn(ProbeForever(std::move(config)));
}

void LoopRuntime::Apply(std::shared_ptr<const Config> config) {
  loop_.Post([this, next = std::move(config)]() mutable { Use(std::move(next)); });
}

void LoopRuntime::Drain(base::Duration at_most) {
  loop_.Post([this, at_most] { tasks_.Spawn(DrainAndStop(at_most)); });
}

net::Task<> LoopRuntime::DrainAndStop(base::Duration at_most) {
  const net::Deadline deadline = loop_.In(at_most);
  // All at once: none goes on accepting while another waits.
  for (auto& listening : std::exchange(listening_, {})) retiring_.Spawn(DrainListener(std::move(listening), deadline));
  co_await retiring_.Drained(deadline);
  // What is seen through without its client may end as well.
  constexpr base::Duration kLook = std::chrono::milliseconds(20);
  while (accounting_.draining() > 0 && loop_.Now() < deadline.at) co_await loop_.Sleep(kLook);
  loop_.Stop();
}

void LoopRuntime::Join() {
  if (thread_.joinable()) thread_.join();
}

net::Task<> LoopRuntime::Probe(pipeline::Provider& provider, const std::vector<features::routing::Route>& routes) {
  constexpr base::Duration kProbeTimeout = std::chrono::seconds(5);
  const base::Status status = co_await provider.Probe(loop_.In(kProbeTimeout));
  if (!status.ok()) {
    shared_.log.Warning("upstream probe failed", {{"provider", provider.name()}, {"detail", status.error().detail}});
  }
  for (const auto& route : routes) {
    for (const auto& target : route.targets) {
      if (target.provider_name == provider.name()) target.health->Probed(loop_.Now(), status);
    }
  }
}

net::Task<> LoopRuntime::ProbeForever(std::shared_ptr<const Config> config) {
  std::vector<std::unique_ptr<pipeline::Provider>> providers;
  providers.reserve(config->providers.size());
  for (const auto& [name, blueprint] : config->providers) providers.push_back(blueprint->Build(upstreams_));
  for (;;) {
    co_await loop_.Sleep(config->probe_interval);
    for (const auto& provider : providers) co_await Probe(*provider, *config->routes);
  }
}

}  // namespace gatehouse::app
