#include "store/redis/redis_key_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "net/tls/fake_authority.h"
#include "net/tls/tls_client.h"
#include "store/redis/test_connector.h"
#include "store/redis/test_server.h"

namespace gatehouse::store::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

class RedisTest : public testing::Test {
 protected:
  ClientSettings SettingsFor(const TestServer& server) {
    return {.endpoint = {"127.0.0.1", server.port()},
            .username = {},
            .password = {},
            .connect_timeout = milliseconds(300),
            .silence = milliseconds(500),
            .idle = milliseconds(300),
            .least_pause = milliseconds(10),
            .longest_pause = milliseconds(50)};
  }
  std::unique_ptr<RedisKeyValue> Open(ClientSettings settings) {
    return std::make_unique<RedisKeyValue>(loop_, connector_, tls_.get(), random_, std::move(settings), "gh:");
  }
  base::Result<std::optional<std::string>> Get(KeyValue& store, base::Duration patience = seconds(30)) {
    return *net::BlockOn(loop_, store.Get("k", loop_.In(patience)));
  }
  base::Result<KeyValue::Grant> Take(KeyValue& store, base::Duration patience = seconds(30)) {
    return *net::BlockOn(loop_, store.Take(Claim(1), loop_.In(patience)));
  }
  KeyValue::Claim Claim(std::int64_t wanted) {
    return {.key = "k",
            .holder = "h",
            .turn = ++turn_,
            .basis = KeyValue::Claim::Basis::kAtLeast,
            .wanted = wanted,
            .limit = 10,
            .ttl = seconds(60)};
  }
  net::Task<> Until(std::function<bool()> so) {
    const net::Deadline deadline = loop_.In(seconds(30));
    while (!so() && loop_.Now() < deadline.at) co_await loop_.Sleep(milliseconds(5));
    EXPECT_TRUE(so());
  }
  void WaitUntil(std::function<bool()> so) { net::BlockOn(loop_, Until(std::move(so))); }
  static bool Works(const KeyValue& store) { return store.health().state == Health::State::kWorking; }

  net::EpollLoop loop_{base::SystemClock()};
  LoopbackConnector connector_{loop_};
  std::unique_ptr<net::tls::TlsClient> tls_;
  base::Random random_{1};
  std::int64_t turn_ = 0;
};

TEST_F(RedisTest, TheFirstRequestsWaitForTheFirstConnection) {
  const TestServer server;
  const auto store = Open(SettingsFor(server));
  EXPECT_FALSE(Works(*store));
  EXPECT_TRUE(Get(*store).ok());
  EXPECT_TRUE(Works(*store));
}

TEST_F(RedisTest, AServerThatIsNotThereIsToldAtOnceOnceItIsKnown) {
  TestServer server;
  server.Stop();
  const auto store = Open(SettingsFor(server));
  WaitUntil([&] { return store->health().reason != "redis: not connected yet"; });
  const auto began = base::SystemClock().Now();
  const auto got = Get(*store);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(got.error().retry, base::Retry::kSameTarget);
  EXPECT_LT(base::SystemClock().Now() - began, seconds(5));
  EXPECT_FALSE(Works(*store));
}

TEST_F(RedisTest, ComesBackAfterARestart) {
  TestServer server;
  const auto store = Open(SettingsFor(server));
  EXPECT_TRUE(Take(*store).ok());
  server.Stop();
  WaitUntil([&] { return !Works(*store); });
  server.Start();
  WaitUntil([&] { return Works(*store); });
  const auto grant = Take(*store);
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant.value().taken, 1);  // nothing of it was on disk
}

TEST_F(RedisTest, APausedServerCostsCallersTheirDeadlineAtMost) {
  const TestServer server;
  const auto store = Open(SettingsFor(server));
  ASSERT_TRUE(Take(*store).ok());
  server.Pause();
  const auto began = base::SystemClock().Now();
  const auto doubtful = Take(*store, milliseconds(50));
  EXPECT_LT(base::SystemClock().Now() - began, seconds(5));
  ASSERT_FALSE(doubtful.ok());
  EXPECT_EQ(doubtful.error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(doubtful.error().retry, base::Retry::kNever);  // it was sent, and will be done
  const auto read = Get(*store, milliseconds(50));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().retry, base::Retry::kSameTarget);
  WaitUntil([&] { return !Works(*store); });
  EXPECT_THAT(store->health().reason, HasSubstr("no answer"));
  // From now on it is known, and costs nothing.
  EXPECT_EQ(Take(*store, seconds(30)).error().code, base::ErrorCode::kUnavailable);
  server.Resume();
  WaitUntil([&] { return Works(*store); });
  EXPECT_TRUE(Take(*store).ok());
}

TEST_F(RedisTest, AServerThatPausesWhileNobodyAsksIsNoticed) {
  const TestServer server;
  const auto store = Open(SettingsFor(server));
  ASSERT_TRUE(Get(*store).ok());
  server.Pause();
  WaitUntil([&] { return !Works(*store); });
  server.Resume();
  WaitUntil([&] { return Works(*store); });
}

TEST_F(RedisTest, WhoGoesAwayBeforeItWasSentLeavesNothingBehind) {
  const TestServer server;
  const auto store = Open(SettingsFor(server));
  {
    net::TaskGroup group(loop_);
    group.Spawn([](KeyValue& values, KeyValue::Claim claim, net::Deadline deadline) -> net::Task<> {
      static_cast<void>(co_await values.Take(std::move(claim), deadline));
    }(*store, Claim(5), loop_.In(seconds(30))));
  }
  const auto grant = Take(*store);
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant.value().taken, 1);
}

TEST_F(RedisTest, AnAnswerNobodyWaitsForDoesNotShiftTheOthers) {
  const TestServer server;
  const auto store = Open(SettingsFor(server));
  ASSERT_TRUE(Take(*store).ok());
  server.Pause();
  EXPECT_FALSE(Get(*store, milliseconds(20)).ok());
  server.Resume();
  const auto grant = Take(*store);
  ASSERT_TRUE(grant.ok()) << grant.error().detail;
  EXPECT_EQ(grant.value().taken, 2);
}

TEST_F(RedisTest, NoMoreWaitThanMay) {
  const TestServer server;
  ClientSettings settings = SettingsFor(server);
  settings.max_waiting = 2;
  const auto store = Open(settings);
  net::TaskGroup group(loop_);
  const auto ask = [](KeyValue& values, net::Deadline deadline) -> net::Task<> {
    static_cast<void>(co_await values.Get("k", deadline));
  };
  group.Spawn(ask(*store, loop_.In(seconds(30))));
  group.Spawn(ask(*store, loop_.In(seconds(30))));
  const auto refused = Get(*store);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
  WaitUntil([&] { return group.size() == 0; });
  EXPECT_TRUE(Get(*store).ok());
}

TEST_F(RedisTest, AWrongPasswordIsSaidWithoutIt) {
  const TestServer server({"--requirepass", "right-one"});
  ClientSettings settings = SettingsFor(server);
  settings.password = base::Secret("wrong-one");
  const auto store = Open(settings);
  WaitUntil([&] { return store->health().reason != "redis: not connected yet"; });
  EXPECT_THAT(store->health().reason, HasSubstr("does not accept the user or the password"));
  EXPECT_THAT(store->health().reason, Not(HasSubstr("wrong-one")));
  EXPECT_FALSE(Get(*store).ok());
  const auto without = Open(SettingsFor(server));
  WaitUntil([&] { return without->health().reason != "redis: not connected yet"; });
  EXPECT_FALSE(Get(*without).ok());
  settings.password = base::Secret("right-one");
  EXPECT_TRUE(Get(*Open(settings)).ok());
}

TEST_F(RedisTest, LogsInAsAUserOfItsAccessList) {
  const TestServer server({"--user", "gate", "on", ">secret", "~gh:*", "&gh:*", "+@all", "-@dangerous"});
  ClientSettings settings = SettingsFor(server);
  settings.username = "gate";
  settings.password = base::Secret("secret");
  const auto store = Open(settings);
  EXPECT_TRUE(Take(*store).ok());
  settings.username = "nobody";
  const auto stranger = Open(settings);
  WaitUntil([&] { return stranger->health().reason != "redis: not connected yet"; });
  EXPECT_FALSE(Works(*stranger));
}

TEST_F(RedisTest, WhatItsAccessListForbidsIsAnErrorOfThatRequestAlone) {
  const TestServer server({"--user", "gate", "on", ">secret", "~gh:*", "&gh:*", "+@all", "-get"});
  ClientSettings settings = SettingsFor(server);
  settings.username = "gate";
  settings.password = base::Secret("secret");
  const auto store = Open(settings);
  const auto refused = *net::BlockOn(loop_, store->Get("k", loop_.In(seconds(30))));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInternal);
  EXPECT_THAT(refused.error().detail, HasSubstr("NOPERM"));
  EXPECT_TRUE(Works(*store));
}

TEST_F(RedisTest, AScriptThatTheServerHasRunIsNotSentAgain) {
  const TestServer server({"--user", "gate", "on", ">secret", "~gh:*", "&gh:*", "+@all", "-eval"});
  ClientSettings settings = SettingsFor(server);
  const auto all = Open(settings);
  settings.username = "gate";
  settings.password = base::Secret("secret");
  const auto names_only = Open(settings);
  EXPECT_THAT(Take(*names_only).error().detail, HasSubstr("NOPERM"));
  EXPECT_TRUE(Take(*all).ok());
  EXPECT_EQ(Take(*names_only).value().taken, 2);
}

TEST_F(RedisTest, OtherDatabasesAreOthers) {
  const TestServer server;
  ClientSettings settings = SettingsFor(server);
  const auto first = Open(settings);
  settings.database = 3;
  const auto second = Open(settings);
  EXPECT_EQ(Take(*first).value().taken, 1);
  EXPECT_EQ(Take(*second).value().taken, 1);
}

// The server's files for TLS, and whom it is to be trusted by.
struct ServerTls {
  std::filesystem::path folder;
  net::tls::FakeAuthority authority;
  ServerTls() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse-redis-tls-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    const net::tls::PemIdentity identity = authority.Issue();
    std::ofstream(folder / "server.pem") << identity.certificate;
    std::ofstream(folder / "server.key") << identity.private_key;
  }
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;
  ~ServerTls() { std::filesystem::remove_all(folder); }
  std::vector<std::string> Options() const {
    return {"--tls-cert-file",    (folder / "server.pem").string(),
            "--tls-key-file",     (folder / "server.key").string(),
            "--tls-auth-clients", "no"};
  }
};

TEST_F(RedisTest, SpeaksTls) {
  const ServerTls files;
  const TestServer server(files.Options(), TestServer::Transport::kTls);
  tls_ = net::tls::TlsClient::Create({.authorities_pem = files.authority.certificate_pem(), .identity = {}, .alpn = {}})
             .value();
  EXPECT_TRUE(Get(*Open(SettingsFor(server))).ok());
  // A server that somebody else vouches for is none.
  tls_ = net::tls::TlsClient::Create(
             {.authorities_pem = net::tls::FakeAuthority("Another").certificate_pem(), .identity = {}, .alpn = {}})
             .value();
  const auto store = Open(SettingsFor(server));
  WaitUntil([&] { return store->health().reason != "redis: not connected yet"; });
  EXPECT_FALSE(Get(*store).ok());
}

class Ear final : public KeyValue::Listener {
 public:
  void OnMessage(std::string_view message) override { heard.emplace_back(message); }
  void OnInStep() override { heard.emplace_back("<in step>"); }
  void OnLost() override { heard.emplace_back("<lost>"); }
  std::vector<std::string> heard;
};

TEST_F(RedisTest, WhoListensLearnsOfInterruptions) {
  TestServer server;
  const auto store = Open(SettingsFor(server));
  Ear ear;
  const auto subscription = store->Subscribe("changes", ear);
  WaitUntil([&] { return ear.heard.size() == 1; });
  server.Stop();
  WaitUntil([&] { return ear.heard.size() == 2; });
  server.Start();
  WaitUntil([&] { return ear.heard.size() == 3; });
  const auto published = *net::BlockOn(loop_, store->Publish("changes", "news", loop_.In(seconds(30))));
  EXPECT_TRUE(published.ok());
  WaitUntil([&] { return ear.heard.size() == 4; });
  EXPECT_THAT(ear.heard, ElementsAre("<in step>", "<lost>", "<in step>", "news"));
}

TEST_F(RedisTest, DroppingItInTheMiddleIsInOrder) {
  const TestServer server;
  auto store = Open(SettingsFor(server));
  ASSERT_TRUE(Get(*store).ok());
  Ear ear;
  auto subscription = store->Subscribe("changes", ear);
  subscription.reset();
  store.reset();
  net::BlockOn(loop_, loop_.Sleep(milliseconds(20)));
}

}  // namespace
}  // namespace gatehouse::store::redis
