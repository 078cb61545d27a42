#include "app/policy_command.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "codec/config/tree.h"
#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "codec/text/percent.h"
#include "features/policy/suite.h"
#include "http/client.h"
#include "net/block_on.h"
#include "net/dns/ares_resolver.h"
#include "net/epoll_loop.h"
#include "net/tcp_connector.h"

namespace gatehouse::app {
namespace {

using features::policy::Case;

constexpr std::string_view kUsage = R"(gatehouse policy: what the rules of a configuration decide

  gatehouse policy test CASES --config FILE         decide the cases of a file and say which came out as expected
  gatehouse policy explain REQUEST_ID [ADMIN_URL]   ask a gateway why it decided so (http://127.0.0.1:9090); the admin
                                                    password is in GATEHOUSE_ADMIN_PASSWORD
)";
constexpr std::size_t kMaxAnswer = std::size_t{16} * 1024 * 1024;

void Say(std::FILE* where, std::string_view text) { std::fwrite(text.data(), 1, text.size(), where); }

int Fail(const base::Error& error) {
  Say(stderr, "gatehouse: " + error.public_message + "\n");
  return 1;
}

base::Result<std::vector<Case::Result>> RunSuite(const std::string& cases_path, const std::string& config_path) {
  GH_TRY(const std::string config_text, ReadFile(config_path));
  features::routing::HealthBoard board;
  GH_TRY(const std::shared_ptr<const Config> config, ReadConfig(config_text, board));
  GH_TRY(const std::string cases_text, ReadFile(cases_path));
  GH_TRY(const codec::config::Tree tree, codec::config::Tree::Parse(cases_text));
  const auto cases = features::policy::ReadSuite(tree.root());
  GH_CHECK_OK(tree.Finish());
  std::vector<Case::Result> results;
  results.reserve(cases.size());
  for (const auto& one : cases) results.push_back(one->Run(*config->policies));
  return results;
}

int Test(const std::string& cases_path, const std::string& config_path) {
  const auto results = RunSuite(cases_path, config_path);
  if (!results.ok()) return Fail(results.error());
  Say(stdout, ToTable(results.value()));
  for (const Case::Result& result : results.value()) {
    if (result.outcome == Case::Result::Outcome::kFailed) return 1;
  }
  return 0;
}

// "http://127.0.0.1:9090". Only plain HTTP: the admin listener speaks nothing else.
std::optional<net::Endpoint> ReadAdminUrl(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return {};
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return {};
  const int port = std::atoi(std::string(url.substr(colon + 1)).c_str());
  std::string_view host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || port < 1 || port > 65'535) return {};
  return net::Endpoint{.host = std::string(host), .port = static_cast<std::uint16_t>(port)};
}

net::Task<base::Result<std::string>> Ask(http::Pool& pool, std::string target, std::string password,
                                         net::Deadline deadline) {
  http::HeaderMap headers;
  headers.Add("authorization", "Basic " + codec::crypto::Base64Encode("admin:" + password));
  const http::ClientRequest request{.method = "GET", .target = target, .headers = &headers, .body = ""};
  GH_CO_TRY(const std::unique_ptr<http::ClientResponse> response, co_await pool.Send(request, {}, deadline));
  GH_CO_TRY(std::string body, co_await response->CollectBody(kMaxAnswer));
  const std::uint16_t status = response->head().status;
  if (status == 200) co_return body;
  codec::json::Document document;
  const bool parsed = document.Parse(body).ok();
  const std::string_view message = parsed ? document.root()["error"]["message"].string() : std::string_view();
  co_return base::InvalidRequest(message.empty() ? "the gateway answered with status " + std::to_string(status)
                                                 : std::string(message));
}

int Explain(std::string_view request_id, std::string_view url) {
  const auto endpoint = ReadAdminUrl(url);
  if (!endpoint) return Fail(base::InvalidRequest("the admin listener's URL is like http://127.0.0.1:9090"));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the environment is never changed
  const char* password = std::getenv("GATEHOUSE_ADMIN_PASSWORD");
  if (password == nullptr) return Fail(base::InvalidRequest("put the admin password in GATEHOUSE_ADMIN_PASSWORD"));
  net::EpollLoop loop(base::SystemClock());
  auto resolver = net::dns::AresResolver::Create(loop, {});
  if (!resolver.ok()) return Fail(resolver.error());
  net::TcpConnector connector(loop, *resolver.value());
  http::Pool pool(loop, connector, {.scheme = http::Origin::Scheme::kHttp, .endpoint = *endpoint}, {});
  std::string target = "/admin/v1/policy/decisions/" + codec::text::PercentEncode(request_id);
  const auto answer = net::BlockOn(loop, Ask(pool, std::move(target), password, loop.In(std::chrono::seconds(30))));
  if (!answer) return Fail(base::Internal("interrupted"));
  if (!answer->ok()) return Fail(answer->error());
  Say(stdout, answer->value() + "\n");
  return 0;
}

}  // namespace

int PolicyCommand(std::span<char* const> arguments) {
  const std::string_view what = arguments.empty() ? "" : arguments[0];
  if (what == "test" && arguments.size() == 4 && std::string_view(arguments[2]) == "--config") {
    return Test(arguments[1], arguments[3]);
  }
  if (what == "explain" && (arguments.size() == 2 || arguments.size() == 3)) {
    return Explain(arguments[1], arguments.size() == 3 ? arguments[2] : "http://127.0.0.1:9090");
  }
  Say(stderr, kUsage);
  return 2;
}

}  // namespace gatehouse::app
