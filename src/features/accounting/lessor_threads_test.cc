#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "features/accounting/lessor.h"
#include "features/accounting/test_cluster.h"
#include "net/block_on.h"
#include "net/epoll_loop.h"
#include "store/memory/memory_key_value.h"

namespace gatehouse::features::accounting {
namespace {

constexpr std::int64_t kAmount = 3000;

// Decides on its own loop, until nothing is left.
void SpendAll(Treasury& treasury, Lessor& lessor, std::atomic<std::int64_t>& spent) {
  net::EpollLoop loop(base::SystemClock());
  const std::vector<pipeline::Link> chain = {{pipeline::NodeKind::kOrganization, {1}}};
  for (;;) {
    auto answer = treasury.Reserve({.chain = chain,
                                    .model = "m",
                                    .fixed = {.usd = {}, .tokens = 7, .requests = 1},
                                    .now = SecondsOf(loop.clock().Wall()),
                                    .patience = Ask::Patience::kMayWait});
    if (auto* reservation = std::get_if<Reservation>(&answer)) {
      reservation->Settle({.usd = {}, .tokens = 7, .requests = 1}, "p");
      spent += 7;
      continue;
    }
    Refusal& refusal = std::get<Refusal>(answer);
    if (refusal.reason != Refusal::Reason::kShort) return;
    const auto fetched = net::BlockOn(loop, lessor.Fetch(loop, std::move(refusal.needs), net::Deadline::Never()));
    if (!fetched || !fetched->ok()) return;
  }
}

TEST(LessorThreads, LoopsThatShareOneLessorSpendWhatThereIs) {
  net::EpollLoop loop(base::SystemClock());
  base::LogWriter writer(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const base::Log log(writer, base::SystemClock(), base::LogLevel::kError);
  store::memory::SharedValues values(base::SystemClock());
  store::memory::MemoryKeyValue store(loop, values);
  FakeRecords records;
  Treasury treasury(Tenure::kShared);
  Lessor lessor({.loop = loop,
                 .store = store,
                 .treasury = treasury,
                 .records = records,
                 .log = log,
                 .recovered = [] { return true; }},
                {.name = "a", .journal = 5}, {});
  treasury.OnLow([&lessor](const Need& need) { lessor.Low(need); });
  const Treasury::Limits limits = {std::make_shared<const Limit>(Limit{.id = 7,
                                                                       .organization = {1},
                                                                       .node = {1},
                                                                       .name = "shared",
                                                                       .dimension = Dimension::kTokens,
                                                                       .amount = kAmount,
                                                                       .window = {.unit = WindowSpec::Unit::kTotal}})};
  treasury.Apply(limits, {}, SecondsOf(base::SystemClock().Wall()));
  ASSERT_TRUE(net::BlockOn(loop, lessor.Start({base::SystemClock().Now() + std::chrono::seconds(30)}))->ok());

  std::atomic<std::int64_t> spent = 0;
  std::atomic<int> running = 3;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      SpendAll(treasury, lessor, spent);
      if (--running == 0) loop.Post([&loop] { loop.Stop(); });
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(spent.load(), kAmount);
  EXPECT_GT(spent.load(), kAmount - 7);
}

}  // namespace
}  // namespace gatehouse::features::accounting
