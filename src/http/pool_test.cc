#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/proxy_connector.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::http {
namespace {

using net::fake::FakeConnector;
using net::fake::FakeListener;
using net::fake::FakeLoop;
using net::fake::FakeStream;
using std::chrono::seconds;

using SendResult = base::Result<std::unique_ptr<ClientResponse>>;

// One request under way: its response or error once it has come.
struct Call {
  std::optional<SendResult> result;
  std::optional<base::Result<std::string>> body;
  std::unique_ptr<net::TaskGroup> task;

  ClientResponse& response() { return *result->value(); }
  const base::Error& error() const { return result->error(); }
};

class PoolTest : public testing::Test {
 protected:
  PoolTest() { connector.Route(endpoint, listener); }

  void Open(PoolLimits limits = {}, Origin::Scheme scheme = Origin::Scheme::kHttp) {
    pool = std::make_unique<Pool>(loop, connector, Origin{.scheme = scheme, .endpoint = endpoint}, limits);
  }
  static net::Task<> SendInto(Pool& pool, ClientRequest request, ClientTimeouts timeouts, net::Deadline deadline,
                              Call& call) {
    call.result.emplace(co_await pool.Send(request, timeouts, deadline));
  }
  static net::Task<> CollectInto(Call& call, std::size_t limit) {
    call.body.emplace(co_await call.response().CollectBody(limit));
  }
  std::unique_ptr<Call> Send(ClientRequest request = {.method = "POST", .target = "/t", .body = "hi"},
                             ClientTimeouts timeouts = {}, net::Deadline deadline = net::Deadline::Never()) {
    auto call = std::make_unique<Call>();
    call->task = std::make_unique<net::TaskGroup>(loop);
    call->task->Spawn(SendInto(*pool, request, timeouts, deadline, *call));
    loop.RunUntilIdle();
    return call;
  }
  void Collect(Call& call, std::size_t limit = 1 << 20) {
    call.body.reset();
    call.task->Spawn(CollectInto(call, limit));
    loop.RunUntilIdle();
  }
  // The upstream's end of the next connection.
  std::unique_ptr<FakeStream> Accept() {
    auto accepted = loop.Await(listener.Accept());
    if (!accepted || !accepted->ok()) return nullptr;
    return std::unique_ptr<FakeStream>(static_cast<FakeStream*>(std::move(*accepted).value().release()));
  }
  void Answer(FakeStream& upstream, std::string_view bytes) {
    upstream.Send(bytes);
    loop.RunUntilIdle();
  }
  // One whole exchange, which leaves the connection idle in the pool.
  std::unique_ptr<FakeStream> Warm() {
    auto call = Send();
    auto upstream = Accept();
    loop.RunUntilIdle();
    upstream->Received();
    Answer(*upstream, kOk);
    Collect(*call);
    EXPECT_EQ(call->body->value(), "hello");
    call.reset();
    loop.RunUntilIdle();
    return upstream;
  }

  static constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  static constexpr std::string_view kRequest = "POST /t HTTP/1.1\r\nhost: up:8080\r\ncontent-length: 2\r\n\r\nhi";
  const net::Endpoint endpoint{"up", 8080};
  base::FakeClock clock;
  FakeLoop loop{clock};
  FakeListener listener{loop};
  FakeConnector connector{loop};
  std::unique_ptr<Pool> pool;
};

TEST_F(PoolTest, SendsReadsAndReuses) {
  Open();
  auto upstream = Warm();
  EXPECT_EQ(pool->statistics().connections_idle, 1U);
  auto call = Send();
  EXPECT_EQ(upstream->Received(), kRequest);
  Answer(*upstream, "HTTP/1.1 404 No\r\nX-A: b\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(call->response().head().status, 404);
  EXPECT_EQ(call->response().head().headers.Find("x-a"), "b");
  EXPECT_TRUE(call->response().ended());
  EXPECT_EQ(pool->statistics().connects, 1U);
  EXPECT_EQ(pool->statistics().reused, 1U);
}

TEST_F(PoolTest, WritesTheHeadersItIsGivenAndItsOwn) {
  Open();
  HeaderMap headers;
  headers.Add("Authorization", "Bearer x");
  headers.Add("Host", "evil");
  headers.Add("Content-Length", "7");
  headers.Add("Transfer-Encoding", "chunked");
  headers.Add("Connection", "close");
  headers.Add("Expect", "100-continue");
  headers.Add("X", "a\r\nb: c");
  auto call = Send({.method = "GET", .target = "/g", .headers = &headers});
  auto upstream = Accept();
  loop.RunUntilIdle();
  EXPECT_EQ(upstream->Received(), "GET /g HTTP/1.1\r\nhost: up:8080\r\nauthorization: Bearer x\r\nx: a  b: c\r\n\r\n");
}

TEST_F(PoolTest, SendsNoTargetThatWouldEndTheRequestLine) {
  Open();
  for (const auto* target : {"/a HTTP/1.1\r\nx: y", "/a b", "/a\tb", "/a\nb", ""}) {
    auto call = Send({.method = "GET", .target = target});
    auto upstream = Accept();
    loop.RunUntilIdle();
    ASSERT_TRUE(call->result.has_value());
    EXPECT_EQ(call->error().code, base::ErrorCode::kInvalidRequest);
    EXPECT_EQ(upstream->Received(), "");
  }
  auto method = Send({.method = "G T", .target = "/"});
  EXPECT_FALSE(method->result->ok());
}

TEST_F(PoolTest, ReadsChunkedBodiesWithTrailersHoweverCut) {
  const std::string answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: "
      "1\r\n\r\n";
  Open();
  auto upstream = Warm();
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    auto call = Send();
    upstream->Received();
    Answer(*upstream, std::string_view(answer).substr(0, cut));
    Answer(*upstream, std::string_view(answer).substr(cut));
    ASSERT_TRUE(call->result && call->result->ok()) << cut;
    Collect(*call);
    ASSERT_EQ(call->body->value(), "hello") << cut;
    ASSERT_EQ(call->response().trailers().Find("x-t"), "1");
  }
  EXPECT_EQ(pool->statistics().connects, 1U);
}

TEST_F(PoolTest, ReadsABodyUntilCloseAndDoesNotReuse) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\n\r\nhel");
  upstream->Send("lo");
  upstream.reset();
  loop.RunUntilIdle();
  Collect(*call);
  EXPECT_EQ(call->body->value(), "hello");
  call.reset();
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, ACutBodyIsAnError) {
  Open();
  for (const auto* head : {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
    auto call = Send();
    auto upstream = Accept();
    loop.RunUntilIdle();
    Answer(*upstream, head);
    upstream.reset();
    loop.RunUntilIdle();
    Collect(*call);
    ASSERT_FALSE(call->body->ok());
    EXPECT_EQ(call->body->error().code, base::ErrorCode::kBadUpstream);
  }
}

TEST_F(PoolTest, BrokenHeadsAndBodiesAreBadUpstream) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "<html>");
  EXPECT_EQ(call->error().code, base::ErrorCode::kBadUpstream);
  EXPECT_EQ(call->error().retry, base::Retry::kOtherTarget);
  auto chunked = Send();
  upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  Collect(*chunked);
  EXPECT_EQ(chunked->body->error().code, base::ErrorCode::kBadUpstream);
  chunked.reset();
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, AnswersToHeadHaveNoBody) {
  Open();
  auto call = Send({.method = "HEAD", .target = "/"});
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_TRUE(call->response().ended());
  call.reset();
  EXPECT_EQ(pool->statistics().connections_idle, 1U);
}

TEST_F(PoolTest, BoundsACollectedBody) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, kOk);
  Collect(*call, 4);
  EXPECT_EQ(call->body->error().code, base::ErrorCode::kTooLarge);
}

TEST_F(PoolTest, ReplaysOnceWhenAReusedConnectionTurnsOutStale) {
  Open();
  auto upstream = Warm();
  auto call = std::make_unique<Call>();
  call->task = std::make_unique<net::TaskGroup>(loop);
  call->task->Spawn(SendInto(*pool, {.target = "/t", .body = "hi"}, {}, net::Deadline::Never(), *call));
  upstream->Reset();
  loop.RunUntilIdle();
  auto second = Accept();
  ASSERT_NE(second, nullptr);
  loop.RunUntilIdle();
  EXPECT_EQ(second->Received(), kRequest);
  Answer(*second, kOk);
  EXPECT_TRUE(call->result->ok());
  EXPECT_EQ(pool->statistics().replays, 1U);
}

TEST_F(PoolTest, DoesNotReplayWhatMayHaveBeenProcessed) {
  Open();
  auto upstream = Warm();
  // Written, and forbidden to be sent twice.
  auto once = Send({.target = "/t", .body = "hi", .replay = ClientRequest::Replay::kOnce});
  upstream.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(once->error().code, base::ErrorCode::kUnavailable);
  // A byte of the answer had come.
  upstream = Warm();
  auto begun = Send();
  Answer(*upstream, "HTTP/1.1 2");
  upstream.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(begun->error().code, base::ErrorCode::kUnavailable);
  // A fresh connection is not stale.
  auto fresh = Send();
  upstream = Accept();
  upstream.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(fresh->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(pool->statistics().replays, 0U);
}

TEST_F(PoolTest, DropsIdleConnectionsThatTheirPeerCloses) {
  Open();
  auto upstream = Warm();
  upstream.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(pool->statistics().connections_idle, 0U);
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, DropsAnIdleConnectionOnWhichBytesCameUnasked) {
  Open();
  auto upstream = Warm();
  Answer(*upstream, "HTTP/1.1 408 Request Timeout\r\n\r\n");
  auto call = Send();
  EXPECT_EQ(pool->statistics().connects, 2U);
}

TEST_F(PoolTest, ClosesIdleConnectionsAfterTheirTime) {
  Open({.idle_timeout = seconds(55)});
  auto upstream = Warm();
  loop.Advance(seconds(54));
  EXPECT_EQ(pool->statistics().connections_idle, 1U);
  loop.Advance(seconds(2));
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, ReusesTheLastUsedConnectionFirstAndBoundsIdleOnes) {
  Open({.max_idle = 2});
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<std::unique_ptr<FakeStream>> upstreams;
  for (int i = 0; i < 3; ++i) {
    calls.push_back(Send());
    upstreams.push_back(Accept());
    loop.RunUntilIdle();
    upstreams.back()->Received();
    Answer(*upstreams.back(), kOk);
    Collect(*calls.back());
  }
  for (auto& call : calls) call.reset();
  EXPECT_EQ(pool->statistics().connections_idle, 2U);
  EXPECT_EQ(pool->statistics().connections_open, 2U);
  auto call = Send();
  EXPECT_EQ(upstreams[2]->Received(), kRequest);
}

TEST_F(PoolTest, DroppingAResponseBeforeItsEndClosesTheConnection) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
  call.reset();
  loop.RunUntilIdle();
  EXPECT_TRUE(upstream->PeerGone());
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, DroppingASendClosesItsConnection) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  call.reset();
  loop.RunUntilIdle();
  EXPECT_TRUE(upstream->PeerGone());
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, WaitsInLineForAFreeConnection) {
  Open({.max_connections = 1, .max_waiting = 1});
  auto first = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  auto second = Send();
  EXPECT_EQ(pool->statistics().waiting, 1U);
  auto third = Send();
  EXPECT_EQ(third->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(third->error().source, base::ErrorSource::kGateway);
  upstream->Received();
  Answer(*upstream, kOk);
  Collect(*first);
  first.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(upstream->Received(), kRequest);
  EXPECT_EQ(pool->statistics().waiting, 0U);
  EXPECT_EQ(pool->statistics().connects, 1U);
}

TEST_F(PoolTest, APlaceInLineGoesOnWhenItsOwnerLeaves) {
  Open({.max_connections = 1});
  auto first = Send();
  auto upstream = Accept();
  auto second = Send();
  auto third = Send();
  first.reset();   // wakes the second ...
  second.reset();  // ... which never sees it
  loop.RunUntilIdle();
  auto next = Accept();
  ASSERT_NE(next, nullptr);
  loop.RunUntilIdle();
  EXPECT_EQ(next->Received(), kRequest);
}

TEST_F(PoolTest, GivesUpItsPlaceInLineInTime) {
  Open({.max_connections = 1});
  auto first = Send();
  auto second = Send({.target = "/t"}, {.connect = seconds(5)});
  loop.Advance(seconds(6));
  EXPECT_EQ(second->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(pool->statistics().waiting, 0U);
}

TEST_F(PoolTest, KeepsItsDeadlines) {
  Open();
  auto first_byte = Send({.target = "/t"}, {.first_byte = seconds(10)});
  auto upstream = Accept();
  loop.Advance(seconds(11));
  EXPECT_EQ(first_byte->error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(pool->statistics().connections_open, 0U);

  auto idle = Send({.target = "/t"}, {.idle = seconds(3)});
  upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
  Collect(*idle);
  loop.Advance(seconds(2));
  Answer(*upstream, "w");
  loop.Advance(seconds(2));
  EXPECT_FALSE(idle->body.has_value());
  loop.Advance(seconds(2));
  EXPECT_EQ(idle->body->error().code, base::ErrorCode::kTimeout);

  auto total = Send({.target = "/t"}, {}, loop.In(seconds(4)));
  upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
  Collect(*total);
  loop.Advance(seconds(5));
  EXPECT_EQ(total->body->error().code, base::ErrorCode::kTimeout);
}

TEST_F(PoolTest, AConnectThatHangsOrFailsIsAnErrorForAnotherTarget) {
  Open();
  connector.Hang(endpoint);
  auto hanging = Send({.target = "/t"}, {.connect = seconds(5)});
  loop.Advance(seconds(6));
  EXPECT_EQ(hanging->error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(hanging->error().retry, base::Retry::kOtherTarget);
  connector.Refuse(endpoint);
  auto refused = Send();
  EXPECT_EQ(refused->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(refused->error().retry, base::Retry::kOtherTarget);
  EXPECT_EQ(pool->statistics().connect_failures, 2U);
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(PoolTest, TakesAnAnswerThatComesBeforeTheRequestIsWritten) {
  connector.Route(endpoint, listener, {.buffer_bytes = 1000});
  Open();
  const std::string body(50'000, 'b');
  auto call = Send({.target = "/t", .body = body});
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  ASSERT_TRUE(call->result && call->result->ok());
  EXPECT_EQ(call->response().head().status, 413);
  Collect(*call);
  EXPECT_EQ(call->body->value(), "no");
  call.reset();
  EXPECT_EQ(pool->statistics().connections_open, 0U);  // half a request lies in it
}

TEST_F(PoolTest, WritesALargeBodyAsFastAsItIsTaken) {
  connector.Route(endpoint, listener, {.buffer_bytes = 1000});
  Open();
  const std::string body(50'000, 'b');
  auto call = Send({.target = "/t", .body = body});
  auto upstream = Accept();
  std::string received;
  for (int i = 0; i < 200; ++i) {
    loop.RunUntilIdle();
    received += upstream->Received();
  }
  EXPECT_TRUE(received.ends_with(body));
  Answer(*upstream, kOk);
  EXPECT_EQ(call->response().head().status, 200);
}

TEST_F(PoolTest, AResponseOutlivesItsPool) {
  Open();
  auto call = Send();
  auto upstream = Accept();
  loop.RunUntilIdle();
  Answer(*upstream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
  pool.reset();
  Answer(*upstream, "lo");
  Collect(*call);
  EXPECT_EQ(call->body->value(), "hello");
  call.reset();
  loop.RunUntilIdle();
  EXPECT_TRUE(upstream->PeerGone());
}

TEST_F(PoolTest, DroppingThePoolClosesIdleConnectionsAndFailsWhoWaits) {
  Open({.max_connections = 1});
  auto busy = Send();
  auto waiting = Send();
  auto upstream = Accept();
  pool.reset();
  loop.RunUntilIdle();
  ASSERT_TRUE(waiting->result.has_value());
  EXPECT_EQ(waiting->error().code, base::ErrorCode::kUnavailable);
}

TEST_F(PoolTest, SendsAbsoluteTargetsThroughAProxy) {
  const net::Endpoint proxy{"proxy", 3128};
  connector.Route(proxy, listener);
  pool = std::make_unique<Pool>(
      loop, connector,
      Origin{
          .scheme = Origin::Scheme::kHttp, .endpoint = endpoint, .proxy = proxy, .proxy_authorization = "Basic eA=="},
      PoolLimits{});
  auto call = Send({.method = "GET", .target = "/p"});
  auto upstream = Accept();
  loop.RunUntilIdle();
  EXPECT_EQ(upstream->Received(),
            "GET http://up:8080/p HTTP/1.1\r\nhost: up:8080\r\nproxy-authorization: Basic eA==\r\n\r\n");
}

TEST_F(PoolTest, TunnelsByConnect) {
  ProxyConnector tunnel(connector, endpoint, "Basic eA==");
  std::optional<base::Result<std::unique_ptr<net::Stream>>> result;
  net::TaskGroup task(loop);
  const auto connect = [&] {
    result.reset();
    task.Spawn(
        [](ProxyConnector& through, std::optional<base::Result<std::unique_ptr<net::Stream>>>& into) -> net::Task<> {
          into.emplace(co_await through.Connect({"origin", 443}, net::Deadline::Never()));
        }(tunnel, result));
    auto upstream = Accept();
    loop.RunUntilIdle();
    EXPECT_EQ(upstream->Received(),
              "CONNECT origin:443 HTTP/1.1\r\nhost: origin:443\r\nproxy-authorization: Basic eA==\r\n\r\n");
    return upstream;
  };
  auto upstream = connect();
  Answer(*upstream, "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nfirst");
  ASSERT_TRUE(result && result->ok());
  char bytes[16];
  EXPECT_EQ(result->value()->TryRead(bytes).bytes, 5U);
  upstream = connect();
  Answer(*upstream, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  ASSERT_TRUE(result && !result->ok());
  EXPECT_EQ(result->error().code, base::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gatehouse::http
