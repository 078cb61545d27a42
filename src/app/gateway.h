#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin/admin_handler.h"
#include "app/accounting_house.h"
#include "app/alerting.h"
#include "app/config.h"
#include "app/control_plane.h"
#include "app/database.h"
#include "app/identity_providers.h"
#include "app/loop_runtime.h"
#include "app/oversight_house.h"
#include "app/rate_sharing.h"
#include "app/record_house.h"
#include "app/report_clerk.h"
#include "app/shared_store.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "net/file_watch.h"

namespace gatehouse::app {

// The whole process: reads the configuration, runs one loop per core and the admin listener, reloads, drains. Owned by
// main; its own loop, which runs on the main thread, serves the admin listener, signals and file changes.
class Gateway {
 public:
  struct Options {
    std::string config_path;  // "" = `config_text`
    std::string config_text;
    enum class Output : std::uint8_t {
      kPlain,
      kFriendly
    } output = Output::kPlain;    // friendly: for a person at a terminal
    base::Secret admin_password;  // shown to a person by main; "" = the configuration has its hash
  };

  explicit Gateway(Options options);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  // Listens on everything; then Run() serves until SIGTERM or SIGINT and returns after the drain.
  base::Status Start();
  void Run();
  // Where the first listener can be reached: "http://127.0.0.1:8080".
  std::string PublicUrl() const { return public_url_; }
  std::string AdminUrl() const { return admin_url_; }
  // True when the configuration has no password, so that the generated one is in force and must be told.
  bool UsesGeneratedPassword() const { return config_->admin.password_digest.empty(); }

 private:
  base::Result<std::shared_ptr<const Config>> Load();
  // A listener that is served on every loop.
  struct Served {
    LoopRuntime::ListenerId id = 0;
    ListenerConfig config;
    std::uint16_t port = 0;  // that was bound
    std::shared_ptr<net::tls::TlsServer> tls;
  };

  base::Status OpenAccounting(std::size_t loops);
  void OpenRateSharing();
  base::Status OpenRecord(std::size_t loops);
  void OpenAlerting();
  base::Status OpenOversight();
  features::accounting::FindNode NodeFinder() const;
  base::Status Listen();
  base::Status ListenAdmin();
  admin::TenancyServices TenancyWithWitness();
  base::Result<Served> Open(const ListenerConfig& listener, std::uint16_t port);
  void Close(const Served& served, base::Duration at_most);
  // kConflict while another one is under way.
  net::Task<base::Status> Reload();
  net::Task<base::Status> ReloadOnce();
  net::Task<> ReloadAndTell(std::string why);
  void Announce(std::string_view listener, std::string_view address, std::uint16_t port);
  base::Status ReloadListeners(const Config& next);
  base::Status KeepOrOpen(const Config& next, std::vector<Served>& kept, std::vector<Served>& opened);
  void WatchFiles();
  void OnSignal(int signal);
  void BeginDrain();
  admin::Readiness ReadinessNow() const;
  std::string ProblemNow() const;

  Options options_;
  base::LogWriter output_;
  features::routing::HealthBoard health_;
  features::ratelimit::MeterBoard meters_;
  std::shared_ptr<const Config> config_;  // of the main thread
  std::shared_ptr<const Config> started_with_;
  enum class Reloading : std::uint8_t { kNo, kYes, kAgain } reloading_ = Reloading::kNo;
  std::string loaded_;   // the revision that was read last, whether it can be used or not
  std::string problem_;  // why the last reload was refused, or what it could not put in force
  std::unique_ptr<base::Log> log_;
  std::unique_ptr<base::Metrics> metrics_;
  std::unique_ptr<PolicyRecords> policies_;
  std::unique_ptr<GatewayDatabase> database_;
  std::unique_ptr<ControlPlane> control_;
  net::EpollLoop loop_;
  std::unique_ptr<SharedStore> shared_store_;                   // null: this gateway is alone
  std::unique_ptr<store::memory::SharedValues> conversations_;  // what the loops remember of them
  std::unique_ptr<AccountingHouse> accounting_;
  std::unique_ptr<RateSharing> rates_;  // null: alone
  std::unique_ptr<Alerting> alerting_;
  std::unique_ptr<IdentityProviders> identity_;  // on loop_; the loops use it
  std::unique_ptr<RecordHouse> record_;          // null: none is kept
  std::unique_ptr<ReportClerk> reports_;         // null: there is no record to report on
  std::unique_ptr<OversightHouse> oversight_;
  std::vector<std::unique_ptr<LoopRuntime>> loops_;
  std::vector<Served> served_;
  LoopRuntime::ListenerId last_listener_ = 0;
  std::unique_ptr<admin::DirectoryLogin> login_;  // null where people of a directory are not let in
  std::unique_ptr<admin::AdminHandler> admin_;
  std::unique_ptr<http::Server> admin_server_;
  admin::Readiness readiness_ = admin::Readiness::kStarting;
  std::string public_url_;
  std::string admin_url_;
  net::TaskGroup tasks_;
  std::unique_ptr<net::FileWatch> watch_;
  std::vector<std::filesystem::path> watched_;
  std::thread drain_;  // waits for the loops, from the first SIGTERM on
};

}  // namespace gatehouse::app
