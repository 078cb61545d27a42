#include <malloc.h>

#include <cstdio>
#include <utility>
#include <variant>
#include <vector>

#include "base/benchmark.h"
#include "features/accounting/treasury.h"

namespace gatehouse::features::accounting {
namespace {

// Puts limits in force.
void Put(Treasury& treasury, std::vector<Limit> limits, std::span<const Spent> spent, std::int64_t now) {
  Treasury::Limits shared;
  for (Limit& limit : limits) shared.push_back(std::make_shared<const Limit>(std::move(limit)));
  treasury.Apply(shared, spent, now);
}

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::int64_t kNodes = 1'000'000;

Limit LimitOf(std::int64_t id, std::int64_t organization, std::int64_t node) {
  return {.id = id,
          .organization = {organization},
          .node = {node},
          .name = "monthly",
          .dimension = Dimension::kUsd,
          .amount = 1LL << 50,
          .window = {.unit = WindowSpec::Unit::kMonth, .kind = WindowSpec::Kind::kCalendar, .zone = nullptr},
          .zone = "UTC",
          .steps = {{.permille = 500}, {.permille = 800}, {.permille = 950}}};
}

// A tree of a million nodes, each with a limit, in a thousand organizations.
std::vector<Limit> ManyLimits() {
  std::vector<Limit> limits;
  limits.reserve(kNodes);
  for (std::int64_t i = 0; i < kNodes; ++i) limits.push_back(LimitOf(i + 1, i / 1000 * 1000 + 1, i + 1));
  return limits;
}

void Run() {
  const std::size_t before = ::mallinfo2().uordblks;
  Treasury treasury;
  auto limits = ManyLimits();
  const double began = base::CpuNanoseconds();
  Put(treasury, std::move(limits), {}, kNow);
  const double took = (base::CpuNanoseconds() - began) / 1e9;
  limits = {};
  std::printf("a million limits: %.2f s to load, %zu MiB\n", took, (::mallinfo2().uordblks - before) >> 20U);

  using pipeline::NodeKind;
  const std::vector<pipeline::Link> chain = {{NodeKind::kOrganization, {1}},
                                             {NodeKind::kTeam, {2}},
                                             {NodeKind::kProject, {3}},
                                             {NodeKind::kApplication, {4}},
                                             {NodeKind::kKey, {5}}};
  const Ask ask{.chain = chain,
                .model = "gpt-5",
                .fixed = {.usd = {1000}, .tokens = 100, .requests = 1},
                .wanted_output = 4096,
                .least_output = 16,
                .output_price = 10'000'000'000,
                .now = kNow};
  const double nanoseconds = base::MeasureNanoseconds([&] {
    auto answer = treasury.Reserve(ask);
    std::get<Reservation>(answer).Settle({.usd = {500}, .tokens = 100, .requests = 1}, "openai");
  });
  std::printf("reserve and settle on five levels: %.0f ns\n", nanoseconds);
}

}  // namespace
}  // namespace gatehouse::features::accounting

int main() { gatehouse::features::accounting::Run(); }
