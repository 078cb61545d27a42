#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/block_on.h"
#include "net/dns/ares_resolver.h"
#include "net/dns/caching_resolver.h"
#include "net/epoll_loop.h"
#include "net/fake/fake_loop.h"
#include "net/tcp_connector.h"
#include "net/tcp_listener.h"

namespace gatehouse::net::dns {
namespace {

using namespace std::chrono_literals;
using Resolved = base::Result<Answer>;

constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeAaaa = 28;

// A name server for tests (RFC 1035): one UDP socket on the loop, answers from a table, NXDOMAIN for the rest.
class NameServer final : private Pollable {
 public:
  struct Zone {
    std::vector<std::string> addresses;
    std::uint32_t time_to_live = 60;
  };

  explicit NameServer(EpollLoop& loop) : loop_(loop), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    const auto any = *SocketAddress::Parse("127.0.0.1", 0);
    EXPECT_EQ(bind(socket_.get(), any.get(), any.size()), 0);
    token_ = *loop_.Register(socket_.get(), *this, EpollLoop::Interest::kRead, EpollLoop::Trigger::kLevel);
  }
  ~NameServer() { loop_.Unregister(token_); }

  std::string address() const {
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    return "127.0.0.1:" + std::to_string(ntohs(bound.sin_port));
  }

  std::map<std::string, Zone> zones;
  bool silent = false;
  int queries = 0;

 private:
  void OnPoll(PollEvents) override {
    char query[512];
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    const auto bytes = recvfrom(socket_.get(), query, sizeof query, 0, address, &size);
    ++queries;
    if (bytes < 12 || silent) return;
    const auto reply = Reply(std::string(query, static_cast<std::size_t>(bytes)));
    EXPECT_EQ(sendto(socket_.get(), reply.data(), reply.size(), 0, address, size), std::ssize(reply));
  }

  static std::string Number(std::uint32_t value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
    return text;
  }

  std::string Reply(const std::string& query) const {
    std::string name;
    std::size_t at = 12;
    while (query[at] != 0) {
      const auto length = static_cast<std::size_t>(query[at]);
      name += query.substr(at + 1, length) + ".";
      at += length + 1;
    }
    const auto type = static_cast<std::uint16_t>(static_cast<std::uint8_t>(query[at + 2]));
    const auto zone = zones.find(name);
    std::string answers;
    std::uint32_t count = 0;
    if (zone != zones.end()) {
      for (const auto& literal : zone->second.addresses) answers += Record(literal, type, zone->second, count);
    }
    const std::uint32_t flags = zone != zones.end() ? 0x8180 : 0x8183;
    return query.substr(0, 2) + Number(flags, 2) + Number(1, 2) + Number(count, 2) + Number(0, 4) +
           query.substr(12, at + 5 - 12) + answers;
  }

  static std::string Record(const std::string& literal, std::uint16_t type, const Zone& zone, std::uint32_t& count) {
    char bytes[16];
    const auto family = type == kTypeAaaa ? AF_INET6 : AF_INET;
    if ((type != kTypeA && type != kTypeAaaa) || inet_pton(family, literal.c_str(), bytes) != 1) return "";
    const std::size_t size = type == kTypeAaaa ? 16 : 4;
    ++count;
    return Number(0xc00c, 2) + Number(type, 2) + Number(1, 2) + Number(zone.time_to_live, 4) +
           Number(static_cast<std::uint32_t>(size), 2) + std::string(bytes, size);
  }

  EpollLoop& loop_;
  Descriptor socket_;
  EpollLoop::Token token_;
};

class AresResolverTest : public testing::Test {
 protected:
  AresResolverTest() {
    auto resolver = AresResolver::Create(loop_, {.servers = server_.address(), .try_timeout = 50ms, .tries = 2});
    EXPECT_TRUE(resolver.ok());
    resolver_ = std::move(resolver).value();
  }
  Resolved Resolve(const std::string& name, base::Duration limit = 10s) {
    auto outcome = BlockOn(loop_, resolver_->Resolve(name, loop_.In(limit)));
    EXPECT_TRUE(outcome);
    return std::move(*outcome);
  }

  EpollLoop loop_{base::SystemClock()};
  NameServer server_{loop_};
  std::unique_ptr<AresResolver> resolver_;
};

TEST_F(AresResolverTest, BothFamiliesWithTheirTimeToLive) {
  server_.zones["api.example.test."] = {.addresses = {"192.0.2.1", "192.0.2.2", "2001:db8::1"}, .time_to_live = 42};
  const auto answer = Resolve("api.example.test.");
  ASSERT_TRUE(answer.ok()) << answer.error().detail;
  EXPECT_EQ(answer.value().addresses.size(), 3U);
  EXPECT_EQ(answer.value().time_to_live, 42s);
}

TEST_F(AresResolverTest, AnUnknownNameFailsForGood) {
  const auto answer = Resolve("nowhere.example.test.");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(answer.error().public_message.find("nowhere"), std::string::npos);
}

TEST_F(AresResolverTest, ANameWithoutAddressesFails) {
  server_.zones["empty.example.test."] = {};
  EXPECT_FALSE(Resolve("empty.example.test.").ok());
}

TEST_F(AresResolverTest, MalformedNamesAskNobody) {
  for (const auto& name : {std::string(), std::string(300, 'a'), std::string("a\0b", 3)}) {
    EXPECT_FALSE(Resolve(name).ok());
  }
  EXPECT_EQ(server_.queries, 0);
}

TEST_F(AresResolverTest, KnowsTheHostsFile) {
  const auto answer = Resolve("localhost");
  ASSERT_TRUE(answer.ok());
  for (const auto& address : answer.value().addresses) EXPECT_EQ(address.Scope(), AddressScope::kLoopback);
  EXPECT_EQ(server_.queries, 0);
}

TEST_F(AresResolverTest, ASilentServerEndsByItsOwnTimeoutOrTheDeadline) {
  server_.silent = true;
  const auto by_tries = Resolve("api.example.test.");
  ASSERT_FALSE(by_tries.ok());
  EXPECT_GE(server_.queries, 2);
  const auto by_deadline = Resolve("api.example.test.", 5ms);
  ASSERT_FALSE(by_deadline.ok());
  EXPECT_EQ(by_deadline.error().code, base::ErrorCode::kTimeout);
}

Task<> Keep(Task<Resolved> task, std::optional<Resolved>& into) { into.emplace(co_await std::move(task)); }

TEST_F(AresResolverTest, ADroppedTaskAndADestroyedResolverLeaveNothingBehind) {
  server_.silent = true;
  {
    TaskGroup dropped(loop_);
    std::optional<Resolved> never;
    dropped.Spawn(Keep(resolver_->Resolve("one.example.test.", Deadline::Never()), never));
  }
  std::optional<Resolved> outcome;
  TaskGroup group(loop_);
  group.Spawn(Keep(resolver_->Resolve("two.example.test.", Deadline::Never()), outcome));
  resolver_.reset();
  BlockOn(loop_, group.Drained(loop_.In(10s)));
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->ok());
}

TEST_F(AresResolverTest, MalformedServersAreRefused) {
  EXPECT_FALSE(AresResolver::Create(loop_, {.servers = "not a server"}).ok());
}

TEST_F(AresResolverTest, TheConnectorReachesAListenerByName) {
  auto listener = TcpListener::Listen(loop_, *SocketAddress::Parse("127.0.0.1", 0), {});
  ASSERT_TRUE(listener.ok());
  const auto port = listener.value()->port();
  server_.zones["api.example.test."] = {.addresses = {"127.0.0.9", "127.0.0.1"}};  // one of them refuses
  TcpConnector connector(loop_, *resolver_);
  for (int i = 0; i < 4; ++i) {
    auto stream = BlockOn(loop_, connector.Connect({.host = "api.example.test.", .port = port}, loop_.In(10s)));
    ASSERT_TRUE(stream && stream->ok());
    EXPECT_EQ(stream->value()->peer().address, "127.0.0.1:" + std::to_string(port));
  }
  auto literal = BlockOn(loop_, connector.Connect({.host = "127.0.0.1", .port = port}, loop_.In(10s)));
  EXPECT_TRUE(literal && literal->ok());
}

TEST_F(AresResolverTest, TheAddressFilterSeesWhatANameResolvesTo) {
  server_.zones["rebound.example.test."] = {.addresses = {"169.254.169.254", "10.0.0.1"}};
  TcpConnector connector(loop_, *resolver_, [](const SocketAddress& address) {
    return address.Scope() == AddressScope::kGlobal ? AddressVerdict::kAllow : AddressVerdict::kRefuse;
  });
  for (const auto* host : {"rebound.example.test.", "169.254.169.254", "::ffff:10.0.0.1"}) {
    const auto refused = BlockOn(loop_, connector.Connect({.host = host, .port = 80}, loop_.In(10s)));
    ASSERT_TRUE(refused && !refused->ok());
    EXPECT_EQ(refused->error().code, base::ErrorCode::kDenied);
  }
}

// Answers when it is told to.
class ScriptedResolver final : public Resolver {
 public:
  explicit ScriptedResolver(Loop& loop) : loop_(loop) {}

  Task<Resolved> Resolve(std::string name, Deadline deadline) override {
    ++asked[name];
    if (delay > 0ns) {
      co_await loop_.Sleep(std::min(delay, deadline.at - loop_.Now()));
      if (loop_.Now() >= deadline.at) co_return ResolveTimedOut(name);
    }
    if (failing) co_return CannotResolve(name, "scripted");
    co_return Answer{.addresses = {*SocketAddress::Parse("192.0.2.1", 0)}, .time_to_live = time_to_live};
  }

  std::map<std::string, int> asked;
  base::Duration delay = 0ns;
  base::Duration time_to_live = 30s;
  bool failing = false;

 private:
  Loop& loop_;
};

class CachingResolverTest : public testing::Test {
 protected:
  Resolved Resolve(const std::string& name = "api.test") {
    auto outcome = loop_.AwaitFor(cache_->Resolve(name, loop_.In(1min)), 2min);
    EXPECT_TRUE(outcome);
    return std::move(*outcome);
  }
  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
  ScriptedResolver upstream_{loop_};
  std::unique_ptr<CachingResolver> cache_ = std::make_unique<CachingResolver>(loop_, upstream_);
};

TEST_F(CachingResolverTest, AnAnswerIsUsedForItsTimeToLiveAndThenRenewed) {
  EXPECT_TRUE(Resolve().ok());
  EXPECT_TRUE(Resolve("API.Test").ok());
  loop_.Advance(29s);
  EXPECT_TRUE(Resolve().ok());
  EXPECT_EQ(upstream_.asked["api.test"], 1);
  loop_.Advance(1s);
  EXPECT_TRUE(Resolve().ok());
  EXPECT_EQ(upstream_.asked["api.test"], 2);
}

TEST_F(CachingResolverTest, TheTimeToLiveHasBounds) {
  upstream_.time_to_live = 0s;
  EXPECT_TRUE(Resolve("short.test").ok());
  EXPECT_TRUE(Resolve("short.test").ok());
  EXPECT_EQ(upstream_.asked["short.test"], 1);
  upstream_.time_to_live = 240h;
  EXPECT_TRUE(Resolve("long.test").ok());
  loop_.Advance(5min);
  EXPECT_TRUE(Resolve("long.test").ok());
  EXPECT_EQ(upstream_.asked["long.test"], 2);
}

TEST_F(CachingResolverTest, AFailureIsRememberedForAShortWhile) {
  upstream_.failing = true;
  EXPECT_FALSE(Resolve().ok());
  EXPECT_FALSE(Resolve().ok());
  EXPECT_EQ(upstream_.asked["api.test"], 1);
  upstream_.failing = false;
  loop_.Advance(5s);
  EXPECT_TRUE(Resolve().ok());
}

TEST_F(CachingResolverTest, AnExpiredAnswerServesWhileItsRenewalFails) {
  EXPECT_TRUE(Resolve().ok());
  upstream_.failing = true;
  loop_.Advance(31s);
  EXPECT_TRUE(Resolve().ok());
  EXPECT_EQ(upstream_.asked["api.test"], 2);
  EXPECT_TRUE(Resolve().ok());
  EXPECT_EQ(upstream_.asked["api.test"], 2);
  loop_.Advance(11min);
  EXPECT_FALSE(Resolve().ok());
}

TEST_F(CachingResolverTest, ConcurrentAskersShareOneLookupAndMayLeaveIt) {
  upstream_.delay = 100ms;
  std::optional<Resolved> first;
  std::optional<Resolved> second;
  std::optional<Resolved> impatient;
  TaskGroup group(loop_);
  {
    TaskGroup dropped(loop_);
    std::optional<Resolved> never;
    dropped.Spawn(Keep(cache_->Resolve("api.test", Deadline::Never()), never));
  }
  group.Spawn(Keep(cache_->Resolve("api.test", Deadline::Never()), first));
  group.Spawn(Keep(cache_->Resolve("api.test", Deadline::Never()), second));
  group.Spawn(Keep(cache_->Resolve("api.test", loop_.In(10ms)), impatient));
  loop_.Advance(99ms);
  EXPECT_FALSE(first);
  ASSERT_TRUE(impatient && !impatient->ok());
  EXPECT_EQ(impatient->error().code, base::ErrorCode::kTimeout);
  loop_.Advance(1ms);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->ok() && second->ok());
  EXPECT_EQ(upstream_.asked["api.test"], 1);
}

TEST_F(CachingResolverTest, ALookupHasItsOwnLimit) {
  upstream_.delay = 1h;
  const auto start = loop_.Now();
  EXPECT_FALSE(Resolve().ok());
  EXPECT_EQ(loop_.Now() - start, 10s);
}

TEST_F(CachingResolverTest, HoldsABoundedNumberOfNames) {
  cache_ = std::make_unique<CachingResolver>(loop_, upstream_, CachingResolver::Options{.max_names = 3});
  for (const auto* name : {"a.test", "b.test", "c.test", "d.test", "e.test"}) {
    EXPECT_TRUE(Resolve(name).ok());
    loop_.Advance(1s);
  }
  EXPECT_EQ(cache_->size(), 3U);
  EXPECT_TRUE(Resolve("e.test").ok());
  EXPECT_EQ(upstream_.asked["e.test"], 1);
  EXPECT_TRUE(Resolve("a.test").ok());
  EXPECT_EQ(upstream_.asked["a.test"], 2);
}

TEST_F(CachingResolverTest, WhoWaitsWhenItIsDestroyedFails) {
  upstream_.delay = 1h;
  std::optional<Resolved> outcome;
  TaskGroup group(loop_);
  group.Spawn(Keep(cache_->Resolve("api.test", Deadline::Never()), outcome));
  cache_.reset();
  loop_.RunUntilIdle();
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->ok());
}

}  // namespace
}  // namespace gatehouse::net::dns
