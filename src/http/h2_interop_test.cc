#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "http/client.h"
#include "http/server.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/tcp_connector.h"
#include "net/tcp_listener.h"

namespace gatehouse::http {
namespace {

using std::chrono::seconds;

// Echoes bodies; the answer to a GET is as long as its path says: "/1000".
class LengthHandler final : public Handler {
 public:
  net::Task<> Serve(ServerExchange& exchange) override {
    auto body = co_await exchange.CollectBody(8 * 1024 * 1024);
    std::string text = body.ok() ? std::move(body).value() : std::string();
    if (exchange.head().method == "GET") {
      text.assign(static_cast<std::size_t>(std::stoul(exchange.head().target.substr(1))), 'x');
    }
    static_cast<void>(co_await exchange.Respond({}, text));
  }
  std::string RejectionBody(std::uint16_t /*status*/, std::string_view reason) const override {
    return std::string(reason);
  }
};

// The tests name addresses only.
class NoNames final : public net::dns::Resolver {
 public:
  net::Task<base::Result<net::dns::Answer>> Resolve(std::string name, net::Deadline /*deadline*/) override {
    co_return net::dns::CannotResolve(name, "names are not resolved here");
  }
};

// A server on a real socket, on a thread of its own.
class H2Interop : public testing::Test {
 protected:
  H2Interop() {
    auto listening = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", 0), {});
    port = listening.value()->port();
    listener = std::move(listening).value();
    thread = std::thread([this] {
      Server server(loop, {}, handler);
      net::TaskGroup tasks(loop);
      tasks.Spawn(server.Run(std::move(listener)));
      loop.Run();
      statistics = server.statistics();
    });
  }
  ~H2Interop() override { StopServer(); }
  void StopServer() {
    if (!thread.joinable()) return;
    loop.Stop();
    thread.join();
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port) + path; }

  // What the command prints; its exit status in `status`.
  static std::string Run(const std::string& command, int& status) {
    std::string output;
    std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> bytes;
    for (std::size_t got = 0; (got = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
      output.append(bytes.data(), got);
    }
    status = WEXITSTATUS(pclose(pipe));
    return output;
  }
  static bool Installed(const std::string& program) {
    int status = 0;
    Run("command -v " + program, status);
    return status == 0;
  }

  net::EpollLoop loop{base::SystemClock()};
  LengthHandler handler;
  std::unique_ptr<net::Listener> listener;
  std::uint16_t port = 0;
  std::thread thread;
  ServerStatistics statistics;
};

TEST_F(H2Interop, NghttpGetsAnswersOfEverySize) {
  if (!Installed("nghttp")) GTEST_SKIP() << "nghttp2-client is not installed";
  for (const std::size_t size : {0U, 1U, 16'384U, 100'000U, 3'000'000U}) {
    int status = 0;
    const auto output = Run("timeout 20 nghttp " + Url("/" + std::to_string(size)), status);
    EXPECT_EQ(status, 0) << output.substr(0, 500);
    EXPECT_EQ(output.size(), size);
  }
}

TEST_F(H2Interop, H2loadFindsNoFault) {
  if (!Installed("h2load")) GTEST_SKIP() << "nghttp2-client is not installed";
  int status = 0;
  const auto output = Run("timeout 60 h2load -n 2000 -c 8 -m 16 " + Url("/1000"), status);
  EXPECT_EQ(status, 0);
  EXPECT_NE(output.find("2000 succeeded, 0 failed, 0 errored, 0 timeout"), std::string::npos) << output;
  StopServer();
  EXPECT_EQ(statistics.requests, 2000U);
  EXPECT_EQ(statistics.streams_open, 0U);
}

TEST_F(H2Interop, H2loadUploads) {
  if (!Installed("h2load")) GTEST_SKIP() << "nghttp2-client is not installed";
  int status = 0;
  const auto output =
      Run("file=$(mktemp) && head -c 300000 /dev/zero > $file && timeout 60 h2load -n 40 -c 2 -m 4 -d $file " +
              Url("/e") + "; rm -f $file",
          status);
  EXPECT_NE(output.find("40 succeeded, 0 failed, 0 errored, 0 timeout"), std::string::npos) << output;
}

TEST_F(H2Interop, OurClientTalksToOurServer) {
  net::EpollLoop own(base::SystemClock());
  NoNames resolver;
  net::TcpConnector connector(own, resolver);
  Pool pool(own, connector,
            {.scheme = Origin::Scheme::kHttp,
             .endpoint = {.host = "127.0.0.1", .port = port},
             .protocol = Origin::Protocol::kHttp2},
            {});
  const std::string large(1'000'000, 'e');
  for (int round = 0; round < 20; ++round) {
    auto sent = net::BlockOn(own, pool.Send({.target = "/", .body = large}, {}, own.In(seconds(30))));
    ASSERT_TRUE(sent && sent->ok()) << sent->error().detail;
    auto body = net::BlockOn(own, sent->value()->CollectBody(2'000'000));
    ASSERT_TRUE(body && body->ok());
    EXPECT_EQ(body->value(), large);
  }
  EXPECT_EQ(pool.statistics().connects, 1U);
}

// nghttpd serving one file, as a process of its own.
class Nghttpd {
 public:
  explicit Nghttpd(std::uint16_t port) : folder_("/tmp/gatehouse_nghttpd_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    std::ofstream(folder_ + "/file") << std::string(500'000, 'f');
    const std::string port_text = std::to_string(port);
    process_ = fork();
    if (process_ == 0) {
      execlp("nghttpd", "nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", folder_.c_str(), port_text.c_str(), nullptr);
      _exit(127);
    }
  }
  Nghttpd(const Nghttpd&) = delete;
  Nghttpd& operator=(const Nghttpd&) = delete;
  ~Nghttpd() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

 private:
  std::string folder_;
  pid_t process_ = 0;
};

net::Task<base::Result<std::string>> Fetch(Pool& pool, net::Loop& loop) {
  while (true) {
    auto sent = co_await pool.Send({.method = "GET", .target = "/file"}, {}, loop.In(seconds(20)));
    if (sent.ok()) {
      auto body = co_await sent.value()->CollectBody(1'000'000);
      co_return body;
    }
    co_await loop.Sleep(std::chrono::milliseconds(20));  // nghttpd is starting
  }
}

TEST(H2ClientInterop, FetchesFromNghttpd) {
  if (system("command -v nghttpd >/dev/null") != 0) GTEST_SKIP() << "nghttp2-server is not installed";
  net::EpollLoop loop(base::SystemClock());
  std::uint16_t port = 0;
  {
    const auto probe = net::TcpListener::Listen(loop, *net::SocketAddress::Parse("127.0.0.1", 0), {});
    port = probe.value()->port();
  }
  const Nghttpd upstream(port);
  NoNames resolver;
  net::TcpConnector connector(loop, resolver);
  Pool pool(loop, connector,
            {.scheme = Origin::Scheme::kHttp,
             .endpoint = {.host = "127.0.0.1", .port = port},
             .protocol = Origin::Protocol::kHttp2},
            {});
  for (int round = 0; round < 10; ++round) {
    const auto body = net::BlockOn(loop, Fetch(pool, loop));
    ASSERT_TRUE(body && body->ok());
    EXPECT_EQ(body->value(), std::string(500'000, 'f'));
  }
  EXPECT_EQ(pool.statistics().connects - pool.statistics().connect_failures, 1U);
}

}  // namespace
}  // namespace gatehouse::http
