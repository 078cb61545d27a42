#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "codec/http2/frame_bytes.h"
#include "codec/http2/preface.h"
#include "codec/http2/recording.h"
#include "http/server.h"
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
using net::fake::FakeListener;
using net::fake::FakeLoop;
using net::fake::FakeStream;
using std::chrono::seconds;

// Does what the path says.
class PathHandler final : public Handler {
 public:
  explicit PathHandler(net::Loop& loop) : gate(loop) {}

  net::Task<> Serve(ServerExchange& exchange) override {
    const Running counted(*this);
    last_head = exchange.head();
    const std::string path(exchange.head().path());
    if (path == "/silent") co_return;
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/wait") co_await gate.Wait(net::Deadline::Never());
    if (path == "/early") {
      co_await Answer(exchange, 403, "no");
    } else if (path == "/none") {
      co_await Answer(exchange, 204, "");
    } else if (path == "/cut") {
      static_cast<void>(co_await exchange.Start({}));
      static_cast<void>(co_await exchange.Write("half"));
    } else if (path == "/stream") {
      co_await StreamPieces(exchange);
    } else if (path == "/large") {
      co_await Answer(exchange, 200, std::string(300'000, 'L'));
    } else {
      co_await Echo(exchange);
    }
    ++finished;
  }
  std::string RejectionBody(std::uint16_t status, std::string_view reason) const override {
    return "{" + std::to_string(status) + ":" + std::string(reason) + "}";
  }

  net::Task<> Answer(ServerExchange& exchange, std::uint16_t status, std::string text) {
    const auto sent = co_await exchange.Respond(ResponseHead{.status = status}, text);
    if (!sent.ok()) last_error = sent.error();
  }
  net::Task<> Echo(ServerExchange& exchange) {
    const auto body = co_await exchange.CollectBody(limit);
    if (!body.ok()) {
      last_error = body.error();
      co_await Answer(exchange, 400, body.error().public_message);
      co_return;
    }
    std::string text = exchange.head().method + " " + exchange.head().target + " " + body.value();
    for (const auto field : exchange.trailers()) text.append("|").append(field.name).append("=").append(field.value);
    co_await Answer(exchange, 200, text);
  }
  net::Task<> StreamPieces(ServerExchange& exchange) {
    static_cast<void>(co_await exchange.Start({}));
    for (const auto* piece : {"one", "two"}) {
      co_await gate.Wait(net::Deadline::Never());
      static_cast<void>(co_await exchange.Write(piece));
    }
    static_cast<void>(co_await exchange.Finish("end"));
  }

  struct Running {
    explicit Running(PathHandler& owner) : handler(owner) { ++handler.running; }
    ~Running() { --handler.running; }
    PathHandler& handler;  // outlives its tasks
  };
  net::Event gate;
  std::size_t limit = 1 << 20;
  int running = 0;
  int finished = 0;
  RequestHead last_head;
  std::optional<base::Error> last_error;
};

// A client: a session of our own over a fake stream.
struct Client : RecordingPeer {
  Client(FakeLoop& event_loop, std::unique_ptr<FakeStream> connected, const SessionLimits& limits = {})
      : RecordingPeer(Role::kClient, limits), loop(event_loop), stream(std::move(connected)) {
    Run();
  }

  // Carries bytes both ways until both are silent.
  void Run() {
    for (bool moved = true; moved;) {
      const auto out = Output();
      if (!out.empty()) stream->Send(out);
      loop.RunUntilIdle();
      const auto in = stream->Received();
      if (!in.empty()) alive = session.Receive(in, loop.Now()).ok();
      moved = !out.empty() || !in.empty();
    }
  }
  RecordingStream& Get(const char* path, std::vector<Field> more = {}) {
    return Request("GET", path, End::kEnd, std::move(more));
  }
  RecordingStream& Request(const char* method, const char* path, End end, std::vector<Field> more = {}) {
    std::vector<Field> fields{{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "gate"}};
    fields.insert(fields.end(), more.begin(), more.end());
    auto& opened = Open(fields, end);
    Run();
    return opened;
  }
  bool ServerClosed() {
    char byte = 0;
    return stream->TryRead({&byte, 1}).state == net::IoState::kEnd;
  }

  FakeLoop& loop;
  std::unique_ptr<FakeStream> stream;
  bool alive = true;
};

class H2Server : public testing::Test {
 protected:
  Client Connect(const SessionLimits& client_limits = {}, FakeStream::Options options = {}) {
    if (!server) {
      server = std::make_unique<Server>(loop, limits, handler);
      auto accepting = std::make_unique<FakeListener>(loop);
      listener = accepting.get();
      tasks = std::make_unique<net::TaskGroup>(loop);
      tasks->Spawn(server->Run(std::move(accepting)));
    }
    return Client(loop, listener->Connect(options), client_limits);
  }
  static std::string Status(const RecordingStream& stream) {
    return stream.headed ? stream.log.substr(8, 3) : "no answer";
  }

  base::FakeClock clock;
  FakeLoop loop{clock};
  PathHandler handler{loop};
  ServerLimits limits;
  std::unique_ptr<Server> server;
  FakeListener* listener = nullptr;
  std::unique_ptr<net::TaskGroup> tasks;
};

TEST_F(H2Server, AnswersByPriorKnowledge) {
  auto client = Connect();
  auto& answer = client.Request("POST", "/x?y=1", End::kMore, {{"content-length", "5"}});
  answer.Supply("hello", End::kEnd);
  client.Run();
  EXPECT_EQ(Status(answer), "200");
  EXPECT_EQ(answer.body, "POST /x?y=1 hello");
  EXPECT_NE(answer.log.find("content-length=17\n"), std::string::npos);
  EXPECT_NE(answer.log.find("date="), std::string::npos);
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(answer.code, ErrorCode::kNoError);
  EXPECT_EQ(handler.last_head.authority, "gate");
  EXPECT_EQ(handler.last_head.version, Version::kHttp2);
  EXPECT_EQ(server->statistics().requests, 1U);
  EXPECT_EQ(server->statistics().streams_open, 0U);
}

TEST_F(H2Server, AnswersByAlpnWhateverTheBytesAreCutInto) {
  FakeStream::Options options;
  options.max_chunk = 1;
  auto client = Connect({}, options);
  EXPECT_EQ(client.Get("/a").body, "GET /a ");
}

TEST_F(H2Server, ServesStreamsSideBySide) {
  auto client = Connect();
  auto& slow = client.Get("/wait");
  auto& quick = client.Get("/quick");
  EXPECT_EQ(Status(slow), "no answer");
  EXPECT_EQ(Status(quick), "200");
  handler.gate.Set();
  client.Run();
  EXPECT_EQ(slow.body, "GET /wait ");
}

TEST_F(H2Server, StreamsPiecesAsTheyAreWritten) {
  auto client = Connect();
  auto& answer = client.Get("/stream");
  EXPECT_EQ(Status(answer), "200");
  EXPECT_EQ(answer.body, "");
  handler.gate.Set();
  client.Run();
  EXPECT_EQ(answer.body, "one");
  handler.gate.Set();
  client.Run();
  EXPECT_EQ(answer.body, "onetwoend");
  EXPECT_TRUE(answer.ended);
}

TEST_F(H2Server, HeadAndNoContentHaveNoBody) {
  auto client = Connect();
  auto& head = client.Request("HEAD", "/x", End::kEnd);
  EXPECT_EQ(Status(head), "200");
  EXPECT_NE(head.log.find("content-length=8\n"), std::string::npos);
  EXPECT_EQ(head.body, "");
  auto& none = client.Get("/none");
  EXPECT_EQ(Status(none), "204");
  EXPECT_EQ(none.log.find("content-length"), std::string::npos);
  EXPECT_TRUE(head.closed && none.closed);
  EXPECT_EQ(none.code, ErrorCode::kNoError);
}

TEST_F(H2Server, LargeAnswerWaitsForTheWindowAndSmallOnesPassIt) {
  SessionLimits small;
  small.stream_window = 50'000;
  auto client = Connect(small);
  auto& large = client.Get("/large");
  EXPECT_EQ(large.body.size(), 50'000U);
  EXPECT_EQ(handler.running, 1);
  EXPECT_EQ(client.Get("/small").body, "GET /small ");
  while (large.unread > 0) {
    large.Consume(std::exchange(large.unread, 0));
    client.Run();
  }
  EXPECT_EQ(large.body.size(), 300'000U);
  EXPECT_TRUE(large.ended);
}

TEST_F(H2Server, ClientThatTakesNothingIsResetAfterTheWriteTimeout) {
  SessionLimits small;
  small.stream_window = 1000;
  auto client = Connect(small);
  auto& large = client.Get("/large");
  EXPECT_EQ(handler.running, 1);
  loop.Advance(limits.write_timeout + seconds(1));
  client.Run();
  EXPECT_EQ(handler.running, 0);
  EXPECT_TRUE(large.closed);
  EXPECT_EQ(large.code, ErrorCode::kCancel);
  EXPECT_EQ(server->statistics().timeouts, 1U);
}

TEST_F(H2Server, StalledConnectionIsCutAfterTheWriteTimeout) {
  FakeStream::Options options;
  options.buffer_bytes = 10'000;
  auto client = Connect({}, options);
  std::vector<Field> fields{{":method", "GET"}, {":scheme", "http"}, {":path", "/large"}, {":authority", "a"}};
  client.Open(fields, End::kEnd);
  client.stream->Send(client.Output());
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 1);
  loop.Advance(limits.write_timeout + seconds(1));
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H2Server, ResetByTheClientDropsTheHandler) {
  auto client = Connect();
  client.Get("/wait");
  ASSERT_EQ(handler.running, 1);
  client.streams.clear();
  client.Run();
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(handler.finished, 0);
  EXPECT_EQ(server->statistics().clients_gone, 1U);
  EXPECT_EQ(client.Get("/still").body, "GET /still ");
}

TEST_F(H2Server, ClosedConnectionDropsAllHandlers) {
  auto client = Connect();
  client.Get("/wait");
  client.Get("/stream");
  ASSERT_EQ(handler.running, 2);
  client.stream.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(server->statistics().clients_gone, 2U);
  EXPECT_EQ(server->statistics().connections_open, 0U);
  EXPECT_EQ(server->statistics().streams_open, 0U);
}

TEST_F(H2Server, AnswerThatBreaksOffIsReset) {
  auto client = Connect();
  auto& answer = client.Get("/cut");
  EXPECT_EQ(answer.body, "half");
  EXPECT_TRUE(answer.closed);
  EXPECT_FALSE(answer.ended);
  EXPECT_EQ(answer.code, ErrorCode::kInternalError);
}

TEST_F(H2Server, EarlyAnswerStopsTheUpload) {
  auto client = Connect();
  auto& answer = client.Request("POST", "/early", End::kMore);
  EXPECT_EQ(Status(answer), "403");
  EXPECT_EQ(answer.body, "no");
  EXPECT_TRUE(answer.ended);
  EXPECT_TRUE(answer.closed);
  EXPECT_EQ(answer.code, ErrorCode::kNoError);
}

TEST_F(H2Server, HandlerThatSaysNothingOrThrowsGivesA500) {
  auto client = Connect();
  EXPECT_EQ(Status(client.Get("/silent")), "500");
  EXPECT_EQ(Status(client.Get("/throw")), "500");
  EXPECT_EQ(server->statistics().handler_faults, 1U);
}

TEST_F(H2Server, ExpectationIsAnsweredWhenTheBodyIsWanted) {
  auto client = Connect();
  auto& answer = client.Request("POST", "/x", End::kMore, {{"expect", "100-continue"}});
  EXPECT_EQ(answer.log, "interim :status=100\n--\n");
  answer.Supply("b", End::kEnd);
  client.Run();
  EXPECT_EQ(answer.body, "POST /x b");
}

TEST_F(H2Server, BodyBeyondTheLimitIsRefused) {
  handler.limit = 10;
  auto client = Connect();
  auto& stated = client.Request("POST", "/x", End::kMore, {{"content-length", "11"}});
  EXPECT_EQ(Status(stated), "400");
  auto& counted = client.Request("POST", "/x", End::kMore);
  counted.Supply("hello world", End::kMore);
  client.Run();
  EXPECT_EQ(Status(counted), "400");
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTooLarge);
}

TEST_F(H2Server, SlowBodyTimesOut) {
  auto client = Connect();
  auto& answer = client.Request("POST", "/x", End::kMore);
  loop.Advance(limits.body_timeout + seconds(1));
  client.Run();
  EXPECT_EQ(Status(answer), "400");
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTimeout);
}

TEST_F(H2Server, RequestsWithoutAClearHostAreRefused) {
  auto client = Connect();
  EXPECT_EQ(Status(client.Get("/x", {{"host", "other"}})), "400");
  EXPECT_EQ(Status(client.Get("/x", {{"host", "gate"}})), "200");
  auto& nameless = client.Open({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, End::kEnd);
  client.Run();
  EXPECT_EQ(nameless.code, ErrorCode::kProtocolError);
  auto& by_host = client.Open({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "h"}}, End::kEnd);
  client.Run();
  EXPECT_EQ(Status(by_host), "200");
  EXPECT_EQ(handler.last_head.authority, "h");
  EXPECT_EQ(server->statistics().rejected, 1U);
}

TEST_F(H2Server, TooLargeHeadIsAnsweredWith431AndTheConnectionGoesOn) {
  limits.max_fields = 8;
  auto client = Connect();
  const std::vector<Field> many(9, {"x", "y"});
  auto& answer = client.Get("/x", many);
  EXPECT_EQ(Status(answer), "431");
  EXPECT_EQ(answer.body, "{431:the request head is too large}");
  EXPECT_EQ(Status(client.Get("/x")), "200");
}

TEST_F(H2Server, CookiesAreJoined) {
  auto client = Connect();
  client.Get("/x", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}});
  EXPECT_EQ(handler.last_head.headers.Find("cookie"), "a=1; b=2");
  EXPECT_EQ(handler.last_head.headers.Count("cookie"), 1U);
}

TEST_F(H2Server, IdleConnectionEndsWithAGoaway) {
  auto client = Connect();
  client.Get("/x");
  loop.Advance(limits.idle_timeout - seconds(1));
  EXPECT_FALSE(client.ServerClosed());
  loop.Advance(seconds(2));
  client.Run();
  EXPECT_EQ(client.goaways, 1);
  EXPECT_EQ(client.goaway_code, ErrorCode::kNoError);
  EXPECT_TRUE(client.ServerClosed());
}

TEST_F(H2Server, DrainLetsRunningStreamsEndAndRefusesNewOnes) {
  auto client = Connect();
  auto& running = client.Get("/wait");
  net::TaskGroup draining(loop);
  draining.Spawn(server->Drain(loop.In(seconds(30))));
  client.Run();
  EXPECT_EQ(client.goaways, 2);  // the announcement, and the line drawn after a round trip
  EXPECT_EQ(client.session.room(), 0U);
  EXPECT_EQ(draining.size(), 1U);
  handler.gate.Set();
  client.Run();
  EXPECT_EQ(running.body, "GET /wait ");
  EXPECT_TRUE(client.ServerClosed());
  EXPECT_EQ(draining.size(), 0U);
}

TEST_F(H2Server, DrainCutsWhatIsLeftAtItsDeadline) {
  auto client = Connect();
  client.Get("/wait");
  net::TaskGroup draining(loop);
  draining.Spawn(server->Drain(loop.In(seconds(5))));
  client.Run();
  loop.Advance(seconds(6));
  EXPECT_EQ(draining.size(), 0U);
  EXPECT_EQ(handler.running, 0);
}

TEST_F(H2Server, RapidResetEndsTheConnectionAndEveryHandler) {
  auto client = Connect();
  for (int round = 0; round < 1000 && client.alive && !client.session.finished(); ++round) {
    client.Get("/wait");
    client.streams.clear();
    client.Run();
  }
  EXPECT_EQ(client.goaway_code, ErrorCode::kEnhanceYourCalm);
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(server->statistics().connections_open, 0U);
  EXPECT_LE(server->statistics().requests, 202U);
}

TEST_F(H2Server, ConnectionWithBrokenFramesIsClosedWithAReason) {
  auto client = Connect();
  client.Get("/wait");
  client.stream->Send(codec::http2::Frame(codec::http2::FrameType::kData, 0, 99, "x"));
  client.Run();
  EXPECT_EQ(client.goaway_code, ErrorCode::kProtocolError);
  EXPECT_EQ(handler.running, 0);
  EXPECT_TRUE(client.ServerClosed());
}

TEST_F(H2Server, DroppingTheServerWhileStreamsRunIsClean) {
  auto client = Connect();
  client.Get("/wait");
  client.Get("/stream");
  client.Request("POST", "/x", End::kMore);
  tasks.reset();
  server.reset();
  EXPECT_EQ(handler.running, 0);
}

}  // namespace
}  // namespace gatehouse::http
