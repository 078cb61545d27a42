#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "admin/accounting_api.h"
#include "admin/admin_actor.h"
#include "admin/admin_call.h"
#include "admin/alerts_api.h"
#include "admin/login_watch.h"
#include "admin/oversight_api.h"
#include "admin/record_api.h"
#include "admin/stranger_watch.h"
#include "admin/tenancy_api.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "features/routing/health.h"
#include "http/server.h"

namespace gatehouse::admin {

enum class Readiness : std::uint8_t {
  kStarting,
  kReady,
  kDegraded,  // serves all the same
  kFailing,   // something that it must have does not work
  kDraining,
};

// The resource of a path behind "/admin/v1/".
std::string ResourceOf(std::string_view path);

// What the admin listener shows. All outlive the handler; called on the admin loop.
struct AdminContext {
  const base::Metrics& metrics;
  const features::routing::HealthBoard& health;
  const base::Clock& clock;
  std::function<Readiness()> readiness;
  std::function<std::string()> problem;             // why it is not ready, or what is degraded; "" for nothing
  std::function<net::Task<base::Status>()> reload;  // reads the configuration again
  // What the policies decided about a request, as JSON; nullopt: it is not remembered.
  std::function<std::optional<std::string>(std::string_view request_id)> explain;
  TenancyServices tenancy;
  AccountingServices accounting;
  AlertServices alerts;
  RecordServices record;
  OversightServices oversight;
  std::function<void()> measure;    // brings the metrics of what is measured, and not counted, up to date
  DirectoryLogin* login = nullptr;  // null: people of a directory are not let in
  // Is told of every call below /admin/v1/, of those that were not let in as StrangerWatch does; empty: nobody is.
  AdminWitness witness;
};

// The admin listener: /livez, /readyz and /metrics for machines, /admin/v1/* with the admin password for people.
// Loopback unless configured otherwise.
class AdminHandler final : public http::Handler {
 public:
  AdminHandler(AdminContext context, std::string password_digest)
      : context_(std::move(context)),
        password_digest_(std::move(password_digest)),
        tenancy_(context_.tenancy),
        accounting_(context_.accounting, context_.tenancy.tenancy.directory()),
        alerts_(context_.alerts, context_.tenancy.tenancy.directory()),
        record_(context_.record, context_.tenancy.tenancy.directory()),
        oversight_(context_.oversight, context_.tenancy.tenancy.directory()) {}

  net::Task<> Serve(http::ServerExchange& exchange) override;
  std::string RejectionBody(std::uint16_t status, std::string_view reason) const override;
  // Tells the witness what was only counted. Nothing is served afterwards.
  void Close();

 private:
  net::Task<> Ready(http::ServerExchange& exchange);
  net::Task<> Targets(http::ServerExchange& exchange);
  net::Task<> Reload(http::ServerExchange& exchange);
  net::Task<> Metrics(http::ServerExchange& exchange);
  net::Task<> ServeApi(http::ServerExchange& exchange);
  void TellOf(const AdminCall& call, http::ServerExchange& exchange);
  // `call` is told who it turned out to be.
  net::Task<> ServeKnown(http::ServerExchange& exchange, AdminCall& call);
  net::Task<> Explain(http::ServerExchange& exchange, std::string_view request_id);

  AdminContext context_;
  std::string password_digest_;  // SHA-256 of the password, raw bytes
  TenancyApi tenancy_;
  AccountingApi accounting_;
  AlertsApi alerts_;
  RecordApi record_;
  OversightApi oversight_;
  LoginWatch logins_;
  std::optional<StrangerWatch> strangers_;  // from the first of them on
};

}  // namespace gatehouse::admin
