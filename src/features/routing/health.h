#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace gatehouse::features::routing {

struct BreakerPolicy {
  std::uint32_t consecutive_failures = 5;
  double error_rate = 0.5;                            // within the window
  std::uint32_t minimum_calls = 20;                   // in the window, before the rate counts
  base::Duration open_for = std::chrono::seconds(5);  // doubles with every failed trial
  base::Duration open_at_most = std::chrono::minutes(5);
  bool operator==(const BreakerPolicy&) const = default;
};

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen };
std::string_view ToString(BreakerState state);

// What this process knows of one target: circuit breaker, cool-down, load and speed. Thread-safe; shared by all loops.
//
// The breaker opens on consecutive failures or on an error rate over ten seconds, lets one trial through after
// `open_for`, and closes on its success. A rate-limited target cools down for as long as it asked, without opening the
// breaker.
class TargetHealth {
 public:
  explicit TargetHealth(BreakerPolicy policy) : policy_(policy) {}
  TargetHealth(const TargetHealth&) = delete;
  TargetHealth& operator=(const TargetHealth&) = delete;

  const BreakerPolicy& policy() const { return policy_; }

  enum class Admission : std::uint8_t { kAdmitted, kTrial, kRefused };
  // Asks for one call. Each kAdmitted or kTrial is followed by one Succeeded, Failed or Abandoned.
  Admission Admit(base::TimePoint now);
  // Like Admit, without taking the trial.
  Admission Peek(base::TimePoint now) const;

  void Succeeded(base::TimePoint now, base::Duration time_to_first_event);
  void Failed(base::TimePoint now, const base::Error& error);
  // How an answer ended that began, and so was a success: whole, or broken off, which makes it a failure after all. One
  // whose client leaves it gets neither.
  void Completed();
  void BrokeOff(base::TimePoint now, const base::Error& error);
  // The caller went away before the outcome was known.
  void Abandoned(base::TimePoint now);
  // What an active probe found.
  void Probed(base::TimePoint now, const base::Status& status);

  // When the target will be admitted again; `now` if it is already.
  base::TimePoint AvailableAt(base::TimePoint now) const;
  BreakerState state(base::TimePoint now) const;

  std::uint32_t busy() const { return busy_.load(std::memory_order_relaxed); }
  // Peak-EWMA in seconds: jumps up to a worse value at once, decays to better ones over ten seconds; times the load, so
  // that a fast target does not drown. 0: never used, which makes new targets be tried.
  double Cost(base::TimePoint now) const;

  // Counts as under way while it lives.
  class InFlight {
   public:
    explicit InFlight(std::shared_ptr<TargetHealth> health);
    InFlight(InFlight&& other) noexcept = default;
    InFlight& operator=(InFlight&&) = delete;
    ~InFlight();
    TargetHealth& health() const { return *health_; }

   private:
    std::shared_ptr<TargetHealth> health_;
  };

  // True for failures that say something about the target, not about the request.
  static bool IsTargetFault(const base::Error& error);

 private:
  static constexpr std::size_t kWindowSeconds = 10;
  struct Second {
    std::int64_t at = -1;
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
  };

  Admission Judge(base::TimePoint now) const;
  void Count(base::TimePoint now, std::uint32_t calls, std::uint32_t failures);
  void Open(base::TimePoint now);
  bool RateExceeded(base::TimePoint now) const;

  const BreakerPolicy policy_;
  std::atomic<std::uint32_t> busy_ = 0;
  mutable std::mutex mutex_;
  // All below are guarded by mutex_.
  std::array<Second, kWindowSeconds> window_;
  std::uint32_t consecutive_ = 0;
  std::uint32_t broken_off_ = 0;  // in a row
  std::uint32_t openings_ = 0;    // in a row
  base::TimePoint open_until_{};
  base::TimePoint cool_until_{};
  bool open_ = false;
  bool trial_ = false;  // one is under way
  double ewma_seconds_ = 0;
  base::TimePoint ewma_at_{};
};

// Retries of one route, as a share of its requests: a bucket that each request fills by `ratio` and each retry empties
// by one, so that an outage does not multiply the load. Thread-safe.
class RetryBudget {
 public:
  struct Policy {
    double ratio = 0.2;
    double burst = 100;  // what it holds at most, and at first
    bool operator==(const Policy&) const = default;
  };
  RetryBudget() : RetryBudget(Policy{}) {}
  explicit RetryBudget(Policy policy) : policy_(policy), tokens_(policy.burst) {}

  const Policy& policy() const { return policy_; }
  void Deposit();
  // True if a retry may be made; it then counts.
  [[nodiscard]] bool Withdraw();

 private:
  const Policy policy_;
  std::mutex mutex_;
  double tokens_;  // guarded by mutex_
};

// Health by target, kept over reloads. Thread-safe.
class HealthBoard {
 public:
  // The same object for the same provider and model, until their policy changes.
  std::shared_ptr<TargetHealth> Get(std::string_view provider, std::string_view model, BreakerPolicy policy);
  std::shared_ptr<RetryBudget> GetBudget(std::string_view route, RetryBudget::Policy policy);

  struct Row {
    std::string provider;
    std::string model;
    std::shared_ptr<TargetHealth> health;
  };
  std::vector<Row> List() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<TargetHealth>> targets_;  // guarded by mutex_
  std::map<std::string, std::shared_ptr<RetryBudget>, std::less<>> budgets_;              // guarded by mutex_
};

}  // namespace gatehouse::features::routing
