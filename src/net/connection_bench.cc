// What a connection costs: heap bytes while it is idle, and microseconds and system calls per relayed message.
// Usage: connection_bench [plain|tls]...; run it under `strace -c -f` for the system calls.
#include <malloc.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/tcp_listener.h"
#include "net/tcp_stream.h"
#include "net/tls/fake_authority.h"
#include "net/tls/tls_client.h"
#include "net/tls/tls_server.h"

namespace gatehouse::net {
namespace {

using Opened = base::Result<std::unique_ptr<Stream>>;

constexpr int kConnections = 500;
constexpr int kMessages = 20'000;
constexpr std::size_t kMessageBytes = 1024;

struct Security {
  Handshaker* server = nullptr;  // null: plaintext
  Handshaker* client = nullptr;
};

Task<Opened> Secure(Handshaker* handshaker, std::unique_ptr<Stream> stream) {
  if (handshaker == nullptr)
    return [](std::unique_ptr<Stream> plain) -> Task<Opened> { co_return std::move(plain); }(std::move(stream));
  return handshaker->Handshake(std::move(stream), "localhost", Deadline::Never());
}

Task<> Serve(TcpListener& listener, Security security, std::vector<std::unique_ptr<Stream>>& into) {
  while (true) {
    auto accepted = co_await listener.Accept();
    GH_CHECK(accepted.ok());
    auto secured = co_await Secure(security.server, std::move(accepted).value());
    GH_CHECK(secured.ok());
    into.push_back(std::move(secured).value());
  }
}

Task<> Open(EpollLoop& loop, std::uint16_t port, Security security, std::vector<std::unique_ptr<Stream>>& into) {
  auto connected = co_await TcpStream::Connect(loop, *SocketAddress::Parse("127.0.0.1", port), Deadline::Never());
  GH_CHECK(connected.ok());
  auto secured = co_await Secure(security.client, std::move(connected).value());
  GH_CHECK(secured.ok());
  into.push_back(std::move(secured).value());
}

Task<> Receive(Stream& stream, std::span<char> buffer) {
  for (std::size_t received = 0; received < kMessageBytes;) {
    const auto bytes = co_await ReadSome(stream, buffer, Deadline::Never());
    GH_CHECK(bytes.ok() && bytes.value() > 0);
    received += bytes.value();
  }
}

Task<> Echo(Stream& stream) {
  std::vector<char> buffer(16384);
  while (true) {
    const auto bytes = co_await ReadSome(stream, buffer, Deadline::Never());
    if (!bytes.ok() || bytes.value() == 0) co_return;
    const std::string_view piece(buffer.data(), bytes.value());
    GH_CHECK((co_await WriteAll(stream, std::span(&piece, 1), Deadline::Never())).ok());
  }
}

Task<> Ping(Stream& stream, int count) {
  const std::string message(kMessageBytes, 'm');
  std::vector<char> buffer(16384);
  const std::string_view piece = message;
  for (int i = 0; i < count; ++i) {
    GH_CHECK((co_await WriteAll(stream, std::span(&piece, 1), Deadline::Never())).ok());
    co_await Receive(stream, buffer);
  }
}

double CpuMicroseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void Run(const char* name, Security security) {
  EpollLoop loop(base::SystemClock());
  auto listener = TcpListener::Listen(loop, *SocketAddress::Parse("127.0.0.1", 0), {});
  GH_CHECK(listener.ok());
  std::vector<std::unique_ptr<Stream>> servers;
  std::vector<std::unique_ptr<Stream>> clients;
  servers.reserve(2 * kConnections);
  clients.reserve(2 * kConnections);
  TaskGroup group(loop);
  group.Spawn(Serve(*listener.value(), security, servers));
  const auto open = [&] {
    BlockOn(loop, Open(loop, listener.value()->port(), security, clients));
    BlockOn(loop, loop.Sleep(std::chrono::milliseconds(2)));
    TaskGroup echo(loop);
    echo.Spawn(Echo(*servers.back()));
    BlockOn(loop, Ping(*clients.back(), 1));
  };
  for (int i = 0; i < 10; ++i) open();  // warms pools and tables up
  const auto before = mallinfo2().uordblks;
  for (int i = 0; i < kConnections; ++i) open();
  const auto bytes = static_cast<double>(mallinfo2().uordblks - before) / kConnections;
  std::printf("%s: %.0f heap bytes per idle connection (both ends together)\n", name, bytes);

  TaskGroup echo(loop);
  echo.Spawn(Echo(*servers.back()));
  BlockOn(loop, Ping(*clients.back(), 1000));
  const auto start = CpuMicroseconds();
  const auto turns = loop.turns();
  BlockOn(loop, Ping(*clients.back(), kMessages));
  std::printf("%s: %.2f CPU us and %.2f turns per round trip of %zu bytes (both ends together)\n", name,
              (CpuMicroseconds() - start) / kMessages, static_cast<double>(loop.turns() - turns) / kMessages,
              kMessageBytes);
}

}  // namespace
}  // namespace gatehouse::net

int main(int count, char** arguments) {
  using namespace gatehouse::net;
  const tls::FakeAuthority authority;
  auto server = tls::TlsServer::Create({.identities = {authority.Issue()}, .alpn = {}});
  auto client = tls::TlsClient::Create({.authorities_pem = authority.certificate_pem(), .alpn = {}});
  for (int i = 1; i < count; ++i) {
    const std::string_view mode = arguments[i];
    if (mode == "plain") Run("plain", {});
    if (mode == "tls") Run("tls", {.server = server.value().get(), .client = client.value().get()});
  }
  std::printf("sizeof TcpStream %zu\n", sizeof(TcpStream));
}
