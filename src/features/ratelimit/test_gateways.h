#pragma once

// Gateways that share rate limits, in one process and on one loop whose clock is moved by hand; for tests.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "features/ratelimit/admission.h"
#include "features/ratelimit/meter.h"
#include "features/ratelimit/rate_limit_stage.h"
#include "features/ratelimit/replenisher.h"
#include "features/ratelimit/rule_set.h"
#include "features/ratelimit/sharing.h"
#include "net/fake/fake_loop.h"
#include "pipeline/exchange.h"
#include "store/memory/test_unsteady_store.h"

namespace gatehouse::features::ratelimit {

// A gateway's part in it, from its start to its end, in whichever way. What is under way there must end first.
class FakeGateway {
 public:
  struct World {
    net::fake::FakeLoop& loop;
    store::memory::SharedValues& values;
    const base::Log& log;
    std::shared_ptr<const std::vector<Rule>> rules;
  };
  // All of `world` outlives it. `name` is of this life of it.
  FakeGateway(const World& world, std::string name, SharingSettings settings = {})
      : world_(world),
        store(world.loop, world.values),
        sharing(settings),
        replenisher(
            {.loop = world.loop, .store = store, .sharing = sharing, .log = world.log, .name = std::move(name)}) {
    board.ShareThrough(replenisher, codec::crypto::SipKey{1, 2});
    rules = std::make_shared<const RuleSet>(world.rules, board);
    selection.emplace(rules);
    world_.loop.AwaitFor(replenisher.Start(world_.loop.In(std::chrono::seconds(1))), std::chrono::seconds(2));
  }
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;

  // A request from its beginning to its end. Goes before the gateway does.
  struct Visit {
    std::shared_ptr<pipeline::Exchange> exchange;
    std::unique_ptr<Admission> admission;
    std::optional<base::Status> answer;  // nullopt: it waits
    base::TimePoint at{};                // of the answer

    bool IsAdmitted() const { return answer && answer->ok(); }
  };
  std::unique_ptr<Visit> Begin(std::string key = "k1") {
    auto visit = std::make_unique<Visit>();
    visit->exchange = NewExchange(std::move(key));
    visit->admission = std::make_unique<Admission>(*selection, *visit->exchange);
    return visit;
  }
  // What the stage does. `visit` outlives it.
  static net::Task<> Enter(Visit& visit) {
    base::Status entered = visit.admission->Enter();
    if (visit.admission->lack() != Admission::Lack::kNothing) entered = co_await visit.admission->FetchAndEnter();
    if (entered.ok()) entered = co_await visit.admission->TakeSlots();
    visit.answer = std::move(entered);
    visit.at = visit.exchange->loop.Now();
  }
  // A request that has its answer when this returns.
  std::unique_ptr<Visit> Ask(std::string key = "k1") {
    auto visit = Begin(std::move(key));
    world_.loop.AwaitFor(Enter(*visit), std::chrono::seconds(100));
    return visit;
  }
  // One that is over at once.
  base::Status Pass(std::string key = "k1") { return *std::move(Ask(std::move(key))->answer); }

  std::shared_ptr<pipeline::Exchange> NewExchange(std::string key = "k1") {
    pipeline::ChatCall call{
        .dialect = llm::DialectId::kOpenAiChat, .body = {}, .request = std::make_unique<llm::ChatRequest>()};
    call.request->messages.push_back({.blocks = {llm::TextBlock{.text = std::string(384, 'x')}}});  // 100 tokens
    auto exchange =
        std::make_shared<pipeline::Exchange>(world_.loop, random_, pipeline::Surface::kOpenAiChat, std::move(call));
    auto principal = std::make_shared<pipeline::Principal>();
    principal->organization = "acme";
    principal->key_id = std::move(key);
    exchange->principal = principal;
    exchange->model = "m";
    exchange->deadline = world_.loop.In(std::chrono::seconds(600));
    return exchange;
  }

 private:
  const World world_;
  base::Random random_{1};

 public:
  store::memory::UnsteadyStore store;
  Sharing sharing;
  Replenisher replenisher;
  MeterBoard board;
  std::shared_ptr<const RuleSet> rules;
  std::optional<Selection> selection;  // of them
};

}  // namespace gatehouse::features::ratelimit
