#include "features/alerts/channel.h"

#include <gtest/gtest.h>

#include "codec/json/document.h"
#include "features/alerts/fake_receiver.h"

namespace gatehouse::features::alerts {
namespace {

using Outcome = Attempted::Outcome;

base::Secret KeyOf(const std::string& text) { return ParseSigningSecret(base::Secret(text)).value(); }

// The example of the Standard Webhooks libraries.
TEST(SignatureOf, IsTheOneOfTheSpecification) {
  const std::vector<base::Secret> keys = {KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  EXPECT_EQ(SignatureOf(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(SignatureOf, HasOneForEachKeyWhileTheyRotate) {
  const auto fresh = KeyOf("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  const auto old = KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const std::string both = SignatureOf({fresh, old}, "id", 1, "body");
  EXPECT_EQ(both, SignatureOf({fresh}, "id", 1, "body") + " " + SignatureOf({old}, "id", 1, "body"));
  EXPECT_NE(SignatureOf({fresh}, "id", 1, "body"), SignatureOf({fresh}, "id", 2, "body"));
  EXPECT_NE(SignatureOf({fresh}, "id", 1, "body"), SignatureOf({fresh}, "ie", 1, "body"));
}

TEST(ParseSigningSecret, RefusesWhatIsNone) {
  for (const std::string text : {"", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!!!"}) {
    const auto key = ParseSigningSecret(base::Secret(text));
    ASSERT_FALSE(key.ok()) << text;
    EXPECT_EQ(key.error().public_message.find("AAAA"), std::string::npos);
  }
}

class ChannelTest : public ::testing::Test {
 protected:
  Attempted Send(Channel& channel, common::Notice notice = NoticeFor("k")) {
    const Alert alert{.id = 77, .at_ms = 1'763'000'000'000, .notice = std::move(notice)};
    return *loop_.AwaitFor(channel.Send(alert, clock_.Wall(), loop_.In(std::chrono::seconds(10))),
                           std::chrono::seconds(20));
  }
  WebhookSettings Settings(std::string url = "http://127.0.0.1:9/hook?token=s3cret") {
    return {.url = base::Secret(std::move(url)),
            .trust = {.plaintext = http::Plaintext::kOnLoopback},
            .keys = {KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}};
  }

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  FakeReceiver receiver_{loop_};
  http::Fetcher fetcher_{receiver_.PoolFor()};
};

TEST_F(ChannelTest, AWebhookSaysWhatHappenedAndCanBeVerified) {
  WebhookChannel channel(Settings(), fetcher_);
  const Attempted attempted = Send(channel);
  EXPECT_EQ(attempted.outcome, Outcome::kDelivered);
  EXPECT_EQ(attempted.said, "200 thank you");
  ASSERT_EQ(receiver_.got.size(), 1U);
  const auto& got = receiver_.got.front();
  EXPECT_EQ(got.head.method, "POST");
  EXPECT_EQ(got.head.target, "/hook?token=s3cret");
  EXPECT_EQ(got.Header("content-type"), "application/json");
  EXPECT_EQ(got.Header("webhook-id"), "alert_77");
  EXPECT_EQ(got.Header("webhook-timestamp"), "1700000001");
  EXPECT_EQ(got.Header("webhook-signature"), SignatureOf(Settings().keys, "alert_77", 1'700'000'001, got.body));
  codec::json::Document body;
  ASSERT_TRUE(body.Parse(got.body).ok()) << got.body;
  EXPECT_EQ(body.root()["type"].string(), "budget.threshold");
  EXPECT_EQ(body.root()["timestamp"].string(), "2025-11-13T02:13:20Z");
  EXPECT_EQ(body.root()["data"]["id"].string(), "alert_77");
  EXPECT_EQ(body.root()["data"]["severity"].string(), "warning");
  EXPECT_EQ(body.root()["data"]["node"].string(), "acme/search");
  EXPECT_EQ(body.root()["data"]["facts"]["spent"].string(), "80");
}

TEST_F(ChannelTest, WithoutKeysNothingIsSigned) {
  WebhookSettings settings = Settings();
  settings.keys.clear();
  WebhookChannel channel(std::move(settings), fetcher_);
  static_cast<void>(Send(channel));
  ASSERT_EQ(receiver_.got.size(), 1U);
  EXPECT_EQ(receiver_.got.front().Header("webhook-signature"), "");
}

TEST_F(ChannelTest, WhatTheReceiverSaysDecides) {
  const struct {
    std::uint16_t status;
    Outcome outcome;
  } cases[] = {{204, Outcome::kDelivered}, {202, Outcome::kDelivered}, {400, Outcome::kRetry}, {404, Outcome::kRetry},
               {410, Outcome::kRefused},   {429, Outcome::kRetry},     {500, Outcome::kRetry}, {302, Outcome::kRetry}};
  WebhookChannel channel(Settings(), fetcher_);
  for (const auto& [status, outcome] : cases) {
    receiver_.status = status;
    receiver_.says = status == 204 ? "" : "words";
    EXPECT_EQ(Send(channel).outcome, outcome) << status;
  }
}

TEST_F(ChannelTest, RetryAfterIsHeard) {
  WebhookChannel channel(Settings(), fetcher_);
  receiver_.status = 429;
  receiver_.retry_after = "120";
  EXPECT_EQ(Send(channel).retry_after, std::chrono::seconds(120));
  receiver_.retry_after = "tomorrow";
  EXPECT_FALSE(Send(channel).retry_after.has_value());
}

TEST_F(ChannelTest, WhatIsSaidIsCutAndCleanAndHasNoAddress) {
  WebhookChannel channel(Settings(), fetcher_);
  receiver_.status = 500;
  receiver_.says = "line\r\n\x1b[31mred \xff\xc3" + std::string(100'000, 'x');
  const std::string said = Send(channel).said;
  EXPECT_LE(said.size(), kMostSaid + 20);
  EXPECT_TRUE(said.starts_with("500 line   [31mred \xEF\xBF\xBD"));
  receiver_.up = false;
  const Attempted refused = Send(channel);
  EXPECT_EQ(refused.outcome, Outcome::kRetry);
  EXPECT_NE(refused.said, "");
  EXPECT_EQ(refused.said.find("s3cret"), std::string::npos) << refused.said;
  EXPECT_EQ(channel.target(), "127.0.0.1:9");
}

TEST_F(ChannelTest, PlaintextLeavesThisMachineOnlyWhereAllowed) {
  WebhookChannel refused(Settings("http://hooks.example.com/x"), fetcher_);
  EXPECT_EQ(Send(refused).outcome, Outcome::kRetry);
  EXPECT_TRUE(receiver_.got.empty());
  WebhookSettings settings = Settings("http://hooks.example.com/x");
  settings.trust.plaintext = http::Plaintext::kAllowed;
  WebhookChannel allowed(std::move(settings), fetcher_);
  EXPECT_EQ(Send(allowed).outcome, Outcome::kDelivered);
}

TEST_F(ChannelTest, SlackGetsTextWithoutMarkup) {
  SlackChannel channel({.url = base::Secret("http://127.0.0.1:9/services/T0/B0/x"),
                        .trust = {.plaintext = http::Plaintext::kOnLoopback}},
                       fetcher_);
  common::Notice notice = NoticeFor("k");
  notice.title = "The budget 'a<b> & c' of acme is used up";
  notice.text = "<!channel> <https://evil.example|click>";
  notice.severity = common::Severity::kCritical;
  EXPECT_EQ(Send(channel, notice).outcome, Outcome::kDelivered);
  ASSERT_EQ(receiver_.got.size(), 1U);
  codec::json::Document body;
  ASSERT_TRUE(body.Parse(receiver_.got.front().body).ok());
  EXPECT_EQ(body.root()["text"].string(),
            ":rotating_light: The budget 'a&lt;b&gt; &amp; c' of acme is used up\n&lt;!channel&gt; "
            "&lt;https://evil.example|click&gt;");
  EXPECT_EQ(channel.target(), "127.0.0.1:9");
}

TEST(ChannelsFor, RoutesDecide) {
  AlertSettings settings;
  for (const char* name : {"ops", "team", "finance"}) settings.channels.push_back({.name = name});
  EXPECT_EQ(ChannelsFor(settings, NoticeFor("k")), (std::vector<std::string>{"ops", "team", "finance"}));
  settings.routes = {{.kinds = {"ledger.*", "provider.down"}, .channels = {"ops"}},
                     {.node = "acme/search", .channels = {"team"}},
                     {.kinds = {"budget.*"}, .least = common::Severity::kCritical, .channels = {"finance", "team"}}};
  common::Notice notice = NoticeFor("k");
  EXPECT_EQ(ChannelsFor(settings, notice), std::vector<std::string>{"team"});
  notice.path = "acme/searching";
  EXPECT_TRUE(ChannelsFor(settings, notice).empty());
  notice.path = "acme/search/prod";
  EXPECT_EQ(ChannelsFor(settings, notice), std::vector<std::string>{"team"});
  notice.path = "other";
  notice.severity = common::Severity::kCritical;
  EXPECT_EQ(ChannelsFor(settings, notice), (std::vector<std::string>{"team", "finance"}));
  notice.kind = common::kLedgerBehind;
  EXPECT_EQ(ChannelsFor(settings, notice), std::vector<std::string>{"ops"});
}

}  // namespace
}  // namespace gatehouse::features::alerts
