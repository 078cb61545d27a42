#include "app/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <thread>
#include <utility>

#include "app/measurements.h"
#include "app/tls_files.h"
#include "base/check.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/crypto/random.h"
#include "codec/json/writer.h"
#include "net/block_on.h"
#include "net/signal_source.h"
#include "net/socket_address.h"
#include "net/tcp_listener.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

std::size_t LoopCount(const Config& config) {
  if (config.threads > 0) return config.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// What a reload has read but cannot put in force: "log, threads"; "" for nothing.
std::string WaitingForRestart(const Config& started, const Config& next) {
  std::string waiting;
  const auto note = [&waiting](std::string_view what) { waiting.append(waiting.empty() ? "" : ", ").append(what); };
  if (started.admin != next.admin) note("admin");
  if (started.log != next.log) note("log");
  if (started.store != next.store) note("store");
  if (started.tenancy != next.tenancy) note("pepper");
  if (started.threads != next.threads) note("threads");
  if (started.cluster != next.cluster) note("cluster");
  if (started.record != next.record) note("record");
  return waiting;
}

// Whether one socket can go on serving the other's configuration: what its certificate files hold can change.
bool SameSocket(const ListenerConfig& a, const ListenerConfig& b) {
  ListenerConfig with_files_of_a = b;
  if (a.tls && b.tls) with_files_of_a.tls = a.tls;
  return a == with_files_of_a;
}

bool SameAddress(const ListenerConfig& a, const ListenerConfig& b) {
  return a.address == b.address && a.port == b.port;
}

std::string Url(std::string_view scheme, std::string_view address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string_view::npos;
  std::string url(scheme);
  url.append("://")
      .append(v6 ? "[" : "")
      .append(address)
      .append(v6 ? "]" : "")
      .append(":")
      .append(std::to_string(port));
  return url;
}

// The same on all gateways of one pepper, and of no use for anything else that is made with it.
base::Secret DrawKey(const features::identity::KeyServices& keys) {
  return base::Secret(std::string(codec::crypto::AsText(keys.hash.Of("gatehouse review draw"))));
}

// Of no other process ever: "1795355206123456-3fa9c2d1".
std::string ProcessName() {
  constexpr std::size_t kRandomBytes = 4;
  const auto wall = base::SystemClock().Wall().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(wall).count()) + "-" +
         codec::crypto::HexEncode(codec::crypto::RandomBytes(kRandomBytes));
}

}  // namespace

Gateway::Gateway(Options options)
    : options_(std::move(options)), output_(STDOUT_FILENO), loop_(base::SystemClock()), tasks_(loop_) {}

Gateway::~Gateway() {
  for (const auto& loop : loops_) loop->loop().Stop();
  for (const auto& loop : loops_) loop->Join();
}

base::Result<std::shared_ptr<const Config>> Gateway::Load() {
  if (options_.config_path.empty()) return ReadConfig(options_.config_text, health_);
  GH_TRY(const std::string text, ReadFile(options_.config_path));
  loaded_ = RevisionOf(text);
  return ReadConfig(text, health_);
}

base::Status Gateway::Start() {
  GH_TRY(config_, Load());
  started_with_ = config_;
  log_ = std::make_unique<base::Log>(output_, base::SystemClock(), config_->log.level);
  const std::size_t count = LoopCount(*config_);
  metrics_ = std::make_unique<base::Metrics>(MetricFamilies(), count);
  policies_ = std::make_unique<PolicyRecords>(count);
  GH_TRY(database_, GatewayDatabase::Open(config_->store, options_.config_path, loop_));
  identity_ = std::make_unique<IdentityProviders>(loop_, *log_);
  identity_->Use(config_->identity);
  GH_TRY(control_, ControlPlane::Open(*database_, *config_, loop_));
  GH_CHECK_OK(OpenAccounting(count));
  OpenRateSharing();
  OpenAlerting();
  GH_CHECK_OK(OpenRecord(count));
  GH_CHECK_OK(OpenOversight());
  constexpr std::size_t kMostRemembered = std::size_t{256} << 20U;
  conversations_ = std::make_unique<store::memory::SharedValues>(
      base::SystemClock(), store::memory::SharedValues::Bounds{.bytes = kMostRemembered});
  const Shared shared{
      .clock = base::SystemClock(),
      .metrics = *metrics_,
      .access_log = output_,
      .log = *log_,
      .database = database_->database(),
      .conversations = *conversations_,
      .accounting = *accounting_,
      .identity = *identity_,
      .keys = control_->keys(),
      .policies = *policies_,
      .record = record_ == nullptr ? nullptr : &record_->record(),
      .archive = record_ == nullptr ? nullptr : record_->archive(),
      .kill_switch = oversight_->kill_switch(),
      .approvals = oversight_->approvals(),
      .reviews = oversight_->reviews(),
      .meters = meters_,
      .find_node = [&directory = control_->directory()](std::string_view path) -> std::optional<pipeline::NodeId> {
        const auto place = directory.FindPath(path);
        return place ? std::optional(place->id) : std::nullopt;
      }};
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<LoopRuntime>(shared, i, config_));
  GH_CHECK_OK(Listen());
  GH_CHECK_OK(ListenAdmin());
  for (const auto& loop : loops_) loop->Start();
  alerting_->Start();
  if (reports_ != nullptr) reports_->Start();
  tasks_.Spawn(control_->Follow(loop_, config_->tenancy.poll_interval, *log_));
  tasks_.Spawn(oversight_->FollowStops(config_->tenancy.poll_interval));
  tasks_.Spawn(oversight_->FollowApprovals(config_->tenancy.poll_interval));
  tasks_.Spawn(oversight_->FollowReviews(config_->tenancy.poll_interval));
  WatchFiles();
  readiness_ = admin::Readiness::kReady;
  if (options_.output == Options::Output::kPlain) output_.Write("{\"event\":\"ready\"}\n");
  return base::Ok();
}

// Where a path of the tree leads, as the directory knows it now.
features::accounting::FindNode Gateway::NodeFinder() const {
  return [&directory = control_->directory()](std::string_view path) -> std::optional<features::accounting::NodePlace> {
    const auto place = directory.FindPath(path);
    const auto chain = place ? directory.ChainOf(place->id) : std::vector<pipeline::Link>();
    if (chain.empty()) return {};
    return features::accounting::NodePlace{.organization = chain.front().id, .node = place->id};
  };
}

base::Status Gateway::OpenAccounting(std::size_t loops) {
  const auto& cluster = config_->cluster;
  if (cluster) {
    GH_TRY(shared_store_, SharedStore::Open(cluster->redis, loop_));
  }
  accounting_ = std::make_unique<AccountingHouse>(
      database_->database(), shared_store_ == nullptr ? nullptr : &shared_store_->store(), loop_, *log_);
  const std::string& named = config_->accounting.journal;
  GH_CHECK_OK(accounting_->Open({.journal = named.empty() ? database_->journal_file() : fs::path(named),
                                 .journal_slots = config_->accounting.journal_slots,
                                 .loops = loops,
                                 .cluster = cluster ? &*cluster : nullptr,
                                 .poll_interval = config_->tenancy.poll_interval}));
  auto stated = net::BlockOn(loop_, accounting_->Apply(config_->accounting.budgets, NodeFinder()));
  if (!stated) return base::Internal("the start was interrupted");
  if (!stated->ok()) return *std::move(stated);
  return accounting_->Recover();
}

void Gateway::OpenRateSharing() {
  if (shared_store_ == nullptr) return;
  rates_ = std::make_unique<RateSharing>(
      RateSharing::Parts{
          .loop = loop_, .store = shared_store_->store(), .records = *accounting_->services().gateways, .log = *log_},
      config_->cluster->rate);
  rates_->Open(meters_, config_->tenancy.pepper);
}

base::Status Gateway::OpenRecord(std::size_t loops) {
  if (config_->record.keeping == RecordConfig::Keeping::kOff) return base::Ok();
  GH_TRY(record_, RecordHouse::Open(config_->record,
                                    {.folder = database_->record_folder(),
                                     .vault = database_->vault_folder(),
                                     .inspector = config_->guard == nullptr ? nullptr : config_->guard->inspector,
                                     .node = config_->cluster ? config_->cluster->node : std::string(),
                                     .loops = loops,
                                     .log = *log_},
                                    base::SystemClock()));
  std::vector<features::audit::Watch::Store> stores;
  stores.emplace_back("database", [this] { return database_->database().health(); });
  if (shared_store_ != nullptr) stores.emplace_back("shared", [this] { return shared_store_->store().health(); });
  record_->Begin(loop_, config_->revision, std::move(stores));
  reports_ = std::make_unique<ReportClerk>(ReportClerk::Parts{
      .log_folder = record_->folder(), .record = record_->record(), .log = *log_, .clock = base::SystemClock()});
  reports_->Use(config_->reports);
  return base::Ok();
}

base::Status Gateway::OpenOversight() {
  oversight_ = std::make_unique<OversightHouse>(
      OversightHouse::Parts{.loop = loop_,
                            .database = database_->database(),
                            .log = *log_,
                            .record = record_ == nullptr ? nullptr : &record_->record(),
                            .raise = [this](features::common::Notice notice) { alerting_->Raise(std::move(notice)); },
                            .draw_key = DrawKey(control_->keys()),
                            .process = ProcessName()});
  oversight_->Use(config_->oversight);
  constexpr std::chrono::seconds kReadTime(30);
  auto loaded = net::BlockOn(loop_, oversight_->Load({base::SystemClock().Now() + kReadTime}));
  return loaded ? *std::move(loaded) : base::Status(base::Internal("the start was interrupted"));
}

void Gateway::OpenAlerting() {
  const auto where = [&directory = control_->directory()](pipeline::NodeId node) {
    features::accounting::NodeWords words{.chain = {}, .path = directory.PathOf(node)};
    for (const pipeline::Link& link : directory.ChainOf(node)) words.chain.push_back(link.id);
    return words;
  };
  alerting_ = std::make_unique<Alerting>(Alerting::Parts{.loop = loop_,
                                                         .database = database_->database(),
                                                         .accounting = *accounting_,
                                                         .health = health_,
                                                         .log = *log_,
                                                         .where = where,
                                                         .witness = [this](const features::alerts::AlertNews& told) {
                                                           if (record_ != nullptr) record_->NoteAlert(told);
                                                         }});
  alerting_->Use(config_->alerts);
}

base::Result<Gateway::Served> Gateway::Open(const ListenerConfig& listener, std::uint16_t port) {
  Served served{.id = ++last_listener_, .config = listener, .port = port, .tls = nullptr};
  if (listener.tls) {
    GH_TRY(const net::tls::ServerOptions options, LoadServerTls(*listener.tls));
    GH_TRY(served.tls, net::tls::TlsServer::Create(options));
  }
  for (const auto& loop : loops_) {
    auto bound = loop->Listen(served.id, listener, served.port, served.tls);
    if (!bound.ok()) {
      Close(served, {});
      return base::InvalidRequest("listener `" + listener.name + "` cannot be opened: " + bound.error().detail);
    }
    served.port = bound.value();
  }
  return served;
}

void Gateway::Close(const Served& served, base::Duration at_most) {
  for (const auto& loop : loops_) loop->StopListening(served.id, at_most);
}

base::Status Gateway::Listen() {
  for (const ListenerConfig& listener : config_->listeners) {
    GH_TRY(Served served, Open(listener, listener.port));
    if (public_url_.empty()) public_url_ = Url(served.tls ? "https" : "http", listener.address, served.port);
    Announce(listener.name, listener.address, served.port);
    served_.push_back(std::move(served));
  }
  return base::Ok();
}

admin::TenancyServices Gateway::TenancyWithWitness() {
  admin::TenancyServices services = control_->services();
  services.key_witness = [this](const admin::KeyChange& change) {
    if (record_ != nullptr) record_->NoteKey(change);
  };
  return services;
}

base::Status Gateway::ListenAdmin() {
  const AdminConfig& config = config_->admin;
  const auto address = net::SocketAddress::Parse(config.address, config.port);
  if (!address) return base::InvalidRequest("admin: " + config.address + " is not an IP address");
  std::string digest = config.password_digest;
  if (digest.empty()) digest = codec::crypto::AsText(codec::crypto::Sha256(options_.admin_password.Reveal()));
  if (config.login) {
    login_ = std::make_unique<admin::DirectoryLogin>(
        *config.login, [this] { return identity_->passwords(); }, base::SystemClock());
  }
  admin_ = std::make_unique<admin::AdminHandler>(
      admin::AdminContext{.metrics = *metrics_,
                          .health = health_,
                          .clock = base::SystemClock(),
                          .readiness = [this] { return ReadinessNow(); },
                          .problem = [this] { return ProblemNow(); },
                          .reload = [this] { return Reload(); },
                          .explain = [this](std::string_view id) { return policies_->Explain(id); },
                          .tenancy = TenancyWithWitness(),
                          .accounting = accounting_->services(),
                          .alerts = alerting_->services(),
                          .record = record_ == nullptr ? admin::RecordServices() : record_->services(),
                          .oversight = oversight_->services(),
                          .measure =
                              [this] {
                                Measure(*metrics_, FirstMeasuredFamily(),
                                        {.accounting = *accounting_,
                                         .alerting = *alerting_,
                                         .rates = rates_ == nullptr ? nullptr : &rates_->sharing(),
                                         .record = record_.get(),
                                         .reports = reports_.get(),
                                         .oversight = *oversight_});
                              },
                          .login = login_.get(),
                          .witness =
                              [this](const admin::AdminCall& call) {
                                if (record_ != nullptr) record_->NoteAdminCall(call);
                              }},
      std::move(digest));
  constexpr std::size_t kMaxAdminConnections = 256;
  const http::ServerLimits limits{.max_connections = kMaxAdminConnections};
  GH_TRY(std::unique_ptr<net::Listener> listener,
         net::TcpListener::Listen(loop_, *address, {.max_connections = kMaxAdminConnections}));
  const std::uint16_t port = listener->port();
  admin_server_ = std::make_unique<http::Server>(loop_, limits, *admin_);
  tasks_.Spawn(admin_server_->Run(std::move(listener)));
  admin_url_ = Url("http", config.address, port);
  Announce("admin", config.address, port);
  return base::Ok();
}

// A file on this machine that takes no more writes is this gateway's own trouble, and another may be well. A server is
// everybody's: what is known of it stays in force, so that taking every gateway out of service would only make it
// worse.
admin::Readiness Gateway::ReadinessNow() const {
  if (readiness_ != admin::Readiness::kReady) return readiness_;
  if (record_ != nullptr && !record_->Problem().empty()) {
    using Unwritten = features::audit::RecordSettings::Unwritten;
    const bool serves = record_->record().settings().unwritten == Unwritten::kServed;
    return serves ? admin::Readiness::kDegraded : admin::Readiness::kFailing;
  }
  // A database may take a probe, and have no room for a block of the ledger.
  if (database_->database().health().state == store::Health::State::kWorking && accounting_->Problem().empty()) {
    const bool well = identity_->Problem().empty() && (rates_ == nullptr || rates_->Problem().empty());
    return well ? readiness_ : admin::Readiness::kDegraded;
  }
  return started_with_->store.kind == StoreConfig::Kind::kSqlite ? admin::Readiness::kFailing
                                                                 : admin::Readiness::kDegraded;
}

std::string Gateway::ProblemNow() const {
  const store::Health health = database_->database().health();
  const bool store_works = health.state == store::Health::State::kWorking;
  std::string problems;
  const bool idle_budgets =
      config_->accounting.keeping == AccountingConfig::Keeping::kOff && accounting_->treasury().size() > 0;
  for (const std::string& one :
       {store_works ? std::string() : "database: " + health.reason, accounting_->Problem(),
        rates_ == nullptr ? std::string() : rates_->Problem(), identity_->Problem(),
        record_ == nullptr ? std::string() : record_->Problem(),
        idle_budgets ? std::string("there are budgets, and accounting.enabled is false: nothing keeps them") : "",
        problem_}) {
    if (!one.empty()) problems.append(problems.empty() ? "" : "; ").append(one);
  }
  return problems;
}

void Gateway::Announce(std::string_view listener, std::string_view address, std::uint16_t port) {
  if (options_.output == Options::Output::kFriendly) return;
  std::string line;
  codec::json::Writer(line)
      .BeginObject()
      .Field("event", "listening")
      .Field("listener", listener)
      .Field("address", address)
      .Field("port", port)
      .EndObject();
  line.push_back('\n');
  output_.Write(line);
}

net::Task<base::Status> Gateway::Reload() {
  if (reloading_ != Reloading::kNo) {
    co_return base::Error{.code = base::ErrorCode::kConflict,
                          .source = base::ErrorSource::kClient,
                          .public_message = "Another reload is under way. Try again when it is done."};
  }
  // Also when whoever asked for it goes away.
  struct Ending {
    Reloading& reloading;
    ~Ending() { reloading = Reloading::kNo; }
  } const ending{reloading_};
  base::Status status = base::Ok();
  do {
    reloading_ = Reloading::kYes;
    status = co_await ReloadOnce();
  } while (reloading_ == Reloading::kAgain);
  if (!status.ok() && record_ != nullptr) record_->NoteRefusedConfig(loaded_);
  if (!status.ok()) problem_ = "configuration refused, the old one is in force: " + status.error().public_message;
  co_return status;
}

// Everything that can fail is done before anything changes, but for the tenants: they are whole units of work, which
// the next reload goes on with.
net::Task<base::Status> Gateway::ReloadOnce() {
  auto next = Load();
  if (!next.ok()) co_return std::move(next).TakeError();
  GH_CO_CHECK_OK(co_await control_->Apply(loop_, next.value()->tenants));
  GH_CO_CHECK_OK(co_await accounting_->Apply(next.value()->accounting.budgets, NodeFinder()));
  GH_CO_CHECK_OK(ReloadListeners(*next.value()));
  const auto suspicions = llm::price::Suspicions(*config_->prices, *next.value()->prices, base::SystemClock().Wall());
  for (const std::string& line : suspicions) {
    log_->Warning("a price looks wrong; it is in force", {{"price", line}});
  }
  if (record_ != nullptr && config_->revision != next.value()->revision) {
    record_->NoteConfig(config_->revision, next.value()->revision);
  }
  config_ = std::move(next).value();
  const std::string waiting = WaitingForRestart(*started_with_, *config_);
  problem_ = waiting.empty() ? "" : "restart to put changes in force of: " + waiting;
  identity_->Use(config_->identity);
  alerting_->Use(config_->alerts);
  oversight_->Use(config_->oversight);
  if (reports_ != nullptr) reports_->Use(config_->reports);
  alerting_->TellOfPrices(suspicions);
  for (const auto& loop : loops_) loop->Apply(config_);
  WatchFiles();
  co_return base::Ok();
}

// Those that stay as they are keep their sockets and connections; others are opened before the old ones are drained, so
// that an address that stays is served throughout.
base::Status Gateway::ReloadListeners(const Config& next) {
  if (readiness_ == admin::Readiness::kDraining) return base::InvalidRequest("the gateway is shutting down");
  std::vector<Served> kept;
  std::vector<Served> opened;
  if (auto status = KeepOrOpen(next, kept, opened); !status.ok()) {
    for (const Served& served : opened) Close(served, {});
    return status;
  }
  for (const Served& old : served_) {
    if (std::ranges::find(kept, old.id, &Served::id) != kept.end()) continue;
    Close(old, next.drain_timeout);
    log_->Info("listener closed", {{"listener", old.config.name}});
  }
  for (const Served& served : opened) Announce(served.config.name, served.config.address, served.port);
  std::ranges::move(opened, std::back_inserter(kept));
  served_ = std::move(kept);
  return base::Ok();
}

base::Status Gateway::KeepOrOpen(const Config& next, std::vector<Served>& kept, std::vector<Served>& opened) {
  std::vector<std::pair<net::tls::TlsServer*, net::tls::ServerOptions>> fresh;
  for (const ListenerConfig& listener : next.listeners) {
    const auto old = std::ranges::find(served_, listener.name, [](const Served& served) { return served.config.name; });
    const bool known = old != served_.end();
    if (known && SameSocket(old->config, listener)) {
      kept.push_back(*old);
      kept.back().config = listener;
      if (!old->tls) continue;
      GH_TRY(net::tls::ServerOptions options, LoadServerTls(*listener.tls));
      fresh.emplace_back(old->tls.get(), std::move(options));
    } else {
      const bool stays = known && SameAddress(old->config, listener);
      GH_TRY(Served served, Open(listener, stays ? old->port : listener.port));
      opened.push_back(std::move(served));
    }
  }
  for (const auto& [server, options] : fresh) GH_CHECK_OK(server->Reload(options));
  return base::Ok();
}

net::Task<> Gateway::ReloadAndTell(std::string why) {
  if (reloading_ != Reloading::kNo) {
    reloading_ = Reloading::kAgain;
    co_return;
  }
  const base::Status status = co_await Reload();
  if (!status.ok()) {
    log_->Error("configuration refused; the old one stays in force",
                {{"why", why}, {"problem", status.error().public_message}});
  } else if (!problem_.empty()) {
    log_->Warning("configuration reloaded in part", {{"why", why}, {"problem", problem_}});
  } else {
    log_->Info("configuration reloaded", {{"why", why}});
  }
}

void Gateway::BeginDrain() {
  if (readiness_ == admin::Readiness::kDraining) {
    log_->Warning("second signal: stopping without waiting");
    for (const auto& loop : loops_) loop->loop().Stop();
    return;
  }
  readiness_ = admin::Readiness::kDraining;
  log_->Info("draining");
  watch_.reset();
  for (const auto& loop : loops_) loop->Drain(config_->drain_timeout);
  // The main loop stays to answer /readyz.
  drain_ = std::thread([this] {
    for (const auto& loop : loops_) loop->Join();
    loop_.Stop();
  });
}

// The configuration's own file and those that it names, as they are named now.
void Gateway::WatchFiles() {
  if (options_.config_path.empty()) return;
  std::vector<std::filesystem::path> files(config_->files.begin(), config_->files.end());
  files.emplace_back(options_.config_path);
  if (watch_ && files == watched_) return;
  auto watch = net::FileWatch::Create(loop_, files, [this] { tasks_.Spawn(ReloadAndTell("file changed")); });
  if (!watch.ok()) {
    log_->Warning("changes of the configuration's files are not noticed; send SIGHUP after one",
                  {{"detail", watch.error().detail}});
    return;
  }
  watch_ = std::move(watch).value();
  watched_ = std::move(files);
}

void Gateway::OnSignal(int signal) {
  if (signal == SIGHUP) {
    tasks_.Spawn(ReloadAndTell("SIGHUP"));
  } else {
    BeginDrain();
  }
}

void Gateway::Run() {
  const net::SignalSource signals(loop_, {SIGTERM, SIGINT, SIGHUP}, [this](int signal) { OnSignal(signal); });
  loop_.Run();
  drain_.join();
  loops_.clear();
  if (rates_ != nullptr) rates_->Close();
  accounting_->Close();
  reports_.reset();
  if (admin_ != nullptr) admin_->Close();
  if (record_ != nullptr) record_->End(config_->revision);
  control_->Flush(loop_);
  log_->Info("stopped");
}

}  // namespace gatehouse::app
