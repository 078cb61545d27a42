#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "codec/mail/mailbox.h"
#include "features/common/notice.h"
#include "http/fetcher.h"
#include "net/stream.h"

namespace gatehouse::features::alerts {

// Where alerts can go, as it is configured. A value.
struct WebhookSettings {
  base::Secret url;  // some receivers' addresses are their passwords
  http::Trust trust;
  std::vector<base::Secret> keys;  // raw bytes that bodies are signed with, the newest first; empty: not signed
};
struct SlackSettings {
  base::Secret url;
  http::Trust trust;
};

struct MailSettings {
  net::Endpoint endpoint;  // of the server that takes mail on
  enum class Security : std::uint8_t {
    kStartTls,  // TLS from the beginning of what matters on (RFC 3207); a server that does not offer it gets nothing
    kTls,       // from the first byte on (RFC 8314)
    kNone,
  } security = Security::kStartTls;
  http::Trust trust;      // `plaintext` is about kNone
  std::string hello;      // what the gateway calls itself: codec::mail::IsDomain()
  std::string username;   // "": without authentication
  base::Secret password;  // sent over TLS, or to this machine
  codec::mail::Mailbox from;
  std::vector<codec::mail::Mailbox> to;            // at least one
  base::Duration step = std::chrono::seconds(30);  // the longest wait for one answer
};

struct ChannelSettings {
  std::string name;
  enum class Kind : std::uint8_t { kWebhook, kSlack, kMail } kind = Kind::kWebhook;
  WebhookSettings webhook;                            // of kWebhook
  SlackSettings slack;                                // of kSlack
  std::optional<MailSettings> mail;                   // of kMail
  base::Duration timeout = std::chrono::seconds(10);  // of one attempt
};

// Which alerts go to which channels. An alert goes where any route sends it.
struct Route {
  std::vector<std::string> kinds;  // "budget.threshold", "budget.*"; empty: all
  std::string node;                // a path of the tree: what is at or below it; "": all
  common::Severity least = common::Severity::kInfo;
  std::vector<std::string> channels;
};

struct AlertSettings {
  std::vector<ChannelSettings> channels;
  std::vector<Route> routes;                          // empty: everything goes to every channel
  base::Duration remind_every{};                      // of what lasts; 0: never again
  base::Duration retry_for = std::chrono::hours(24);  // then a delivery has failed
  base::Duration keep = std::chrono::hours(24 * 90);  // what was told
};

// The names of the channels that it goes to, each once, in the order of the configuration.
std::vector<std::string> ChannelsFor(const AlertSettings& settings, const common::Notice& notice);

}  // namespace gatehouse::features::alerts
