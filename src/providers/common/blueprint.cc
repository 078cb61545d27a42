#include "providers/common/blueprint.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "codec/crypto/encoding.h"

namespace gatehouse::providers::common {
namespace {

using codec::config::Choice;
using codec::config::Node;

class HttpBlueprint final : public Blueprint {
 public:
  HttpBlueprint(std::string name, std::shared_ptr<const Vendor> vendor, Upstream upstream)
      : name_(std::move(name)), vendor_(std::move(vendor)), upstream_(std::move(upstream)) {}

  std::unique_ptr<pipeline::Provider> Build(LoopServices& services) const override {
    return std::make_unique<HttpProvider>(name_, vendor_, services.PoolFor(upstream_), upstream_.limits);
  }
  pipeline::Capabilities capabilities() const override { return vendor_->capabilities(); }
  const Upstream* upstream() const override { return &upstream_; }

 private:
  std::string name_;
  std::shared_ptr<const Vendor> vendor_;
  Upstream upstream_;
};

struct ParsedUrl {
  http::Origin::Scheme scheme = http::Origin::Scheme::kHttps;
  std::string user_info;
  net::Endpoint endpoint;
  std::string path;
};

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (code != std::errc() || end != text.data() + text.size() || port == 0) return {};
  return port;
}

// scheme://[user@]host[:port][/path], no query and no fragment (RFC 3986, 3.2).
std::optional<ParsedUrl> ParseUrl(std::string_view url) {
  ParsedUrl parsed;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    parsed.scheme = http::Origin::Scheme::kHttp;
  } else {
    return {};
  }
  if (url.find_first_of("?# ") != std::string_view::npos) return {};
  const auto slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  parsed.path = url.substr(slash);
  while (!parsed.path.empty() && parsed.path.back() == '/') parsed.path.pop_back();
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parsed.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  parsed.endpoint.port = parsed.scheme == http::Origin::Scheme::kHttps ? 443 : 80;
  std::size_t host_end = authority.size();
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  if (const auto colon = authority.rfind(':');
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto port = ParsePort(authority.substr(colon + 1));
    if (!port) return {};
    parsed.endpoint.port = *port;
    host_end = colon;
  }
  parsed.endpoint.host =
      bracket == std::string_view::npos ? authority.substr(0, host_end) : authority.substr(1, bracket - 1);
  if (parsed.endpoint.host.empty()) return {};
  return parsed;
}

void ReadProxy(const Node& node, http::Origin& origin) {
  const auto url = node.AsString();
  if (!url) return;
  const auto parsed = ParseUrl(*url);
  if (!parsed || parsed->scheme != http::Origin::Scheme::kHttp) {
    node.AddProblem("must be an http:// URL of a proxy");
    return;
  }
  origin.proxy = parsed->endpoint;
  if (!parsed->user_info.empty())
    origin.proxy_authorization = "Basic " + codec::crypto::Base64Encode(parsed->user_info);
}

void ReadTimeouts(const Node& node, http::ClientTimeouts& timeouts) {
  if (const auto value = node["connect"].AsDuration()) timeouts.connect = *value;
  if (const auto value = node["first_byte"].AsDuration()) timeouts.first_byte = *value;
  if (const auto value = node["idle"].AsDuration()) timeouts.idle = *value;
}

void ReadPool(const Node& node, http::PoolLimits& pool) {
  if (const auto value = node["max"].AsInteger({.min = 1, .max = 65'536}))
    pool.max_connections = static_cast<std::size_t>(*value);
  if (const auto value = node["max_waiting"].AsInteger({.min = 0, .max = 1'000'000}))
    pool.max_waiting = static_cast<std::size_t>(*value);
  if (const auto value = node["max_idle"].AsInteger({.min = 0, .max = 65'536}))
    pool.max_idle = static_cast<std::size_t>(*value);
  if (const auto value = node["idle_timeout"].AsDuration()) pool.idle_timeout = *value;
}

UpstreamTls ReadTls(const Node& node) {
  return {.ca_file = node["ca_file"].AsString().value_or(""),
          .certificate_file = node["certificate_file"].AsString().value_or(""),
          .key_file = node["key_file"].AsString().value_or("")};
}

}  // namespace

std::unique_ptr<const Blueprint> NewHttpBlueprint(std::string name, std::shared_ptr<const Vendor> vendor,
                                                  Upstream upstream) {
  return std::make_unique<HttpBlueprint>(std::move(name), std::move(vendor), std::move(upstream));
}

Upstream ReadUpstream(const Node& node, std::string_view default_base_url) {
  Upstream upstream;
  const Node url = default_base_url.empty() ? node.Required("base_url") : node["base_url"];
  const auto parsed = ParseUrl(url.AsString().value_or(std::string(default_base_url)));
  if (!parsed || !parsed->user_info.empty()) {
    if (url.IsPresent()) url.AddProblem("must be a URL such as https://api.example.com/v1, without query or user");
  } else {
    upstream.origin.scheme = parsed->scheme;
    upstream.origin.endpoint = parsed->endpoint;
    upstream.base_path = parsed->path;
  }
  constexpr std::array<Choice<http::Origin::Protocol>, 3> kProtocols = {{{"auto", http::Origin::Protocol::kAuto},
                                                                         {"http1", http::Origin::Protocol::kHttp1},
                                                                         {"http2", http::Origin::Protocol::kHttp2}}};
  if (const auto protocol = node["protocol"].AsEnum<http::Origin::Protocol>(kProtocols))
    upstream.origin.protocol = *protocol;
  ReadProxy(node["proxy"], upstream.origin);
  ReadTimeouts(node["timeouts"], upstream.limits.timeouts);
  ReadPool(node["connections"], upstream.pool);
  upstream.tls = ReadTls(node["tls"]);
  if (const auto bytes = node["max_answer_bytes"].AsBytes()) upstream.limits.max_answer_bytes = *bytes;
  if (node["propagate_trace"].AsBool().value_or(false)) upstream.limits.trace = UpstreamLimits::Trace::kPropagate;
  return upstream;
}

}  // namespace gatehouse::providers::common
