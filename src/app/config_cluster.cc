#include "app/config_cluster.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "app/tls_files.h"
#include "store/key_value.h"

namespace gatehouse::app {
namespace {

using codec::config::Node;

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::size_t kLongestName = 63;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr codec::config::Range<std::int64_t> kWaiting = {.min = 1, .max = 1'000'000};

// "redis.internal:6379", "[2001:db8::1]:6379", "redis.internal".
std::optional<net::Endpoint> ParseAddress(std::string_view text) {
  net::Endpoint endpoint{.host = {}, .port = kRedisPort};
  const bool bracketed = text.starts_with('[');
  const std::size_t end = bracketed ? text.find(']') : std::min(text.rfind(':'), text.size());
  if (end == std::string_view::npos) return {};
  endpoint.host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  std::string_view rest = text.substr(bracketed ? end + 1 : end);
  if (endpoint.host.empty()) return {};
  if (rest.empty()) return endpoint;
  if (!rest.starts_with(':')) return {};
  rest.remove_prefix(1);
  const auto [stopped, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port);
  if (failed != std::errc() || stopped != rest.data() + rest.size() || endpoint.port == 0) return {};
  return endpoint;
}

bool IsName(std::string_view name) {
  return name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

std::optional<providers::common::UpstreamTls> ReadTls(const Node& node, const net::Endpoint& endpoint,
                                                      std::vector<std::string>& files) {
  if (!node.IsPresent()) return {};
  providers::common::UpstreamTls tls{.ca_file = node["ca_file"].AsString().value_or(""),
                                     .certificate_file = node["certificate_file"].AsString().value_or(""),
                                     .key_file = node["key_file"].AsString().value_or("")};
  const base::Status usable = CheckUpstreamTls({.origin = {.endpoint = endpoint}, .base_path = {}, .tls = tls});
  if (!usable.ok()) node.AddProblem(usable.error().public_message);
  std::ranges::copy(NamesOf(tls), std::back_inserter(files));
  return tls;
}

RedisConfig ReadRedis(const Node& node, std::vector<std::string>& files) {
  RedisConfig redis;
  const Node address = node.Required("address");
  if (const auto text = address.AsString()) {
    if (auto endpoint = ParseAddress(*text)) {
      redis.endpoint = *std::move(endpoint);
    } else {
      address.AddProblem("must be a host and a port, such as redis.internal:6379");
    }
  }
  redis.username = node["username"].AsString().value_or("");
  if (auto password = node["password"].AsSecret()) redis.password = *std::move(password);
  redis.database = static_cast<std::uint32_t>(node["database"].AsInteger({.min = 0, .max = 65'535}).value_or(0));
  redis.prefix = node["prefix"].AsString().value_or(redis.prefix);
  redis.tls = ReadTls(node["tls"], redis.endpoint, files);
  return redis;
}

features::accounting::LessorSettings ReadLease(const Node& node) {
  features::accounting::LessorSettings settings;
  settings.wait = node["wait"].AsDuration({.min = kMillisecond * 10}).value_or(settings.wait);
  settings.idle = node["idle"].AsDuration({.min = kMillisecond * 1000}).value_or(settings.idle);
  if (const auto most = node["waiting"].AsInteger(kWaiting)) settings.max_waiting = static_cast<std::size_t>(*most);
  return settings;
}

features::ratelimit::SharingSettings ReadRate(const Node& node) {
  using features::ratelimit::WithoutStore;
  constexpr std::array<codec::config::Choice<WithoutStore>, 3> kWithoutStore = {
      {{"share", WithoutStore::kShare}, {"refuse", WithoutStore::kRefuse}, {"admit", WithoutStore::kAdmit}}};
  features::ratelimit::SharingSettings settings;
  settings.wait =
      node["wait"].AsDuration({.min = kMillisecond * 5, .max = kMillisecond * 1000}).value_or(settings.wait);
  settings.without_store = node["without_store"].AsEnum<WithoutStore>(kWithoutStore).value_or(settings.without_store);
  if (const auto most = node["waiting"].AsInteger(kWaiting)) settings.max_waiting = static_cast<std::size_t>(*most);
  return settings;
}

}  // namespace

std::optional<ClusterConfig> ReadCluster(const Node& root, std::vector<std::string>& files) {
  const Node node = root["cluster"];
  if (!node.IsPresent()) return {};
  ClusterConfig cluster;
  cluster.node = node["node"].AsString().value_or("");
  if (!IsName(cluster.node)) node["node"].AddProblem("must be at most 63 of a-z, 0-9, `-`, `.` and `_`");
  cluster.redis = ReadRedis(node.Required("redis"), files);
  cluster.lease = ReadLease(node["lease"]);
  cluster.rate = ReadRate(node["rate"]);
  return cluster;
}

void CheckShareable(const std::vector<features::accounting::StatedLimit>& budgets, const Node& node) {
  constexpr std::int64_t kMost = store::KeyValue::kMostQuantity;
  for (const auto& [path, limit] : budgets) {
    if (limit.amount <= kMost) continue;
    node.AddProblem("`" + limit.name + "` of " + path +
                    " is more than gateways that share budgets can count: at most " +
                    features::accounting::AmountText(limit.dimension, kMost));
  }
}

}  // namespace gatehouse::app
