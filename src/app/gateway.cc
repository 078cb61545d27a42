#include "app/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "base/check.h"
#include "codec/crypto/hash.h"
#include "codec/json/writer.h"
#include "net/socket_address.h"
#include "net/tcp_listener.h"

namespace gatehouse::app {
namespace {

constexpr base::Duration kWatchInterval = std::chrono::seconds(2);

std::size_t LoopCount(const Config& config) {
  if (config.threads > 0) return config.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

base::Result<net::tls::ServerOptions> LoadTls(const TlsFiles& files) {
  net::tls::ServerOptions options;
  net::tls::PemIdentity identity;
  GH_TRY(identity.certificate, ReadFile(files.certificate_file));
  GH_TRY(identity.private_key, ReadFile(files.key_file));
  options.identities.push_back(std::move(identity));
  if (files.clients != TlsFiles::Clients::kIgnored) {
    options.client_certificates = files.clients == TlsFiles::Clients::kRequired
                                      ? net::tls::ClientCertificates::kRequired
                                      : net::tls::ClientCertificates::kOptional;
    GH_TRY(options.client_authorities_pem, ReadFile(files.client_ca_file));
  }
  return options;
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

}  // namespace

Gateway::Gateway(Options options)
    : options_(std::move(options)), output_(STDOUT_FILENO), loop_(base::SystemClock()), tasks_(loop_) {}

Gateway::~Gateway() {
  for (const auto& loop : loops_) loop->loop().Stop();
  for (const auto& loop : loops_) loop->Join();
}

base::Result<std::shared_ptr<const Config>> Gateway::Load() {
  if (options_.config_path.empty()) return ReadConfig(options_.config_text, health_);
  GH_TRY(loaded_text_, ReadFile(options_.config_path));
  return ReadConfig(loaded_text_, health_);
}

base::Status Gateway::Start() {
  GH_TRY(config_, Load());
  log_ = std::make_unique<base::Log>(output_, base::SystemClock(), config_->log.level);
  const std::size_t count = LoopCount(*config_);
  metrics_ = std::make_unique<base::Metrics>(features::telemetry::MetricDeclarations(), count);
  const Shared shared{.clock = base::SystemClock(), .metrics = *metrics_, .access_log = output_, .log = *log_};
  for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<LoopRuntime>(shared, i, config_));
  GH_CHECK_OK(Listen());
  GH_CHECK_OK(ListenAdmin());
  for (const auto& loop : loops_) loop->Start();
  readiness_ = admin::Readiness::kReady;
  if (options_.output == Options::Output::kPlain) output_.Write("{\"event\":\"ready\"}\n");
  return base::Ok();
}

base::Result<std::shared_ptr<net::tls::TlsServer>> Gateway::TlsFor(const ListenerConfig& listener) {
  if (!listener.tls) return std::shared_ptr<net::tls::TlsServer>();
  GH_TRY(const net::tls::ServerOptions options, LoadTls(*listener.tls));
  GH_TRY(std::unique_ptr<net::tls::TlsServer> server, net::tls::TlsServer::Create(options));
  return std::shared_ptr<net::tls::TlsServer>(std::move(server));
}

base::Status Gateway::Listen() {
  for (const ListenerConfig& listener : config_->listeners) {
    GH_TRY(std::shared_ptr<net::tls::TlsServer> tls, TlsFor(listener));
    tls_[listener.name] = tls;
    std::uint16_t port = listener.port;
    for (const auto& loop : loops_) {
      GH_TRY(port, loop->Listen(listener, port, tls));
    }
    if (public_url_.empty()) public_url_ = Url(tls ? "https" : "http", listener.address, port);
    Announce(listener.name, listener.address, port);
  }
  return base::Ok();
}

base::Status Gateway::ListenAdmin() {
  const AdminConfig& config = config_->admin;
  const auto address = net::SocketAddress::Parse(config.address, config.port);
  if (!address) return base::InvalidRequest("admin: " + config.address + " is not an IP address");
  std::string digest = config.password_digest;
  if (digest.empty()) digest = codec::crypto::AsText(codec::crypto::Sha256(options_.admin_password.Reveal()));
  admin_ = std::make_unique<admin::AdminHandler>(admin::AdminContext{.metrics = *metrics_,
                                                                     .health = health_,
                                                                     .clock = base::SystemClock(),
                                                                     .readiness = [this] { return readiness_; },
                                                                     .problem = [this] { return problem_; },
                                                                     .reload = [this] { return Reload(); }},
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

// Everything that can fail is done before anything changes.
base::Status Gateway::Reload() {
  auto next = Load();
  if (!next.ok()) {
    problem_ = "configuration refused, the old one is in force: " + next.error().public_message;
    return std::move(next).TakeError();
  }
  for (const ListenerConfig& listener : next.value()->listeners) {
    const auto found = tls_.find(listener.name);
    if (found == tls_.end() || !found->second || !listener.tls) continue;
    auto options = LoadTls(*listener.tls);
    base::Status reloaded =
        options.ok() ? found->second->Reload(options.value()) : base::Status(std::move(options).TakeError());
    if (!reloaded.ok()) {
      problem_ = "certificate of listener `" + listener.name + "` refused, the old one is in force";
      return reloaded;
    }
  }
  config_ = std::move(next).value();
  problem_.clear();
  for (const auto& loop : loops_) loop->Apply(config_);
  return base::Ok();
}

void Gateway::ReloadAndTell(std::string_view why) {
  const base::Status status = Reload();
  if (status.ok()) {
    log_->Info("configuration reloaded", {{"why", why}});
  } else {
    log_->Error("configuration refused; the old one stays in force",
                {{"why", why}, {"problem", status.error().public_message}});
  }
}

void Gateway::BeginDrain() {
  if (readiness_ == admin::Readiness::kDraining) {
    log_->Warning("second signal: stopping without waiting");
    for (const auto& loop : loops_) loop->loop().Stop();
    loop_.Stop();
    return;
  }
  readiness_ = admin::Readiness::kDraining;
  log_->Info("draining");
  for (const auto& loop : loops_) loop->Drain(config_->drain_timeout);
  // The main loop stays to answer /readyz; a thread of its own waits for the others.
  std::thread([this] {
    for (const auto& loop : loops_) loop->Join();
    loop_.Stop();
  }).detach();
}

net::Task<> Gateway::WatchFile() {
  if (options_.config_path.empty()) co_return;
  for (;;) {
    co_await loop_.Sleep(kWatchInterval);
    const auto text = ReadFile(options_.config_path);
    // A file that is being replaced may be missing for a moment; a bad one is told about once.
    if (text.ok() && text.value() != loaded_text_) ReloadAndTell("file changed");
  }
}

void Gateway::OnSignal(int signal) {
  if (signal == SIGHUP) {
    ReloadAndTell("SIGHUP");
  } else {
    BeginDrain();
  }
}

void Gateway::WaitForSignals(const std::atomic<bool>& over) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  int signal = 0;
  while (::sigwait(&signals, &signal) == 0 && !over) {
    loop_.Post([this, signal] { OnSignal(signal); });
  }
}

void Gateway::Run() {
  tasks_.Spawn(WatchFile());
  std::atomic<bool> over = false;
  std::thread waiter([this, &over] { WaitForSignals(over); });
  loop_.Run();
  over = true;
  ::pthread_kill(waiter.native_handle(), SIGHUP);  // wakes it, nothing more
  waiter.join();
  if (log_) log_->Info("stopped");
}

}  // namespace gatehouse::app
