#include "features/accounting/settlement.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codec/cel/timestamp.h"
#include "features/accounting/block.h"
#include "features/accounting/lessor.h"
#include "pipeline/attempt_gate.h"

namespace gatehouse::features::accounting {
namespace {

using pipeline::Charge;

constexpr std::uint64_t kBytesPerToken = 4;  // of text, where nobody counted

std::string_view WindowText(const Limit& limit) {
  return limit.window.unit == WindowSpec::Unit::kTotal ? "in all" : ToString(limit.window.unit);
}

std::string LimitText(const Refusal& refusal) {
  const Limit& limit = refusal.limit;
  const bool total = limit.window.unit == WindowSpec::Unit::kTotal;
  return "limit '" + limit.name + "' of this " + std::string(pipeline::ToString(refusal.kind)) + " (" +
         AmountText(limit.dimension, limit.amount) + (total ? " " : " per ") + std::string(WindowText(limit)) + ")";
}

std::string AdviceText(const Refusal& refusal) {
  std::string text;
  if (refusal.output_tokens) {
    text = " An answer of at most " + std::to_string(*refusal.output_tokens) +
           " tokens would fit: lower the limit of output tokens.";
  }
  if (refusal.limit.window.unit == WindowSpec::Unit::kTotal) return text + " Ask an administrator to raise it.";
  if (refusal.limit.window.kind == WindowSpec::Kind::kRolling) return text + " It frees up bit by bit as time passes.";
  return text + " It starts anew at " + codec::cel::TimestampText({refusal.ends, 0}) + ".";
}

}  // namespace

base::Error ErrorOf(const Refusal& refusal, std::int64_t now) {
  base::Error error{.code = base::ErrorCode::kBudgetExceeded, .source = base::ErrorSource::kPolicy};
  if (refusal.reason == Refusal::Reason::kCostUnknown) {
    error.public_message = "What this request costs is not known, and the " + LimitText(refusal) +
                           " counts money. Ask for another model, or ask an administrator to state its price.";
    return error;
  }
  if (refusal.reason == Refusal::Reason::kUnchecked) {
    constexpr std::uint32_t kSoon = 2;
    return {.code = base::ErrorCode::kUnavailable,
            .source = base::ErrorSource::kStore,
            .retry = base::Retry::kSameTarget,
            .public_message = "Whether the " + LimitText(refusal) +
                              " has enough left cannot be checked at the moment. Retry in some seconds.",
            .detail = "more of the limit could not be fetched",
            .retry_after_seconds = kSoon};
  }
  const Dimension dimension = refusal.limit.dimension;
  error.public_message = "The " + LimitText(refusal) + " has " + AmountText(dimension, refusal.left) +
                         " left, and this request may take " + AmountText(dimension, refusal.needed) + "." +
                         AdviceText(refusal);
  if (refusal.limit.window.unit != WindowSpec::Unit::kTotal) {
    constexpr std::int64_t kLongest = 0xFFFF'FFFF;
    error.retry_after_seconds = static_cast<std::uint32_t>(std::clamp<std::int64_t>(refusal.ends - now, 1, kLongest));
  }
  return error;
}

Row WorstRowOf(const pipeline::Exchange& exchange, const Settlement::Worst& worst, base::WallTime admitted) {
  Row row = RowOf(exchange, admitted);
  row.caller = worst.caller.get();
  row.usage = {.input = worst.input, .output = worst.output, .source = llm::UsageSource::kEstimated};
  row.basis = Charge::Basis::kWorstCase;
  row.cost = worst.cost;
  row.outcome = Outcome::kInDoubt;
  row.ending = ToString(Outcome::kInDoubt);
  return row;
}

Settlement::Settlement(LoopAccounting& accounting, pipeline::Exchange& exchange, Terms terms)
    : accounting_(accounting),
      exchange_(exchange),
      terms_(std::move(terms)),
      granted_output_(terms_.reservation.output_tokens()) {}

Settlement::~Settlement() {
  if (!concluded_) Conclude(Coming::kInPart);
  if (!written_) Write();
}

base::Status Settlement::Begin(std::string_view provider, std::string_view) {
  const std::int64_t now = SecondsOf(accounting_.loop().Wall());
  const auto& chain = exchange_.principal->chain;
  std::optional<Refusal> refusal = terms_.reservation.Include(chain, exchange_.model, provider, now);
  if (!refusal && std::exchange(doubtful_, false)) {
    const Amounts again{.usd = terms_.worst.cost,
                        .tokens = static_cast<std::int64_t>(terms_.worst.input + terms_.worst.output),
                        .requests = 0};
    refusal = terms_.reservation.Extend(again, now);
  }
  if (refusal) {
    base::Error error = ErrorOf(*refusal, now);
    error.retry = base::Retry::kOtherTarget;
    NoteLack(*refusal);
    return error;
  }
  fetching_.reset();
  called_ = true;
  return base::Ok();
}

// The next call, to another target, may wait anew.
void Settlement::NoteLack(Refusal& refusal) {
  const bool over = fetching_ != nullptr && fetching_->state == Fetching::State::kOver;
  Lessor* const lessor = accounting_.lessor();
  if (lessor == nullptr || refusal.needs.empty() || over) {
    fetching_.reset();
    return;
  }
  if (fetching_ == nullptr) {
    fetching_ = std::make_unique<Fetching>();
    fetching_->until = exchange_.loop.In(lessor->settings().wait).Earlier(exchange_.deadline);
  }
  fetching_->needs = std::move(refusal.needs);
}

pipeline::AttemptWait::Lack Settlement::lack() const {
  return fetching_ == nullptr || fetching_->needs.empty() ? Lack::kNothing : Lack::kOnItsWay;
}

// Others may take what was fetched for this one, so that it asks again, for as long as it may wait.
net::Task<> Settlement::Fetch() {
  auto needs = std::exchange(fetching_->needs, {});
  const base::Status fetched = co_await accounting_.lessor()->Fetch(exchange_.loop, std::move(needs), fetching_->until);
  if (!fetched.ok() || exchange_.loop.Now() >= fetching_->until.at) fetching_->state = Fetching::State::kOver;
}

void Settlement::Failed(const base::Error& error) {
  called_ = false;
  doubtful_ = pipeline::MayHaveBeenServed(error);
  doubts_ += doubtful_ ? 1 : 0;
}

base::Status Settlement::Delivered(std::uint64_t tokens, std::uint64_t bytes, std::vector<Need>& needs) {
  delivered_tokens_ += tokens;
  delivered_bytes_ += bytes;
  if (terms_.reservation.empty()) return base::Ok();
  // Frames are not tokens: only an answer far beyond its bound is taken for one that has none.
  constexpr std::int64_t kSlack = 64;
  if (static_cast<std::int64_t>(delivered_tokens_) <= granted_output_ + granted_output_ / 4 + kSlack) return base::Ok();
  const std::int64_t more = std::max<std::int64_t>(granted_output_ / 4, 256);
  const std::int64_t now = SecondsOf(accounting_.loop().Wall());
  const auto output = static_cast<std::int64_t>(std::max<std::uint64_t>(1, terms_.worst.output));
  auto refusal =
      terms_.reservation.Extend({.usd = {terms_.worst.cost.value / output * more}, .tokens = more, .requests = 0}, now);
  if (refusal) {
    needs = std::move(refusal->needs);
    return ErrorOf(*refusal, now);
  }
  granted_output_ += more;
  return base::Ok();
}

Settlement::Ending& Settlement::ending() {
  if (ending_ == nullptr) ending_ = std::make_unique<Ending>();
  return *ending_;
}

// The provider's figures, or ours where it gave none.
llm::Usage Settlement::UsageNow(Coming coming, Charge::Basis& basis) const {
  llm::Usage usage = exchange_.outcome.usage;
  basis = Charge::Basis::kProvider;
  if (usage.source == llm::UsageSource::kProvider && coming == Coming::kWhole) return usage;
  basis = Charge::Basis::kEstimated;
  if (usage.TotalInput() == 0) usage.input = terms_.worst.input / kBytesPerToken + 1;
  usage.output = std::max({usage.output, delivered_tokens_, delivered_bytes_ / kBytesPerToken});
  usage.source = llm::UsageSource::kEstimated;
  return usage;
}

// Of who answered, at the time of the admission.
const llm::price::Price* Settlement::PriceNow() const {
  const pipeline::Outcome& outcome = exchange_.outcome;
  const pipeline::Offer* const only = terms_.worst.offer;
  const bool foreseen = only != nullptr && only->provider == outcome.provider && only->model == outcome.upstream_model;
  return foreseen ? terms_.worst.price : terms_.prices->Find(outcome.provider, outcome.upstream_model, terms_.admitted);
}

// What attempts may be billed of which nobody saw the end.
void Settlement::AddDoubts() {
  for (std::uint32_t i = 0; i < doubts_; ++i) {
    ending().usage.input += terms_.worst.input;
    ending().usage.output += terms_.worst.output;
    exchange_.charge.cost += terms_.worst.cost;
    exchange_.charge.basis = Charge::Basis::kWorstCase;
  }
}

void Settlement::Conclude(Coming coming) {
  if (std::exchange(concluded_, true)) return;
  if (terms_.ticket) accounting_.AboutToRecord(*terms_.ticket);
  const pipeline::Outcome& outcome = exchange_.outcome;
  Charge& charge = exchange_.charge;
  // A call that was dropped before its answer began was made all the same.
  if (coming == Coming::kInPart && called_ && outcome.provider.empty()) ++doubts_;
  if (coming == Coming::kOpaque) {
    charge = {.basis = Charge::Basis::kEstimated, .cost = terms_.worst.cost, .price = "opaque"};
  } else if (coming != Coming::kNot && !outcome.provider.empty()) {
    ending().usage = UsageNow(coming, charge.basis);
    const llm::price::Price* const price = PriceNow();
    if (price != nullptr) {
      charge.cost = llm::price::Cost(*price, ending().usage);
      charge.price = price->id;
    }
  }
  AddDoubts();
  Row row;
  row.usage = ending().usage;
  row.cost = charge.cost;
  row.basis = charge.basis;
  terms_.reservation.Settle(UseOf(row).used, outcome.provider);
  if (ended_) Write();
}

void Settlement::Ended(const pipeline::ExchangeEnd& end) {
  if (std::exchange(ended_, true)) return;
  ending().facts = FactsOf(end);
  if (concluded_) Write();
}

void Settlement::Write() {
  if (std::exchange(written_, true)) return;
  Row row = RowOf(exchange_, terms_.admitted);
  row.caller = terms_.worst.caller.get();
  AddEnd(row, exchange_, ending().facts, accounting_.scratch());
  row.usage = ending().usage;
  row.basis = exchange_.charge.basis;
  row.cost = exchange_.charge.cost;
  row.price = exchange_.charge.price;
  accounting_.Record(terms_.ticket, row);
}

}  // namespace gatehouse::features::accounting
