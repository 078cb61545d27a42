#include "features/alerts/channel.h"

#include <charconv>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/json/writer.h"

namespace gatehouse::features::alerts {
namespace {

using codec::crypto::Base64Encode;

constexpr std::size_t kLeastKey = 24;
constexpr std::size_t kMostKey = 64;
constexpr std::uint16_t kGone = 410;  // the receiver wants no more of it (Standard Webhooks)
constexpr std::int64_t kMostRetryAfter = 24 * std::int64_t{3600};

std::string HostOf(const base::Secret& url) {
  const auto parsed = http::ParseUrl(url.Reveal());
  return parsed ? parsed->endpoint.host + ":" + std::to_string(parsed->endpoint.port) : "";
}

std::optional<std::chrono::seconds> RetryAfterOf(const http::ResponseHead& head) {
  const auto value = head.headers.Find("retry-after");
  if (!value) return {};
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (problem != std::errc() || end != value->data() + value->size() || seconds < 0) return {};
  return std::chrono::seconds(std::min(seconds, kMostRetryAfter));
}

// What an HTTP receiver's answer means.
Attempted Judged(const base::Result<http::Fetched>& fetched, const Confidential& confidential) {
  if (!fetched.ok()) {
    const base::Error& error = fetched.error();
    const std::string why = error.detail.empty() ? error.public_message : error.detail;
    return {.outcome = Attempted::Outcome::kRetry, .said = confidential.Said(why), .retry_after = {}};
  }
  const auto& [head, body] = fetched.value();
  Attempted attempted{.outcome = Attempted::Outcome::kRetry,
                      .said = std::to_string(head.status) + " " + confidential.Said(body),
                      .retry_after = RetryAfterOf(head)};
  if (head.status >= 200 && head.status < 300) attempted.outcome = Attempted::Outcome::kDelivered;
  if (head.status == kGone) attempted.outcome = Attempted::Outcome::kRefused;
  return attempted;
}

http::FetchRequest PostOf(std::string body) {
  http::FetchRequest request{.method = "POST",
                             .headers = {},
                             .body = std::move(body),
                             .most_bytes = kMostRead,
                             .longer = http::FetchRequest::Longer::kCut};
  request.headers.Add("content-type", "application/json");
  request.headers.Add("user-agent", "gatehouse");
  return request;
}

}  // namespace

std::string SignatureOf(const std::vector<base::Secret>& keys, std::string_view id, std::int64_t timestamp,
                        std::string_view body) {
  const std::string text = std::string(id) + "." + std::to_string(timestamp) + "." + std::string(body);
  std::string signatures;
  for (const base::Secret& key : keys) {
    const auto mac = codec::crypto::HmacSha256(key.Reveal(), text);
    signatures.append(signatures.empty() ? "v1," : " v1,").append(Base64Encode(codec::crypto::AsText(mac)));
  }
  return signatures;
}

base::Result<base::Secret> ParseSigningSecret(const base::Secret& text) {
  constexpr std::string_view kPrefix = "whsec_";
  std::string_view coded = text.Reveal();
  if (!coded.starts_with(kPrefix)) return base::InvalidRequest("must be `whsec_` and the base64 of 24 to 64 bytes");
  coded.remove_prefix(kPrefix.size());
  auto key = codec::crypto::Base64Decode(coded);
  if (!key || key->size() < kLeastKey || key->size() > kMostKey) {
    return base::InvalidRequest("must be `whsec_` and the base64 of 24 to 64 bytes");
  }
  return base::Secret(*std::move(key));
}

// The keys are kept without the form in which receivers know them.
Confidential WebhookChannel::ConfidentialOf(const WebhookSettings& settings) {
  Confidential confidential = Confidential::OfUrl(settings.url.Reveal());
  for (const base::Secret& key : settings.keys) confidential.Add(Base64Encode(key.Reveal()));
  return confidential;
}

std::string WebhookChannel::target() const { return HostOf(settings_.url); }

net::Task<Attempted> WebhookChannel::Send(Alert alert, base::WallTime now, net::Deadline deadline) {
  const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  http::FetchRequest request = PostOf(JsonOf(alert));
  request.headers.Add("webhook-id", alert.name());
  request.headers.Add("webhook-timestamp", std::to_string(seconds));
  if (!settings_.keys.empty()) {
    request.headers.Add("webhook-signature", SignatureOf(settings_.keys, alert.name(), seconds, request.body));
  }
  co_return Judged(
      co_await fetcher_.Send(settings_.trust, std::string(settings_.url.Reveal()), std::move(request), deadline),
      confidential_);
}

// Slack's three characters of control (its "Formatting text for app surfaces"), and what would make names and words
// into markup.
std::string SlackBody(const Alert& alert) {
  std::string text;
  const auto add = [&text](std::string_view plain) {
    for (const char c : plain) {
      switch (c) {
        case '&': text += "&amp;"; break;
        case '<': text += "&lt;"; break;
        case '>': text += "&gt;"; break;
        default: text.push_back(c);
      }
    }
  };
  text += alert.notice.severity == common::Severity::kCritical ? ":rotating_light: " : "";
  add(alert.notice.title);
  text.push_back('\n');
  add(alert.notice.text);
  std::string body;
  codec::json::Writer(body).BeginObject().Field("text", text).Field("mrkdwn", false).EndObject();
  return body;
}

std::string SlackChannel::target() const { return HostOf(settings_.url); }

net::Task<Attempted> SlackChannel::Send(Alert alert, base::WallTime, net::Deadline deadline) {
  co_return Judged(
      co_await fetcher_.Send(settings_.trust, std::string(settings_.url.Reveal()), PostOf(SlackBody(alert)), deadline),
      confidential_);
}

}  // namespace gatehouse::features::alerts
