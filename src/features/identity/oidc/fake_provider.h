#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "codec/jose/fake_token.h"
#include "features/identity/oidc/fetcher.h"
#include "features/identity/oidc/issuer_registry.h"
#include "http/server.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::features::identity::oidc {

// An identity provider in memory, for tests: answers over the real HTTP server and client on a fake loop.
class FakeProvider final : public http::Handler, public net::Connector {
 public:
  struct Answer {
    std::uint16_t status = 200;
    std::string body;
    std::string cache_control;
    std::string location;
  };
  enum class Network : std::uint8_t { kUp, kRefusing, kHanging };

  static constexpr std::string_view kIssuer = "http://127.0.0.1:9/tenant";

  explicit FakeProvider(net::fake::FakeLoop& loop) : loop_(loop), server_(loop, {}, *this) {
    pages["/tenant/.well-known/openid-configuration"] = {
        .body = R"({"issuer":"http://127.0.0.1:9/tenant","jwks_uri":"http://127.0.0.1:9/keys",)"
                R"("introspection_endpoint":"http://127.0.0.1:9/introspect"})"};
  }

  // Publishes these keys, and no others.
  void PublishKeys(const std::vector<std::string>& jwks, std::string cache_control = {}) {
    std::string set = R"({"keys":[)";
    for (const std::string& jwk : jwks) set.append(set.ends_with('[') ? "" : ",").append(jwk);
    pages["/keys"] = {.body = set + "]}", .cache_control = std::move(cache_control)};
  }
  std::size_t requests(const std::string& path) const {
    const auto found = requests_.find(path);
    return found == requests_.end() ? 0 : found->second;
  }

  Fetcher::PoolFor PoolFor() {
    return [this](const http::Origin& origin, const std::string&) {
      return std::make_shared<http::Pool>(loop_, *this, origin, http::PoolLimits{});
    };
  }

  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint, net::Deadline deadline) override {
    if (network == Network::kRefusing) co_return net::fake::ConnectionRefused();
    if (network == Network::kHanging) {
      co_await loop_.Sleep(deadline.at - loop_.Now());
      co_return net::fake::ConnectionRefused();
    }
    auto pair = net::fake::FakeStream::Connect(loop_);
    server_.Adopt(std::move(pair.far));
    co_return std::unique_ptr<net::Stream>(std::move(pair.near));
  }
  net::Task<> Serve(http::ServerExchange& exchange) override {
    const std::string path(exchange.head().path());
    ++requests_[path];
    last_authorization = exchange.head().headers.Find("authorization").value_or("");
    last_form = (co_await exchange.CollectBody(1 << 16)).value();
    if (delay.count() > 0) co_await loop_.Sleep(delay);
    const auto page = pages.find(path);
    const Answer answer = page == pages.end() ? Answer{.status = 404} : page->second;
    http::ResponseHead head{.status = answer.status, .headers = {}};
    // One connection each, so that a change of the network is felt at once.
    head.headers.Add("connection", "close");
    if (!answer.cache_control.empty()) head.headers.Add("cache-control", answer.cache_control);
    if (!answer.location.empty()) head.headers.Add("location", answer.location);
    static_cast<void>(co_await exchange.Respond(std::move(head), answer.body));
  }
  std::string RejectionBody(std::uint16_t, std::string_view reason) const override { return std::string(reason); }

  std::map<std::string, Answer> pages;
  Network network = Network::kUp;
  base::Duration delay{};
  std::string last_authorization;
  std::string last_form;

 private:
  net::fake::FakeLoop& loop_;
  std::map<std::string, std::size_t> requests_;
  http::Server server_;
};

// What most tests accept: tokens of the fake provider for "gatehouse".
inline IssuerSettings FakeSettings() {
  IssuerSettings settings{.issuer = std::string(FakeProvider::kIssuer),
                          .audiences = {"gatehouse"},
                          .plaintext = IssuerSettings::Plaintext::kOnLoopback,
                          .mapping = {.organization = "acme"}};
  for (const auto algorithm : {codec::jose::Algorithm::kRs256, codec::jose::Algorithm::kEs256,
                               codec::jose::Algorithm::kPs256, codec::jose::Algorithm::kEdDsa}) {
    settings.algorithms.Add(algorithm);
  }
  return settings;
}

// Claims as an access token has them, to be changed member by member; a value is JSON, "" leaves the member out.
class FakeClaims {
 public:
  explicit FakeClaims(base::WallTime now)
      : members_{{"iss", "\"" + std::string(FakeProvider::kIssuer) + "\""},
                 {"aud", R"("gatehouse")"},
                 {"sub", R"("alice")"},
                 {"client_id", R"("web")"},
                 {"iat", Seconds(now)},
                 {"exp", Seconds(now + std::chrono::minutes(5))}} {}

  FakeClaims With(const std::string& name, std::string json) const {
    FakeClaims changed = *this;
    changed.members_[name] = std::move(json);
    return changed;
  }
  std::string text() const {
    std::string out = "{";
    for (const auto& [name, json] : members_) {
      if (!json.empty()) out.append(out == "{" ? "\"" : ",\"").append(name).append("\":").append(json);
    }
    return out + "}";
  }
  static std::string Seconds(base::WallTime time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
  }

 private:
  std::map<std::string, std::string> members_;
};

}  // namespace gatehouse::features::identity::oidc
