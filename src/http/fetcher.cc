#include "http/fetcher.h"

#include <chrono>
#include <utility>

namespace gatehouse::http {
namespace {

constexpr ClientTimeouts kTimeouts = {
    .connect = std::chrono::seconds(5), .first_byte = std::chrono::seconds(10), .idle = std::chrono::seconds(5)};
constexpr std::size_t kMaxPools = 64;

base::Error NotToBeCalled(std::string detail) {
  return {.code = base::ErrorCode::kInvalidRequest, .source = base::ErrorSource::kGateway, .detail = std::move(detail)};
}

base::Error Unusable(std::string detail) {
  return {.code = base::ErrorCode::kBadUpstream, .source = base::ErrorSource::kUpstream, .detail = std::move(detail)};
}

// The beginning of a body; the rest is dropped with its connection. `response` outlives the task.
net::Task<base::Result<std::string>> Beginning(ClientResponse& response, std::size_t most_bytes) {
  std::string text;
  while (text.size() < most_bytes) {
    GH_CO_TRY(const std::string_view piece, co_await response.ReadBody());
    if (piece.empty()) break;
    text.append(piece.substr(0, most_bytes - text.size()));
  }
  co_return text;
}

}  // namespace

base::Result<Url> CheckFetchUrl(std::string_view text, Plaintext plaintext) {
  auto url = ParseUrl(text);
  if (!url || !url->user_info.empty()) return NotToBeCalled("is not an acceptable URL");
  const bool allowed =
      plaintext == Plaintext::kAllowed || (plaintext == Plaintext::kOnLoopback && IsLoopback(url->endpoint.host));
  if (url->scheme != Origin::Scheme::kHttps && !allowed) return NotToBeCalled("is not https");
  return *std::move(url);
}

std::shared_ptr<Pool> Fetcher::PoolOf(const Url& url, const std::string& ca_file) {
  const bool secure = url.scheme == Origin::Scheme::kHttps;
  const std::string key =
      (secure ? "s " : "p ") + url.endpoint.host + " " + std::to_string(url.endpoint.port) + " " + ca_file;
  if (pools_.size() >= kMaxPools && !pools_.contains(key)) pools_.clear();
  auto& pool = pools_[key];
  if (!pool) pool = pool_for_({.scheme = url.scheme, .endpoint = url.endpoint}, ca_file);
  return pool;
}

net::Task<base::Result<Fetched>> Fetcher::Send(Trust trust, std::string url, FetchRequest request,
                                               net::Deadline deadline) {
  GH_CO_TRY(const Url where, CheckFetchUrl(url, trust.plaintext));
  const auto pool = PoolOf(where, trust.ca_file);
  if (pool == nullptr) co_return NotToBeCalled("cannot be called");
  const std::string target = where.target.starts_with('/') ? where.target : "/" + where.target;
  GH_CO_TRY(const std::unique_ptr<ClientResponse> response,
            co_await pool->Send(
                {.method = request.method, .target = target, .headers = &request.headers, .body = request.body},
                kTimeouts, deadline));
  Fetched fetched{.head = response->head(), .body = {}};
  if (fetched.head.status >= 300 && fetched.head.status < 400) {
    co_return Unusable("answers " + std::to_string(fetched.head.status) + ": redirects are not followed");
  }
  const bool cut = request.longer == FetchRequest::Longer::kCut;
  GH_CO_TRY(fetched.body,
            co_await (cut ? Beginning(*response, request.most_bytes) : response->CollectBody(request.most_bytes)));
  co_return fetched;
}

}  // namespace gatehouse::http
