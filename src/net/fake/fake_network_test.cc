#include "net/fake/fake_network.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/fake/fake_loop.h"

namespace gatehouse::net::fake {
namespace {

using namespace std::chrono_literals;

class FakeNetworkTest : public testing::Test {
 protected:
  base::FakeClock clock_;
  FakeLoop loop_{clock_};
  FakeListener listener_{loop_};
  FakeConnector connector_{loop_};
  const Endpoint endpoint_{.host = "api.test", .port = 443};
};

TEST_F(FakeNetworkTest, ARoutedConnectionIsAccepted) {
  connector_.Route(endpoint_, listener_);
  auto client = loop_.Await(connector_.Connect(endpoint_, Deadline::Never()));
  auto server = loop_.Await(listener_.Accept());
  ASSERT_TRUE(client && client->ok() && server && server->ok());
  const std::string_view hello = "hello";
  EXPECT_EQ(client->value()->TryWrite(std::span(&hello, 1)).bytes, 5U);
  EXPECT_EQ(static_cast<FakeStream&>(*server->value()).Received(), "hello");
  EXPECT_EQ(connector_.attempts(endpoint_), 1U);
}

TEST_F(FakeNetworkTest, UnknownRefusedAndHangingEndpointsFail) {
  EXPECT_FALSE(loop_.Await(connector_.Connect(endpoint_, Deadline::Never()))->ok());
  connector_.Hang(endpoint_);
  const auto start = loop_.Now();
  auto hanging = loop_.AwaitFor(connector_.Connect(endpoint_, loop_.In(3s)), 5s);
  ASSERT_TRUE(hanging && !hanging->ok());
  EXPECT_EQ(hanging->error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(loop_.Now() - start, 3s);
  connector_.Route(endpoint_, listener_);
  listener_.Close();
  EXPECT_FALSE(loop_.Await(connector_.Connect(endpoint_, Deadline::Never()))->ok());
  EXPECT_FALSE(loop_.Await(listener_.Accept())->ok());
}

TEST_F(FakeNetworkTest, LatencyHoldsBytesBack) {
  auto pair = FakeStream::Connect(loop_, {.latency = 10ms});
  pair.far->Send("late");
  EXPECT_EQ(pair.near->Received(), "");
  loop_.Advance(9ms);
  EXPECT_EQ(pair.near->Received(), "");
  loop_.Advance(1ms);
  EXPECT_EQ(pair.near->Received(), "late");
}

TEST_F(FakeNetworkTest, ABlockedEndMovesNothingUntilItIsUnblocked) {
  auto pair = FakeStream::Connect(loop_);
  pair.near->Block(Direction::kRead);
  pair.far->Send("held");
  std::array<char, 10> buffer{};
  auto waiting = loop_.AwaitFor(ReadSome(*pair.near, buffer, loop_.In(1s)), 2s);
  ASSERT_TRUE(waiting && !waiting->ok());
  pair.near->Unblock(Direction::kRead);
  auto read = loop_.Await(ReadSome(*pair.near, buffer, loop_.In(1s)));
  ASSERT_TRUE(read && read->ok());
  EXPECT_EQ(read->value(), 4U);
}

TEST_F(FakeNetworkTest, WorkersWakeTheLoop) {
  int ran = 0;
  loop_.Post([&] { ++ran; });
  loop_.RunAfterPost();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace gatehouse::net::fake
