// Server and pool over real sockets on loopback: what the fakes cannot show.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "http/client.h"
#include "http/server.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/tcp_listener.h"
#include "net/tcp_stream.h"

namespace gatehouse::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Echoes the body: whole, or in pieces of a stream on /stream; waits for ever on /wait.
class Echo final : public Handler {
 public:
  net::Task<> Serve(ServerExchange& exchange) override {
    const std::string path(exchange.head().path());
    if (path == "/wait") {
      const Waiting here(*this);
      co_await exchange.loop().Sleep(seconds(3600));
    }
    const auto body = co_await exchange.CollectBody(8 << 20);
    if (!body.ok()) co_return;
    if (path == "/stream") {
      static_cast<void>(co_await exchange.Start({}));
      const std::string_view text = body.value();
      for (std::size_t at = 0; at < text.size(); at += 1000) {
        static_cast<void>(co_await exchange.Write(text.substr(at, 1000)));
      }
      static_cast<void>(co_await exchange.Finish());
      co_return;
    }
    static_cast<void>(co_await exchange.Respond({}, body.value()));
  }
  std::string RejectionBody(std::uint16_t, std::string_view reason) const override { return std::string(reason); }

  struct Waiting {
    explicit Waiting(Echo& owner) : handler(owner) { ++handler.waiting; }
    ~Waiting() {
      --handler.waiting;
      ++handler.cancelled;
    }
    Echo& handler;
  };
  int waiting = 0;
  int cancelled = 0;
};

class LoopbackConnector final : public net::Connector {
 public:
  explicit LoopbackConnector(net::EpollLoop& loop) : loop_(loop) {}
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint endpoint,
                                                                net::Deadline deadline) override {
    return net::TcpStream::Connect(loop_, *net::SocketAddress::Parse("127.0.0.1", endpoint.port), deadline);
  }

 private:
  net::EpollLoop& loop_;
};

// A server on a loop and thread of its own.
class ServerThread {
 public:
  explicit ServerThread(ServerLimits limits = {}) : thread_([this, limits] { Run(limits); }) { ready_.wait(); }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  ~ServerThread() {
    loop_->Post([this] { tasks_->Spawn(DrainAndStop()); });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  // Runs `read` on the server's thread.
  template <class Read>
  auto Ask(Read read) {
    std::optional<decltype(read(std::declval<Echo&>(), std::declval<const ServerStatistics&>()))> answer;
    std::latch done(1);
    loop_->Post([&] {
      answer.emplace(read(*echo_, server_->statistics()));
      done.count_down();
    });
    done.wait();
    return *answer;
  }

 private:
  void Run(ServerLimits limits) {
    net::EpollLoop loop(base::SystemClock());
    Echo echo;
    Server server(loop, limits, echo);
    net::TaskGroup tasks(loop);
    auto listener = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", 0), {});
    ASSERT_TRUE(listener.ok());
    port_ = listener.value()->port();
    tasks.Spawn(server.Run(std::move(listener).value()));
    loop_ = &loop;
    echo_ = &echo;
    server_ = &server;
    tasks_ = &tasks;
    ready_.count_down();
    loop.Run();
  }
  net::Task<> DrainAndStop() {
    co_await server_->Drain(loop_->In(seconds(5)));
    loop_->Stop();
  }

  std::latch ready_{1};
  std::uint16_t port_ = 0;
  net::EpollLoop* loop_ = nullptr;  // these live on the thread's stack
  Echo* echo_ = nullptr;
  Server* server_ = nullptr;
  net::TaskGroup* tasks_ = nullptr;
  std::thread thread_;
};

Origin OriginAt(std::uint16_t port) {
  return {.scheme = Origin::Scheme::kHttp, .endpoint = {.host = "127.0.0.1", .port = port}};
}

net::Task<base::Result<std::string>> Call(Pool& pool, std::string_view target, std::string_view body) {
  auto response = co_await pool.Send({.target = target, .body = body}, {}, net::Deadline::Never());
  if (!response.ok()) co_return response.error();
  auto collected = co_await response.value()->CollectBody(16 << 20);
  co_return collected;
}

TEST(Loopback, CarriesBodiesOfAllSizesBothWays) {
  ServerThread server;
  net::EpollLoop loop(base::SystemClock());
  LoopbackConnector connector(loop);
  Pool pool(loop, connector, OriginAt(server.port()), {});
  for (const std::size_t size : {0UL, 1UL, 1'000UL, 16'384UL, 100'000UL, 3'000'000UL}) {
    const std::string body(size, 'b');
    for (const auto* target : {"/whole", "/stream"}) {
      const auto answer = net::BlockOn(loop, Call(pool, target, body));
      ASSERT_TRUE(answer && answer->ok()) << size << " " << target << " " << answer->error().detail;
      EXPECT_EQ(answer->value().size(), size);
      EXPECT_TRUE(answer->value() == body);
    }
  }
  EXPECT_EQ(pool.statistics().connects, 1U);
  EXPECT_EQ(pool.statistics().connections_idle, 1U);
}

net::Task<> CallMany(Pool& pool, int calls, int& good) {
  for (int i = 0; i < calls; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 37, 'm');
    const auto answer = co_await Call(pool, i % 2 == 0 ? "/whole" : "/stream", body);
    if (answer.ok() && answer.value() == body) ++good;
  }
}

net::Task<> CallFromMany(net::Loop& loop, Pool& pool, int& good) {
  net::TaskGroup clients(loop);
  for (int i = 0; i < 16; ++i) clients.Spawn(CallMany(pool, 25, good));
  co_await clients.Drained(net::Deadline::Never());
}

TEST(Loopback, ServesManyAtOnceOverFewConnections) {
  ServerThread server;
  net::EpollLoop loop(base::SystemClock());
  LoopbackConnector connector(loop);
  Pool pool(loop, connector, OriginAt(server.port()), {.max_connections = 4});
  int good = 0;
  ASSERT_TRUE(net::BlockOn(loop, CallFromMany(loop, pool, good)));
  EXPECT_EQ(good, 400);
  EXPECT_LE(pool.statistics().connects, 4U);
  EXPECT_EQ(server.Ask([](Echo&, const ServerStatistics& all) { return all.requests; }), 400U);
}

net::Task<bool> AbandonOnceServed(net::Loop& loop, ServerThread& server, Pool& pool) {
  {
    net::TaskGroup call(loop);
    call.Spawn([](Pool& to) -> net::Task<> { static_cast<void>(co_await Call(to, "/wait", "")); }(pool));
    while (server.Ask([](Echo& echo, const ServerStatistics&) { return echo.waiting; }) == 0) {
      co_await loop.Sleep(milliseconds(1));
    }
  }
  for (int i = 0; i < 5000; ++i) {
    if (server.Ask([](Echo& echo, const ServerStatistics&) { return echo.cancelled; }) == 1) co_return true;
    co_await loop.Sleep(milliseconds(1));
  }
  co_return false;
}

TEST(Loopback, AClientThatLeavesCancelsItsHandler) {
  ServerThread server;
  net::EpollLoop loop(base::SystemClock());
  LoopbackConnector connector(loop);
  Pool pool(loop, connector, OriginAt(server.port()), {});
  EXPECT_EQ(net::BlockOn(loop, AbandonOnceServed(loop, server, pool)), true);
  EXPECT_EQ(server.Ask([](Echo&, const ServerStatistics& all) { return all.clients_gone; }), 1U);
}

// A blocking client of a few lines, for what the pool never does.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = *net::SocketAddress::Parse("127.0.0.1", port);
    EXPECT_EQ(connect(socket_, address.get(), address.size()), 0);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { close(socket_); }

  void Send(std::string_view bytes) {
    ASSERT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), std::ssize(bytes));
  }
  void CloseWrite() { shutdown(socket_, SHUT_WR); }
  std::string UntilEnd() {
    std::string received;
    std::array<char, 4096> bytes;
    for (ssize_t size = 0; (size = recv(socket_, bytes.data(), bytes.size(), 0)) > 0;) {
      received.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return received;
  }

 private:
  int socket_;
};

TEST(Loopback, ARefusalReachesAClientThatIsStillSending) {
  ServerThread server;
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" +
              std::string(100'000, 'x'));
  client.CloseWrite();
  const std::string answer = client.UntilEnd();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_TRUE(answer.ends_with("more than one Content-Length")) << answer;
}

TEST(Loopback, AHalfClosingClientIsServedWhereThatIsAskedFor) {
  ServerThread server({.half_close = ServerLimits::HalfClose::kServed});
  RawClient client(server.port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  client.CloseWrite();
  EXPECT_TRUE(client.UntilEnd().ends_with("\r\n\r\nhello"));
}

}  // namespace
}  // namespace gatehouse::http
