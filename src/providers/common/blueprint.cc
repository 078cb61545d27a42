#include "providers/common/blueprint.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/crypto/encoding.h"
#include "http/url.h"

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

// An address without query, and no slash at the end of its path.
std::optional<http::Url> ReadUrl(std::string_view text) {
  auto url = http::ParseUrl(text);
  if (!url || url->HasQuery()) return std::nullopt;
  while (url->target.ends_with('/')) url->target.pop_back();
  return url;
}

void ReadProxy(const Node& node, http::Origin& origin) {
  const auto url = node.AsString();
  if (!url) return;
  const auto parsed = ReadUrl(*url);
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
  const auto parsed = ReadUrl(url.AsString().value_or(std::string(default_base_url)));
  if (!parsed || !parsed->user_info.empty()) {
    if (url.IsPresent()) url.AddProblem("must be a URL such as https://api.example.com/v1, without query or user");
  } else {
    upstream.origin.scheme = parsed->scheme;
    upstream.origin.endpoint = parsed->endpoint;
    upstream.base_path = parsed->target;
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
