#include "net/handoff.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "net/fake/fake_loop.h"

namespace gatehouse::net {
namespace {

class HandoffTest : public ::testing::Test {
 protected:
  base::FakeClock clock_;
  fake::FakeLoop loop_{clock_};
};

TEST_F(HandoffTest, CarriesAValueFromAnotherThread) {
  Handoff<std::string> handoff(loop_);
  std::thread worker([sender = handoff.sender()]() mutable {
    if (sender.Begin()) sender.Send("done");
  });
  loop_.RunAfterPost();
  worker.join();
  EXPECT_EQ(loop_.Await(handoff.Receive(Deadline::Never())).value(), "done");
}

TEST_F(HandoffTest, GivesUpAtTheDeadlineAndTheWorkIsNotBegun) {
  Handoff<int> handoff(loop_);
  auto sender = handoff.sender();
  const auto received = loop_.AwaitFor(handoff.Receive(loop_.In(std::chrono::seconds(1))), std::chrono::seconds(2));
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(*received, std::nullopt);
  EXPECT_FALSE(handoff.begun());
  EXPECT_FALSE(sender.Begin());
}

TEST_F(HandoffTest, TellsThatWorkWasBegunWhenTheDeadlinePassed) {
  Handoff<int> handoff(loop_);
  auto sender = handoff.sender();
  ASSERT_TRUE(sender.Begin());
  const auto received = loop_.AwaitFor(handoff.Receive(loop_.In(std::chrono::seconds(1))), std::chrono::seconds(2));
  EXPECT_EQ(received.value(), std::nullopt);
  EXPECT_TRUE(handoff.begun());
  sender.Send(1);
  loop_.RunUntilIdle();
}

TEST_F(HandoffTest, ASenderOutlivesTheOneWhoWaited) {
  std::optional<Handoff<int>::Sender> sender;
  {
    Handoff<int> handoff(loop_);
    sender.emplace(handoff.sender());
    EXPECT_TRUE(sender->Begin());
  }
  sender->Send(1);
  loop_.RunUntilIdle();
}

}  // namespace
}  // namespace gatehouse::net
