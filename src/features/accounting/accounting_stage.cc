#include "features/accounting/accounting_stage.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "features/accounting/flight.h"
#include "features/accounting/lessor.h"
#include "pipeline/attempt_gate.h"
#include "pipeline/attempt_wait.h"

namespace gatehouse::features::accounting {
namespace {

using base::Error;
using base::Result;
using llm::EventSource;
using pipeline::Reply;

constexpr int kMostDowngrades = 4;

Error JournalFull() {
  return {.code = base::ErrorCode::kUnavailable,
          .source = base::ErrorSource::kStore,
          .public_message = "The gateway cannot write down any more requests until its database answers. Retry later.",
          .detail = "the journal has no free slot",
          .retry_after_seconds = 5};
}

// The answer on its way to the client, and what it costs.
class SettledEvents final : public EventSource {
 public:
  SettledEvents(std::unique_ptr<EventSource> events, LoopAccounting& accounting, const DrainSettings& drain,
                pipeline::Exchange& exchange, Settlement& settlement)
      : events_(std::move(events)),
        accounting_(accounting),
        drain_(drain),
        exchange_(exchange),
        settlement_(&settlement) {}
  SettledEvents(const SettledEvents&) = delete;
  SettledEvents& operator=(const SettledEvents&) = delete;
  // The client went away in the middle.
  ~SettledEvents() override {
    if (settlement_ == nullptr || settlement_->concluded()) return;
    if (!accounting_.MayDrain(drain_)) {
      settlement_->Conclude(Settlement::Coming::kInPart);
      return;
    }
    auto flight = std::make_unique<Flight>(accounting_, exchange_.shared_from_this(), *settlement_);
    flight->Read(std::move(events_), drain_.at_most);
    accounting_.Adopt(std::move(flight));
  }

  net::Task<Result<Outcome>> Pull(llm::Batch& batch) override {
    auto outcome = co_await events_->Pull(batch);
    if (outcome.ok() && outcome.value() == Outcome::kBatch) {
      const Portion portion = Measure(batch, exchange_.outcome);
      std::vector<Need> needs;
      auto within = settlement_->Delivered(portion.tokens, portion.bytes, needs);
      if (!within.ok() && !needs.empty() && accounting_.lessor() != nullptr) [[unlikely]] {
        within = co_await FetchMore(std::move(needs));
      }
      if (within.ok()) co_return outcome;
      events_.reset();
      outcome = std::move(within).TakeFailure();
    }
    std::exchange(settlement_, nullptr)
        ->Conclude(outcome.ok() ? Settlement::Coming::kWhole : Settlement::Coming::kInPart);
    co_return outcome;
  }

 private:
  // The answer stands still meanwhile. Others may take what was fetched for this one, so that it asks again.
  net::Task<base::Status> FetchMore(std::vector<Need> needs) {
    Lessor& lessor = *accounting_.lessor();
    const net::Deadline deadline = exchange_.loop.In(lessor.settings().wait).Earlier(exchange_.deadline);
    for (;;) {
      const base::Status fetched = co_await lessor.Fetch(exchange_.loop, std::exchange(needs, {}), deadline);
      auto within = settlement_->Delivered(0, 0, needs);
      const bool in_time = fetched.ok() && exchange_.loop.Now() < deadline.at;
      if (within.ok() || needs.empty() || !in_time) co_return within;
    }
  }

  std::unique_ptr<EventSource> events_;
  LoopAccounting& accounting_;    // the loop's
  const DrainSettings& drain_;    // the stage's, which the exchange pins
  pipeline::Exchange& exchange_;  // outlives the answer's end
  Settlement* settlement_;        // the exchange's; null once it is concluded here
};

// A call under way: one whose client goes before its reply has come goes on without it.
class Call {
 public:
  Call(net::Task<Result<Reply>> task, LoopAccounting& accounting, const DrainSettings& drain,
       pipeline::Exchange& exchange, Settlement& settlement)
      : task_(std::move(task)), accounting_(accounting), drain_(drain), exchange_(exchange), settlement_(settlement) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (replied_) return;
    if (!accounting_.MayDrain(drain_)) {
      settlement_.Conclude(Settlement::Coming::kInPart);
      return;
    }
    auto flight = std::make_unique<Flight>(accounting_, exchange_.shared_from_this(), settlement_);
    flight->Continue(std::move(task_), drain_.at_most);
    accounting_.Adopt(std::move(flight));
  }

  net::Task<Result<Reply>>& task() { return task_; }
  void Replied() { replied_ = true; }

 private:
  net::Task<Result<Reply>> task_;
  LoopAccounting& accounting_;    // the loop's
  const DrainSettings& drain_;    // the stage's, which the exchange pins
  pipeline::Exchange& exchange_;  // outlives the stage's task
  Settlement& settlement_;
  bool replied_ = false;
};

// Bounds an answer that nobody has bounded.
void LimitOutput(pipeline::Exchange& exchange, const Exposure& exposure, const Reservation& reservation) {
  auto* call = std::get_if<pipeline::ChatCall>(&exchange.operation);
  if (call == nullptr || reservation.empty() || exposure.bound == Exposure::Bound::kClient) return;
  const auto granted = static_cast<std::uint64_t>(std::max<std::int64_t>(0, reservation.output_tokens()));
  if (exposure.bound == Exposure::Bound::kModel && granted >= exposure.wanted_output) return;
  call->output_limit = std::max<std::uint64_t>(1, granted / exposure.choices);
  call->request->max_output_tokens = call->output_limit;
}

}  // namespace

AccountingStage::AccountingStage(LoopAccounting& accounting, AccountingSettings settings,
                                 std::shared_ptr<const llm::price::Catalogue> prices,
                                 std::shared_ptr<const pipeline::Offers> offers)
    : accounting_(accounting),
      settings_(settings),
      prices_(std::make_unique<llm::price::Lookup>(std::move(prices))),
      offers_(std::move(offers)) {}

AccountingStage::Custom& AccountingStage::CustomOf(const pipeline::Exchange& exchange) const {
  if (Custom* const known = custom_.Find(exchange.principal.get(), exchange.model)) return *known;
  return custom_.Add(exchange.principal, exchange.model,
                     {.tariff = TariffOf(offers_->Of(exchange.model), prices_->catalogue()),
                      .path = {},
                      .caller = std::make_shared<const EncodedCaller>(EncodeCaller(*exchange.principal))});
}

// Holds what the exchange can cost; a limit may send it to a cheaper model first.
Result<Reservation> AccountingStage::Reserve(pipeline::Exchange& exchange, Settlement::Worst& worst, base::WallTime now,
                                             Attempt& attempt) const {
  const std::int64_t second = SecondsOf(now);
  for (int i = 0;; ++i) {
    Custom& custom = CustomOf(exchange);
    const Tariff& tariff = custom.tariff;
    const Exposure exposure = ExposureOf(exchange.operation, tariff.offers, settings_.exposure);
    const Quote quote = QuoteFor(exposure, exchange.operation, tariff, prices_->catalogue(), now, settings_.exposure);
    const Ask ask{.chain = exchange.principal->chain,
                  .model = exchange.model,
                  .path = &custom.path,
                  .fixed = quote.fixed,
                  .wanted_output = static_cast<std::int64_t>(exposure.wanted_output),
                  .least_output = static_cast<std::int64_t>(exposure.least_output),
                  .output_price = quote.output_price,
                  .now = second,
                  .cost = quote.basis == Quote::Basis::kPriced ? Ask::Cost::kKnown : Ask::Cost::kUnknown,
                  .patience = attempt.patience};
    auto answer = accounting_.treasury().Reserve(ask);
    if (auto* reservation = std::get_if<Reservation>(&answer)) {
      LimitOutput(exchange, exposure, *reservation);
      worst = {.input = exposure.input_tokens,
               .output = static_cast<std::uint64_t>(reservation->output_tokens()),
               .cost = quote.fixed.usd + base::NanoUsd{CostOfTokens(reservation->output_tokens(), quote.output_price)},
               .caller = custom.caller,
               .offer = quote.only == nullptr ? nullptr : &tariff.offers.front(),
               .price = quote.only};
      return std::move(*reservation);
    }
    Refusal& refusal = *std::get_if<Refusal>(&answer);
    if (refusal.reason == Refusal::Reason::kShort) attempt.needs = std::move(refusal.needs);
    const bool cheaper = refusal.reason == Refusal::Reason::kDowngrade && i < kMostDowngrades &&
                         exchange.principal->MayUse(refusal.downgrade) && !offers_->Of(refusal.downgrade).empty();
    if (!cheaper) return ErrorOf(refusal, second);
    exchange.warnings.push_back("limit '" + refusal.limit.name + "': " + refusal.downgrade + " answers instead of " +
                                exchange.model);
    exchange.model = refusal.downgrade;
  }
}

Result<Settlement*> AccountingStage::Admit(pipeline::Exchange& exchange, Attempt& attempt) const {
  const base::WallTime now = exchange.loop.Wall();
  Settlement::Worst worst;
  GH_TRY(Reservation reservation, Reserve(exchange, worst, now, attempt));
  auto ticket = accounting_.Intend(WorstRowOf(exchange, worst, now));
  if (!ticket && settings_.when_full == AccountingSettings::WhenFull::kRefuse) return JournalFull();
  auto& settlement = exchange.Emplace<Settlement>(accounting_, exchange,
                                                  Settlement::Terms{.reservation = std::move(reservation),
                                                                    .ticket = ticket,
                                                                    .worst = std::move(worst),
                                                                    .prices = prices_.get(),
                                                                    .admitted = now});
  exchange.gates.Add(settlement);
  if (accounting_.lessor() != nullptr) pipeline::AddWait(exchange, settlement);
  return &settlement;
}

net::Task<Result<Reply>> AccountingStage::Handle(pipeline::Exchange& exchange, pipeline::Next next) const {
  if (std::holds_alternative<pipeline::ModelsCall>(exchange.operation)) return std::move(next)(exchange);
  Attempt attempt;
  if (accounting_.lessor() != nullptr) attempt.patience = Ask::Patience::kMayWait;
  auto admitted = Admit(exchange, attempt);
  if (admitted.ok()) return Serve(exchange, *admitted.value(), std::move(next));
  if (!attempt.needs.empty()) return FetchAndServe(exchange, std::move(attempt), std::move(next));
  return Refuse(std::move(admitted).TakeError());
}

// Others may take what was fetched for this one, so that it asks again, for as long as it may wait; then what there is
// decides.
net::Task<Result<Reply>> AccountingStage::FetchAndServe(pipeline::Exchange& exchange, Attempt attempt,
                                                        pipeline::Next next) const {
  Lessor& lessor = *accounting_.lessor();
  const net::Deadline deadline = exchange.loop.In(lessor.settings().wait).Earlier(exchange.deadline);
  for (;;) {
    const base::Status fetched = co_await lessor.Fetch(exchange.loop, std::exchange(attempt.needs, {}), deadline);
    if (!fetched.ok() || exchange.loop.Now() >= deadline.at) attempt.patience = Ask::Patience::kNone;
    auto admitted = Admit(exchange, attempt);
    if (admitted.ok()) co_return co_await Serve(exchange, *admitted.value(), std::move(next));
    if (attempt.needs.empty()) co_return std::move(admitted).TakeFailure();
  }
}

net::Task<Result<Reply>> AccountingStage::Refuse(Error error) { co_return error; }

net::Task<Result<Reply>> AccountingStage::Serve(pipeline::Exchange& exchange, Settlement& settlement,
                                                pipeline::Next next) const {
  Call call(std::move(next)(exchange), accounting_, settings_.drain, exchange, settlement);
  auto reply = co_await std::move(call.task());
  call.Replied();
  if (!reply.ok()) {
    settlement.Conclude(Settlement::Coming::kNot);
    co_return reply;
  }
  if (auto* chat = std::get_if<pipeline::ChatReply>(&reply.value().answer)) {
    Follow(*chat, exchange, settlement);
  } else {
    NoteUsage(reply.value(), exchange.outcome);
    settlement.Conclude(ComingOf(reply.value()));
  }
  co_return reply;
}

// Settles an answer that has come already, and has any other settled when it has.
void AccountingStage::Follow(pipeline::ChatReply& chat, pipeline::Exchange& exchange, Settlement& settlement) const {
  const llm::Batch* const whole = chat.events->Whole();
  if (whole == nullptr) {
    chat.events =
        std::make_unique<SettledEvents>(std::move(chat.events), accounting_, settings_.drain, exchange, settlement);
    return;
  }
  const Portion portion = Measure(*whole, exchange.outcome);
  std::vector<Need> needs;
  static_cast<void>(settlement.Delivered(portion.tokens, portion.bytes, needs));  // one frame is within any bound
  settlement.Conclude(Settlement::Coming::kWhole);
}

void LedgerObserver::Ended(const pipeline::ExchangeEnd& end) {
  if (end.exchange == nullptr) return;
  if (auto* settlement = end.exchange->Find<Settlement>()) {
    settlement->Ended(end);
    return;
  }
  if (rows_ == Rows::kNone) return;
  Row row = RowOf(*end.exchange, accounting_.loop().Wall());
  const EndFacts facts = FactsOf(end);
  AddEnd(row, *end.exchange, facts, accounting_.scratch());
  accounting_.Record({}, row);
}

}  // namespace gatehouse::features::accounting
