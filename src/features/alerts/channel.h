#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "features/alerts/alert.h"
#include "features/alerts/said.h"
#include "features/alerts/settings.h"
#include "http/fetcher.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::features::alerts {

// What became of one attempt.
struct Attempted {
  enum class Outcome : std::uint8_t {
    kDelivered,
    kRetry,    // may pass
    kRefused,  // the receiver wants it no more
  };
  Outcome outcome = Outcome::kRetry;
  std::string said;                                 // by the receiver, or why it was not reached; printable, no secret
  std::optional<std::chrono::seconds> retry_after;  // as the receiver asks
};

// One way to people. Belongs to one loop. Outlives the tasks it gave out.
class Channel {
 public:
  virtual ~Channel() = default;
  // "webhook", "slack", "smtp".
  virtual std::string_view kind() const = 0;
  // For people: the host, never an address that is a password.
  virtual std::string target() const = 0;
  // Tells it once. `now` is what the signature says of the time.
  virtual net::Task<Attempted> Send(Alert alert, base::WallTime now, net::Deadline deadline) = 0;
};

// A JSON body over HTTPS, signed as Standard Webhooks have it (docs/formats/alerts.md).
class WebhookChannel final : public Channel {
 public:
  // `fetcher` outlives it.
  WebhookChannel(WebhookSettings settings, http::Fetcher& fetcher)
      : settings_(std::move(settings)), confidential_(ConfidentialOf(settings_)), fetcher_(fetcher) {}
  std::string_view kind() const override { return "webhook"; }
  std::string target() const override;
  net::Task<Attempted> Send(Alert alert, base::WallTime now, net::Deadline deadline) override;

 private:
  static Confidential ConfidentialOf(const WebhookSettings& settings);

  const WebhookSettings settings_;
  const Confidential confidential_;
  http::Fetcher& fetcher_;
};

// A message for an address that Slack, or what speaks as Slack does, gave out.
class SlackChannel final : public Channel {
 public:
  // `fetcher` outlives it.
  SlackChannel(SlackSettings settings, http::Fetcher& fetcher)
      : settings_(std::move(settings)), confidential_(Confidential::OfUrl(settings_.url.Reveal())), fetcher_(fetcher) {}
  std::string_view kind() const override { return "slack"; }
  std::string target() const override;
  net::Task<Attempted> Send(Alert alert, base::WallTime now, net::Deadline deadline) override;

 private:
  const SlackSettings settings_;
  const Confidential confidential_;
  http::Fetcher& fetcher_;
};

// "v1,<base64>" for each key, by blanks: HMAC-SHA-256 over "id.timestamp.body" (Standard Webhooks, 1.0.0, "Signature
// scheme"). The timestamp is in seconds since 1970.
std::string SignatureOf(const std::vector<base::Secret>& keys, std::string_view id, std::int64_t timestamp,
                        std::string_view body);
// The raw bytes of a secret as receivers are shown it: "whsec_" and base64. kInvalidRequest for what is none, or is
// shorter than 24 bytes or longer than 64.
base::Result<base::Secret> ParseSigningSecret(const base::Secret& text);

// The text of a Slack message: {"text": ...}, in which nothing is a link, a mention or markup.
std::string SlackBody(const Alert& alert);

}  // namespace gatehouse::features::alerts
