#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/mail/mailbox.h"
#include "codec/smtp/reply.h"
#include "features/alerts/settings.h"
#include "net/stream.h"
#include "net/task.h"

namespace gatehouse::features::alerts {

// How a mail server is reached. `connector` outlives whoever has it.
struct MailTransport {
  net::Connector& connector;
  std::shared_ptr<net::Handshaker> tls;  // null: the settings for it do not work, and nothing is sent without it
};

// What is handed to a mail server.
struct Submission {
  codec::mail::Mailbox from;
  std::vector<codec::mail::Mailbox> to;  // at least one
  std::string message;                   // as codec::mail::Format() makes it
};

// What the server said to it.
struct Submitted {
  struct Refused {
    codec::mail::Mailbox to;
    codec::smtp::Reply reply;
  };
  std::vector<codec::mail::Mailbox> accepted;  // those that the message was sent for
  std::vector<Refused> refused;
  // The last word: to the message, or to what was refused before it; to the last recipient, where none was accepted.
  codec::smtp::Reply reply;
};

// Hands a message to a mail server: one connection, one message (RFC 5321; STARTTLS as in RFC 3207, AUTH as in
// RFC 4954). Each answer is waited for `server.step` at most, and nothing beyond the deadline. An error: the server was
// not reached, does not speak as agreed, or does not let the gateway in, all of which may pass; `detail` says what the
// gateway was at and what the server said. A password goes over TLS only, or to this machine. The transport outlives
// the task.
net::Task<base::Result<Submitted>> SubmitMail(MailSettings server, MailTransport transport, Submission submission,
                                              net::Deadline deadline);

}  // namespace gatehouse::features::alerts
