#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "http/server.h"
#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"
#include "net/fake/fake_stream.h"

namespace gatehouse::http {
namespace {

using net::fake::FakeListener;
using net::fake::FakeLoop;
using net::fake::FakeStream;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Answers with what it was asked, in the way that the path says; remembers what became of it.
class EchoHandler final : public Handler {
 public:
  explicit EchoHandler(net::Loop& loop) : gate(loop) {}

  net::Task<> Serve(ServerExchange& exchange) override {
    ++started;
    const Counter counter(*this);
    const std::string path(exchange.head().path());
    if (path == "/wait") co_await gate.Wait(net::Deadline::Never());
    if (path == "/silent") {
      static_cast<void>(co_await exchange.CollectBody(limit));
      co_return;
    }
    if (path == "/throw") throw std::runtime_error("a bug");
    if (path == "/early") {
      co_await Answer(exchange, 403, "no");
      co_return;
    }
    if (path == "/stream") {
      co_await Stream(exchange);
      co_return;
    }
    if (path == "/pieces") {
      co_await EchoPieces(exchange);
      co_return;
    }
    if (path == "/cut") {
      static_cast<void>(co_await exchange.Start({}));
      static_cast<void>(co_await exchange.Write("half"));
      co_return;
    }
    const auto body = co_await exchange.CollectBody(limit);
    ++finished;
    if (!body.ok()) {
      last_error = body.error();
      co_await Answer(exchange, 400, body.error().public_message);
      co_return;
    }
    std::string text = exchange.head().method + " " + exchange.head().target + " " + body.value();
    for (const auto field : exchange.trailers()) text.append("|").append(field.name).append("=").append(field.value);
    co_await Answer(exchange, 200, text);
  }
  std::string RejectionBody(std::uint16_t status, std::string_view reason) const override {
    return "{" + std::to_string(status) + ":" + std::string(reason) + "}";
  }

  static net::Task<> Answer(ServerExchange& exchange, std::uint16_t status, std::string text) {
    ResponseHead head{.status = status};
    head.headers.Add("x-test", "1");
    static_cast<void>(co_await exchange.Respond(std::move(head), text));
  }
  net::Task<> Stream(ServerExchange& exchange) {
    ResponseHead head;
    head.headers.Add("content-type", "text/event-stream");
    static_cast<void>(co_await exchange.Start(std::move(head)));
    for (const auto* piece : {"one", "two"}) {
      co_await gate.Wait(net::Deadline::Never());
      const auto written = co_await exchange.Write(piece);
      if (!written.ok()) last_error = written.error();
    }
    static_cast<void>(co_await exchange.Finish("end"));
    ++finished;
  }
  net::Task<> EchoPieces(ServerExchange& exchange) {
    static_cast<void>(co_await exchange.Start({}));
    while (true) {
      const auto piece = co_await exchange.ReadBody();
      if (!piece.ok() || piece.value().empty()) break;
      static_cast<void>(co_await exchange.Write(piece.value()));
    }
    static_cast<void>(co_await exchange.Finish());
  }

  struct Counter {
    explicit Counter(EchoHandler& owner) : handler(owner) { ++handler.running; }
    ~Counter() { --handler.running; }
    EchoHandler& handler;
  };
  net::Event gate;
  std::size_t limit = 1 << 20;
  int started = 0;
  int running = 0;
  int finished = 0;
  std::optional<base::Error> last_error;
};

class H1Server : public testing::Test {
 protected:
  void Serve(ServerLimits limits = {}) {
    server = std::make_unique<Server>(loop, limits, handler);
    auto accepting = std::make_unique<FakeListener>(loop);
    listener = accepting.get();
    tasks = std::make_unique<net::TaskGroup>(loop);
    tasks->Spawn(server->Run(std::move(accepting)));
  }
  std::unique_ptr<FakeStream> Connect() {
    auto stream = listener->Connect();
    loop.RunUntilIdle();
    return stream;
  }
  std::string Exchange(FakeStream& client, std::string_view bytes) {
    client.Send(bytes);
    std::string received;
    do {
      loop.RunUntilIdle();
      last_received = Take(client);
      received += last_received;
    } while (!last_received.empty());
    return received;
  }
  // What has come, without the Date field, which every answer must have.
  static std::string Take(FakeStream& client) {
    std::string text = client.Received();
    for (auto at = text.find("date: "); at != std::string::npos; at = text.find("date: ", at)) {
      text.erase(at, text.find("\r\n", at) + 2 - at);
    }
    return text;
  }
  static bool Closed(FakeStream& client) {
    char byte = 0;
    return client.TryRead({&byte, 1}).state == net::IoState::kEnd;
  }

  std::string last_received;
  base::FakeClock clock;
  FakeLoop loop{clock};
  EchoHandler handler{loop};
  std::unique_ptr<Server> server;
  FakeListener* listener = nullptr;
  std::unique_ptr<net::TaskGroup> tasks;
};

std::string Ok(std::string_view body, std::string_view extra = {}) {
  return "HTTP/1.1 200 OK\r\nx-test: 1\r\ncontent-length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra) + "\r\n" + std::string(body);
}

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kPost = "POST /p?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 9\r\n\r\n";

TEST_F(H1Server, AnswersAndKeepsTheConnection) {
  Serve();
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a "));
  EXPECT_EQ(Exchange(*client, kPost), Ok("POST /p?q=1 hello"));
  EXPECT_EQ(Exchange(*client, kChunked), Ok("POST /c hello|x-sum=9"));
  EXPECT_EQ(server->statistics().requests, 3U);
  EXPECT_EQ(server->statistics().connections_open, 1U);
  EXPECT_EQ(server->statistics().streams_open, 0U);
}

TEST_F(H1Server, GivesTheSameAnswersHoweverTheRequestsAreCut) {
  const std::string requests = std::string(kGet) + std::string(kPost) + std::string(kChunked) + std::string(kGet);
  const std::string answers = Ok("GET /a ") + Ok("POST /p?q=1 hello") + Ok("POST /c hello|x-sum=9") + Ok("GET /a ");
  Serve();
  for (std::size_t cut = 0; cut <= requests.size(); ++cut) {
    auto client = Connect();
    std::string received = Exchange(*client, std::string_view(requests).substr(0, cut));
    received += Exchange(*client, std::string_view(requests).substr(cut));
    ASSERT_EQ(received, answers) << "cut at " << cut;
  }
}

TEST_F(H1Server, ServesPipelinedRequestsInOrderOneAtATime) {
  Serve();
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGet));
  loop.RunUntilIdle();
  EXPECT_EQ(handler.started, 1);
  EXPECT_EQ(Take(*client), "");
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), Ok("GET /wait ") + Ok("GET /a "));
}

TEST_F(H1Server, StreamsWithTheHeadAtOnceAndEachPieceFlushed) {
  Serve();
  auto client = Connect();
  const std::string_view request = "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(Exchange(*client, request),
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), "3\r\none\r\n");
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), "3\r\ntwo\r\n3\r\nend\r\n0\r\n\r\n");
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a "));
}

TEST_F(H1Server, StreamsToHttp10UntilClose) {
  Serve();
  auto client = Connect();
  handler.gate.Set();
  client->Send("GET /cut HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf");
  EXPECT_TRUE(Closed(*client));
}

TEST_F(H1Server, CutsAnUnfinishedStreamVisibly) {
  Serve();
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, "GET /cut HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  EXPECT_TRUE(Closed(*client));
}

TEST_F(H1Server, AnswersHeadWithoutBody) {
  Serve();
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nx-test: 1\r\ncontent-length: 8\r\n\r\n");
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a "));
}

TEST_F(H1Server, KeepsOrClosesAsTheClientAsks) {
  Serve();
  auto old = Connect();
  EXPECT_EQ(Exchange(*old, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            Ok("GET /a ", "connection: keep-alive\r\n"));
  EXPECT_EQ(Exchange(*old, "GET /a HTTP/1.0\r\n\r\n"), Ok("GET /a ", "connection: close\r\n"));
  EXPECT_TRUE(Closed(*old));
  auto closing = Connect();
  EXPECT_EQ(Exchange(*closing, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
            Ok("GET /a ", "connection: close\r\n"));
  EXPECT_TRUE(Closed(*closing));
}

TEST_F(H1Server, SendsContinueOnlyWhenTheBodyIsWantedAndAbsent) {
  Serve();
  auto client = Connect();
  const std::string head = "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(Exchange(*client, head), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(Exchange(*client, "ab"), Ok("POST /e ab"));
  EXPECT_EQ(Exchange(*client, head + "ab"), Ok("POST /e ab"));
  // Refused before the body: whether it comes is unknown then.
  const std::string early = "POST /early HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(Exchange(*client, early),
            "HTTP/1.1 403 Forbidden\r\nx-test: 1\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
}

TEST_F(H1Server, SkipsASmallBodyThatTheHandlerLeft) {
  Serve();
  auto client = Connect();
  const std::string early = "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc";
  EXPECT_EQ(Exchange(*client, early), "HTTP/1.1 403 Forbidden\r\nx-test: 1\r\ncontent-length: 2\r\n\r\nno");
  EXPECT_EQ(Exchange(*client, "def" + std::string(kGet)), Ok("GET /a "));
}

TEST_F(H1Server, SkipsAChunkedBodyThatTheHandlerLeftWithinBounds) {
  Serve();
  const std::string early = "POST /early HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string no = "HTTP/1.1 403 Forbidden\r\nx-test: 1\r\ncontent-length: 2\r\n\r\nno";
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, early + "3\r\nabc\r\n0\r\n\r\n" + std::string(kGet)), no + Ok("GET /a "));
  EXPECT_EQ(Exchange(*client, early + "20000\r\n" + std::string(0x20000, 'x') + "\r\n0\r\n\r\n" + std::string(kGet)),
            no);
  EXPECT_EQ(server->statistics().connections_open, 0U);
  auto broken = Connect();
  EXPECT_EQ(Exchange(*broken, early + "zz\r\n" + std::string(kGet)), no);
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, ClosesOverALargeBodyThatTheHandlerLeft) {
  Serve();
  auto client = Connect();
  const std::string early = "POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc";
  EXPECT_EQ(Exchange(*client, early),
            "HTTP/1.1 403 Forbidden\r\nx-test: 1\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno");
  EXPECT_EQ(Exchange(*client, std::string(kGet)), "");
  EXPECT_EQ(handler.started, 1);
  loop.Advance(seconds(3));
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, CollectsLargeBodiesOfBothKinds) {
  Serve();
  auto client = Connect();
  const std::string body(300'000, 'b');
  const std::string plain =
      "POST /l HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  EXPECT_EQ(Exchange(*client, plain), Ok("POST /l " + body));
  std::string chunked = "POST /l HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 3; ++i) chunked += "186a0\r\n" + body.substr(0, 100'000) + "\r\n";
  EXPECT_EQ(Exchange(*client, chunked + "0\r\n\r\n"), Ok("POST /l " + body));
}

TEST_F(H1Server, RefusesABodyBeyondTheLimit) {
  handler.limit = 4;
  Serve();
  auto by_length = Connect();
  EXPECT_TRUE(Exchange(*by_length, kPost).starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTooLarge);
  auto by_bytes = Connect();
  EXPECT_TRUE(Exchange(*by_bytes, kChunked).starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTooLarge);
}

TEST_F(H1Server, EchoesPiecesOfAChunkedBody) {
  Serve();
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, "POST /pieces HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
  EXPECT_EQ(Exchange(*client, "2\r\nab\r\n1\r\nc\r\n"), "3\r\nabc\r\n");
  EXPECT_EQ(Exchange(*client, "0\r\n\r\n"), "0\r\n\r\n");
}

TEST_F(H1Server, RejectsWithTheHandlersBodyAndCloses) {
  Serve();
  auto client = Connect();
  const std::string answer = Exchange(*client, "GET / HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(answer,
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: 18\r\nconnection: "
            "close\r\n\r\n{400:missing Host}");
  EXPECT_EQ(handler.started, 0);
  EXPECT_EQ(server->statistics().rejected, 1U);
  client->CloseWrite();
  loop.RunUntilIdle();
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, RejectsABrokenChunkedBodyAndDoesNotReadOn) {
  Serve();
  auto client = Connect();
  const std::string answer =
      Exchange(*client, "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nhel\r\n0\r\n\r\n" +
                            std::string(kGet));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
  EXPECT_EQ(handler.started, 1);
}

TEST_F(H1Server, AnswersABrokenBodyForAHandlerThatDoesNot) {
  Serve();
  auto client = Connect();
  const std::string head = "POST /silent HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(Exchange(*client, head + "zz\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(H1Server, BoundsTheHead) {
  Serve({.max_head_bytes = 40'000});
  auto client = Connect();
  const std::string fits = "GET /a HTTP/1.1\r\nHost: h\r\nX: " + std::string(39'000, 'x') + "\r\n\r\n";
  EXPECT_EQ(Exchange(*client, fits), Ok("GET /a "));
  const std::string large = "GET /a HTTP/1.1\r\nHost: h\r\nX: " + std::string(41'000, 'x') + "\r\n\r\n";
  EXPECT_TRUE(Exchange(*client, large).starts_with("HTTP/1.1 431 "));
}

TEST_F(H1Server, AFaultyHandlerIsA500) {
  Serve();
  auto silent = Connect();
  EXPECT_TRUE(Exchange(*silent, "GET /silent HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 500 "));
  auto throwing = Connect();
  EXPECT_TRUE(Exchange(*throwing, "GET /throw HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(server->statistics().handler_faults, 1U);
}

TEST_F(H1Server, CancelsTheHandlerWhenTheClientIsGone) {
  Serve();
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 1);
  client.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(server->statistics().clients_gone, 1U);
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, CancelsTheHandlerOfAClientThatHadLeftWhenItBegan) {
  Serve();
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  client.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 0);
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, PipelinedRequestsBeforeAHalfCloseAreServed) {
  Serve();
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(kGet));
  client->CloseWrite();
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 1);
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), Ok("GET /wait ") + Ok("GET /a "));
}

TEST_F(H1Server, AHalfClosedClientIsServedWhereThatIsAskedFor) {
  Serve({.half_close = ServerLimits::HalfClose::kServed});
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  client->CloseWrite();
  loop.RunUntilIdle();
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*client), Ok("GET /wait "));
}

TEST_F(H1Server, AResetCancelsTheHandler) {
  Serve({.half_close = ServerLimits::HalfClose::kServed});
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  loop.RunUntilIdle();
  client->Reset();
  loop.RunUntilIdle();
  EXPECT_EQ(handler.running, 0);
}

TEST_F(H1Server, TimesOutASlowHead) {
  Serve({.head_timeout = seconds(10)});
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, "GET /a HT"), "");
  loop.Advance(seconds(9));
  EXPECT_EQ(Exchange(*client, "T"), "");
  loop.Advance(seconds(2));
  EXPECT_TRUE(Take(*client).starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(server->statistics().timeouts, 1U);
}

TEST_F(H1Server, ClosesAnIdleConnectionWithoutAWord) {
  Serve({.idle_timeout = seconds(75)});
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a "));
  loop.Advance(seconds(74));
  EXPECT_FALSE(Closed(*client));
  loop.Advance(seconds(2));
  EXPECT_EQ(Take(*client), "");
  EXPECT_TRUE(Closed(*client));
}

TEST_F(H1Server, TimesOutABodyThatPauses) {
  Serve({.body_timeout = seconds(20)});
  auto client = Connect();
  client->Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe");
  loop.Advance(seconds(21));
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTimeout);
  EXPECT_TRUE(Take(*client).starts_with("HTTP/1.1 400 "));
  loop.Advance(seconds(3));
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, TimesOutABodyThatTrickles) {
  Serve({.body_timeout = seconds(20), .min_body_rate = 64});
  auto client = Connect();
  client->Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n");
  for (int i = 0; i < 30 && !handler.last_error; ++i) {
    client->Send("x");
    loop.Advance(seconds(1));
  }
  ASSERT_TRUE(handler.last_error.has_value());
  EXPECT_EQ(handler.last_error->code, base::ErrorCode::kTimeout);
}

TEST_F(H1Server, ServesABodyAtTheLeastRate) {
  Serve({.body_timeout = seconds(20), .min_body_rate = 64});
  auto client = Connect();
  client->Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 6400\r\n\r\n");
  for (int i = 0; i < 100; ++i) {
    client->Send(std::string(64, 'x'));
    loop.Advance(seconds(1));
  }
  EXPECT_FALSE(handler.last_error.has_value());
  EXPECT_EQ(handler.finished, 1);
}

TEST_F(H1Server, GivesUpOnAClientThatTakesNothing) {
  Serve({.write_timeout = seconds(30)});
  auto client = listener->Connect({.buffer_bytes = 1000});
  const std::string body(20'000, 'b');
  client->Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n" + body);
  loop.RunUntilIdle();
  EXPECT_EQ(server->statistics().streams_open, 1U);
  loop.Advance(seconds(29));
  client->Received();
  loop.Advance(seconds(29));
  EXPECT_EQ(server->statistics().streams_open, 1U);
  loop.Advance(seconds(2));
  EXPECT_EQ(server->statistics().connections_open, 0U);
}

TEST_F(H1Server, DrainsGracefully) {
  Serve();
  auto idle = Connect();
  EXPECT_EQ(Exchange(*idle, kGet), Ok("GET /a "));
  auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  loop.RunUntilIdle();
  bool drained = false;
  tasks->Spawn([](Server& target, net::Deadline deadline, bool& done) -> net::Task<> {
    co_await target.Drain(deadline);
    done = true;
  }(*server, loop.In(seconds(30)), drained));
  loop.RunUntilIdle();
  EXPECT_TRUE(Closed(*idle));
  EXPECT_FALSE(drained);
  handler.gate.Set();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*busy), Ok("GET /wait ", "connection: close\r\n"));
  EXPECT_TRUE(drained);
  EXPECT_EQ(tasks->size(), 0U);
}

TEST_F(H1Server, DrainCutsWhatIsLeftAtItsDeadline) {
  Serve();
  auto busy = Connect();
  busy->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  loop.RunUntilIdle();
  tasks->Spawn(server->Drain(loop.In(seconds(5))));
  loop.Advance(seconds(6));
  EXPECT_EQ(handler.running, 0);
  EXPECT_TRUE(Closed(*busy));
}

TEST_F(H1Server, BoundsItsConnections) {
  Serve({.max_connections = 1});
  auto first = Connect();
  auto second = Connect();
  EXPECT_EQ(Exchange(*second, kGet), "");
  first.reset();
  loop.RunUntilIdle();
  EXPECT_EQ(Take(*second), Ok("GET /a "));
}

TEST_F(H1Server, BoundsTheRequestsOfAConnection) {
  Serve({.max_requests_per_connection = 2});
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a "));
  EXPECT_EQ(Exchange(*client, kGet), Ok("GET /a ", "connection: close\r\n"));
  EXPECT_TRUE(Closed(*client));
}

TEST_F(H1Server, DroppingTheServerCancelsEverything) {
  Serve();
  auto client = Connect();
  client->Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  loop.RunUntilIdle();
  tasks.reset();
  server.reset();
  EXPECT_EQ(handler.running, 0);
  loop.RunUntilIdle();
  EXPECT_TRUE(Closed(*client));
}

TEST_F(H1Server, TakesTheAuthorityOfAnAbsoluteTarget) {
  Serve();
  auto client = Connect();
  EXPECT_EQ(Exchange(*client, "GET http://other?x HTTP/1.1\r\nHost: h\r\n\r\n"), Ok("GET /?x "));
}

}  // namespace
}  // namespace gatehouse::http
