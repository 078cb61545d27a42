#include "features/alerts/smtp_client.h"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "codec/crypto/encoding.h"

namespace gatehouse::features::alerts {
namespace {

using base::Result;
using codec::mail::Mailbox;
using codec::smtp::Extensions;
using codec::smtp::Reply;
using Security = MailSettings::Security;

constexpr base::Duration kFarewell = std::chrono::seconds(2);  // for the answer to QUIT, which decides nothing

base::Error NotServed(std::string detail) {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kUpstream,
          .retry = base::Retry::kSameTarget,
          .detail = std::move(detail)};
}

base::Error Refusal(std::string_view step, const Reply& reply) {
  return NotServed(std::string(step) + ": " + reply.Text());
}

base::Error During(std::string_view step, base::Error error) {
  error.detail = std::string(step) + ": " + (error.detail.empty() ? error.public_message : error.detail);
  return error;
}

// One connection to a mail server, from its greeting on. Lives in the frame of SubmitMail().
class Conversation {
 public:
  // `server` outlives it.
  Conversation(const MailSettings& server, std::unique_ptr<net::Stream> stream, net::Deadline deadline)
      : server_(server), stream_(std::move(stream)), deadline_(deadline) {}

  // Up to where mail can be sent.
  net::Task<base::Status> Open(net::Handshaker* tls);
  // `submission` outlives the task.
  net::Task<Result<Submitted>> Hand(const Submission& submission);
  net::Task<> Quit();

 private:
  // The next reply. `step` is a constant.
  net::Task<Result<Reply>> Answer(std::string_view step);
  // Sends a line, or what else follows, and waits for the reply to it.
  net::Task<Result<Reply>> Say(std::string_view step, std::string bytes);
  net::Task<base::Status> Hello();
  net::Task<base::Status> StartTls(net::Handshaker* tls);
  net::Task<base::Status> Authenticate();
  net::Task<Result<Reply>> AuthenticateByLogin();
  net::Deadline Soon() const { return stream_->loop().In(server_.step).Earlier(deadline_); }

  const MailSettings& server_;
  std::unique_ptr<net::Stream> stream_;
  net::Deadline deadline_;
  codec::smtp::ReplyDecoder decoder_;
  Extensions extensions_;
};

net::Task<Result<Reply>> Conversation::Answer(std::string_view step) {
  const net::Deadline deadline = Soon();
  std::array<char, 1024> buffer{};
  for (;;) {
    auto reply = decoder_.Next();
    if (!reply.ok()) co_return During(step, std::move(reply).TakeError());
    if (reply.value()) co_return *std::move(reply).value();
    const auto bytes = co_await net::ReadSome(*stream_, buffer, deadline);
    if (!bytes.ok()) co_return During(step, bytes.error());
    if (bytes.value() == 0) co_return NotServed(std::string(step) + ": the server closed the connection");
    decoder_.Feed(std::string_view(buffer.data(), bytes.value()));
  }
}

net::Task<Result<Reply>> Conversation::Say(std::string_view step, std::string bytes) {
  // An answer that was not asked for would be taken for the one to this.
  if (decoder_.buffered() > 0) co_return NotServed(std::string(step) + ": the server spoke before it was asked");
  const std::string_view piece = bytes;
  const auto written = co_await net::WriteAll(*stream_, std::span(&piece, 1), Soon());
  if (!written.ok()) co_return During(step, written.error());
  co_return co_await Answer(step);
}

net::Task<base::Status> Conversation::Hello() {
  GH_CO_TRY(const Reply reply, co_await Say("EHLO", "EHLO " + server_.hello + "\r\n"));
  if (!reply.done()) co_return Refusal("EHLO", reply);
  extensions_ = codec::smtp::ExtensionsOf(reply);
  co_return base::Ok();
}

net::Task<base::Status> Conversation::StartTls(net::Handshaker* tls) {
  if (!extensions_.starttls) co_return NotServed("the server does not offer STARTTLS");
  GH_CO_TRY(const Reply reply, co_await Say("STARTTLS", "STARTTLS\r\n"));
  if (!reply.done()) co_return Refusal("STARTTLS", reply);
  // Whatever came before the handshake may be anybody's (RFC 3207, 4.2).
  if (decoder_.buffered() > 0) co_return NotServed("STARTTLS: the server spoke before it was asked");
  if (tls == nullptr) co_return NotServed("the settings for TLS do not work");
  const net::Deadline deadline = Soon();
  GH_CO_TRY(stream_, co_await tls->Handshake(std::move(stream_), server_.endpoint.host, deadline));
  decoder_ = {};
  co_return co_await Hello();
}

net::Task<Result<Reply>> Conversation::AuthenticateByLogin() {
  GH_CO_TRY(Reply reply, co_await Say("AUTH", "AUTH LOGIN\r\n"));
  constexpr std::uint16_t kGoOn = 334;
  const std::string_view words[] = {server_.username, server_.password.Reveal()};
  for (const std::string_view word : words) {
    if (reply.code != kGoOn) co_return reply;
    GH_CO_TRY(reply, co_await Say("AUTH", codec::crypto::Base64Encode(word) + "\r\n"));
  }
  co_return reply;
}

net::Task<base::Status> Conversation::Authenticate() {
  const bool secure = server_.security != Security::kNone || http::IsLoopback(server_.endpoint.host);
  if (!secure) co_return NotServed("a password is not sent without TLS");
  if (!extensions_.auth_plain && !extensions_.auth_login)
    co_return NotServed("the server offers neither AUTH PLAIN nor AUTH LOGIN");
  auto reply =
      extensions_.auth_plain
          ? co_await Say(
                "AUTH",
                "AUTH PLAIN " + codec::smtp::PlainCredentials(server_.username, server_.password.Reveal()) + "\r\n")
          : co_await AuthenticateByLogin();
  if (!reply.ok()) co_return std::move(reply).TakeFailure();
  if (!reply.value().done()) co_return Refusal("AUTH", reply.value());
  co_return base::Ok();
}

net::Task<base::Status> Conversation::Open(net::Handshaker* tls) {
  GH_CO_TRY(const Reply greeting, co_await Answer("greeting"));
  if (!greeting.done()) co_return Refusal("greeting", greeting);
  GH_CO_CHECK_OK(co_await Hello());
  if (server_.security == Security::kStartTls) GH_CO_CHECK_OK(co_await StartTls(tls));
  if (!server_.username.empty()) GH_CO_CHECK_OK(co_await Authenticate());
  co_return base::Ok();
}

net::Task<Result<Submitted>> Conversation::Hand(const Submission& submission) {
  constexpr std::uint16_t kGoOn = 354;
  Submitted submitted;
  const std::string size = extensions_.size ? " SIZE=" + std::to_string(submission.message.size()) : "";
  GH_CO_TRY(submitted.reply, co_await Say("MAIL", "MAIL FROM:<" + submission.from.text() + ">" + size + "\r\n"));
  if (!submitted.reply.done()) co_return submitted;
  for (const Mailbox& to : submission.to) {
    GH_CO_TRY(submitted.reply, co_await Say("RCPT", "RCPT TO:<" + to.text() + ">\r\n"));
    if (submitted.reply.done()) {
      submitted.accepted.push_back(to);
    } else {
      submitted.refused.push_back({.to = to, .reply = submitted.reply});
    }
  }
  if (submitted.accepted.empty()) co_return submitted;
  GH_CO_TRY(submitted.reply, co_await Say("DATA", "DATA\r\n"));
  if (submitted.reply.code == kGoOn) {
    GH_CO_TRY(submitted.reply, co_await Say("message", codec::smtp::DataOf(submission.message)));
  }
  co_return submitted;
}

net::Task<> Conversation::Quit() {
  deadline_ = stream_->loop().In(kFarewell).Earlier(deadline_);
  static_cast<void>(co_await Say("QUIT", "QUIT\r\n"));
}

net::Task<Result<std::unique_ptr<net::Stream>>> Reach(const MailSettings& server, const MailTransport& transport,
                                                      net::Deadline deadline) {
  const bool clear = server.security == Security::kNone;
  const bool allowed = server.trust.plaintext == http::Plaintext::kAllowed || http::IsLoopback(server.endpoint.host);
  if (clear && !allowed) co_return NotServed("the server is not on this machine and is not to be reached without TLS");
  if (!clear && transport.tls == nullptr) co_return NotServed("the settings for TLS do not work");
  auto stream = co_await transport.connector.Connect(server.endpoint, deadline);
  if (!stream.ok() || server.security != Security::kTls) co_return stream;
  co_return co_await transport.tls->Handshake(std::move(stream).value(), server.endpoint.host, deadline);
}

}  // namespace

net::Task<Result<Submitted>> SubmitMail(MailSettings server, MailTransport transport, Submission submission,
                                        net::Deadline deadline) {
  GH_CO_TRY(std::unique_ptr<net::Stream> stream, co_await Reach(server, transport, deadline));
  Conversation conversation(server, std::move(stream), deadline);
  GH_CO_CHECK_OK(co_await conversation.Open(transport.tls.get()));
  auto submitted = co_await conversation.Hand(submission);
  if (submitted.ok()) co_await conversation.Quit();
  co_return submitted;
}

}  // namespace gatehouse::features::alerts
