// Several gateways on one limit under random demand and random troubles, held against what a limit says.

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "features/ratelimit/test_gateways.h"

namespace gatehouse::features::ratelimit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = store::memory::UnsteadyStore::State;

// What happens to the gateways: nothing; they are killed and their answers are slow; all that can go wrong.
enum class Troubles : std::uint8_t { kNone, kUsual, kAll };

struct Story {
  std::uint64_t seed = 0;
  Troubles troubles = Troubles::kNone;
  std::int64_t per_minute = 0;
  std::int64_t burst = 0;
  std::uint32_t concurrent = 0;
};
constexpr base::Duration kMostLag = milliseconds(20);

class SharedLimitStory : public testing::TestWithParam<Story> {
 protected:
  static constexpr std::size_t kGateways = 3;

  SharedLimitStory() {
    Rule rule;
    rule.name = "limit";
    rule.concurrent = GetParam().concurrent;
    if (GetParam().per_minute > 0) rule.requests = Rate(GetParam().per_minute, GetParam().burst);
    rules_ = std::make_shared<const std::vector<Rule>>(std::vector{std::move(rule)});
    for (std::size_t i = 0; i < kGateways; ++i) Start(i);
    loop_.Advance(seconds(6));
  }
  void Start(std::size_t index) {
    gateways_.at(index).reset();
    gateways_.at(index) = std::make_unique<FakeGateway>(
        FakeGateway::World{.loop = loop_, .values = values_, .log = log_, .rules = rules_},
        "life-" + std::to_string(++lives_));
  }
  // What it had under way ends with it.
  void Kill(std::size_t index) {
    std::erase_if(visits_, [index](const auto& one) { return one->gateway == index; });
    gateways_.at(index)->store.state = State::kAway;
    Start(index);
  }
  void Disturb(std::size_t index) {
    constexpr std::array kStates = {State::kWorking,      State::kWorking, State::kAway,
                                    State::kLosesAnswers, State::kHangs,   State::kLate};
    gateways_.at(index)->store.state = kStates.at(random_.Below(kStates.size()));
  }
  void Trouble() {
    if (GetParam().troubles == Troubles::kNone) return;
    const std::size_t index = random_.Below(kGateways);
    switch (random_.Below(60)) {
      case 0: Kill(index); break;
      case 1: gateways_.at(index)->store.lag = milliseconds(random_.Below(kMostLag / milliseconds(1) + 1)); break;
      case 2:
        if (GetParam().troubles == Troubles::kAll) Disturb(index);
        break;
      default: break;
    }
  }
  // Begins so many requests at once.
  void Demand(std::size_t gateway, std::size_t requests) {
    for (std::size_t i = 0; i < requests; ++i) {
      auto& one = visits_.emplace_back(std::make_unique<Under>(gateway, gateways_.at(gateway)->Begin(), loop_));
      one->task.Spawn(FakeGateway::Enter(*one->visit));
    }
  }
  // Takes down those that have their answers.
  void Collect() {
    for (const auto& one : visits_) {
      if (one->visit->IsAdmitted()) admitted_.push_back(one->visit->at);
      if (one->visit->answer) longest_ = std::max(longest_, one->visit->at - one->began);
    }
    std::erase_if(visits_, [](const auto& one) { return one->visit->answer.has_value(); });
  }
  void Calm() {
    for (auto& gateway : gateways_) {
      gateway->store.state = State::kWorking;
      gateway->store.lag = {};
    }
  }
  // By how many what was admitted in any span of time is more than the limit times `parts`.
  std::int64_t MostOver(std::int64_t parts = 1) const {
    const Rate rate(GetParam().per_minute, GetParam().burst);
    std::vector<base::TimePoint> times(admitted_.begin(), admitted_.end());
    std::ranges::sort(times);
    std::int64_t most = 0;
    for (std::size_t first = 0; first < times.size(); ++first) {
      for (std::size_t last = first; last < times.size(); ++last) {
        const auto count = static_cast<std::int64_t>(last - first + 1);
        most = std::max(most, count - parts * (rate.burst() + rate.YieldOf(times[last] - times[first])));
      }
    }
    return most;
  }

  struct Under {
    Under(std::size_t its_gateway, std::unique_ptr<FakeGateway::Visit> its_visit, net::Loop& loop)
        : gateway(its_gateway), began(loop.Now()), visit(std::move(its_visit)), task(loop) {}
    const std::size_t gateway;
    const base::TimePoint began;
    const std::unique_ptr<FakeGateway::Visit> visit;
    net::TaskGroup task;  // goes first
  };

  base::FakeClock clock_;
  net::fake::FakeLoop loop_{clock_};
  base::LogWriter writer_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  base::Log log_{writer_, clock_, base::LogLevel::kError};
  store::memory::SharedValues values_{clock_};
  std::shared_ptr<const std::vector<Rule>> rules_;
  int lives_ = 0;
  base::Random random_{GetParam().seed};
  std::array<std::unique_ptr<FakeGateway>, kGateways> gateways_;
  std::deque<std::unique_ptr<Under>> visits_;
  std::deque<base::TimePoint> admitted_;
  base::Duration longest_{};  // that anybody waited
};

class SharedRates : public SharedLimitStory {};

TEST_P(SharedRates, AreNotExceededAndAreUsedUp) {
  for (int step = 0; step < 300; ++step) {
    Trouble();
    Demand(random_.Below(kGateways), random_.Below(static_cast<std::size_t>(GetParam().burst / 4 + 3)));
    loop_.Advance(milliseconds(random_.Below(200)));
    Collect();
  }
  // What is on its way to a gateway is used a little later than it is drawn.
  if (GetParam().troubles == Troubles::kNone) EXPECT_LE(MostOver(), 0);
  if (GetParam().troubles == Troubles::kUsual) {
    EXPECT_LE(MostOver(), Rate(GetParam().per_minute, GetParam().burst).YieldOf(kMostLag));
  }
  EXPECT_LE(MostOver(2), 0);
  EXPECT_LE(longest_, SharingSettings().wait);
  // In the end the limit is as it was at the beginning.
  Calm();
  loop_.Advance(seconds(5));
  visits_.clear();
  loop_.Advance(seconds(60) * GetParam().burst / GetParam().per_minute + seconds(5));
  for (std::int64_t i = 0; i < GetParam().burst; ++i) {
    EXPECT_TRUE(gateways_.at(static_cast<std::size_t>(i) % kGateways)->Pass().ok()) << i;
  }
}

std::vector<Story> RatesWith(std::vector<Troubles> troubles) {
  std::vector<Story> stories;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const Troubles one : troubles) {
      stories.push_back({.seed = seed, .troubles = one, .per_minute = 30, .burst = 3});
      stories.push_back({.seed = seed, .troubles = one, .per_minute = 600, .burst = 40});
      stories.push_back({.seed = seed, .troubles = one, .per_minute = 3000, .burst = 100});
    }
  }
  return stories;
}
std::string NameOf(const testing::TestParamInfo<Story>& story) {
  return std::string("seed") + std::to_string(story.param.seed) + "troubles" +
         std::to_string(static_cast<int>(story.param.troubles)) + "rate" + std::to_string(story.param.per_minute);
}
INSTANTIATE_TEST_SUITE_P(Seeds, SharedRates,
                         testing::ValuesIn(RatesWith({Troubles::kNone, Troubles::kUsual, Troubles::kAll})), NameOf);

class SharedRatesInDemand : public SharedLimitStory {};

// More is asked for than there is, everywhere, all the time.
TEST_P(SharedRatesInDemand, LetThroughWhatTheyPromise) {
  const base::TimePoint began = loop_.Now();
  const auto most = static_cast<std::size_t>(GetParam().per_minute / 600 + 2);
  for (int step = 0; step < 300; ++step) {
    for (std::size_t i = 0; i < kGateways; ++i) Demand(i, 1 + random_.Below(most));
    loop_.Advance(milliseconds(50));
    Collect();
  }
  const Rate rate(GetParam().per_minute, GetParam().burst);
  const std::int64_t promised = rate.burst() + rate.YieldOf(loop_.Now() - began);
  const auto admitted = static_cast<std::int64_t>(admitted_.size());
  EXPECT_LE(admitted, promised);
  EXPECT_GE(admitted, promised * 97 / 100 - 1) << "of " << promised;
}
INSTANTIATE_TEST_SUITE_P(Seeds, SharedRatesInDemand, testing::ValuesIn(RatesWith({Troubles::kNone})), NameOf);

class SharedSlots : public SharedLimitStory {
 protected:
  std::int64_t UnderWay() const {
    return std::ranges::count_if(visits_, [](const auto& one) { return one->visit->IsAdmitted(); });
  }
  void End() {
    std::erase_if(visits_, [this](const auto& one) {
      return one->visit->answer && (!one->visit->IsAdmitted() || random_.Below(3) == 0);
    });
  }
};

TEST_P(SharedSlots, AreNotMoreTogetherAndNoneIsLost) {
  const std::int64_t most = GetParam().concurrent;
  const std::int64_t most_without = std::max<std::int64_t>(2 * most, kGateways);  // each lets one through at least
  for (int step = 0; step < 300; ++step) {
    Trouble();
    Demand(random_.Below(kGateways), random_.Below(GetParam().concurrent / 2 + 2));
    loop_.Advance(milliseconds(random_.Below(200)));
    ASSERT_LE(UnderWay(), GetParam().troubles == Troubles::kAll ? most_without : most) << "after step " << step;
    End();
  }
  Calm();
  visits_.clear();
  loop_.Advance(SlotLease::kSlotLease + seconds(5));
  for (std::int64_t i = 0; i < most; ++i) {
    Demand(static_cast<std::size_t>(i) % kGateways, 1);
    loop_.Advance(milliseconds(100));
  }
  EXPECT_EQ(UnderWay(), most);
  Demand(1, 1);
  loop_.Advance(milliseconds(100));
  EXPECT_EQ(UnderWay(), most);
}

std::vector<Story> SlotStories() {
  std::vector<Story> stories;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    for (const Troubles troubles : {Troubles::kNone, Troubles::kUsual, Troubles::kAll}) {
      for (const std::uint32_t concurrent : {1U, 5U, 60U}) {
        stories.push_back({.seed = seed, .troubles = troubles, .concurrent = concurrent});
      }
    }
  }
  return stories;
}
INSTANTIATE_TEST_SUITE_P(Seeds, SharedSlots, testing::ValuesIn(SlotStories()), [](const auto& story) {
  return std::string("seed") + std::to_string(story.param.seed) + "troubles" +
         std::to_string(static_cast<int>(story.param.troubles)) + "slots" + std::to_string(story.param.concurrent);
});

}  // namespace
}  // namespace gatehouse::features::ratelimit
