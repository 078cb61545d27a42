#include "features/identity/oidc/fetcher.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gatehouse::features::identity::oidc {
namespace {

constexpr std::int64_t kMaxAgeSeconds = 31'536'000;

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool IsName(std::string_view host) {
  return !http::IsAddress(host) && !http::IsLoopback(host) && host.find('.') != std::string_view::npos;
}

http::Plaintext Allowed(IssuerSettings::Plaintext plaintext) {
  return plaintext == IssuerSettings::Plaintext::kOnLoopback ? http::Plaintext::kOnLoopback : http::Plaintext::kRefused;
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
  auto url = http::CheckFetchUrl(text, Allowed(plaintext));
  if (!url.ok()) return CannotAsk(std::string(text) + " " + url.error().detail);
  return url;
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

net::Task<base::Result<Document>> Fetcher::Get(Trust trust, std::string url, net::Deadline deadline) {
  http::FetchRequest request{.method = "GET", .headers = {}, .body = {}, .most_bytes = kMaxDocumentBytes};
  request.headers.Add("accept", "application/json");
  return Send(std::move(trust), std::move(url), std::move(request), deadline);
}

net::Task<base::Result<Document>> Fetcher::Post(Trust trust, std::string url, std::string_view authorization,
                                                std::string form, net::Deadline deadline) {
  http::FetchRequest request{.method = "POST", .headers = {}, .body = std::move(form), .most_bytes = kMaxDocumentBytes};
  request.headers.Add("accept", "application/json");
  request.headers.Add("content-type", "application/x-www-form-urlencoded");
  request.headers.Add("authorization", authorization);
  return Send(std::move(trust), std::move(url), std::move(request), deadline);
}

net::Task<base::Result<Document>> Fetcher::Send(Trust trust, std::string url, http::FetchRequest request,
                                                net::Deadline deadline) {
  http::Trust believed{.plaintext = Allowed(trust.plaintext), .ca_file = std::move(trust.ca_file)};
  auto fetched = co_await fetcher_.Send(std::move(believed), url, std::move(request), deadline);
  if (!fetched.ok()) co_return CannotAsk(url + ": " + fetched.error().detail + fetched.error().public_message);
  const http::ResponseHead& head = fetched.value().head;
  co_return Document{.status = head.status,
                     .max_age = MaxAgeOf(head.headers.Find("cache-control").value_or("")),
                     .body = std::move(fetched.value().body)};
}

}  // namespace gatehouse::features::identity::oidc
