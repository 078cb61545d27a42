#include "http/fetcher.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::http {
namespace {

using namespace std::chrono_literals;
using net::fake::FakeStream;

class FetcherTest : public testing::Test {
 protected:
  FetcherTest() { connector_.Route(kEndpoint, listener_); }

  // A call under way: what came of it, once it has.
  struct Call {
    std::optional<base::Result<Fetched>> result;
    std::unique_ptr<net::TaskGroup> task;
    const base::Error& error() const { return result->error(); }
  };
  static net::Task<> SendInto(net::Task<base::Result<Fetched>> sent, Call& call) {
    call.result.emplace(co_await std::move(sent));
  }
  std::unique_ptr<Call> Send(FetchRequest request = {}, std::string url = "http://up.test/hook?token=s3cret",
                             Trust trust = {.plaintext = Plaintext::kAllowed, .ca_file = {}}) {
    auto call = std::make_unique<Call>();
    call->task = std::make_unique<net::TaskGroup>(loop_);
    call->task->Spawn(
        SendInto(fetcher_.Send(std::move(trust), std::move(url), std::move(request), loop_.In(60s)), *call));
    loop_.RunUntilIdle();
    return call;
  }
  std::unique_ptr<FakeStream> Accept() {
    auto accepted = loop_.Await(listener_.Accept());
    if (!accepted || !accepted->ok()) return nullptr;
    loop_.RunUntilIdle();
    return std::unique_ptr<FakeStream>(static_cast<FakeStream*>(std::move(*accepted).value().release()));
  }
  // The answer to one call.
  base::Result<Fetched> Answered(std::string_view bytes, FetchRequest request = {}) {
    const auto call = Send(std::move(request));
    const auto upstream = Accept();
    upstream->Send(bytes);
    loop_.RunUntilIdle();
    upstream->CloseWrite();
    loop_.Advance(1s);
    EXPECT_TRUE(call->result.has_value());
    return *std::move(call->result);
  }

  const net::Endpoint kEndpoint{"up.test", 80};
  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  net::fake::FakeListener listener_{loop_};
  net::fake::FakeConnector connector_{loop_};
  std::size_t pools_ = 0;
  Fetcher fetcher_{[this](const Origin& origin, const std::string& ca_file) -> std::shared_ptr<Pool> {
    if (ca_file == "unreadable") return nullptr;
    ++pools_;
    return std::make_shared<Pool>(loop_, connector_, origin, PoolLimits{});
  }};
};

TEST_F(FetcherTest, SendsWhatItIsGivenAndGivesTheAnswer) {
  FetchRequest request{.method = "POST", .headers = {}, .body = "hello"};
  request.headers.Add("x-kind", "test");
  const auto call = Send(std::move(request));
  const auto upstream = Accept();
  const std::string sent = upstream->Received();
  EXPECT_TRUE(sent.starts_with("POST /hook?token=s3cret HTTP/1.1\r\nhost: up.test\r\n")) << sent;
  EXPECT_NE(sent.find("x-kind: test\r\n"), std::string::npos);
  EXPECT_TRUE(sent.ends_with("\r\n\r\nhello"));
  upstream->Send("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nlate");
  loop_.RunUntilIdle();
  ASSERT_TRUE(call->result && call->result->ok());
  EXPECT_EQ(call->result->value().head.status, 503);
  EXPECT_EQ(call->result->value().head.headers.Find("retry-after"), "7");
  EXPECT_EQ(call->result->value().body, "late");
}

TEST_F(FetcherTest, NobodyListens) {
  connector_.Refuse(kEndpoint);
  const auto call = Send();
  ASSERT_TRUE(call->result && !call->result->ok());
  EXPECT_EQ(call->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(call->error().detail.find("s3cret"), std::string::npos);
}

TEST_F(FetcherTest, AConnectionThatDoesNotComeHasItsTime) {
  connector_.Hang(kEndpoint);
  const auto call = Send();
  loop_.Advance(4900ms);
  EXPECT_FALSE(call->result.has_value());
  loop_.Advance(200ms);
  ASSERT_TRUE(call->result && !call->result->ok());
  EXPECT_EQ(call->error().code, base::ErrorCode::kTimeout);
}

TEST_F(FetcherTest, SoHasAnAnswerAndEachPieceOfIt) {
  const auto silent = Send();
  const auto first = Accept();
  loop_.Advance(9900ms);
  EXPECT_FALSE(silent->result.has_value());
  loop_.Advance(200ms);
  ASSERT_TRUE(silent->result && !silent->result->ok());
  EXPECT_EQ(silent->error().code, base::ErrorCode::kTimeout);

  const auto stalled = Send();
  const auto second = Accept();
  second->Send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf");
  loop_.Advance(4900ms);
  EXPECT_FALSE(stalled->result.has_value());
  loop_.Advance(200ms);
  ASSERT_TRUE(stalled->result && !stalled->result->ok());
  EXPECT_EQ(stalled->error().code, base::ErrorCode::kTimeout);
}

TEST_F(FetcherTest, ADeadlineIsKept) {
  Call call;
  net::TaskGroup task(loop_);
  task.Spawn(SendInto(
      fetcher_.Send({.plaintext = Plaintext::kAllowed, .ca_file = {}}, "http://up.test/", {}, loop_.In(1s)), call));
  loop_.Advance(1100ms);
  ASSERT_TRUE(call.result && !call.result->ok());
  EXPECT_EQ(call.error().code, base::ErrorCode::kTimeout);
}

TEST_F(FetcherTest, AnAnswerThatIsTooLongIsRefusedOrCut) {
  const std::string long_answer = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'x');
  const auto refused = Answered(long_answer, {.most_bytes = 999});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kTooLarge);
  const auto cut = Answered(long_answer, {.most_bytes = 10, .longer = FetchRequest::Longer::kCut});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut.value().body, "xxxxxxxxxx");
  const auto whole = Answered(long_answer, {.most_bytes = 1000});
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole.value().body.size(), 1000U);
}

// A body without an end is read no further than its bound.
TEST_F(FetcherTest, AnAnswerThatDoesNotEndIsCutToo) {
  const auto call = Send({.most_bytes = 8, .longer = FetchRequest::Longer::kCut});
  const auto upstream = Accept();
  upstream->Send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n6\r\nefghij\r\n");
  loop_.RunUntilIdle();
  ASSERT_TRUE(call->result && call->result->ok());
  EXPECT_EQ(call->result->value().body, "abcdefgh");
  EXPECT_TRUE(upstream->PeerGone()) << "the rest is not read";
}

TEST_F(FetcherTest, RedirectsAreNotFollowed) {
  for (const std::string status : {"301", "302", "303", "307", "308"}) {
    const auto answered =
        Answered("HTTP/1.1 " + status + " Moved\r\nlocation: http://127.0.0.1/admin\r\ncontent-length: 0\r\n\r\n");
    ASSERT_FALSE(answered.ok()) << status;
    EXPECT_EQ(answered.error().code, base::ErrorCode::kBadUpstream);
    EXPECT_EQ(answered.error().detail, "answers " + status + ": redirects are not followed");
  }
  EXPECT_EQ(connector_.attempts({"127.0.0.1", 80}), 0U);
}

TEST_F(FetcherTest, WhatIsNoHttpIsSaid) {
  const auto answered = Answered("220 mail.test ESMTP\r\n\r\n");
  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code, base::ErrorCode::kBadUpstream);
  const auto broken = Answered("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  ASSERT_FALSE(broken.ok());
}

TEST_F(FetcherTest, ADroppedTaskClosesItsConnection) {
  auto call = Send({.method = "POST", .headers = {}, .body = "x"});
  const auto upstream = Accept();
  EXPECT_FALSE(upstream->PeerGone());
  call.reset();
  loop_.RunUntilIdle();
  EXPECT_TRUE(upstream->PeerGone());
  // The next one has a connection of its own.
  const auto next = Send();
  const auto other = Accept();
  ASSERT_NE(other, nullptr);
  other->Send("HTTP/1.1 204 No Content\r\n\r\n");
  loop_.RunUntilIdle();
  ASSERT_TRUE(next->result && next->result->ok());
}

TEST_F(FetcherTest, AConnectionIsUsedAgainUntilItIsForgotten) {
  const std::string_view ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
  const auto first = Send();
  const auto upstream = Accept();
  upstream->Send(ok);
  loop_.RunUntilIdle();
  const auto second = Send();
  upstream->Send(ok);
  loop_.RunUntilIdle();
  ASSERT_TRUE(second->result && second->result->ok());
  EXPECT_EQ(connector_.attempts(kEndpoint), 1U);
  EXPECT_EQ(pools_, 1U);
  fetcher_.Forget();
  const auto third = Send();
  EXPECT_EQ(connector_.attempts(kEndpoint), 2U);
  EXPECT_EQ(pools_, 2U);
}

TEST_F(FetcherTest, WhatMayNotBeCalledIsNot) {
  const struct {
    std::string url;
    Plaintext plaintext;
  } cases[] = {
      {"http://up.test/", Plaintext::kRefused},
      {"http://up.test/", Plaintext::kOnLoopback},
      {"http://127.0.0.1/", Plaintext::kRefused},
      {"ftp://up.test/", Plaintext::kAllowed},
      {"http://user:pass@up.test/", Plaintext::kAllowed},
      {"http://up.test/#part", Plaintext::kAllowed},
      {"up.test", Plaintext::kAllowed},
      {"", Plaintext::kAllowed},
  };
  for (const auto& one : cases) {
    const auto call = Send({}, one.url, {.plaintext = one.plaintext, .ca_file = {}});
    ASSERT_TRUE(call->result && !call->result->ok()) << one.url;
    EXPECT_EQ(call->error().code, base::ErrorCode::kInvalidRequest) << one.url;
  }
  const auto unreadable = Send({}, "https://up.test/", {.plaintext = Plaintext::kRefused, .ca_file = "unreadable"});
  EXPECT_EQ(unreadable->error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(connector_.attempts(kEndpoint), 0U);
}

TEST_F(FetcherTest, PoolsAreBounded) {
  for (int i = 0; i < 100; ++i) {
    const auto call = Send({}, "http://host-" + std::to_string(i) + ".test/");
    EXPECT_FALSE(call->result->ok());
  }
  EXPECT_EQ(pools_, 100U);
  const auto again = Send({}, "http://host-99.test/");
  EXPECT_EQ(pools_, 100U) << "the latest are kept";
}

}  // namespace
}  // namespace gatehouse::http
