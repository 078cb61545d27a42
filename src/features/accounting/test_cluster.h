#pragma once

// Gateways that share limits, in one process and on one loop whose clock is moved by hand; for tests.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "features/accounting/lessor.h"
#include "net/fake/fake_loop.h"
#include "store/memory/memory_key_value.h"
#include "store/memory/test_unsteady_store.h"

namespace gatehouse::features::accounting {

using store::memory::UnsteadyStore;

// The database's part, which several gateways use.
class FakeRecords final : public LeaseRecords {
 public:
  net::Task<base::Result<std::vector<Use>>> UsesOf(std::int64_t limit, std::int64_t piece_begin,
                                                   net::Deadline) override {
    std::vector<Use> found;
    for (const auto& [key, used] : uses) {
      const auto& [of, journal, piece] = key;
      if (of == limit && piece >= piece_begin)
        found.push_back({.journal = journal, .piece_begin = piece, .used = used});
    }
    co_return found;
  }
  net::Task<base::Result<std::vector<GatewayRecord>>> Gateways(net::Deadline) override {
    std::vector<GatewayRecord> all;
    for (const auto& [journal, gateway] : gateways) all.push_back(gateway);
    co_return all;
  }
  net::Task<base::Result<std::int64_t>> Begin(std::int64_t journal, std::string name, net::Deadline) override {
    GatewayRecord& gateway = gateways[journal];
    gateway.journal = journal;
    gateway.name = std::move(name);
    if (gateway.state != GatewayRecord::State::kOpen) gateway.state = GatewayRecord::State::kStarting;
    co_return ++gateway.incarnation;
  }
  net::Task<base::Status> Mark(std::int64_t journal, GatewayRecord::State state, net::Deadline) override {
    gateways[journal].state = state;
    co_return base::Ok();
  }

  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> uses;  // by limit, journal and piece
  std::map<std::int64_t, GatewayRecord> gateways;
};

// A gateway's part in it, from its start to its end, in whichever way.
class FakeGateway {
 public:
  // All outlive it. What its journal's rows have used is in `records`.
  FakeGateway(net::fake::FakeLoop& loop, store::memory::SharedValues& values, FakeRecords& records,
              const base::Log& log, std::int64_t journal, const Treasury::Limits& limits)
      : loop_(loop), records_(records), journal_(journal), store(loop, values), treasury(Tenure::kShared) {
    std::vector<Spent> spent;
    for (const auto& [key, used] : records.uses) {
      const auto& [limit, of, piece] = key;
      spent.push_back({.limit = limit,
                       .piece_begin = piece,
                       .used = of == journal ? used : 0,
                       .elsewhere = of == journal ? 0 : used});
    }
    treasury.Apply(limits, spent, Now());
    lessor = std::make_unique<Lessor>(
        Lessor::Parts{.loop = loop,
                      .store = store,
                      .treasury = treasury,
                      .records = records,
                      .log = log,
                      .recovered = [] { return true; }},
        LeaseMembership::Self{.name = "gateway-" + std::to_string(journal), .journal = journal}, LessorSettings{});
    treasury.OnLow([this](const Need& need) { lessor->Low(need); });
  }

  // Asks as often as it takes. Within the lessor's time.
  net::Task<std::variant<Reservation, Refusal>> Reserve(Ask ask) {
    const net::Deadline deadline = loop_.In(std::chrono::seconds(1));
    ask.patience = Ask::Patience::kMayWait;
    for (;;) {
      ask.now = Now();
      auto answer = treasury.Reserve(ask);
      auto* refusal = std::get_if<Refusal>(&answer);
      if (refusal == nullptr || refusal->reason != Refusal::Reason::kShort) co_return std::move(answer);
      const base::Status fetched = co_await lessor->Fetch(loop_, std::move(refusal->needs), net::Deadline::Never());
      if (!fetched.ok() || loop_.Now() >= deadline.at) ask.patience = Ask::Patience::kNone;
    }
  }
  // Ends a reservation and writes it down, as the ledger does.
  void Settle(Reservation reservation, std::int64_t used, std::int64_t piece, std::int64_t limit) {
    reservation.Settle({.usd = {}, .tokens = used, .requests = 0}, "p");
    if (used > 0) records_.uses[{limit, journal_, piece}] += used;
  }
  std::int64_t Now() const { return SecondsOf(loop_.clock().Wall()); }
  std::int64_t journal() const { return journal_; }

 private:
  net::fake::FakeLoop& loop_;
  FakeRecords& records_;
  const std::int64_t journal_;

 public:
  UnsteadyStore store;
  Treasury treasury;
  std::unique_ptr<Lessor> lessor;
};

}  // namespace gatehouse::features::accounting
