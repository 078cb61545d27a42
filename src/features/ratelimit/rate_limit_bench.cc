#include <cstdio>
#include <memory>
#include <vector>

#include "base/benchmark.h"
#include "features/ratelimit/admission.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::ratelimit {
namespace {

constexpr std::int64_t kPlenty = 1'000'000'000'000;

// One for everybody, one for a node, one for each key, one for each team.
std::shared_ptr<const std::vector<Rule>> Rules() {
  std::vector<Rule> rules(4);
  rules[0].name = "all";
  rules[1].name = "node";
  rules[1].node = NodePath::Parse("acme/search").value();
  rules[2].name = "key";
  rules[2].each = pipeline::NodeKind::kKey;
  rules[3].name = "team";
  rules[3].each = pipeline::NodeKind::kTeam;
  for (Rule& rule : rules) {
    rule.models = {"gpt-*"};
    rule.requests = Rate(kPlenty, kPlenty);
  }
  rules[0].tokens = Rate(kPlenty, kPlenty);
  rules[2].tokens = Rate(kPlenty, kPlenty);
  return std::make_shared<const std::vector<Rule>>(std::move(rules));
}

std::shared_ptr<pipeline::Principal> Caller() {
  using pipeline::NodeKind;
  auto principal = std::make_shared<pipeline::Principal>();
  principal->organization = "acme";
  principal->team = "search";
  principal->name = "checkout";
  principal->key_id = "k1";
  principal->chain = {{NodeKind::kOrganization, {1}},
                      {NodeKind::kTeam, {2}},
                      {NodeKind::kProject, {3}},
                      {NodeKind::kApplication, {4}},
                      {NodeKind::kKey, {5}}};
  return principal;
}

void Run() {
  base::FakeClock clock;
  net::fake::FakeLoop loop(clock);
  base::Random random(1);
  MeterBoard board;
  const FindNode find = [](std::string_view) { return pipeline::NodeId{2}; };
  Selection selection(std::make_shared<const RuleSet>(Rules(), board, find));
  pipeline::ChatCall call{
      .dialect = llm::DialectId::kOpenAiChat, .body = nullptr, .request = std::make_unique<llm::ChatRequest>()};
  call.request->messages.push_back({.blocks = {llm::TextBlock{.text = "Say hello."}}});
  const auto exchange =
      std::make_shared<pipeline::Exchange>(loop, random, pipeline::Surface::kOpenAiChat, std::move(call));
  exchange->principal = Caller();
  exchange->model = "gpt-5";
  std::printf("admit and settle by 4 rules: %.0f ns\n", base::MeasureNanoseconds([&] {
                Admission admission(selection, *exchange);
                if (!admission.Enter().ok()) std::abort();
              }));
  Admission admission(selection, *exchange);
  std::printf("how the caller stands: %.0f ns\n", base::MeasureNanoseconds([&] {
                if (admission.Standing().requests->left < 0) std::abort();
              }));
  const auto slots = std::make_shared<Slots>();
  std::printf("one slot: %.1f ns\n", base::MeasureNanoseconds([&] { const Slot slot = Slots::Take(slots, 10); }));
  TokenBucket bucket;
  const Rate rate(kPlenty, kPlenty);
  std::printf("one bucket: %.1f ns\n", base::MeasureNanoseconds([&] { bucket.Take(rate, 1, loop.Now()); }));
}

}  // namespace
}  // namespace gatehouse::features::ratelimit

int main() { gatehouse::features::ratelimit::Run(); }
