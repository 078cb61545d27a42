#include "app/config_identity.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "codec/crypto/signature.h"
#include "features/identity/oidc/fetcher.h"
#include "http/url.h"

namespace gatehouse::app {
namespace {

using codec::config::Choice;
using codec::config::DurationRange;
using codec::config::Node;
using codec::jose::Algorithm;
using features::identity::CertificateRule;
using features::identity::Mapping;
using features::identity::MappingRule;
using features::identity::ldap::GroupSearch;
using features::identity::ldap::LdapSettings;
using features::identity::oidc::IntrospectionSettings;
using features::identity::oidc::IssuerSettings;
using features::identity::oidc::KeyRefresh;

constexpr base::Duration kMaxSkew = std::chrono::minutes(5);
constexpr std::size_t kMaxIssuers = 64;

// At least a millisecond.
std::optional<base::Duration> ReadPositive(const Node& node, base::Duration max) {
  return node.AsDuration({.min = 1'000'000, .max = max.count()});
}

std::vector<std::string> ReadList(const Node& node) { return node.AsStrings().value_or(std::vector<std::string>()); }

std::string ReadText(const Node& node) { return node.AsString().value_or(""); }

MappingRule ReadRule(const Node& node) {
  return {.claim = ReadText(node.Required("claim")),
          .value = ReadText(node.Required("value")),
          .team = ReadText(node["team"]),
          .project = ReadText(node["project"]),
          .roles = ReadList(node["roles"]),
          .models = ReadList(node["models"])};
}

Mapping ReadMapping(const Node& node) {
  constexpr std::array<Choice<Mapping::Kind>, 4> kKinds = {{{"by_token", Mapping::Kind::kByToken},
                                                            {"user", Mapping::Kind::kUser},
                                                            {"application", Mapping::Kind::kApplication},
                                                            {"agent", Mapping::Kind::kAgent}}};
  constexpr std::array<Choice<Mapping::Others>, 2> kOthers = {
      {{"admit", Mapping::Others::kAdmitted}, {"refuse", Mapping::Others::kRefused}}};
  Mapping mapping{.organization = ReadText(node.Required("organization")),
                  .team = ReadText(node["team"]),
                  .project = ReadText(node["project"])};
  if (auto subject = node["subject_claim"].AsString()) mapping.subject = *std::move(subject);
  if (auto groups = node["groups_claim"].AsString()) mapping.groups = *std::move(groups);
  mapping.kind = node["kind"].AsEnum<Mapping::Kind>(kKinds).value_or(mapping.kind);
  mapping.others = node["others"].AsEnum<Mapping::Others>(kOthers).value_or(mapping.others);
  for (const Node& rule : node["rules"].Elements()) mapping.rules.push_back(ReadRule(rule));
  return mapping;
}

// What is pinned unless the configuration says otherwise.
constexpr std::array kUsualAlgorithms = {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256, Algorithm::kEdDsa};

void ReadAlgorithms(const Node& node, IssuerSettings& settings) {
  const auto names = node.AsStrings();
  for (const std::string& name : names.value_or(std::vector<std::string>())) {
    const auto algorithm = codec::jose::AlgorithmOf(name);
    if (!algorithm) {
      node.AddProblem("`" + name + "` is no signature algorithm that is known, such as RS256");
    } else if (codec::jose::IsSymmetric(*algorithm) == settings.HasKeySet()) {
      node.AddProblem("`" + name + "` goes " + (settings.HasKeySet() ? "only" : "not") + " with a `shared_secret`");
    } else {
      settings.algorithms.Add(*algorithm);
    }
  }
  if (names) return;
  if (!settings.HasKeySet()) settings.algorithms.Add(Algorithm::kHs256);
  for (const Algorithm usual : kUsualAlgorithms) {
    if (settings.HasKeySet()) settings.algorithms.Add(usual);
  }
}

void ReadSharedSecret(const Node& node, IssuerSettings& settings) {
  if (auto secret = node.AsSecret()) settings.shared_secret = *std::move(secret);
  if (!settings.shared_secret.empty() && settings.shared_secret.Reveal().size() < 32) {
    node.AddProblem("is shorter than 32 bytes, the least that RFC 7518 asks of a secret for HS256");
  }
}

void ReadRefresh(const Node& node, KeyRefresh& refresh) {
  constexpr base::Duration kDay = std::chrono::hours(24);
  if (const auto value = ReadPositive(node["min_age"], kDay)) refresh.min_age = *value;
  if (const auto value = ReadPositive(node["max_age"], kDay)) refresh.max_age = *value;
  if (const auto value = ReadPositive(node["min_interval"], kDay)) refresh.min_interval = *value;
  if (const auto value = ReadPositive(node["unknown_for"], kDay)) refresh.unknown_for = *value;
  if (const auto value = node["stale_for"].AsDuration({.min = 0, .max = 7 * kDay.count()})) refresh.stale_for = *value;
  if (const auto value = ReadPositive(node["timeout"], std::chrono::minutes(1))) refresh.timeout = *value;
  if (const auto value = ReadPositive(node["wait"], std::chrono::minutes(1))) refresh.wait = *value;
  if (refresh.min_age > refresh.max_age) node.AddProblem("`min_age` is more than `max_age`");
}

std::optional<IntrospectionSettings> ReadIntrospection(const Node& node) {
  if (!node.IsPresent()) return std::nullopt;
  IntrospectionSettings settings{.endpoint = ReadText(node["endpoint"]),
                                 .client_id = ReadText(node.Required("client_id")),
                                 .client_secret = node.Required("client_secret").AsSecret().value_or(base::Secret()),
                                 .prefix = ReadText(node["prefix"])};
  if (const auto value = ReadPositive(node["timeout"], std::chrono::minutes(1))) settings.timeout = *value;
  if (const auto value = ReadPositive(node["active_for"], std::chrono::minutes(5))) settings.active_for = *value;
  if (const auto value = ReadPositive(node["inactive_for"], std::chrono::minutes(5))) settings.inactive_for = *value;
  return settings;
}

void CheckAddress(const Node& node, const std::string& url, IssuerSettings::Plaintext plaintext) {
  if (url.empty() || features::identity::oidc::CheckUrl(url, plaintext).ok()) return;
  node.AddProblem("must be an https URL, or http on this machine where `allow_http_on_loopback` is true");
}

void ReadTypes(const Node& node, IssuerSettings& settings) {
  auto types = node.AsStrings();
  if (!types) return;
  for (std::string& type : *types) {
    type = base::ToLower(type);
    if (type == "none") type.clear();  // no type in the header
  }
  settings.types = *std::move(types);
}

IssuerSettings ReadIssuer(const Node& node, std::vector<std::string>& files) {
  IssuerSettings settings{.issuer = ReadText(node.Required("issuer")),
                          .audiences = ReadList(node.Required("audiences")),
                          .clients = ReadList(node["clients"]),
                          .scopes = ReadList(node["scopes"]),
                          .key_set_url = ReadText(node["jwks_uri"]),
                          .ca_file = ReadText(node["ca_file"])};
  if (node["allow_http_on_loopback"].AsBool().value_or(false)) {
    settings.plaintext = IssuerSettings::Plaintext::kOnLoopback;
  }
  ReadSharedSecret(node["shared_secret"], settings);
  ReadAlgorithms(node["algorithms"], settings);
  ReadTypes(node["types"], settings);
  if (const auto skew = node["clock_skew"].AsDuration({.min = 0, .max = kMaxSkew.count()})) settings.clock_skew = *skew;
  if (const auto life = ReadPositive(node["max_lifetime"], std::chrono::hours(24 * 366))) settings.max_lifetime = *life;
  ReadRefresh(node["refresh"], settings.refresh);
  settings.introspection = ReadIntrospection(node["introspection"]);
  settings.mapping = ReadMapping(node);
  if (settings.audiences.empty())
    node["audiences"].AddProblem("names nobody: a token that is for anybody is for nobody");
  if (settings.HasKeySet()) CheckAddress(node["issuer"], settings.issuer, settings.plaintext);
  CheckAddress(node["jwks_uri"], settings.key_set_url, settings.plaintext);
  if (settings.introspection) {
    CheckAddress(node["introspection"]["endpoint"], settings.introspection->endpoint, settings.plaintext);
  }
  if (!settings.ca_file.empty()) files.push_back(settings.ca_file);
  return settings;
}

std::vector<IssuerSettings> ReadIssuers(const Node& list, std::vector<std::string>& files) {
  std::vector<IssuerSettings> issuers;
  std::set<std::string> names;
  for (const Node& node : list.Elements()) {
    issuers.push_back(ReadIssuer(node, files));
    if (!names.insert(issuers.back().issuer).second) node.AddProblem("this issuer is configured already");
    const auto introspecting = [](const IssuerSettings& one) { return one.introspection.has_value(); };
    if (issuers.back().introspection && std::ranges::count_if(issuers, introspecting) > 1) {
      node["introspection"].AddProblem("another issuer has one already: an opaque token is shown to one issuer only");
    }
  }
  if (issuers.size() > kMaxIssuers) list.AddProblem("has more than 64 issuers");
  return issuers;
}

CertificateRule ReadCertificate(const Node& node) {
  constexpr std::array<Choice<pipeline::NodeKind>, 3> kKinds = {{{"user", pipeline::NodeKind::kUser},
                                                                 {"application", pipeline::NodeKind::kApplication},
                                                                 {"agent", pipeline::NodeKind::kAgent}}};
  CertificateRule rule{.pattern = ReadText(node.Required("spiffe")),
                       .organization = ReadText(node.Required("organization")),
                       .team = ReadText(node["team"]),
                       .project = ReadText(node["project"]),
                       .name = ReadText(node["name"]),
                       .roles = ReadList(node["roles"]),
                       .models = ReadList(node["models"])};
  rule.kind = node["kind"].AsEnum<pipeline::NodeKind>(kKinds).value_or(rule.kind);
  if (!rule.pattern.empty() && !features::identity::IsSpiffePattern(rule.pattern)) {
    node["spiffe"].AddProblem("must be such as spiffe://example.org/ns/*/sa/billing, with `*` for a whole segment");
  }
  return rule;
}

// Which of the two an address says; the other kinds of address that the library knows are not for passwords.
void CheckServers(const Node& node, const LdapSettings& settings) {
  const bool implicit = !settings.servers.empty() && settings.servers.front().starts_with("ldaps://");
  for (const std::string& server : settings.servers) {
    const auto host = server.find("://");
    const bool known = server.starts_with("ldaps://") || server.starts_with("ldap://");
    if (!known || server.find_first_of(" ?#/", host + 3) != std::string::npos) {
      node.AddProblem("`" + server +
                      "` must be such as ldaps://directory.example.com or ldap://directory.example.com:389");
    } else if (server.starts_with("ldaps://") != implicit) {
      node.AddProblem("must be all ldaps:// or all ldap://");
    } else if (settings.security == LdapSettings::Security::kPlaintextOnLoopback &&
               !http::IsLoopback(server.substr(host + 3, server.find(':', host + 3) - host - 3))) {
      node.AddProblem("`" + server + "` is not this machine: passwords go there by TLS only");
    }
  }
}

void ReadGroups(const Node& node, LdapSettings& settings) {
  constexpr std::array<Choice<GroupSearch>, 4> kSearches = {{{"none", GroupSearch::kNone},
                                                             {"member_of", GroupSearch::kMemberOf},
                                                             {"search", GroupSearch::kSearch},
                                                             {"in_chain", GroupSearch::kInChain}}};
  settings.group_search = node["search"].AsEnum<GroupSearch>(kSearches).value_or(settings.group_search);
  settings.group_base_dn = ReadText(node["base_dn"]);
  settings.group_name_attribute = ReadText(node["name_attribute"]);
  if (const auto depth = node["max_depth"].AsInteger({.min = 1, .max = 32})) {
    settings.max_group_depth = static_cast<std::size_t>(*depth);
  }
  if (const auto count = node["max"].AsInteger({.min = 1, .max = 5000})) {
    settings.max_groups = static_cast<std::size_t>(*count);
  }
}

std::optional<LdapSettings> ReadLdap(const Node& node, std::vector<std::string>& files) {
  if (!node.IsPresent()) return std::nullopt;
  LdapSettings settings{.servers = ReadList(node.Required("servers")),
                        .bind_dn = ReadText(node["bind_dn"]),
                        .bind_password = node["bind_password"].AsSecret().value_or(base::Secret()),
                        .base_dn = ReadText(node.Required("base_dn")),
                        .name_attribute = ReadText(node["name_attribute"])};
  if (node["allow_plaintext_on_loopback"].AsBool().value_or(false)) {
    settings.security = LdapSettings::Security::kPlaintextOnLoopback;
  }
  if (auto file = node["ca_file"].AsString()) settings.ca_file = *std::move(file);
  if (auto filter = node["user_filter"].AsString()) settings.user_filter = *std::move(filter);
  if (settings.user_filter.find("{user}") == std::string::npos) node["user_filter"].AddProblem("has no {user} in it");
  if (settings.bind_dn.empty() != settings.bind_password.empty()) {
    node.AddProblem("has one of `bind_dn` and `bind_password`: both, or none for an anonymous search");
  }
  if (settings.servers.empty()) node["servers"].AddProblem("names no server");
  CheckServers(node["servers"], settings);
  ReadGroups(node["groups"], settings);
  if (const auto timeout = ReadPositive(node["timeout"], std::chrono::minutes(1))) settings.timeout = *timeout;
  if (const auto threads = node["threads"].AsInteger({.min = 1, .max = 64})) {
    settings.threads = static_cast<std::size_t>(*threads);
  }
  settings.mapping = ReadMapping(node);
  files.push_back(settings.ca_file);
  return settings;
}

}  // namespace

IdentityConfig ReadIdentity(const Node& node, std::vector<std::string>& files) {
  IdentityConfig identity{.issuers = ReadIssuers(node["issuers"], files), .ldap = ReadLdap(node["ldap"], files)};
  for (const Node& rule : node["certificates"].Elements()) identity.certificates.push_back(ReadCertificate(rule));
  return identity;
}

}  // namespace gatehouse::app
