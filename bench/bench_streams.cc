// Holds many streams open through a proxy and counts their events.
//   bench_streams PORT PATH MODEL KEY STREAMS SECONDS
// Opens them, then prints one line each second and a last one: events, streams that failed, and the latency of events
// (from the upstream's sending to here) at p50 and p99, in microseconds. Ends by itself.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/client.h"
#include "net/epoll_loop.h"
#include "net/socket_address.h"
#include "net/tcp_stream.h"

namespace gatehouse::bench {
namespace {

class Loopback final : public net::Connector {
 public:
  explicit Loopback(net::EpollLoop& loop) : loop_(loop) {}
  net::Task<base::Result<std::unique_ptr<net::Stream>>> Connect(net::Endpoint endpoint,
                                                                net::Deadline deadline) override {
    return net::TcpStream::Connect(loop_, *net::SocketAddress::Parse(endpoint.host, endpoint.port), deadline);
  }

 private:
  net::EpollLoop& loop_;
};

struct Totals {
  std::size_t open = 0;
  std::size_t events = 0;
  std::size_t ended = 0;
  std::size_t failed = 0;
  std::vector<std::int64_t> latencies;  // nanoseconds, a sample
};

void Count(std::string_view bytes, Totals& totals) {
  constexpr std::size_t kMaxSamples = 2'000'000;
  constexpr std::string_view kMark = "\"system_fingerprint\":\"";
  const std::int64_t now = base::SystemClock().Now().time_since_epoch().count();
  for (auto at = bytes.find(kMark); at != std::string_view::npos; at = bytes.find(kMark, at + 1)) {
    ++totals.events;
    std::int64_t sent = 0;
    const auto digits = bytes.substr(at + kMark.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), sent);
    if (sent > 0 && totals.latencies.size() < kMaxSamples) totals.latencies.push_back(now - sent);
  }
}

net::Task<> OneStream(http::Pool& pool, const http::HeaderMap& headers, std::string target, std::string body,
                      Totals& totals) {
  const http::ClientRequest request{.target = target, .headers = &headers, .body = body};
  const http::ClientTimeouts timeouts{.connect = std::chrono::seconds(60), .idle = std::chrono::minutes(5)};
  auto response = co_await pool.Send(request, timeouts, net::Deadline::Never());
  if (!response.ok() || response.value()->head().status != 200) {
    ++totals.failed;
    co_return;
  }
  ++totals.open;
  for (;;) {
    auto piece = co_await response.value()->ReadBody();
    if (!piece.ok()) {
      ++totals.failed;
      co_return;
    }
    if (piece.value().empty()) break;
    Count(piece.value(), totals);
  }
  ++totals.ended;
}

net::Task<> Report(net::EpollLoop& loop, Totals& totals, int seconds) {
  for (int second = 0; second < seconds; ++second) {
    co_await loop.Sleep(std::chrono::seconds(1));
    std::printf("%d open %zu events %zu failed %zu\n", second + 1, totals.open, totals.events, totals.failed);
    std::fflush(stdout);
  }
  std::ranges::sort(totals.latencies);
  const auto at = [&](double q) {
    if (totals.latencies.empty()) return 0.0;
    return static_cast<double>(
               totals.latencies[static_cast<std::size_t>(q * static_cast<double>(totals.latencies.size() - 1))]) /
           1000;
  };
  std::printf("total events %zu ended %zu failed %zu p50_us %.0f p99_us %.0f\n", totals.events, totals.ended,
              totals.failed, at(0.5), at(0.99));
  loop.Stop();
}

int Main(std::span<char* const> arguments) {
  if (arguments.size() != 7) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  net::EpollLoop loop(base::SystemClock());
  Loopback connector(loop);
  http::Origin origin{.scheme = http::Origin::Scheme::kHttp,
                      .endpoint = {.host = "127.0.0.1", .port = static_cast<std::uint16_t>(std::atoi(arguments[1]))}};
  const auto streams = static_cast<std::size_t>(std::atoi(arguments[5]));
  http::Pool pool(loop, connector, origin, {.max_connections = streams + 1, .max_waiting = streams + 1});
  http::HeaderMap headers;
  headers.Add("content-type", "application/json");
  headers.Add("authorization", std::string("Bearer ") + arguments[4]);
  const std::string body = std::string(R"({"model":")") + arguments[3] +
                           R"(","stream":true,"messages":[{"role":"user","content":"Count, please."}]})";
  Totals totals;
  net::TaskGroup tasks(loop);
  for (std::size_t i = 0; i < streams; ++i) tasks.Spawn(OneStream(pool, headers, arguments[2], body, totals));
  tasks.Spawn(Report(loop, totals, std::atoi(arguments[6])));
  loop.Run();
  return totals.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gatehouse::bench

int main(int argc, char** argv) { return gatehouse::bench::Main({argv, static_cast<std::size_t>(argc)}); }
