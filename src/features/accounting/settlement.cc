#include "features/accounting/settlement.h"

#include <algorithm>
#include <string>
#include <utility>

#include "codec/cel/timestamp.h"
#include "features/accounting/rollup.h"

namespace gatehouse::features::accounting {
namespace {

using pipeline::Charge;

constexpr std::uint64_t kBytesPerToken = 4;  // of text, where nobody counted

// An attempt that was sent and whose end nobody saw: its provider may bill it.
bool MayBeBilled(const base::Error& error) {
  if (error.upstream_status != 0) return false;  // it said itself that it failed
  return error.code == base::ErrorCode::kTimeout || error.code == base::ErrorCode::kBadUpstream;
}

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

Settlement::Settlement(LoopAccounting& accounting, pipeline::Exchange& exchange, Terms terms)
    : accounting_(accounting),
      exchange_(exchange),
      terms_(std::move(terms)),
      row_(terms_.worst),
      granted_output_(terms_.reservation.output_tokens()) {}

Settlement::~Settlement() {
  if (!concluded_) Conclude(Coming::kInPart);
  if (!written_) Write();
}

base::Status Settlement::Begin(std::string_view provider, std::string_view) {
  const std::int64_t now = SecondsOf(accounting_.loop().clock().Wall());
  const auto& chain = exchange_.principal->chain;
  std::optional<Refusal> refusal = terms_.reservation.Include(chain, exchange_.model, provider, now);
  if (!refusal && std::exchange(doubtful_, false)) {
    Amounts again{.usd = terms_.worst.charge.cost,
                  .tokens = static_cast<std::int64_t>(terms_.worst.usage.Total()),
                  .requests = 0};
    refusal = terms_.reservation.Extend(again, now);
  }
  if (refusal) {
    base::Error error = ErrorOf(*refusal, now);
    error.retry = base::Retry::kOtherTarget;
    return error;
  }
  called_ = true;
  return base::Ok();
}

void Settlement::Failed(const base::Error& error) {
  doubtful_ = MayBeBilled(error);
  doubts_ += doubtful_ ? 1 : 0;
}

base::Status Settlement::Delivered(std::uint64_t tokens, std::uint64_t bytes) {
  delivered_tokens_ += tokens;
  delivered_bytes_ += bytes;
  if (terms_.reservation.empty()) return base::Ok();
  // Frames are not tokens: only an answer far beyond its bound is taken for one that has none.
  constexpr std::int64_t kSlack = 64;
  if (static_cast<std::int64_t>(delivered_tokens_) <= granted_output_ + granted_output_ / 4 + kSlack) return base::Ok();
  const std::int64_t more = std::max<std::int64_t>(granted_output_ / 4, 256);
  const std::int64_t now = SecondsOf(accounting_.loop().clock().Wall());
  const std::int64_t per_token =
      terms_.worst.charge.cost.value / std::max<std::int64_t>(1, static_cast<std::int64_t>(terms_.worst.usage.output));
  const auto refusal = terms_.reservation.Extend({.usd = {per_token * more}, .tokens = more, .requests = 0}, now);
  if (refusal) return ErrorOf(*refusal, now);
  granted_output_ += more;
  return base::Ok();
}

// The provider's figures, or ours where it gave none.
llm::Usage Settlement::UsageNow(Coming coming, Charge::Basis& basis) const {
  llm::Usage usage = exchange_.outcome.usage;
  basis = Charge::Basis::kProvider;
  if (usage.source == llm::UsageSource::kProvider && coming == Coming::kWhole) return usage;
  basis = Charge::Basis::kEstimated;
  if (usage.TotalInput() == 0) usage.input = terms_.worst.usage.input / kBytesPerToken + 1;
  usage.output = std::max({usage.output, delivered_tokens_, delivered_bytes_ / kBytesPerToken});
  usage.source = llm::UsageSource::kEstimated;
  return usage;
}

// What attempts may be billed of which nobody saw the end.
void Settlement::AddDoubts(Row& row) const {
  for (std::uint32_t i = 0; i < doubts_; ++i) {
    row.usage.input += terms_.worst.usage.input;
    row.usage.output += terms_.worst.usage.output;
    row.charge.cost += terms_.worst.charge.cost;
    row.charge.basis = Charge::Basis::kWorstCase;
    row.charge.price = terms_.worst.charge.price;
  }
}

void Settlement::Conclude(Coming coming) {
  if (std::exchange(concluded_, true)) return;
  row_.usage = {};
  row_.charge = {};
  const pipeline::Outcome& outcome = exchange_.outcome;
  // A call that was dropped before its answer began was made all the same.
  if (coming == Coming::kInPart && called_ && outcome.provider.empty()) ++doubts_;
  if (coming == Coming::kOpaque) {
    row_.charge = {.basis = Charge::Basis::kEstimated, .cost = terms_.worst.charge.cost, .price = "opaque"};
  } else if (coming != Coming::kNot && !outcome.provider.empty()) {
    row_.usage = UsageNow(coming, row_.charge.basis);
    const auto* price = terms_.prices->Find(outcome.provider, outcome.upstream_model, terms_.admitted);
    if (price != nullptr) {
      row_.charge.cost = llm::price::Cost(*price, row_.usage);
      row_.charge.price = price->id;
    }
  }
  AddDoubts(row_);
  row_.provider = outcome.provider;
  row_.model = exchange_.model;
  exchange_.charge = row_.charge;
  terms_.reservation.Settle(UseOf(row_).used, row_.provider);
  if (ended_) Write();
}

void Settlement::Ended(const pipeline::ExchangeEnd& end) {
  if (std::exchange(ended_, true)) return;
  const llm::Usage usage = row_.usage;
  const Charge charge = row_.charge;
  AddEnd(row_, end);
  row_.usage = usage;
  row_.charge = charge;
  if (concluded_) Write();
}

void Settlement::Write() {
  if (std::exchange(written_, true)) return;
  row_.provider = exchange_.outcome.provider;
  row_.upstream_model = exchange_.outcome.upstream_model;
  accounting_.Record(terms_.ticket, std::move(row_));
}

}  // namespace gatehouse::features::accounting
