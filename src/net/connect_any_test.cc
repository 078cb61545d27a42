#include "net/connect_any.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net/fake/fake_loop.h"
#include "net/fake/fake_network.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using Connected = base::Result<std::unique_ptr<Stream>>;

std::vector<SocketAddress> Addresses(std::initializer_list<const char*> literals) {
  std::vector<SocketAddress> addresses;
  for (const auto* literal : literals) addresses.push_back(*SocketAddress::Parse(literal, 443));
  return addresses;
}

std::vector<std::string> Hosts(const std::vector<SocketAddress>& addresses) {
  std::vector<std::string> hosts;
  for (const auto& address : addresses) hosts.push_back(address.Host());
  return hosts;
}

TEST(InterleaveTest, AlternatesTheFamiliesAndRotatesWithinThem) {
  const auto addresses = Addresses({"::1", "::2", "10.0.0.1", "10.0.0.2", "10.0.0.3"});
  EXPECT_EQ(Hosts(Interleave(addresses, 0)),
            (std::vector<std::string>{"::1", "10.0.0.1", "::2", "10.0.0.2", "10.0.0.3"}));
  EXPECT_EQ(Hosts(Interleave(addresses, 4)),
            (std::vector<std::string>{"::1", "10.0.0.2", "::2", "10.0.0.3", "10.0.0.1"}));
  EXPECT_EQ(Hosts(Interleave(Addresses({"10.0.0.1"}), 7)), std::vector<std::string>{"10.0.0.1"});
}

// What happens when an address is dialled: after `delay` it connects or refuses.
struct Behaviour {
  base::Duration delay = base::Duration::zero();
  bool connects = true;
};

class ConnectAnyTest : public testing::Test {
 protected:
  struct Dialled {
    std::string host;
    base::TimePoint at;
    bool operator==(const Dialled&) const = default;
  };

  Task<Connected> DialOne(SocketAddress address) {
    dialled_.push_back({address.Host(), loop_.Now()});
    ++live_;
    struct Leave {
      int& live;
      ~Leave() { --live; }
    } const leave{live_};
    const auto behaviour = behaviours_.at(address.Host());
    if (behaviour.delay > 0ns) co_await loop_.Sleep(behaviour.delay);
    if (!behaviour.connects) co_return fake::ConnectionRefused();
    auto pair = fake::FakeStream::Connect(loop_);
    pair.near->set_peer({.address = address.Host()});
    co_return std::unique_ptr<Stream>(std::move(pair.near));
  }

  std::optional<Connected> Run(std::initializer_list<const char*> addresses, base::Duration limit) {
    start_ = loop_.Now();
    return loop_.AwaitFor(ConnectAny(
                              loop_, Addresses(addresses),
                              [this](SocketAddress address, Deadline) { return DialOne(address); }, loop_.In(limit)),
                          limit + 1s);
  }

  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
  std::map<std::string, Behaviour> behaviours_;
  std::vector<Dialled> dialled_;
  base::TimePoint start_;
  int live_ = 0;
};

TEST_F(ConnectAnyTest, TheFirstAddressIsEnough) {
  behaviours_ = {{"10.0.0.1", {.delay = 10ms}}, {"10.0.0.2", {}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2"}, 5s);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(outcome->value()->peer().address, "10.0.0.1");
  EXPECT_EQ(dialled_.size(), 1U);
}

TEST_F(ConnectAnyTest, AFailureTriesTheNextAtOnce) {
  behaviours_ = {{"10.0.0.1", {.connects = false}}, {"10.0.0.2", {.delay = 3ms, .connects = false}}, {"10.0.0.3", {}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2", "10.0.0.3"}, 5s);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(dialled_, (std::vector<Dialled>{{"10.0.0.1", start_}, {"10.0.0.2", start_}, {"10.0.0.3", start_ + 3ms}}));
}

TEST_F(ConnectAnyTest, ASlowAddressIsOvertakenAndDropped) {
  behaviours_ = {{"10.0.0.1", {.delay = 1h}}, {"10.0.0.2", {.delay = 20ms}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2"}, 5s);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(outcome->value()->peer().address, "10.0.0.2");
  EXPECT_EQ(dialled_[1].at, start_ + kAttemptDelay);
  EXPECT_EQ(live_, 0);
}

TEST_F(ConnectAnyTest, ASlowAddressMayStillWin) {
  behaviours_ = {{"10.0.0.1", {.delay = 300ms}}, {"10.0.0.2", {.delay = 1h}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2"}, 5s);
  ASSERT_TRUE(outcome && outcome->ok());
  EXPECT_EQ(outcome->value()->peer().address, "10.0.0.1");
  EXPECT_EQ(dialled_.size(), 2U);
}

TEST_F(ConnectAnyTest, AllFail) {
  behaviours_ = {{"10.0.0.1", {.delay = 700ms, .connects = false}}, {"10.0.0.2", {.connects = false}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2"}, 5s);
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(loop_.Now(), start_ + 700ms);
}

TEST_F(ConnectAnyTest, TheDeadlineEndsAllAttempts) {
  behaviours_ = {{"10.0.0.1", {.delay = 1h}}, {"10.0.0.2", {.delay = 1h}}};
  const auto outcome = Run({"10.0.0.1", "10.0.0.2"}, 1s);
  ASSERT_TRUE(outcome && !outcome->ok());
  EXPECT_EQ(outcome->error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(loop_.Now(), start_ + 1s);
  EXPECT_EQ(live_, 0);
}

}  // namespace
}  // namespace gatehouse::net
