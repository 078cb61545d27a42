#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/directory_login.h"
#include "app/config_accounting.h"
#include "app/config_cluster.h"
#include "app/config_identity.h"
#include "app/config_oversight.h"
#include "app/config_record.h"
#include "app/config_reports.h"
#include "base/result.h"
#include "base/secret.h"
#include "features/alerts/settings.h"
#include "features/guard/inspection.h"
#include "features/identity/declared_tree.h"
#include "features/policy/rule_set.h"
#include "features/ratelimit/rule.h"
#include "features/routing/health.h"
#include "features/routing/route.h"
#include "features/telemetry/telemetry.h"
#include "features/token_count/local_count.h"
#include "http/server.h"
#include "ingress/gate.h"
#include "llm/price/catalogue.h"
#include "providers/common/blueprint.h"

namespace gatehouse::app {

struct TlsFiles {
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;  // "" = clients show no certificate
  enum class Clients : std::uint8_t { kIgnored, kOptional, kRequired } clients = Clients::kIgnored;
  bool operator==(const TlsFiles&) const = default;
};

struct ListenerConfig {
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::optional<TlsFiles> tls;
  http::ServerLimits limits;
  bool operator==(const ListenerConfig&) const = default;
};

struct AdminConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9090;
  std::string password_digest;                         // raw SHA-256; "" = generate a password at start
  std::optional<admin::DirectoryLoginSettings> login;  // people of `identity.ldap`; nullopt: not here
  bool operator==(const AdminConfig&) const = default;
};

// Where what the gateway keeps is kept.
struct StoreConfig {
  enum class Kind : std::uint8_t { kSqlite, kPostgres } kind = Kind::kSqlite;
  std::string path;       // of the SQLite file; "" = gatehouse.db beside the configuration
  base::Secret conninfo;  // of the PostgreSQL server
  bool operator==(const StoreConfig& other) const {
    return kind == other.kind && path == other.path && conninfo.Reveal() == other.conninfo.Reveal();
  }
};

struct TenancyConfig {
  base::Secret pepper;  // what secrets of keys are hashed with; "" = one that is made, and kept beside the database
  base::Duration poll_interval = std::chrono::seconds(1);  // how often to look for what other gateways changed
  bool operator==(const TenancyConfig& other) const {
    return pepper.Reveal() == other.pepper.Reveal() && poll_interval == other.poll_interval;
  }
};

struct LogConfig {
  features::telemetry::AccessLog access = features::telemetry::AccessLog::kOn;
  base::LogLevel level = base::LogLevel::kInfo;
  bool operator==(const LogConfig&) const = default;
};

// A configuration that was understood whole. Immutable.
struct Config {
  std::vector<ListenerConfig> listeners;
  AdminConfig admin;
  LogConfig log;
  StoreConfig store;
  TenancyConfig tenancy;
  std::uint32_t threads = 0;  // 0 = one per core
  base::Duration drain_timeout = std::chrono::seconds(30);
  base::Duration probe_interval{};  // 0 = no active health checks
  features::token_count::TokenTables token_tables;
  ingress::GateSettings gate;
  std::map<std::string, std::shared_ptr<const providers::common::Blueprint>, std::less<>> providers;
  std::shared_ptr<const std::vector<features::routing::Route>> routes;
  std::shared_ptr<const std::vector<features::ratelimit::Rule>> rate_limits;
  IdentityConfig identity;
  std::shared_ptr<const llm::price::Catalogue> prices;
  std::vector<features::identity::DeclaredNode> tenants;  // organizations, and all that is below them
  AccountingConfig accounting;
  std::optional<ClusterConfig> cluster;  // absent: this gateway is alone
  features::alerts::AlertSettings alerts;
  std::shared_ptr<const features::policy::RuleSet> policies;
  std::shared_ptr<const features::guard::GuardSettings> guard;  // null: nothing is inspected
  RecordConfig record;
  OversightConfig oversight;
  std::vector<ReportPlan> reports;
  std::string revision;            // RevisionOf() its own text
  std::vector<std::string> files;  // that it was made of besides its own text: certificates, keys, secrets
};

// Reads a YAML text. All problems come at once, each with its line. `board` gives targets their health, which outlives
// reloads.
base::Result<std::shared_ptr<const Config>> ReadConfig(std::string_view yaml, features::routing::HealthBoard& board);

// A configuration file's text.
base::Result<std::string> ReadFile(const std::string& path);

}  // namespace gatehouse::app
