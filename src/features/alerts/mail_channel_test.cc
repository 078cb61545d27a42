#include "features/alerts/mail_channel.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "base/clock.h"
#include "codec/crypto/encoding.h"
#include "features/alerts/fake_mail_server.h"
#include "features/alerts/fake_receiver.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::alerts {
namespace {

using namespace std::chrono_literals;
using codec::mail::Mailbox;
using Outcome = Attempted::Outcome;
using Words = std::vector<std::string>;

class MailChannelTest : public ::testing::Test {
 protected:
  static MailSettings Settings() {
    return {.endpoint = {.host = "localhost", .port = 587},
            .security = MailSettings::Security::kStartTls,
            .trust = {},
            .hello = "gateway.test",
            .username = "gatehouse",
            .password = base::Secret("s3cret-words"),
            .from = *Mailbox::Parse("gatehouse@example.com"),
            .to = {*Mailbox::Parse("ops@example.com"), *Mailbox::Parse("second@example.com")}};
  }
  static Alert AlertOf(std::int64_t id = 77) {
    return {.id = id, .at_ms = 1'763'000'000'000, .notice = NoticeFor("k")};
  }
  Attempted Send(std::int64_t id = 77) {
    server_.heard.clear();
    return *loop_.AwaitFor(channel_.Send(AlertOf(id), clock_.Wall(), loop_.In(60s)), 61s);
  }
  Words Asked() const {
    Words asked;
    for (const std::string& line : server_.heard) {
      if (line.starts_with("RCPT")) asked.push_back(line.substr(9, line.find('@') - 9));
    }
    return asked;
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  FakeMailServer server_{loop_};
  MailChannel channel_{Settings(), {.connector = server_, .tls = server_.Client()}};
};

TEST_F(MailChannelTest, SaysWhatHappenedInAMessage) {
  const Attempted attempted = Send();
  EXPECT_EQ(attempted.outcome, Outcome::kDelivered);
  EXPECT_EQ(attempted.said, "250 2.0.0 queued as 77");
  ASSERT_EQ(server_.messages.size(), 1U);
  EXPECT_EQ(server_.messages.front(),
            "Date: Thu, 13 Nov 2025 02:13:20 +0000\r\n"
            "From: gatehouse@example.com\r\n"
            "To: ops@example.com,\r\n second@example.com\r\n"
            "Message-ID: <alert_77@example.com>\r\n"
            "Subject: [gatehouse] 80 % of the budget 'monthly' of acme/search is spent\r\n"
            "X-Gatehouse-Kind: budget.threshold\r\n"
            "X-Gatehouse-Severity: warning\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "80 % of the budget 'monthly' of acme/search is spent\r\n"
            "\r\n"
            "Words.\r\n"
            "\r\n"
            "budget: monthly\r\n"
            "spent: 80\r\n"
            "\r\n"
            "--=20\r\n"
            "budget.threshold, warning, 2025-11-13T02:13:20Z, alert_77\r\n"
            ".\r\n");
  EXPECT_EQ(channel_.kind(), "smtp");
  EXPECT_EQ(channel_.target(), "localhost:587");
}

TEST_F(MailChannelTest, AnAttemptLaterIsTheSameMessage) {
  Send();
  loop_.Advance(1h);
  Send();
  ASSERT_EQ(server_.messages.size(), 2U);
  EXPECT_EQ(server_.messages[0], server_.messages[1]);
}

TEST_F(MailChannelTest, WhatIsCriticalSaysSo) {
  Alert alert = AlertOf();
  alert.notice.severity = common::Severity::kCritical;
  alert.notice.title = "Das Budget \xC2\xBBM\xC3\xBCnchen\xC2\xAB\r\nBcc: thief@evil.example";
  const std::string message = codec::mail::Format(MailOf(alert, Settings()));
  EXPECT_NE(message.find("Importance: high\r\n"), std::string::npos);
  EXPECT_EQ(message.find("\r\nBcc:"), std::string::npos);
  const auto mail = MailOf(alert, Settings());
  EXPECT_TRUE(mail.subject.starts_with("[gatehouse] CRITICAL: Das Budget"));
}

TEST_F(MailChannelTest, WhatTheServerSaysDecides) {
  const struct {
    std::string to;
    std::string with;
    Outcome outcome;
    std::string said;
  } cases[] = {
      {"greeting", "421 4.3.2 later\r\n", Outcome::kRetry, "greeting: 421 4.3.2 later"},
      {"greeting", "554 5.7.1 no\r\n", Outcome::kRetry, "greeting: 554 5.7.1 no"},
      {"AUTH", "535 5.7.8 wrong\r\n", Outcome::kRetry, "AUTH: 535 5.7.8 wrong"},
      {"MAIL", "451 4.3.0 later\r\n", Outcome::kRetry, "451 4.3.0 later"},
      {"MAIL", "550 5.7.1 not you\r\n", Outcome::kRefused, "550 5.7.1 not you"},
      {"RCPT", "450 4.2.0 greylisted\r\n", Outcome::kRetry,
       "not yet for ops@example.com: 450 4.2.0 greylisted; not yet for second@example.com: 450 4.2.0 greylisted"},
      {"RCPT", "550 5.1.1 nobody\r\n", Outcome::kRefused,
       "refused for ops@example.com: 550 5.1.1 nobody; refused for second@example.com: 550 5.1.1 nobody"},
      {"DATA", "451 4.3.0 later\r\n", Outcome::kRetry, "451 4.3.0 later"},
      {"DATA", "554 5.5.1 no\r\n", Outcome::kRefused, "554 5.5.1 no"},
      {"message", "452 4.3.1 full\r\n", Outcome::kRetry, "452 4.3.1 full"},
      {"message", "554 5.6.0 spam\r\n", Outcome::kRefused, "554 5.6.0 spam"},
  };
  for (const auto& one : cases) {
    server_.answers = {{.to = one.to, .with = one.with}};
    const Attempted attempted = Send();
    EXPECT_EQ(attempted.outcome, one.outcome) << one.to << " " << one.with;
    EXPECT_EQ(attempted.said, one.said);
  }
}

TEST_F(MailChannelTest, ARecipientWhoIsRefusedIsReported) {
  server_.answers = {{.to = "RCPT TO:<second@", .with = "550 5.1.1 no such user\r\n"}};
  const Attempted attempted = Send();
  EXPECT_EQ(attempted.outcome, Outcome::kDelivered);
  EXPECT_EQ(attempted.said, "250 2.0.0 queued as 77; refused for second@example.com: 550 5.1.1 no such user");
}

TEST_F(MailChannelTest, WhoHasItDoesNotGetItAgain) {
  server_.answers = {{.to = "RCPT TO:<second@", .with = "450 4.2.0 greylisted\r\n"}};
  const Attempted first = Send();
  EXPECT_EQ(first.outcome, Outcome::kRetry);
  EXPECT_EQ(first.said, "250 2.0.0 queued as 77; not yet for second@example.com: 450 4.2.0 greylisted");
  EXPECT_EQ(Asked(), (Words{"ops", "second"}));
  EXPECT_EQ(Send().outcome, Outcome::kRetry);
  EXPECT_EQ(Asked(), Words{"second"});
  Send(78);
  EXPECT_EQ(Asked(), (Words{"ops", "second"})) << "another alert";
  server_.answers.clear();
  EXPECT_EQ(Send().outcome, Outcome::kDelivered);
  EXPECT_EQ(Asked(), Words{"second"});
}

TEST_F(MailChannelTest, WhatOneGotIsDeliveredThoughTheOtherIsRefusedInTheEnd) {
  server_.answers = {{.to = "RCPT TO:<second@", .with = "450 4.2.0 greylisted\r\n"}};
  EXPECT_EQ(Send().outcome, Outcome::kRetry);
  server_.answers = {{.to = "RCPT TO:<second@", .with = "550 5.7.1 never\r\n"}};
  const Attempted last = Send();
  EXPECT_EQ(last.outcome, Outcome::kDelivered);
  EXPECT_EQ(last.said, "refused for second@example.com: 550 5.7.1 never");
}

// Servers quote what they do not understand.
TEST_F(MailChannelTest, NoPasswordIsInWhatIsKept) {
  const std::string plain = codec::smtp::PlainCredentials("gatehouse", "s3cret-words");
  for (const std::string& echo : {plain, codec::crypto::Base64Encode("s3cret-words"), std::string("s3cret-words")}) {
    server_.answers = {{.to = "AUTH", .with = "500 5.5.2 what is \"AUTH " + echo + "\"\x07\r\n"}};
    EXPECT_EQ(Send().said, "AUTH: 500 5.5.2 what is \"AUTH [...]\" ");
  }
  server_.answers = {
      {.to = "MAIL", .with = "550-" + std::string(1900, 'x') + "\r\n550 " + std::string(1900, 'y') + "\r\n"}};
  EXPECT_EQ(Send().said.size(), kMostSaid);
}

}  // namespace
}  // namespace gatehouse::features::alerts
