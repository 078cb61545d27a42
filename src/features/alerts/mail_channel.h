#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "codec/mail/message.h"
#include "features/alerts/channel.h"
#include "features/alerts/said.h"
#include "features/alerts/smtp_client.h"

namespace gatehouse::features::alerts {

// The message that tells an alert: the same bytes at every attempt.
codec::mail::Message MailOf(const Alert& alert, const MailSettings& settings);

// A mail through a server that takes it on. Who has taken an alert does not get it again because another recipient was
// told to wait, as far as this process knows.
class MailChannel final : public Channel {
 public:
  MailChannel(MailSettings settings, MailTransport transport);
  std::string_view kind() const override { return "smtp"; }
  std::string target() const override;
  net::Task<Attempted> Send(Alert alert, base::WallTime now, net::Deadline deadline) override;

 private:
  using Mailboxes = std::vector<codec::mail::Mailbox>;

  Mailboxes Missing(std::int64_t alert) const;
  Attempted Judge(std::int64_t alert, const Submitted& submitted);

  const MailSettings settings_;
  const MailTransport transport_;
  Confidential confidential_;
  std::map<std::int64_t, Mailboxes> reached_;  // of alerts that somebody is still to get; bounded
};

}  // namespace gatehouse::features::alerts
