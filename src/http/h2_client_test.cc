#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "codec/http2/frame_bytes.h"
#include "codec/http2/recording.h"
#include "http/client.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::http {
namespace {

using codec::http2::End;
using codec::http2::ErrorCode;
using codec::http2::Field;
using codec::http2::RecordingPeer;
using codec::http2::RecordingStream;
using codec::http2::Role;
using codec::http2::SessionLimits;
using net::fake::FakeConnector;
using net::fake::FakeListener;
using net::fake::FakeLoop;
using net::fake::FakeStream;
using std::chrono::seconds;

const std::vector<Field> kOk{{":status", "200"}, {"content-type", "text/plain"}};

struct Call {
  std::optional<base::Result<std::unique_ptr<ClientResponse>>> result;
  std::optional<base::Result<std::string>> body;
  std::unique_ptr<net::TaskGroup> task;

  bool answered() const { return result && result->ok(); }
  ClientResponse& response() { return *result->value(); }
  const base::Error& error() const { return result->error(); }
};

// The upstream: a session of our own at the other end of a fake stream.
struct Upstream : RecordingPeer {
  Upstream(std::unique_ptr<FakeStream> accepted, const SessionLimits& limits)
      : RecordingPeer(Role::kServer, limits), stream(std::move(accepted)) {}

  RecordingStream& operator[](std::size_t index) { return *streams.at(index); }
  void Answer(std::size_t index, std::string_view body) {
    streams.at(index)->Respond(kOk, body.empty() ? End::kEnd : End::kMore);
    if (!body.empty()) streams.at(index)->Supply(body, End::kEnd);
  }
  std::unique_ptr<FakeStream> stream;
};

class H2Client : public testing::Test {
 protected:
  H2Client() { connector.Route(endpoint, listener); }

  void Open(const SessionLimits& limits = {}) {
    upstream_limits = limits;
    pool = std::make_unique<Pool>(
        loop, connector,
        Origin{.scheme = Origin::Scheme::kHttp, .endpoint = endpoint, .protocol = Origin::Protocol::kHttp2},
        PoolLimits{});
  }
  static net::Task<> SendInto(Pool& pool, ClientRequest request, ClientTimeouts timeouts, net::Deadline deadline,
                              Call& call) {
    call.result.emplace(co_await pool.Send(request, timeouts, deadline));
  }
  static net::Task<> CollectInto(Call& call, std::size_t limit) {
    call.body.emplace(co_await call.response().CollectBody(limit));
  }
  std::unique_ptr<Call> Send(ClientRequest request = {.method = "POST", .target = "/t", .body = "hi"},
                             net::Deadline deadline = net::Deadline::Never()) {
    auto call = std::make_unique<Call>();
    call->task = std::make_unique<net::TaskGroup>(loop);
    call->task->Spawn(SendInto(*pool, request, {}, deadline, *call));
    Run();
    return call;
  }
  void Collect(Call& call, std::size_t limit = 1 << 20) {
    call.task->Spawn(CollectInto(call, limit));
    Run();
  }
  // Accepts what was connected and carries bytes until all are silent.
  void Run() {
    for (bool moved = true; moved;) {
      loop.RunUntilIdle();
      moved = Accept();
      for (auto& peer : upstreams) {
        if (!peer->stream) continue;
        const auto out = peer->Output();
        if (!out.empty()) peer->stream->Send(out);
        loop.RunUntilIdle();
        const auto in = peer->stream->Received();
        if (!in.empty()) static_cast<void>(peer->session.Receive(in, loop.Now()).ok());
        moved |= !out.empty() || !in.empty();
      }
    }
  }
  bool Accept() {
    if (pool->statistics().connects - pool->statistics().connect_failures <= upstreams.size()) return false;
    auto accepted = loop.Await(listener.Accept());
    if (!accepted || !accepted->ok()) return false;
    auto* stream = static_cast<FakeStream*>(std::move(*accepted).value().release());
    upstreams.push_back(std::make_unique<Upstream>(std::unique_ptr<FakeStream>(stream), upstream_limits));
    return true;
  }
  Upstream& first() { return *upstreams.at(0); }

  const net::Endpoint endpoint{"up", 8080};
  base::FakeClock clock;
  FakeLoop loop{clock};
  FakeListener listener{loop};
  FakeConnector connector{loop};
  SessionLimits upstream_limits;
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::unique_ptr<Pool> pool;
};

TEST_F(H2Client, SendsOneRequestAndReadsTheAnswer) {
  Open();
  HeaderMap headers;
  headers.Add("authorization", "Bearer x");
  headers.Add("host", "evil");
  headers.Add("connection", "close");
  headers.Add("content-length", "77");
  auto call = Send({.method = "POST", .target = "/t?a=b", .headers = &headers, .body = "hello"});
  ASSERT_EQ(upstreams.size(), 1U);
  EXPECT_EQ(first()[0].log,
            ":method=POST\n:scheme=http\n:authority=up:8080\n:path=/t?a=b\ncontent-length=5\n"
            "authorization=Bearer x\n--\n");
  EXPECT_EQ(first()[0].body, "hello");
  EXPECT_TRUE(first()[0].ended);
  first().Answer(0, "world");
  Run();
  ASSERT_TRUE(call->answered());
  EXPECT_EQ(call->response().head().status, 200);
  EXPECT_EQ(call->response().head().headers.Find("content-type"), "text/plain");
  Collect(*call);
  EXPECT_EQ(call->body->value(), "world");
  EXPECT_TRUE(call->response().ended());
}

TEST_F(H2Client, ManyRequestsShareOneConnectionEvenWhenTheyComeAtOnce) {
  Open();
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 20; ++i) {
    auto& call = calls.emplace_back(std::make_unique<Call>());
    call->task = std::make_unique<net::TaskGroup>(loop);
    call->task->Spawn(SendInto(*pool, {.target = "/t", .body = "hi"}, {}, net::Deadline::Never(), *call));
  }
  Run();
  ASSERT_EQ(upstreams.size(), 1U);
  ASSERT_EQ(first().streams.size(), 20U);
  for (std::size_t i = 20; i-- > 0;) first().Answer(i, "x");
  Run();
  for (auto& call : calls) EXPECT_TRUE(call->answered());
  EXPECT_EQ(pool->statistics().connections_open, 1U);
}

TEST_F(H2Client, AnotherConnectionIsOpenedBeyondTheStreamsThatAreAllowed) {
  SessionLimits limits;
  limits.max_streams = 2;
  Open(limits);
  auto warm = Send();
  first().Answer(0, "");
  Run();
  warm.reset();
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(Send());
  ASSERT_EQ(upstreams.size(), 2U);
  EXPECT_EQ(first().streams.size(), 3U);
  EXPECT_EQ(upstreams[1]->streams.size(), 1U);
}

TEST_F(H2Client, DroppingTheResponseResetsTheStreamAndKeepsTheConnection) {
  Open();
  auto call = Send();
  first()[0].Respond(kOk, End::kMore);
  Run();
  ASSERT_TRUE(call->answered());
  call.reset();
  Run();
  EXPECT_TRUE(first()[0].closed);
  EXPECT_EQ(first()[0].code, ErrorCode::kCancel);
  Send();
  EXPECT_EQ(upstreams.size(), 1U);
}

TEST_F(H2Client, DroppingTheSendResetsTheStream) {
  Open();
  auto call = Send();
  call.reset();
  Run();
  EXPECT_TRUE(first()[0].closed);
}

TEST_F(H2Client, SlowReaderHoldsBackItsUpstreamButNotTheOthers) {
  Open();
  auto slow = Send();
  auto quick = Send();
  const std::string large(400'000, 'L');
  first().Answer(0, large);
  first().Answer(1, "quick");
  Run();
  EXPECT_TRUE(first()[0].sending());
  Collect(*quick);
  EXPECT_EQ(quick->body->value(), "quick");
  Collect(*slow);
  EXPECT_EQ(slow->body->value(), large);
}

TEST_F(H2Client, LargeRequestFollowsTheUpstreamsWindow) {
  SessionLimits limits;
  limits.stream_window = 70'000;
  Open(limits);
  const std::string large(200'000, 'R');
  auto call = Send({.target = "/t", .body = large});
  EXPECT_EQ(first()[0].body.size(), 70'000U);
  while (first()[0].unread > 0) {
    first()[0].Consume(std::exchange(first()[0].unread, 0));
    Run();
  }
  EXPECT_EQ(first()[0].body, large);
  first().Answer(0, "");
  Run();
  EXPECT_TRUE(call->answered());
}

TEST_F(H2Client, EarlyAnswerOutlivesTheRequestsBytes) {
  SessionLimits limits;
  limits.stream_window = 70'000;
  Open(limits);
  auto large = std::make_unique<std::string>(200'000, 'R');
  auto call = Send({.target = "/t", .body = *large});
  first()[0].Respond(kOk, End::kMore);
  Run();
  ASSERT_TRUE(call->answered());
  large.reset();
  while (first()[0].unread > 0) {
    first()[0].Consume(std::exchange(first()[0].unread, 0));
    Run();
  }
  EXPECT_EQ(first()[0].body.size(), 200'000U);
  EXPECT_EQ(first()[0].body.find_first_not_of('R'), std::string::npos);
}

TEST_F(H2Client, InterimHeadsAreSkippedAndTrailersKept) {
  Open();
  auto call = Send();
  first()[0].SendInterim(std::vector<Field>{{":status", "103"}, {"link", "x"}});
  Run();
  EXPECT_FALSE(call->result.has_value());
  const auto block = codec::http2::FieldBlock({{":status", "200"}, {"a", "b"}});
  first().Output();
  first().stream->Send(Frame(codec::http2::FrameType::kHeaders, codec::http2::kEndHeaders, 1, block) +
                       Frame(codec::http2::FrameType::kData, 0, 1, "body") +
                       Frame(codec::http2::FrameType::kHeaders, codec::http2::kEndHeaders | codec::http2::kEndStream, 1,
                             codec::http2::FieldBlock({{"x-sum", "9"}})));
  loop.RunUntilIdle();
  ASSERT_TRUE(call->answered());
  EXPECT_FALSE(call->response().head().headers.Contains("link"));
  call->task->Spawn(CollectInto(*call, 100));
  loop.RunUntilIdle();
  EXPECT_EQ(call->body->value(), "body");
  EXPECT_EQ(call->response().trailers().Find("x-sum"), "9");
}

TEST_F(H2Client, GoawayReplaysWhatWasNotProcessedAndLetsTheRestEnd) {
  Open();
  auto processed = Send({.target = "/1", .body = "a", .replay = ClientRequest::Replay::kOnce});
  first().Output();
  first().session.Goaway(ErrorCode::kNoError);
  const auto goaway = first().Output();
  // Crosses the GOAWAY: the upstream ignores it.
  auto call = std::make_unique<Call>();
  call->task = std::make_unique<net::TaskGroup>(loop);
  call->task->Spawn(SendInto(*pool, {.target = "/2", .body = "b", .replay = ClientRequest::Replay::kOnce}, {},
                             net::Deadline::Never(), *call));
  first().stream->Send(goaway);
  Run();
  ASSERT_EQ(upstreams.size(), 2U);
  EXPECT_EQ(first().streams.size(), 1U);
  EXPECT_EQ((*upstreams[1])[0].body, "b");
  EXPECT_EQ(pool->statistics().replays, 1U);
  upstreams[1]->Answer(0, "two");
  first().Answer(0, "one");
  Run();
  Collect(*processed);
  Collect(*call);
  EXPECT_EQ(processed->body->value(), "one");
  EXPECT_EQ(call->body->value(), "two");
  EXPECT_EQ(pool->statistics().connections_open, 1U);
}

TEST_F(H2Client, RefusedStreamIsSentOnceMore) {
  Open();
  auto warm = Send();
  auto call = Send({.target = "/1", .body = "a", .replay = ClientRequest::Replay::kOnce});
  first()[1].Reset(ErrorCode::kRefusedStream);
  Run();
  EXPECT_FALSE(call->result.has_value());
  ASSERT_EQ(first().streams.size(), 3U);
  first().Answer(2, "ok");
  Run();
  EXPECT_TRUE(call->answered());
}

TEST_F(H2Client, ResetWithinTheAnswerIsAnErrorOfTheBody) {
  Open();
  auto call = Send();
  first()[0].Respond(kOk, End::kMore);
  first()[0].Supply("half", End::kMore);
  Run();
  first()[0].Reset(ErrorCode::kInternalError);
  Collect(*call);
  ASSERT_FALSE(call->body->ok());
  EXPECT_EQ(call->body->error().code, base::ErrorCode::kUnavailable);
}

TEST_F(H2Client, BodyShorterThanAnnouncedIsBadUpstream) {
  Open();
  auto call = Send();
  first()[0].Respond(std::vector<Field>{{":status", "200"}, {"content-length", "10"}}, End::kMore);
  first()[0].Supply("short", End::kEnd);
  Run();
  Collect(*call);
  ASSERT_FALSE(call->body->ok());
  EXPECT_EQ(call->body->error().code, base::ErrorCode::kBadUpstream);
}

TEST_F(H2Client, LostConnectionFailsEveryStreamOnce) {
  Open();
  const ClientRequest once{.target = "/1", .body = "a", .replay = ClientRequest::Replay::kOnce};
  auto first_call = Send(once);
  auto second_call = Send(once);
  first().stream.reset();
  Run();
  ASSERT_TRUE(first_call->result && second_call->result);
  EXPECT_EQ(first_call->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(second_call->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(pool->statistics().connections_open, 0U);
  EXPECT_EQ(pool->statistics().replays, 0U);
}

TEST_F(H2Client, NoAnswerIsATimeout) {
  Open();
  auto call = Send();
  for (int i = 0; i < 13; ++i) {  // the upstream answers PINGs, but not the request
    loop.Advance(seconds(10));
    Run();
  }
  ASSERT_TRUE(call->result.has_value());
  EXPECT_EQ(call->error().code, base::ErrorCode::kTimeout);
  EXPECT_TRUE(first()[0].closed);
  EXPECT_EQ(pool->statistics().connections_open, 1U);
}

TEST_F(H2Client, DeadUpstreamIsFoundByItsSilence) {
  Open();
  auto call = Send({.target = "/1", .body = "a", .replay = ClientRequest::Replay::kOnce});
  loop.Advance(seconds(29));
  EXPECT_FALSE(call->result.has_value());
  loop.Advance(seconds(3));
  ASSERT_TRUE(call->result.has_value());
  EXPECT_EQ(call->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(H2Client, IdleConnectionIsClosedInOrder) {
  Open();
  auto call = Send();
  first().Answer(0, "x");
  Run();
  Collect(*call);
  call.reset();
  loop.Advance(seconds(54));
  EXPECT_EQ(pool->statistics().connections_open, 1U);
  loop.Advance(seconds(2));
  Run();
  EXPECT_EQ(first().goaways, 1);
  EXPECT_EQ(pool->statistics().connections_open, 0U);
}

TEST_F(H2Client, ServerThatSpeaksHttp1IsBadUpstream) {
  Open();
  auto call = Send({.target = "/1", .body = "a", .replay = ClientRequest::Replay::kOnce});
  first().stream->Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  Run();
  ASSERT_TRUE(call->result.has_value());
  EXPECT_EQ(call->error().code, base::ErrorCode::kBadUpstream);
}

TEST_F(H2Client, ResponseOutlivesThePool) {
  Open();
  auto call = Send();
  first()[0].Respond(kOk, End::kMore);
  Run();
  pool.reset();
  first()[0].Supply("late", End::kEnd);
  first().stream->Send(first().Output());
  call->task->Spawn(CollectInto(*call, 100));
  loop.RunUntilIdle();
  EXPECT_EQ(call->body->value(), "late");
}

}  // namespace
}  // namespace gatehouse::http
