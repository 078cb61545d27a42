#include "features/alerts/mail_channel.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/smtp/reply.h"

namespace gatehouse::features::alerts {
namespace {

using codec::mail::Mailbox;
using Outcome = Attempted::Outcome;

constexpr std::size_t kMostRemembered = 1024;
constexpr std::size_t kMostTitle = 250;  // bytes
constexpr std::size_t kMostFact = 500;

bool IsTransient(const Submitted::Refused& refused) { return !refused.reply.permanent(); }

// "refused for a@example.com: 550 5.1.1 no such user".
std::string RefusalsOf(const Submitted& submitted) {
  std::string text;
  for (const auto& [to, reply] : submitted.refused) {
    text.append(text.empty() ? "" : "; ").append(reply.permanent() ? "refused for " : "not yet for ");
    text.append(to.text()).append(": ").append(reply.Text());
  }
  return text;
}

std::string SaidOf(const Submitted& submitted) {
  std::string refusals = RefusalsOf(submitted);
  if (submitted.accepted.empty() && !refusals.empty()) return refusals;
  return submitted.reply.Text() + (refusals.empty() ? "" : "; " + refusals);
}

// A message that was not taken: whether it may be, or one of its recipients.
Outcome OutcomeOfRefusal(const Submitted& submitted) {
  if (submitted.refused.empty() || !submitted.accepted.empty()) {
    return submitted.reply.permanent() ? Outcome::kRefused : Outcome::kRetry;
  }
  return std::ranges::any_of(submitted.refused, IsTransient) ? Outcome::kRetry : Outcome::kRefused;
}

std::string TextOf(const Alert& alert) {
  const common::Notice& notice = alert.notice;
  std::string text = Printable(notice.title, kMostTitle) + "\n\n" + notice.text + "\n\n";
  for (const auto& [name, value] : notice.facts) {
    text.append(name).append(": ").append(Printable(value, kMostFact)).append("\n");
  }
  text.append("\n-- \n").append(notice.kind).append(", ").append(ToString(notice.severity)).append(", ");
  return text.append(TimeText(alert.at_ms)).append(", ").append(alert.name()).append("\n");
}

}  // namespace

codec::mail::Message MailOf(const Alert& alert, const MailSettings& settings) {
  const common::Notice& notice = alert.notice;
  const bool critical = notice.severity == common::Severity::kCritical;
  const std::string title = Printable(notice.title, kMostTitle);
  codec::mail::Message message{
      .id = alert.name() + "@" + std::string(settings.from.domain()),
      .date = alert.at_ms / 1000,
      .from = settings.from,
      .to = settings.to,
      .subject = (critical ? "[gatehouse] CRITICAL: " : "[gatehouse] ") + title,
      .text = TextOf(alert),
      .fields = {{"X-Gatehouse-Kind", notice.kind}, {"X-Gatehouse-Severity", std::string(ToString(notice.severity))}}};
  if (critical) message.fields.emplace_back("Importance", "high");
  return message;
}

MailChannel::MailChannel(MailSettings settings, MailTransport transport)
    : settings_(std::move(settings)), transport_(std::move(transport)) {
  // As it is given to servers too, which quote what they do not understand.
  const std::string_view password = settings_.password.Reveal();
  confidential_.Add(password);
  confidential_.Add(codec::crypto::Base64Encode(password));
  if (!password.empty()) confidential_.Add(codec::smtp::PlainCredentials(settings_.username, password));
}

std::string MailChannel::target() const {
  return settings_.endpoint.host + ":" + std::to_string(settings_.endpoint.port);
}

MailChannel::Mailboxes MailChannel::Missing(std::int64_t alert) const {
  const auto known = reached_.find(alert);
  if (known == reached_.end()) return settings_.to;
  Mailboxes missing;
  std::ranges::copy_if(settings_.to, std::back_inserter(missing), [&](const Mailbox& one) {
    return std::ranges::find(known->second, one) == known->second.end();
  });
  return missing;
}

Attempted MailChannel::Judge(std::int64_t alert, const Submitted& submitted) {
  Attempted attempted{.outcome = Outcome::kDelivered, .said = confidential_.Said(SaidOf(submitted)), .retry_after = {}};
  const bool taken = submitted.reply.done() && !submitted.accepted.empty();
  const bool before = reached_.contains(alert);
  if (!taken) attempted.outcome = OutcomeOfRefusal(submitted);
  if (taken && std::ranges::any_of(submitted.refused, IsTransient)) {
    if (!before && reached_.size() >= kMostRemembered) reached_.erase(reached_.begin());
    std::ranges::copy(submitted.accepted, std::back_inserter(reached_[alert]));
    attempted.outcome = Outcome::kRetry;
  }
  if (attempted.outcome == Outcome::kRetry) return attempted;
  // The rest are refused for good, but the alert was told.
  if (before) attempted.outcome = Outcome::kDelivered;
  reached_.erase(alert);
  return attempted;
}

net::Task<Attempted> MailChannel::Send(Alert alert, base::WallTime, net::Deadline deadline) {
  Submission submission{
      .from = settings_.from, .to = Missing(alert.id), .message = codec::mail::Format(MailOf(alert, settings_))};
  const auto submitted = co_await SubmitMail(settings_, transport_, std::move(submission), deadline);
  if (submitted.ok()) co_return Judge(alert.id, submitted.value());
  const base::Error& error = submitted.error();
  co_return Attempted{.outcome = Outcome::kRetry,
                      .said = confidential_.Said(error.detail.empty() ? error.public_message : error.detail),
                      .retry_after = {}};
}

}  // namespace gatehouse::features::alerts
