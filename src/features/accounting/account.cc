#include "features/accounting/account.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

std::int64_t Sum(std::int64_t a, std::int64_t b) { return (base::NanoUsd{a} + base::NanoUsd{b}).value; }

std::int64_t PartOf(std::int64_t amount, std::uint32_t permille) {
  return static_cast<std::int64_t>(static_cast<__int128>(amount) * permille / 1000);
}

}  // namespace

Account::Account(std::shared_ptr<const Limit> limit, Tenure tenure)
    : limit_(std::move(limit)), lease_(tenure == Tenure::kShared ? std::make_unique<Lease>() : nullptr) {
  const WindowSpec& window = limit_->window;
  if (window.kind == WindowSpec::Kind::kRolling && window.unit != WindowSpec::Unit::kTotal) {
    pieces_ = std::make_unique<Pieces>();
  }
}

// All that may be spent and held here.
std::int64_t Account::Whole(std::int64_t now) const {
  if (lease_ == nullptr) return limit_->amount;
  return now < lease_->valid_until ? lease_->allotment : 0;
}

std::int64_t Account::Left(std::int64_t now) {
  Advance(now);
  return std::max<std::int64_t>(0, Whole(now) - Sum(spent_, held_));
}

std::int64_t Account::used() const { return lease_ == nullptr ? spent_ : Sum(spent_, lease_->others); }

const Step* Account::StepAt(Step::Action action, std::int64_t amount) const {
  const std::int64_t after = Sum(Sum(used(), held_), amount);
  for (const Step& step : limit_->steps) {
    if (step.action == action && after > PartOf(limit_->amount, step.permille)) return &step;
  }
  return nullptr;
}

Account::Trickle Account::TakeTrickle(const Step& throttle, std::int64_t now) {
  if (!tap_) tap_ = std::make_unique<Tap>();
  const std::int64_t minute = now / 60;
  if (minute > tap_->minute) *tap_ = {.minute = minute, .passed = 0};
  if (tap_->passed >= throttle.per_minute) return Trickle::kWaits;
  ++tap_->passed;
  return Trickle::kPasses;
}

std::int64_t Account::Hold(std::int64_t amount, std::int64_t now) {
  Advance(now);
  held_ = Sum(held_, amount);
  ++holders_;
  return piece_.begin;
}

void Account::HoldMore(std::int64_t amount, std::int64_t piece_begin) {
  if (rolling() || piece_begin == piece_.begin) held_ = Sum(held_, amount);
}

void Account::Settle(std::int64_t held, std::int64_t used, std::int64_t piece_begin) {
  if (rolling() || piece_begin == piece_.begin) held_ -= held;
  --holders_;
  Count(used, piece_begin);
}

void Account::Spend(std::int64_t used, std::int64_t piece_begin, std::int64_t now) {
  Advance(now);
  Count(used, piece_begin);
}

void Account::Count(std::int64_t used, std::int64_t piece_begin) {
  std::int64_t* piece = PieceOf(piece_begin);
  if (piece == nullptr) return;
  *piece = Sum(*piece, used);
  if (rolling()) spent_ = Sum(spent_, used);
}

void Account::Advance(std::int64_t now) {
  if (now < piece_.end) return;
  const Span next = PieceAt(limit_->window, now);
  if (rolling()) {
    Forget(next);
  } else {
    spent_ = 0;
    held_ = 0;
  }
  if (lease_ != nullptr) Renew(now);
  piece_ = next;
}

// Before the first window nothing is known; of another calendar window, that nothing is allotted yet.
void Account::Renew(std::int64_t now) {
  if (piece_.end == 0) {
    lease_->since = now;
  } else if (!rolling()) {
    *lease_ = {.since = lease_->since, .memory = Stake::Memory::kWhole};
  }
}

void Account::SpendElsewhere(std::int64_t used, std::int64_t piece_begin, std::int64_t now) {
  Advance(now);
  if (PieceOf(piece_begin) != nullptr) lease_->others = Sum(lease_->others, used);
}

Stake Account::StakeAfter(std::int64_t given_up, std::int64_t now) {
  Advance(now);
  const std::int64_t needed = Sum(spent_, held_);
  lease_->allotment = std::max(Whole(now) - given_up, needed);
  return {.limit = limit_,
          .window = piece_,
          .has = lease_->allotment,
          .used = spent_,
          .held = held_,
          .since = lease_->since,
          .valid_until = lease_->valid_until,
          .memory = lease_->memory};
}

void Account::Allot(const Allotment& allotment, std::int64_t now) {
  Advance(now);
  if (!rolling() && allotment.window_begin != piece_.begin) return;
  constexpr std::int64_t kLowPart = 4;  // the last fourth of a slice
  lease_->allotment = allotment.share;
  lease_->valid_until = allotment.valid_until;
  lease_->others = allotment.others;
  lease_->rest = std::max<std::int64_t>(0, allotment.left);
  lease_->rest_until = allotment.rest == Allotment::Rest::kFinal ? now + 1 : 0;
  lease_->low = lease_->rest > 0 ? Left(now) / kLowPart : 0;
  lease_->memory = Stake::Memory::kWhole;
  lease_->fetching = Lease::Fetching::kNo;
}

Account::More Account::MoreThanLeft(std::int64_t amount, std::int64_t now) const {
  if (lease_ == nullptr) return More::kNone;
  return now < lease_->rest_until && amount > lease_->rest ? More::kNone : More::kPerhaps;
}

void Account::ForgetRest() { lease_->rest_until = 0; }

Account::Level Account::LevelNow(std::int64_t now) {
  if (lease_ == nullptr || lease_->fetching == Lease::Fetching::kYes || Left(now) >= lease_->low) return Level::kEnough;
  lease_->fetching = Lease::Fetching::kYes;
  return Level::kLow;
}

// Empties the pieces between the present one and `next`, which is behind it.
void Account::Forget(const Span& next) {
  const std::int64_t length = next.end - next.begin;
  const std::int64_t steps = piece_.end == 0 ? static_cast<std::int64_t>(kRing) : (next.begin - piece_.begin) / length;
  for (std::int64_t i = 0; i < std::min<std::int64_t>(steps, kRing); ++i) {
    std::int64_t& old = pieces_->spent.at(static_cast<std::size_t>((next.begin / length - i) % std::int64_t{kRing}));
    spent_ -= std::exchange(old, 0);
  }
}

// Where what belongs to that piece is counted; null when the window has left it behind.
std::int64_t* Account::PieceOf(std::int64_t piece_begin) {
  if (!rolling()) return piece_begin == piece_.begin ? &spent_ : nullptr;
  const std::int64_t length = piece_.end - piece_.begin;
  const std::int64_t age = (piece_.begin - piece_begin) / length;
  if (age < 0 || age >= static_cast<std::int64_t>(kRing)) return nullptr;
  return &pieces_->spent.at(static_cast<std::size_t>((piece_begin / length) % std::int64_t{kRing}));
}

}  // namespace gatehouse::features::accounting
