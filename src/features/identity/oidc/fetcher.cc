#include "features/identity/oidc/fetcher.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gatehouse::features::identity::oidc {
namespace {

constexpr http::ClientTimeouts kTimeouts = {
    .connect = std::chrono::seconds(5), .first_byte = std::chrono::seconds(10), .idle = std::chrono::seconds(5)};
constexpr std::size_t kMaxPools = 64;
constexpr std::int64_t kMaxAgeSeconds = 31'536'000;

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool IsName(std::string_view host) {
  return !http::IsAddress(host) && !http::IsLoopback(host) && host.find('.') != std::string_view::npos;
}

}  // namespace

base::Error CannotAsk(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kSameTarget,
          .public_message =
              "The identity provider of this token cannot be asked at the moment. Try again in a few "
              "seconds.",
          .detail = std::move(detail),
          .retry_after_seconds = kRetryAfterSeconds};
}

base::Result<http::Url> CheckUrl(std::string_view text, IssuerSettings::Plaintext plaintext) {
  auto url = http::ParseUrl(text);
  if (!url || !url->user_info.empty()) return CannotAsk(std::string(text) + " is not an acceptable URL");
  const bool loopback = http::IsLoopback(url->endpoint.host) && plaintext == IssuerSettings::Plaintext::kOnLoopback;
  if (url->scheme != http::Origin::Scheme::kHttps && !loopback) {
    return CannotAsk(std::string(text) + " is not https");
  }
  return *std::move(url);
}

base::Result<http::Url> CheckLinkedUrl(std::string_view text, const http::Url& issuer,
                                       IssuerSettings::Plaintext plaintext) {
  GH_TRY(http::Url url, CheckUrl(text, plaintext));
  if (url.endpoint.host != issuer.endpoint.host && !IsName(url.endpoint.host)) {
    return CannotAsk(std::string(text) + " is neither at the issuer's own host nor at a public name");
  }
  return url;
}

std::optional<std::chrono::seconds> MaxAgeOf(std::string_view cache_control) {
  std::optional<std::chrono::seconds> age;
  while (!cache_control.empty()) {
    const auto comma = std::min(cache_control.find(','), cache_control.size());
    std::string_view directive = Trimmed(cache_control.substr(0, comma));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    if (directive == "no-store" || directive == "no-cache") return std::chrono::seconds(0);
    constexpr std::string_view kMaxAge = "max-age=";
    if (!directive.starts_with(kMaxAge)) continue;
    directive.remove_prefix(kMaxAge.size());
    std::int64_t seconds = 0;
    const auto [end, code] = std::from_chars(directive.data(), directive.data() + directive.size(), seconds);
    if (code == std::errc::result_out_of_range) seconds = kMaxAgeSeconds;
    if (code == std::errc::invalid_argument || end != directive.data() + directive.size() || seconds < 0) continue;
    age = std::chrono::seconds(std::min(seconds, kMaxAgeSeconds));
  }
  return age;
}

std::shared_ptr<http::Pool> Fetcher::PoolOf(const http::Url& url, const std::string& ca_file) {
  const bool secure = url.scheme == http::Origin::Scheme::kHttps;
  const std::string key =
      (secure ? "s " : "p ") + url.endpoint.host + " " + std::to_string(url.endpoint.port) + " " + ca_file;
  if (pools_.size() >= kMaxPools && !pools_.contains(key)) pools_.clear();
  auto& pool = pools_[key];
  if (!pool) pool = pool_for_({.scheme = url.scheme, .endpoint = url.endpoint}, ca_file);
  return pool;
}

net::Task<base::Result<Document>> Fetcher::Get(Trust trust, std::string url, net::Deadline deadline) {
  http::HeaderMap headers;
  headers.Add("accept", "application/json");
  return Send(std::move(trust), std::move(url), "GET", std::move(headers), {}, deadline);
}

net::Task<base::Result<Document>> Fetcher::Post(Trust trust, std::string url, std::string authorization,
                                                std::string form, net::Deadline deadline) {
  http::HeaderMap headers;
  headers.Add("accept", "application/json");
  headers.Add("content-type", "application/x-www-form-urlencoded");
  headers.Add("authorization", authorization);
  return Send(std::move(trust), std::move(url), "POST", std::move(headers), std::move(form), deadline);
}

net::Task<base::Result<Document>> Fetcher::Send(Trust trust, std::string url, std::string_view method,
                                                http::HeaderMap headers, std::string body, net::Deadline deadline) {
  GH_CO_TRY(const http::Url where, CheckUrl(url, trust.plaintext));
  const auto pool = PoolOf(where, trust.ca_file);
  const std::string target = where.target.starts_with('/') ? where.target : "/" + where.target;
  auto response =
      co_await pool->Send({.method = method, .target = target, .headers = &headers, .body = body}, kTimeouts, deadline);
  if (!response.ok()) co_return CannotAsk(url + ": " + response.error().detail);
  const http::ResponseHead& head = response.value()->head();
  if (head.status >= 300 && head.status < 400) {
    co_return CannotAsk(url + " answers " + std::to_string(head.status) + ": redirects are not followed");
  }
  Document document{.status = head.status, .max_age = MaxAgeOf(head.headers.Find("cache-control").value_or(""))};
  auto text = co_await response.value()->CollectBody(kMaxDocumentBytes);
  if (!text.ok()) co_return CannotAsk(url + ": " + text.error().detail + text.error().public_message);
  document.body = std::move(text).value();
  co_return document;
}

}  // namespace gatehouse::features::identity::oidc
