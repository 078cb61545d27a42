#include "app/config.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "app/config_alerts.h"
#include "app/config_guard.h"
#include "app/config_login.h"
#include "app/config_models.h"
#include "app/config_prices.h"
#include "app/config_rate_limits.h"
#include "app/config_tenants.h"
#include "app/governance.h"
#include "app/registrations.h"
#include "app/tls_files.h"
#include "codec/config/tree.h"
#include "codec/crypto/encoding.h"
#include "features/identity/keys.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::Node;

std::optional<std::uint16_t> ReadPort(const Node& node) {
  const auto port = node.AsInteger({.min = 0, .max = 65'535});
  return port ? std::optional<std::uint16_t>(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

void ReadLimits(const Node& node, http::ServerLimits& limits) {
  if (const auto value = node["head_bytes"].AsBytes({.min = 1024, .max = 1U << 20U})) limits.max_head_bytes = *value;
  if (const auto value = node["connections"].AsInteger({.min = 1, .max = 1'000'000}))
    limits.max_connections = static_cast<std::size_t>(*value);
  if (const auto value = node["streams"].AsInteger({.min = 1, .max = 65'536}))
    limits.max_streams = static_cast<std::uint32_t>(*value);
  if (const auto value = node["requests_per_connection"].AsInteger({.min = 0, .max = 1'000'000'000}))
    limits.max_requests_per_connection = static_cast<std::uint32_t>(*value);
  if (const auto value = node["min_body_rate"].AsBytes({.min = 0, .max = 1U << 30U})) limits.min_body_rate = *value;
  if (const auto value = node["head_timeout"].AsDuration()) limits.head_timeout = *value;
  if (const auto value = node["idle_timeout"].AsDuration()) limits.idle_timeout = *value;
  if (const auto value = node["body_timeout"].AsDuration()) limits.body_timeout = *value;
  if (const auto value = node["write_timeout"].AsDuration()) limits.write_timeout = *value;
}

std::optional<TlsFiles> ReadTls(const Node& node) {
  if (!node.IsPresent()) return {};
  constexpr std::array<Choice<TlsFiles::Clients>, 3> kClients = {{{"ignored", TlsFiles::Clients::kIgnored},
                                                                  {"optional", TlsFiles::Clients::kOptional},
                                                                  {"required", TlsFiles::Clients::kRequired}}};
  TlsFiles tls{.certificate_file = node.Required("certificate_file").AsString().value_or(""),
               .key_file = node.Required("key_file").AsString().value_or(""),
               .client_ca_file = node["client_ca_file"].AsString().value_or("")};
  tls.clients = node["client_certificates"].AsEnum<TlsFiles::Clients>(kClients).value_or(
      tls.client_ca_file.empty() ? TlsFiles::Clients::kIgnored : TlsFiles::Clients::kRequired);
  if (tls.clients != TlsFiles::Clients::kIgnored && tls.client_ca_file.empty()) {
    node.AddProblem("client certificates need `client_ca_file`");
  }
  return tls;
}

ListenerConfig ReadListener(const Node& node, std::vector<std::string>& files) {
  ListenerConfig listener;
  listener.name = node["name"].AsString().value_or("public");
  listener.address = node["address"].AsString().value_or("127.0.0.1");
  listener.port = ReadPort(node["port"]).value_or(8080);
  listener.tls = ReadTls(node["tls"]);
  if (listener.tls) {
    const base::Status usable = CheckServerTls(*listener.tls);
    if (!usable.ok()) node["tls"].AddProblem(usable.error().public_message);
    std::ranges::copy(NamesOf(*listener.tls), std::back_inserter(files));
  }
  ReadLimits(node["limits"], listener.limits);
  return listener;
}

AdminConfig ReadAdmin(const Node& node) {
  AdminConfig admin;
  admin.address = node["address"].AsString().value_or("127.0.0.1");
  admin.port = ReadPort(node["port"]).value_or(9090);
  if (const auto hash = node["password_hash"].AsString()) {
    const auto digest = features::identity::ParseKeyHash(*hash);
    if (digest.ok()) {
      admin.password_digest = codec::crypto::AsText(digest.value());
    } else {
      node["password_hash"].AddProblem(digest.error().public_message);
    }
  }
  admin.login = ReadLogin(node["login"], admin.address);
  return admin;
}

TenancyConfig ReadTenancy(const Node& node) {
  TenancyConfig tenancy;
  if (auto pepper = node["pepper"].AsSecret()) {
    constexpr std::size_t kShortest = 16;
    if (pepper->Reveal().size() < kShortest) node["pepper"].AddProblem("must have 16 bytes at least");
    tenancy.pepper = *std::move(pepper);
  }
  tenancy.poll_interval = node["poll_interval"].AsDuration({.min = 100'000'000}).value_or(tenancy.poll_interval);
  return tenancy;
}

StoreConfig ReadStore(const Node& node) {
  StoreConfig store;
  store.path = node["sqlite"].AsString().value_or("");
  const Node postgres = node["postgres"];
  if (auto conninfo = postgres.AsSecret()) {
    store.kind = StoreConfig::Kind::kPostgres;
    store.conninfo = *std::move(conninfo);
    if (!store.path.empty()) node.AddProblem("has both `sqlite` and `postgres`: say one");
  }
  return store;
}

LogConfig ReadLog(const Node& node) {
  constexpr std::array<Choice<features::telemetry::AccessLog>, 2> kAccess = {
      {{"stdout", features::telemetry::AccessLog::kOn}, {"off", features::telemetry::AccessLog::kOff}}};
  constexpr std::array<Choice<base::LogLevel>, 4> kLevels = {{{"debug", base::LogLevel::kDebug},
                                                              {"info", base::LogLevel::kInfo},
                                                              {"warning", base::LogLevel::kWarning},
                                                              {"error", base::LogLevel::kError}}};
  return {.access = node["access"].AsEnum<features::telemetry::AccessLog>(kAccess).value_or(
              features::telemetry::AccessLog::kOn),
          .level = node["level"].AsEnum<base::LogLevel>(kLevels).value_or(base::LogLevel::kInfo)};
}

void ReadUpstreamFiles(const Node& node, const providers::common::Upstream& upstream, std::vector<std::string>& files) {
  const auto names = NamesOf(upstream.tls);
  if (names.empty()) return;
  const base::Status usable = CheckUpstreamTls(upstream);
  if (!usable.ok()) node["tls"].AddProblem(usable.error().public_message);
  std::ranges::copy(names, std::back_inserter(files));
}

void ReadProviders(const Node& list, Config& config) {
  for (const Node& node : list.Elements()) {
    const std::string name = node.Required("name").AsString().value_or("");
    const Node kind_node = node.Required("kind");
    const std::string kind = kind_node.AsString().value_or("");
    const auto read = FindProviderKind(kind);
    if (read == nullptr) {
      std::string known;
      for (const auto one : ProviderKinds()) known.append(known.empty() ? "" : ", ").append(one);
      if (kind_node.IsPresent())
        kind_node.AddProblem(std::string("unknown provider kind `").append(kind).append("`; known: ").append(known));
      node.MarkRead();
      continue;
    }
    if (config.providers.contains(name)) node.AddProblem("a provider of this name exists already");
    std::shared_ptr<const providers::common::Blueprint> blueprint = read(name, node);
    if (const auto* upstream = blueprint->upstream()) ReadUpstreamFiles(node, *upstream, config.files);
    config.providers.insert_or_assign(name, std::move(blueprint));
  }
}

// What is not stated is as in `otherwise`.
ingress::SurfaceLimits ReadSurfaceLimits(const Node& node, ingress::SurfaceLimits otherwise) {
  if (const auto bytes = node["body_bytes"].AsBytes({.min = 1024, .max = std::uint64_t{1} << 32U}))
    otherwise.max_body_bytes = *bytes;
  otherwise.timeout = node["timeout"].AsDuration().value_or(otherwise.timeout);
  return otherwise;
}

ingress::GateSettings ReadGate(const Node& root) {
  ingress::GateSettings gate;
  const ingress::SurfaceLimits general = ReadSurfaceLimits(root["limits"], {});
  for (std::size_t i = 0; i < pipeline::kSurfaces; ++i) {
    const auto name = pipeline::ToString(static_cast<pipeline::Surface>(i));
    gate.limits.at(i) = ReadSurfaceLimits(root["limits"]["surfaces"][name], general);
  }
  if (root["expose_attempts"].AsBool().value_or(false))
    gate.attempts_header = ingress::GateSettings::AttemptsHeader::kShown;
  if (auto field = root["reasoning_field"].AsString()) gate.reasoning_field = std::move(*field);
  gate.pass_through_openai = root["pass_through"]["openai"].AsString().value_or("");
  gate.pass_through_anthropic = root["pass_through"]["anthropic"].AsString().value_or("");
  return gate;
}

// share/gatehouse beside the folder of the program.
std::string DefaultShare() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::string() : (program.parent_path().parent_path() / "share" / "gatehouse").string();
}

base::Result<base::Secret> ResolveSecret(const codec::config::SecretReference& reference) {
  if (reference.kind == codec::config::SecretReference::Kind::kEnvironment) {
    const char* value =
        std::getenv(reference.name.c_str());  // NOLINT(concurrency-mt-unsafe): the environment is never changed
    if (value == nullptr) return base::InvalidRequest("environment variable " + reference.name + " is not set");
    return base::Secret(value);
  }
  GH_TRY(std::string text, ReadFile(reference.name));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return base::Secret(std::move(text));
}

}  // namespace

base::Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::InvalidRequest("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

base::Result<std::shared_ptr<const Config>> ReadConfig(std::string_view yaml, features::routing::HealthBoard& board) {
  auto config = std::make_shared<Config>();
  const auto resolve = [&files = config->files](const codec::config::SecretReference& reference) {
    if (reference.kind == codec::config::SecretReference::Kind::kFile) files.push_back(reference.name);
    return ResolveSecret(reference);
  };
  GH_TRY(const codec::config::Tree tree, codec::config::Tree::Parse(yaml, resolve));
  const Node root = tree.root();
  static_cast<void>(root.Required("version").AsInteger({.min = 1, .max = 1}));
  for (const Node& node : root["listeners"].Elements()) {
    config->listeners.push_back(ReadListener(node, config->files));
    const auto& name = config->listeners.back().name;
    if (std::ranges::count(config->listeners, name, &ListenerConfig::name) > 1) {
      node.AddProblem("a listener of this name exists already");
    }
  }
  if (config->listeners.empty()) config->listeners.push_back({.name = "public"});
  config->admin = ReadAdmin(root["admin"]);
  if (config->admin.login && !root["identity"]["ldap"].IsPresent()) {
    root["admin"]["login"].AddProblem("needs `identity.ldap`, which knows the passwords");
  }
  config->log = ReadLog(root["log"]);
  config->store = ReadStore(root["store"]);
  config->threads = static_cast<std::uint32_t>(root["threads"].AsInteger({.min = 0, .max = 1024}).value_or(0));
  config->drain_timeout = root["drain_timeout"].AsDuration().value_or(config->drain_timeout);
  config->probe_interval = root["health"]["probe_interval"].AsDuration().value_or(base::Duration{});
  config->token_tables = features::token_count::LoadTables(root["token_tables"].AsString().value_or(DefaultShare()));
  config->gate = ReadGate(root);
  ReadProviders(root.Required("providers"), *config);
  config->routes = ReadModels(root.Required("models"), *config, root["health"], board);
  config->identity = ReadIdentity(root["identity"], config->files);
  config->prices = ReadPrices(root, config->files);
  config->rate_limits = ReadRateLimits(root["rate_limits"], *config);
  config->tenants = ReadTenants(root["tenants"], root["keys"]);
  config->tenancy = ReadTenancy(root["identity"]);
  if (config->store.kind == StoreConfig::Kind::kPostgres && config->tenancy.pepper.empty()) {
    root["store"].AddProblem("`store.postgres` needs `identity.pepper`, the same for all gateways of the database");
  }
  config->accounting = ReadAccounting(root, features::common::ZoneFiles());
  config->cluster = ReadCluster(root, config->files);
  if (config->cluster && config->store.kind != StoreConfig::Kind::kPostgres) {
    root["cluster"].AddProblem("gateways that share budgets need one database: set `store.postgres`");
  }
  if (config->cluster) CheckShareable(config->accounting.budgets, root["budgets"]);
  config->alerts = ReadAlerts(root["alerts"], config->files);
  config->policies = ReadPolicies(root, *config);
  config->record = ReadRecord(root["record"]);
  config->oversight = ReadOversight(root["oversight"]);
  config->reports = ReadReports(root["reports"], config->files);
  if (!config->reports.empty() && config->record.keeping == RecordConfig::Keeping::kOff) {
    root["reports"].AddProblem("are about the record, and `record.enabled` is false");
  }
  config->gate.longest_payload = config->record.longest_payload;
  config->revision = RevisionOf(yaml);
  const auto blocks = [](const features::policy::Rule& rule) {
    return rule.approval.mode == pipeline::ApprovalTerms::Mode::kBlock;
  };
  const bool any = config->oversight.approvals.mode == pipeline::ApprovalTerms::Mode::kBlock ||
                   std::ranges::any_of(config->policies->rules(), blocks);
  if (any) config->gate.holding = ingress::GateSettings::Holding::kMay;
  config->guard = ReadGuard(root["guard"], *config, config->files);
  if (!config->policies->empty()) config->gate.client_address = ingress::GateSettings::ClientAddress::kAttached;
  GH_CHECK_OK(tree.Finish());
  GH_CHECK_OK(Require(ProveCoverage(*config)));
  return std::shared_ptr<const Config>(std::move(config));
}

}  // namespace gatehouse::app
