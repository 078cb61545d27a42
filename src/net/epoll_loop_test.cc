#include "net/epoll_loop.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/block_on.h"
#include "net/tcp_listener.h"
#include "net/tcp_stream.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

class EpollLoopTest : public testing::Test {
 protected:
  EpollLoop loop_{base::SystemClock()};
};

TEST_F(EpollLoopTest, StopBeforeRunEndsItAtOnceAndRunMayBeCalledAgain) {
  loop_.Stop();
  loop_.Run();
  int ran = 0;
  loop_.Post([&] {
    ++ran;
    loop_.Stop();
  });
  loop_.Run();
  EXPECT_EQ(ran, 1);
}

TEST_F(EpollLoopTest, PostsFromManyThreadsAllRunInEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::vector<int> next(kThreads, 0);
  int left = kThreads * kPosts;
  std::vector<std::thread> posters;
  posters.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < kPosts; ++i) {
        loop_.Post([&, thread, i] {
          EXPECT_EQ(next[static_cast<std::size_t>(thread)]++, i);
          if (--left == 0) loop_.Stop();
        });
      }
    });
  }
  loop_.Run();
  for (auto& poster : posters) poster.join();
  EXPECT_EQ(left, 0);
}

TEST_F(EpollLoopTest, StopsFromAnotherThread) {
  std::atomic<bool> running = false;
  loop_.Post([&] { running = true; });
  std::thread stopper([&] {
    while (!running) std::this_thread::yield();
    loop_.Stop();
  });
  loop_.Run();
  stopper.join();
  EXPECT_TRUE(running);
}

TEST_F(EpollLoopTest, TimersFireInRealTimeWithoutSpinning) {
  const auto start = base::SystemClock().Now();
  const auto turns = loop_.turns();
  EXPECT_TRUE(BlockOn(loop_, loop_.Sleep(70ms)));
  EXPECT_GE(base::SystemClock().Now() - start, 69ms);  // the deadline counts from the last turn
  EXPECT_LE(loop_.turns() - turns, 10U);
}

TEST_F(EpollLoopTest, AnUnfinishedTaskIsCancelledWhenTheLoopStops) {
  loop_.Post([&] { loop_.Stop(); });
  EXPECT_FALSE(BlockOn(loop_, loop_.Sleep(1h)));
}

TEST_F(EpollLoopTest, WorkLeftBehindIsDroppedWithTheLoop) {
  auto kept = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = kept;
  {
    EpollLoop other(base::SystemClock());
    other.Post([kept] {});
    other.Defer([kept = std::move(kept)] {});
  }
  EXPECT_TRUE(watch.expired());
}

struct Pair {
  std::unique_ptr<TcpStream> near;
  std::unique_ptr<TcpStream> far;
};

Pair Connect(EpollLoop& loop) {
  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
  return {.near = std::make_unique<TcpStream>(loop, Descriptor(pair[0]), std::nullopt),
          .far = std::make_unique<TcpStream>(loop, Descriptor(pair[1]), std::nullopt)};
}

// Two streams become ready in the same batch; whichever wakes first drops the other, and its slot is taken again.
TEST_F(EpollLoopTest, AnEventForAStreamDroppedInTheSameBatchIsIgnored) {
  auto a = Connect(loop_);
  auto b = Connect(loop_);
  BlockOn(loop_, loop_.Sleep(1ms));
  int told = 0;
  Pair replacement;
  const auto drop = [&](std::unique_ptr<TcpStream>& other) {
    ++told;
    other.reset();
    replacement = Connect(loop_);
    replacement.near->OnPeerGone([&] { ADD_FAILURE() << "an old event reached a new stream"; });
  };
  a.far->OnPeerGone([&] { drop(b.far); });
  b.far->OnPeerGone([&] { drop(a.far); });
  a.near.reset();
  b.near.reset();
  BlockOn(loop_, loop_.Sleep(5ms));
  EXPECT_EQ(told, 1);
}

TEST_F(EpollLoopTest, AShortReadNeedsNoSecondCall) {
  auto pair = Connect(loop_);
  const std::string_view hello = "hello";
  EXPECT_EQ(pair.near->TryWrite(std::span(&hello, 1)).bytes, 5U);
  std::array<char, 64> buffer{};
  const auto outcome = pair.far->TryRead(buffer);
  EXPECT_EQ(outcome.bytes, 5U);
  EXPECT_TRUE(outcome.drained);
  EXPECT_FALSE(pair.far->MayProgress(Direction::kRead));
  EXPECT_EQ(pair.near->TryWrite(std::span(&hello, 1)).bytes, 5U);
  EXPECT_EQ(pair.far->TryRead(buffer).state, IoState::kWouldBlock);  // no edge yet: the kernel is not asked
  BlockOn(loop_, loop_.Sleep(1ms));
  EXPECT_EQ(pair.far->TryRead(buffer).bytes, 5U);
}

// A stream that always has something to read does not keep the loop from the others.
TEST_F(EpollLoopTest, AFloodedReaderYieldsEachTurn) {
  auto pair = Connect(loop_);
  const int size = 1 << 20;
  ASSERT_EQ(setsockopt(pair.near->descriptor(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
  const std::string block(2 * TcpStream::kTurnBudget, 'x');
  const std::string_view view = block;
  BlockOn(loop_, loop_.Sleep(1ms));
  std::array<char, 4096> buffer{};
  std::size_t received = 0;
  bool yielded = false;
  while (!yielded) {
    const auto written = pair.near->TryWrite(std::span(&view, 1));
    for (auto outcome = pair.far->TryRead(buffer); outcome.state == IoState::kDone;
         outcome = pair.far->TryRead(buffer)) {
      received += outcome.bytes;
    }
    if (written.state == IoState::kWouldBlock) BlockOn(loop_, loop_.Sleep(1ms));
    yielded = !pair.far->MayProgress(Direction::kRead) && received >= TcpStream::kTurnBudget;
    ASSERT_LE(received, 8 * TcpStream::kTurnBudget);
  }
  const auto next = BlockOn(loop_, ReadSome(*pair.far, buffer, loop_.In(10s)));
  ASSERT_TRUE(next.has_value());
}

class ListenerTest : public EpollLoopTest {
 protected:
  std::unique_ptr<TcpListener> Listen(ListenOptions options) {
    auto listener = TcpListener::Listen(loop_, *SocketAddress::Parse("127.0.0.1", 0), options);
    EXPECT_TRUE(listener.ok());
    return std::move(listener).value();
  }
  Task<base::Result<std::unique_ptr<Stream>>> Connect(std::uint16_t port) {
    return TcpStream::Connect(loop_, *SocketAddress::Parse("127.0.0.1", port), loop_.In(10s));
  }
  static Task<> Serve(TcpListener& listener, std::vector<std::unique_ptr<Stream>>& into) {
    while (true) {
      auto stream = co_await listener.Accept();
      if (!stream.ok()) co_return;
      into.push_back(std::move(stream).value());
    }
  }
};

Task<> WaitForCount(Loop& loop, const std::vector<std::unique_ptr<Stream>>& accepted, std::size_t count) {
  while (accepted.size() < count) co_await loop.Sleep(1ms);
}

TEST_F(ListenerTest, AcceptsABurstAndTellsThePeersAddress) {
  auto listener = Listen({});
  std::vector<std::unique_ptr<Stream>> accepted;
  TaskGroup group(loop_);
  group.Spawn(Serve(*listener, accepted));
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 50; ++i) {
    auto client = BlockOn(loop_, Connect(listener->port()));
    ASSERT_TRUE(client && client->ok());
    clients.push_back(std::move(*client).value());
  }
  BlockOn(loop_, WaitForCount(loop_, accepted, 50));
  EXPECT_EQ(listener->open_connections(), 50U);
  EXPECT_TRUE(accepted[0]->peer().address.starts_with("127.0.0.1:"));
  EXPECT_EQ(clients[0]->peer().address, "127.0.0.1:" + std::to_string(listener->port()));
  accepted.clear();
  EXPECT_EQ(listener->open_connections(), 0U);
}

int OptionOf(const Stream& stream, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(static_cast<const TcpStream&>(stream).descriptor(), level, option, &value, &size), 0);
  return value;
}

TEST_F(ListenerTest, BothEndsSendWithoutDelayAndProbeASilentPeer) {
  auto listener = Listen({});
  auto client = BlockOn(loop_, Connect(listener->port()));
  auto server = BlockOn(loop_, listener->Accept());
  ASSERT_TRUE(client && client->ok() && server && server->ok());
  for (const auto* stream : {client->value().get(), server->value().get()}) {
    EXPECT_NE(OptionOf(*stream, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(OptionOf(*stream, SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(OptionOf(*stream, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  }
}

// A flood of connections does not hold up the turn: they are accepted in batches.
TEST_F(ListenerTest, AcceptsInBatches) {
  auto listener = Listen({});
  constexpr int kClients = 3 * TcpListener::kBatch;
  std::vector<Descriptor> clients;
  const auto address = *SocketAddress::Parse("127.0.0.1", listener->port());
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(clients.back().get(), address.get(), address.size()), 0);
  }
  std::vector<std::unique_ptr<Stream>> accepted;
  TaskGroup group(loop_);
  group.Spawn(Serve(*listener, accepted));
  EXPECT_EQ(accepted.size(), TcpListener::kBatch);
  BlockOn(loop_, WaitForCount(loop_, accepted, kClients));
}

TEST_F(ListenerTest, HoldsToItsLimitAndGoesOnWhenAPlaceComesFree) {
  auto listener = Listen({.max_connections = 2});
  std::vector<std::unique_ptr<Stream>> accepted;
  TaskGroup group(loop_);
  group.Spawn(Serve(*listener, accepted));
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 4; ++i) {
    auto client = BlockOn(loop_, Connect(listener->port()));
    ASSERT_TRUE(client && client->ok());
    clients.push_back(std::move(*client).value());
  }
  BlockOn(loop_, WaitForCount(loop_, accepted, 2));
  BlockOn(loop_, loop_.Sleep(5ms));
  EXPECT_EQ(accepted.size(), 2U);
  const auto turns = loop_.turns();
  BlockOn(loop_, loop_.Sleep(30ms));
  EXPECT_LE(loop_.turns() - turns, 10U);
  accepted.erase(accepted.begin());
  BlockOn(loop_, WaitForCount(loop_, accepted, 2));
  EXPECT_EQ(accepted.size(), 2U);
  EXPECT_EQ(listener->open_connections(), 2U);
}

TEST_F(ListenerTest, ClosingEndsAPendingAccept) {
  auto listener = Listen({});
  std::vector<std::unique_ptr<Stream>> accepted;
  TaskGroup group(loop_);
  group.Spawn(Serve(*listener, accepted));
  EXPECT_EQ(group.size(), 1U);
  listener->Close();
  EXPECT_TRUE(BlockOn(loop_, group.Drained(loop_.In(10s))));
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(ListenerTest, PausesWithoutSpinningWhenDescriptorsRunOut) {
  auto listener = Listen({});
  auto client = BlockOn(loop_, Connect(listener->port()));
  ASSERT_TRUE(client && client->ok());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const Descriptor probe(dup(0));
  const rlimit tight{.rlim_cur = static_cast<rlim_t>(probe.get() + 1), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  std::vector<std::unique_ptr<Stream>> accepted;
  TaskGroup group(loop_);
  group.Spawn(Serve(*listener, accepted));
  const auto turns = loop_.turns();
  BlockOn(loop_, loop_.Sleep(30ms));
  EXPECT_TRUE(accepted.empty());
  EXPECT_LE(loop_.turns() - turns, 10U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  BlockOn(loop_, WaitForCount(loop_, accepted, 1));
}

TEST_F(ListenerTest, SeveralLoopsShareAPort) {
  auto first = Listen({});
  auto second = TcpListener::Listen(loop_, *SocketAddress::Parse("127.0.0.1", first->port()), {});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second.value()->port(), first->port());
}

TEST_F(ListenerTest, RefusedConnectionsAndBadAddressesAreErrors) {
  std::uint16_t port = 0;
  {
    auto listener = Listen({});
    port = listener->port();
  }
  const auto refused = BlockOn(loop_, Connect(port));
  ASSERT_TRUE(refused && !refused->ok());
  EXPECT_EQ(refused->error().code, base::ErrorCode::kUnavailable);
  EXPECT_NE(refused->error().detail.find("refused"), std::string::npos);
  const auto elsewhere = TcpListener::Listen(loop_, *SocketAddress::Parse("192.0.2.1", 0), {});
  EXPECT_FALSE(elsewhere.ok());
}

}  // namespace
}  // namespace gatehouse::net
