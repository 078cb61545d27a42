#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "features/ratelimit/bucket.h"
#include "features/ratelimit/replenisher.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/memory/memory_key_value.h"

namespace gatehouse::features::ratelimit {
namespace {

constexpr std::int64_t kBurst = 20'000;
constexpr int kThreads = 3;

// Decides on its own loop, until nothing is left.
void TakeAll(Replenisher& replenisher, const std::shared_ptr<Bucket>& bucket, std::atomic<std::int64_t>& taken) {
  net::EpollLoop loop(base::SystemClock());
  const Rate rate(1, kBurst);
  for (std::int64_t round = 1;; ++round) {
    const Verdict verdict = bucket->Take(Measure::kRequests, rate, 1, loop.Now(), Asking::kMay);
    if (verdict.kind == Verdict::Kind::kTooFast) return;
    std::vector<Need> needs = {{.bucket = bucket, .what = Need::What::kRequests, .rate = rate, .amount = 1}};
    if (verdict.kind == Verdict::Kind::kShort) {
      static_cast<void>(net::BlockOn(
          loop, replenisher.Fetch(loop, std::move(needs), {loop.clock().Now() + std::chrono::seconds(30)})));
      continue;
    }
    ASSERT_EQ(verdict.kind, Verdict::Kind::kEnough);
    ++taken;
    constexpr std::int64_t kSeldom = 16;
    if (round % kSeldom == 0) {  // was not used after all
      bucket->Return(Measure::kRequests, rate, 1);
      --taken;
      if (bucket->shared->requests.AfterCorrection() == Stock::Call::kNeeded) {
        needs[0].amount = 0;
        replenisher.LookAfter(needs[0]);
      }
    }
    if (bucket->shared->requests.AfterTake() == Stock::Call::kNeeded) replenisher.LookAfter(needs[0]);
  }
}

TEST(ReplenisherThreads, LoopsThatShareOneTakeNoMoreThanThereIs) {
  net::EpollLoop loop(base::SystemClock());
  base::LogWriter writer(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const base::Log log(writer, base::SystemClock(), base::LogLevel::kError);
  store::memory::SharedValues values(base::SystemClock());
  store::memory::MemoryKeyValue store(loop, values);
  Sharing sharing({.wait = std::chrono::seconds(30)});
  Replenisher replenisher({.loop = loop, .store = store, .sharing = sharing, .log = log, .name = "a"});
  auto bucket = std::make_shared<Bucket>();
  bucket->shared = replenisher.Share(bucket->slots, "rate:x:all");
  static_cast<void>(net::BlockOn(loop, replenisher.Start({base::SystemClock().Now() + std::chrono::seconds(30)})));

  std::atomic<std::int64_t> taken = 0;
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      TakeAll(replenisher, bucket, taken);
      if (--running == 0) loop.Post([&loop] { loop.Stop(); });
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  // One more for each minute that it took.
  EXPECT_LE(taken.load(), kBurst + 1);
  EXPECT_GT(taken.load(), kBurst / 2) << "what is returned at the very end is found by nobody";
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
