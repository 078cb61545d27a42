#include "features/routing/health.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gatehouse::features::routing {
namespace {

constexpr base::Duration kDefaultCoolDown = std::chrono::seconds(5);
constexpr base::Duration kMaxCoolDown = std::chrono::minutes(5);
constexpr double kDecaySeconds = 10;

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::int64_t SecondOf(base::TimePoint now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

std::string_view ToString(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed: return "closed";
    case BreakerState::kOpen: return "open";
    case BreakerState::kHalfOpen: return "half_open";
  }
  return "unknown";
}

bool TargetHealth::IsTargetFault(const base::Error& error) {
  if (error.source != base::ErrorSource::kUpstream) return false;
  switch (error.code) {
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kTimeout:
    case base::ErrorCode::kBadUpstream:
    case base::ErrorCode::kInternal:
    case base::ErrorCode::kUnauthenticated:  // our credential, not the caller's
    case base::ErrorCode::kPaymentRequired: return true;
    default: return false;
  }
}

TargetHealth::Admission TargetHealth::Judge(base::TimePoint now) const {
  if (now < cool_until_) return Admission::kRefused;
  if (!open_) return Admission::kAdmitted;
  if (now < open_until_ || trial_) return Admission::kRefused;
  return Admission::kTrial;
}

TargetHealth::Admission TargetHealth::Peek(base::TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  return Judge(now);
}

TargetHealth::Admission TargetHealth::Admit(base::TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const Admission admission = Judge(now);
  if (admission == Admission::kTrial) trial_ = true;
  return admission;
}

void TargetHealth::Count(base::TimePoint now, std::uint32_t calls, std::uint32_t failures) {
  const std::int64_t second = SecondOf(now);
  Second& slot = window_.at(static_cast<std::size_t>(second) % kWindowSeconds);
  if (slot.at != second) slot = {.at = second};
  slot.calls += calls;
  slot.failures += failures;
}

bool TargetHealth::RateExceeded(base::TimePoint now) const {
  const std::int64_t oldest = SecondOf(now) - static_cast<std::int64_t>(kWindowSeconds) + 1;
  std::uint32_t calls = 0;
  std::uint32_t failures = 0;
  for (const Second& slot : window_) {
    if (slot.at < oldest) continue;
    calls += slot.calls;
    failures += slot.failures;
  }
  return calls >= policy_.minimum_calls && failures >= policy_.error_rate * calls;
}

void TargetHealth::Open(base::TimePoint now) {
  open_ = true;
  trial_ = false;
  const auto doublings = std::min<std::uint32_t>(openings_, 16);
  ++openings_;
  open_until_ = now + std::min(policy_.open_at_most, policy_.open_for * (1U << doublings));
}

void TargetHealth::Succeeded(base::TimePoint now, base::Duration time_to_first_event) {
  const std::scoped_lock lock(mutex_);
  Count(now, 1, 0);
  consecutive_ = 0;
  openings_ = 0;
  open_ = false;
  trial_ = false;
  const double sample = Seconds(time_to_first_event);
  if (sample >= ewma_seconds_ || ewma_seconds_ == 0) {
    ewma_seconds_ = sample;
  } else {
    const double keep = std::exp(-Seconds(now - ewma_at_) / kDecaySeconds);
    ewma_seconds_ = ewma_seconds_ * keep + sample * (1 - keep);
  }
  ewma_at_ = now;
}

void TargetHealth::Failed(base::TimePoint now, const base::Error& error) {
  const std::scoped_lock lock(mutex_);
  if (error.code == base::ErrorCode::kRateLimited) {
    const base::Duration asked =
        error.retry_after_seconds ? base::Duration(std::chrono::seconds(*error.retry_after_seconds)) : kDefaultCoolDown;
    cool_until_ = std::max(cool_until_, now + std::min(asked, kMaxCoolDown));
  }
  if (!IsTargetFault(error)) {
    // The target answered: for its health that is a success.
    Count(now, 1, 0);
    consecutive_ = 0;
    trial_ = false;
    if (error.code != base::ErrorCode::kRateLimited) open_ = false;
    return;
  }
  Count(now, 1, 1);
  ++consecutive_;
  if (trial_ || consecutive_ >= policy_.consecutive_failures || RateExceeded(now)) Open(now);
}

void TargetHealth::Completed() {
  const std::scoped_lock lock(mutex_);
  broken_off_ = 0;
}

void TargetHealth::BrokeOff(base::TimePoint now, const base::Error& error) {
  if (!IsTargetFault(error)) return;
  const std::scoped_lock lock(mutex_);
  Count(now, 0, 1);  // it was counted as a call when it began
  ++broken_off_;
  if (broken_off_ >= policy_.consecutive_failures || RateExceeded(now)) Open(now);
}

void TargetHealth::Abandoned(base::TimePoint) {
  const std::scoped_lock lock(mutex_);
  trial_ = false;
}

void TargetHealth::Probed(base::TimePoint now, const base::Status& status) {
  if (!status.ok()) {
    Failed(now, status.error());
    return;
  }
  const std::scoped_lock lock(mutex_);
  consecutive_ = 0;
  if (open_ && !trial_) open_until_ = now;  // the next request is the trial
}

base::TimePoint TargetHealth::AvailableAt(base::TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  base::TimePoint at = std::max(now, cool_until_);
  if (open_) at = std::max(at, open_until_);
  return at;
}

BreakerState TargetHealth::state(base::TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  if (!open_) return BreakerState::kClosed;
  return now < open_until_ ? BreakerState::kOpen : BreakerState::kHalfOpen;
}

double TargetHealth::Cost(base::TimePoint now) const {
  const std::scoped_lock lock(mutex_);
  const double age = Seconds(now - ewma_at_);
  return ewma_seconds_ * std::exp(-age / kDecaySeconds) * (1.0 + busy());
}

TargetHealth::InFlight::InFlight(std::shared_ptr<TargetHealth> health) : health_(std::move(health)) {
  health_->busy_.fetch_add(1, std::memory_order_relaxed);
}

TargetHealth::InFlight::~InFlight() {
  if (health_) health_->busy_.fetch_sub(1, std::memory_order_relaxed);
}

void RetryBudget::Deposit() {
  const std::scoped_lock lock(mutex_);
  tokens_ = std::min(policy_.burst, tokens_ + policy_.ratio);
}

bool RetryBudget::Withdraw() {
  const std::scoped_lock lock(mutex_);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

std::shared_ptr<TargetHealth> HealthBoard::Get(std::string_view provider, std::string_view model,
                                               BreakerPolicy policy) {
  const std::scoped_lock lock(mutex_);
  auto& slot = targets_[{std::string(provider), std::string(model)}];
  if (!slot || slot->policy() != policy) slot = std::make_shared<TargetHealth>(policy);
  return slot;
}

std::shared_ptr<RetryBudget> HealthBoard::GetBudget(std::string_view route, RetryBudget::Policy policy) {
  const std::scoped_lock lock(mutex_);
  auto& slot = budgets_[std::string(route)];
  if (!slot || slot->policy() != policy) slot = std::make_shared<RetryBudget>(policy);
  return slot;
}

std::vector<HealthBoard::Row> HealthBoard::List() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Row> rows;
  rows.reserve(targets_.size());
  for (const auto& [key, health] : targets_) rows.push_back({key.first, key.second, health});
  return rows;
}

}  // namespace gatehouse::features::routing
