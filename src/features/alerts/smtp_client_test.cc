#include "features/alerts/smtp_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/crypto/encoding.h"
#include "features/alerts/fake_mail_server.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::alerts {
namespace {

using namespace std::chrono_literals;
using codec::mail::Mailbox;
using Security = MailSettings::Security;
using Words = std::vector<std::string>;

constexpr std::string_view kMessage = "Subject: x\r\n\r\n.hidden\r\nwords\r\n";

class SmtpClientTest : public ::testing::Test {
 protected:
  MailSettings Settings(Security security = Security::kStartTls) {
    return {.endpoint = {.host = "localhost", .port = 587},
            .security = security,
            .trust = {.plaintext = http::Plaintext::kOnLoopback, .ca_file = {}},
            .hello = "gateway.test",
            .username = "gatehouse",
            .password = base::Secret("s3cret-words"),
            .from = *Mailbox::Parse("gatehouse@example.com"),
            .to = {},
            .step = 30s};
  }
  base::Result<Submitted> Submit(MailSettings settings, std::vector<std::string> to = {"ops@example.com"},
                                 base::Duration within = 60s) {
    Submission submission{.from = settings.from, .to = {}, .message = std::string(kMessage)};
    for (const std::string& one : to) submission.to.push_back(*Mailbox::Parse(one));
    auto submitted = loop_.AwaitFor(
        SubmitMail(std::move(settings), {.connector = server_, .tls = tls_}, std::move(submission), loop_.In(within)),
        within + 1s);
    EXPECT_TRUE(submitted.has_value()) << "it waited beyond its deadline";
    loop_.RunUntilIdle();  // the server hears of the end
    return std::move(submitted).value();
  }
  std::string Problem(MailSettings settings) {
    const auto submitted = Submit(std::move(settings));
    return submitted.ok() ? "none: " + submitted.value().reply.Text() : submitted.error().detail;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  FakeMailServer server_{loop_};
  std::shared_ptr<net::Handshaker> tls_ = server_.Client();
};

TEST_F(SmtpClientTest, HandsAMessageOverInTheRightOrder) {
  const auto submitted = Submit(Settings(), {"ops@example.com", "second@example.com"});
  ASSERT_TRUE(submitted.ok()) << submitted.error().detail;
  EXPECT_EQ(submitted.value().reply.Text(), "250 2.0.0 queued as 77");
  EXPECT_EQ(submitted.value().accepted.size(), 2U);
  EXPECT_TRUE(submitted.value().refused.empty());
  EXPECT_EQ(server_.heard,
            (Words{"EHLO gateway.test", "STARTTLS", "tls", "EHLO gateway.test",
                   "AUTH PLAIN AGdhdGVob3VzZQBzM2NyZXQtd29yZHM=", "MAIL FROM:<gatehouse@example.com> SIZE=30",
                   "RCPT TO:<ops@example.com>", "RCPT TO:<second@example.com>", "DATA", "QUIT"}));
  EXPECT_EQ(server_.messages, Words{"Subject: x\r\n\r\n..hidden\r\nwords\r\n.\r\n"});
}

TEST_F(SmtpClientTest, ReadsAnyCutTheSame) {
  for (const std::size_t chunk : {1U, 2U, 3U, 5U, 7U, 64U}) {
    server_.max_chunk = chunk;
    const auto submitted = Submit(Settings());
    ASSERT_TRUE(submitted.ok()) << submitted.error().detail << " in pieces of " << chunk;
    EXPECT_EQ(submitted.value().reply.code, 250);
  }
}

// A server that goes away in the middle of any answer has taken nothing, until its last answer is whole.
TEST_F(SmtpClientTest, AServerThatGoesAwayAtAnyByteTookNothing) {
  const auto whole = Submit(Settings(Security::kNone));
  ASSERT_TRUE(whole.ok()) << whole.error().detail;
  const std::size_t all = server_.said;
  const std::size_t farewell = std::string_view("221 2.0.0 bye\r\n").size();
  for (std::size_t bytes = 0; bytes <= all; ++bytes) {
    server_.said = 0;
    server_.hang_up_after = bytes;
    const auto submitted = Submit(Settings(Security::kNone));
    EXPECT_EQ(submitted.ok(), bytes >= all - farewell) << bytes << " of " << all;
    if (!submitted.ok()) EXPECT_NE(submitted.error().detail, "") << bytes;
  }
}

TEST_F(SmtpClientTest, TlsFromTheFirstByteOn) {
  server_.tls = FakeMailServer::Tls::kAtOnce;
  const auto submitted = Submit(Settings(Security::kTls));
  ASSERT_TRUE(submitted.ok()) << submitted.error().detail;
  EXPECT_EQ(server_.heard.front(), "tls");
  EXPECT_EQ(server_.heard.at(1), "EHLO gateway.test");
}

TEST_F(SmtpClientTest, NothingIsSaidToAServerWhoseCertificateIsNotBelieved) {
  const net::tls::FakeAuthority stranger("Somebody Else");
  tls_ =
      net::tls::TlsClient::Create({.authorities_pem = stranger.certificate_pem(), .identity = {}, .alpn = {}}).value();
  EXPECT_NE(Problem(Settings()).find("TLS handshake"), std::string::npos);
  EXPECT_EQ(server_.heard, (Words{"EHLO gateway.test", "STARTTLS"}));
  server_.heard.clear();
  MailSettings other_name = Settings();
  other_name.endpoint.host = "other.test";
  tls_ = server_.Client();
  EXPECT_NE(Problem(other_name).find("TLS handshake"), std::string::npos);
  EXPECT_EQ(server_.heard, (Words{"EHLO gateway.test", "STARTTLS"}));
}

TEST_F(SmtpClientTest, AServerWithoutStartTlsGetsNothing) {
  server_.answers = {{.to = "EHLO", .with = "250-mail.test\r\n250 AUTH PLAIN\r\n"}};
  EXPECT_EQ(Problem(Settings()), "the server does not offer STARTTLS");
  EXPECT_EQ(server_.heard, Words{"EHLO gateway.test"});
}

TEST_F(SmtpClientTest, WithoutWorkingTlsSettingsNobodyIsCalled) {
  tls_ = nullptr;
  EXPECT_EQ(Problem(Settings()), "the settings for TLS do not work");
  EXPECT_EQ(Problem(Settings(Security::kTls)), "the settings for TLS do not work");
  EXPECT_EQ(server_.connections, 0U);
}

// What somebody on the way puts behind the answer to STARTTLS must not be taken for the server's word under TLS.
TEST_F(SmtpClientTest, WordsBeforeTheHandshakeAreNotBelieved) {
  server_.answers = {{.to = "STARTTLS", .with = "220 go\r\n250-mail.test\r\n250 AUTH PLAIN\r\n"}};
  EXPECT_EQ(Problem(Settings()), "STARTTLS: the server spoke before it was asked");
}

TEST_F(SmtpClientTest, WhatWasOfferedInClearIsForgottenUnderTls) {
  server_.answers = {{.to = "EHLO gateway.test", .with = "250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"}};
  ASSERT_TRUE(Submit(Settings()).ok());
  // SIZE was not offered again.
  EXPECT_EQ(server_.heard.at(5), "MAIL FROM:<gatehouse@example.com>");
}

TEST_F(SmtpClientTest, ClearTextOnlyToThisMachineOrWhereAllowed) {
  MailSettings settings = Settings(Security::kNone);
  settings.endpoint.host = "mail.example.com";
  EXPECT_EQ(Problem(settings), "the server is not on this machine and is not to be reached without TLS");
  EXPECT_EQ(server_.connections, 0U);
  settings.trust.plaintext = http::Plaintext::kAllowed;
  EXPECT_EQ(Problem(settings), "a password is not sent without TLS");
  EXPECT_EQ(server_.heard, Words{"EHLO gateway.test"});
  settings.username.clear();
  EXPECT_TRUE(Submit(settings).ok());
  settings = Settings(Security::kNone);
  EXPECT_TRUE(Submit(settings).ok()) << "loopback";
}

TEST_F(SmtpClientTest, AuthLoginWhereThereIsNothingElse) {
  server_.answers = {{.to = "EHLO", .with = "250-mail.test\r\n250-STARTTLS\r\n250 AUTH LOGIN\r\n"},
                     {.to = codec::crypto::Base64Encode("gatehouse"), .with = "334 UGFzc3dvcmQ6\r\n"},
                     {.to = codec::crypto::Base64Encode("s3cret-words"), .with = "235 ok\r\n"}};
  ASSERT_TRUE(Submit(Settings()).ok());
  EXPECT_EQ(server_.heard.at(4), "AUTH LOGIN");
  EXPECT_EQ(server_.heard.at(5), codec::crypto::Base64Encode("gatehouse"));
  EXPECT_EQ(server_.heard.at(6), codec::crypto::Base64Encode("s3cret-words"));
}

TEST_F(SmtpClientTest, WhatEndsASessionIsSaid) {
  const struct {
    std::string to;
    std::string with;
    std::string problem;
  } cases[] = {
      {"greeting", "554 5.7.1 go away\r\n", "greeting: 554 5.7.1 go away"},
      {"greeting", "421 4.3.2 later\r\n", "greeting: 421 4.3.2 later"},
      {"greeting", "HTTP/1.1 400 Bad Request\r\n",
       "greeting: not a mail server's answer: a line does not begin with a code"},
      {"greeting", "", "greeting: the server closed the connection"},
      {"greeting", "220 a\r\n220 b\r\n", "EHLO: the server spoke before it was asked"},
      {"EHLO", "502 what\r\n", "EHLO: 502 what"},
      {"EHLO", "250-" + std::string(3000, 'x'), "EHLO: not a mail server's answer: a line is too long"},
      {"STARTTLS", "454 4.7.0 no\r\n", "STARTTLS: 454 4.7.0 no"},
      {"AUTH", "535 5.7.8 wrong password\r\n", "AUTH: 535 5.7.8 wrong password"},
      {"AUTH", "", "AUTH: the server closed the connection"},
      {"MAIL", "", "MAIL: the server closed the connection"},
      {"RCPT", "", "RCPT: the server closed the connection"},
      {"DATA", "", "DATA: the server closed the connection"},
      {"message", "", "message: the server closed the connection"},
  };
  for (const auto& one : cases) {
    server_.answers = {{.to = one.to, .with = one.with}};
    EXPECT_EQ(Problem(Settings()), one.problem);
  }
  server_.up = false;
  EXPECT_EQ(Problem(Settings()), "connect: Connection refused");
}

TEST_F(SmtpClientTest, NoMechanismInCommon) {
  server_.answers = {{.to = "EHLO", .with = "250-mail.test\r\n250-STARTTLS\r\n250 AUTH GSSAPI\r\n"}};
  EXPECT_EQ(Problem(Settings()), "the server offers neither AUTH PLAIN nor AUTH LOGIN");
}

TEST_F(SmtpClientTest, EachRecipientHasAWord) {
  server_.answers = {{.to = "RCPT TO:<no@", .with = "550-5.1.1 no such\r\n550 5.1.1 user\r\n"},
                     {.to = "RCPT TO:<later@", .with = "450 4.2.0 greylisted\r\n"}};
  const auto submitted = Submit(Settings(), {"no@example.com", "ops@example.com", "later@example.com"});
  ASSERT_TRUE(submitted.ok());
  EXPECT_EQ(submitted.value().accepted, std::vector{*Mailbox::Parse("ops@example.com")});
  ASSERT_EQ(submitted.value().refused.size(), 2U);
  EXPECT_EQ(submitted.value().refused[0].reply.Text(), "550 5.1.1 no such user");
  EXPECT_EQ(submitted.value().refused[1].reply.Text(), "450 4.2.0 greylisted");
  EXPECT_EQ(submitted.value().reply.code, 250);
}

TEST_F(SmtpClientTest, WithoutARecipientThereIsNoMessage) {
  server_.answers = {{.to = "RCPT", .with = "550 5.1.1 nobody\r\n"}};
  const auto submitted = Submit(Settings(), {"a@example.com", "b@example.com"});
  ASSERT_TRUE(submitted.ok());
  EXPECT_TRUE(submitted.value().accepted.empty());
  EXPECT_EQ(submitted.value().reply.code, 550);
  EXPECT_TRUE(server_.messages.empty());
  EXPECT_EQ(server_.heard.back(), "QUIT");
}

TEST_F(SmtpClientTest, AServerMayRefuseAtAnyStep) {
  for (const std::string step : {"MAIL", "DATA", "message"}) {
    server_.answers = {{.to = step, .with = "552 5.3.4 too much\r\n"}};
    const auto submitted = Submit(Settings());
    ASSERT_TRUE(submitted.ok()) << step;
    EXPECT_EQ(submitted.value().reply.Text(), "552 5.3.4 too much") << step;
    EXPECT_EQ(server_.heard.back(), "QUIT");
  }
}

TEST_F(SmtpClientTest, EachStepHasItsTime) {
  for (const std::string step : {"greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "message"}) {
    server_.answers = {{.to = step, .with = "..."}};
    const auto began = loop_.Now();
    const std::string problem = Problem(Settings());
    EXPECT_EQ(problem, step + ": read timed out");
    const auto took = loop_.Now() - began;
    EXPECT_GE(took, 30s) << step;
    EXPECT_LT(took, 31s) << step;
  }
}

TEST_F(SmtpClientTest, AndAllOfThemTogether) {
  MailSettings settings = Settings();
  server_.answers = {{.to = "MAIL", .with = "..."}};
  const auto began = loop_.Now();
  const auto submitted = Submit(settings, {"ops@example.com"}, 5s);
  EXPECT_FALSE(submitted.ok());
  EXPECT_LT(loop_.Now() - began, 6s);
}

TEST_F(SmtpClientTest, AFarewellThatDoesNotComeCostsLittle) {
  server_.answers = {{.to = "QUIT", .with = "..."}};
  const auto began = loop_.Now();
  ASSERT_TRUE(Submit(Settings()).ok());
  EXPECT_LT(loop_.Now() - began, 3s);
}

// Dropping the task at any wait closes the connection; the sanitizers see what is left.
TEST_F(SmtpClientTest, MayBeDroppedAtAnyTime) {
  for (const std::string step : {"greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "message", "QUIT"}) {
    server_.answers = {{.to = step, .with = "..."}};
    Submission submission{
        .from = Settings().from, .to = {*Mailbox::Parse("ops@example.com")}, .message = std::string(kMessage)};
    EXPECT_FALSE(loop_.Await(SubmitMail(Settings(), {.connector = server_, .tls = tls_}, submission, loop_.In(60s))));
    loop_.RunUntilIdle();
  }
}

}  // namespace
}  // namespace gatehouse::features::alerts
