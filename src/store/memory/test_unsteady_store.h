#pragma once

// A store with the troubles of a server far away; for tests.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/memory/memory_key_value.h"

namespace gatehouse::store::memory {

// A store that may be out of reach, lose the answers to what it did, or do it when nobody waits any more.
class UnsteadyStore final : public KeyValue {
 public:
  enum class State : std::uint8_t { kWorking, kAway, kLosesAnswers, kHangs, kLate };

  UnsteadyStore(net::Loop& loop, SharedValues& values) : loop_(loop), under_(loop, values), late_(loop) {}
  State state = State::kWorking;
  base::Duration lag{};  // of an answer

  net::Task<base::Result<std::optional<std::string>>> Get(std::string key, net::Deadline deadline) override {
    GH_CO_CHECK_OK(co_await Before(deadline));
    co_return co_await under_.Get(std::move(key), deadline);
  }
  net::Task<base::Result<Stored>> Set(Entry entry, net::Deadline deadline) override {
    GH_CO_CHECK_OK(co_await Before(deadline));
    co_return co_await under_.Set(std::move(entry), deadline);
  }
  net::Task<base::Status> Delete(std::string key, net::Deadline deadline) override {
    GH_CO_CHECK_OK(co_await Before(deadline));
    co_return co_await under_.Delete(std::move(key), deadline);
  }
  net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) override {
    if (state == State::kLate) late_.Spawn(TakeLate(claim, deadline));
    GH_CO_CHECK_OK(co_await Before(deadline));
    auto grant = co_await under_.Take(std::move(claim), deadline);
    GH_CO_CHECK_OK(co_await After(deadline));
    co_return grant;
  }
  net::Task<base::Result<Drawn>> Draw(Draft draft, net::Deadline deadline) override {
    if (state == State::kLate) late_.Spawn(DrawLate(draft, deadline));
    GH_CO_CHECK_OK(co_await Before(deadline));
    auto drawn = co_await under_.Draw(std::move(draft), deadline);
    GH_CO_CHECK_OK(co_await After(deadline));
    co_return drawn;
  }
  net::Task<base::Result<std::int64_t>> Count(std::string key, std::int64_t amount, base::Duration window,
                                              net::Deadline deadline) override {
    co_return co_await under_.Count(std::move(key), amount, window, deadline);
  }
  net::Task<base::Status> Publish(std::string channel, std::string message, net::Deadline deadline) override {
    GH_CO_CHECK_OK(co_await Before(deadline));
    co_return co_await under_.Publish(std::move(channel), std::move(message), deadline);
  }
  std::unique_ptr<Subscription> Subscribe(std::string channel, Listener& listener) override {
    return under_.Subscribe(std::move(channel), listener);
  }
  Health health() const override {
    if (state != State::kAway) return {};
    return {.state = Health::State::kFailing, .reason = "away"};
  }

 private:
  static base::Error Failed(base::ErrorCode code, base::Retry retry) {
    return {.code = code, .source = base::ErrorSource::kStore, .retry = retry, .detail = "away"};
  }
  net::Task<base::Status> Before(net::Deadline deadline) {
    if (state == State::kAway) co_return Failed(base::ErrorCode::kUnavailable, base::Retry::kSameTarget);
    const bool too_slow = lag > deadline.at - loop_.Now();
    if (state == State::kHangs || state == State::kLate || (lag.count() > 0 && too_slow)) {
      co_await loop_.Sleep(deadline.at - loop_.Now());
      co_return Failed(base::ErrorCode::kTimeout, base::Retry::kSameTarget);
    }
    if (lag.count() > 0) co_await loop_.Sleep(lag);
    co_return base::Ok();
  }

  net::Task<base::Status> After(net::Deadline deadline) {
    if (state != State::kLosesAnswers) co_return base::Ok();
    co_await loop_.Sleep(deadline.at - loop_.Now());
    co_return Failed(base::ErrorCode::kTimeout, base::Retry::kNever);
  }

  static constexpr base::Duration kLateBy = std::chrono::milliseconds(20);
  net::Task<> TakeLate(Claim claim, net::Deadline deadline) {
    co_await loop_.Sleep(deadline.at + kLateBy - loop_.Now());
    static_cast<void>(co_await under_.Take(std::move(claim), loop_.In(kLateBy)));
  }
  net::Task<> DrawLate(Draft draft, net::Deadline deadline) {
    co_await loop_.Sleep(deadline.at + kLateBy - loop_.Now());
    static_cast<void>(co_await under_.Draw(std::move(draft), loop_.In(kLateBy)));
  }

  net::Loop& loop_;
  MemoryKeyValue under_;
  net::TaskGroup late_;  // last: uses the rest
};

}  // namespace gatehouse::store::memory
