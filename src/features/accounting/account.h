#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "features/accounting/lease.h"
#include "features/accounting/limit.h"

namespace gatehouse::features::accounting {

// What one limit has to give and has given. Not thread-safe: the lock of its organization guards it. Time only goes
// forward here: a clock that is set back counts on in the window it was in.
class Account {
 public:
  explicit Account(std::shared_ptr<const Limit> limit, Tenure tenure = Tenure::kAlone);

  const Limit& limit() const { return *limit_; }
  const std::shared_ptr<const Limit>& shared_limit() const { return limit_; }
  // Other terms for what was counted. REQUIRES: the same window.
  void ChangeLimit(std::shared_ptr<const Limit> limit) { limit_ = std::move(limit); }

  // The window's end as things are: a rolling one begins to forget at the end of its piece.
  std::int64_t ends() const { return piece_.end; }
  std::int64_t spent() const { return spent_; }
  std::int64_t held() const { return held_; }
  // What is neither spent nor held, of what this gateway may spend; never negative.
  std::int64_t Left(std::int64_t now);
  // Spent by all who share the limit, as far as is known here.
  std::int64_t used() const;
  // The first step of that action that `amount` more would take the account to, beside what is spent and held.
  const Step* StepAt(Step::Action action, std::int64_t amount) const;
  // Whether a throttled limit lets one more pass now, beyond its amount; counts it.
  enum class Trickle : std::uint8_t { kPasses, kWaits };
  Trickle TakeTrickle(const Step& throttle, std::int64_t now);

  // Holds so much, and says in which piece of time it is counted.
  std::int64_t Hold(std::int64_t amount, std::int64_t now);
  // More for the same holder.
  void HoldMore(std::int64_t amount, std::int64_t piece_begin);
  // Ends a hold: `used` of it is spent, in the piece of time it was held in.
  void Settle(std::int64_t held, std::int64_t used, std::int64_t piece_begin);
  // Those who hold something of it; it may be removed when there are none.
  std::uint32_t holders() const { return holders_; }
  // Spends without a hold: what was used in earlier lives of the process.
  void Spend(std::int64_t used, std::int64_t piece_begin, std::int64_t now);

  // Of a limit that is shared.
  bool shared() const { return lease_ != nullptr; }
  std::optional<std::int64_t> allotment() const {
    return lease_ == nullptr ? std::nullopt : std::optional(lease_->allotment);
  }
  // What others spent, of which this gateway was told by the ledger.
  void SpendElsewhere(std::int64_t used, std::int64_t piece_begin, std::int64_t now);
  // How it stands, after giving up so much of what it has and needs for nothing.
  Stake StakeAfter(std::int64_t given_up, std::int64_t now);
  void Allot(const Allotment& allotment, std::int64_t now);
  // Whether so much more than is left might be had from the others.
  enum class More : std::uint8_t { kNone, kPerhaps };
  More MoreThanLeft(std::int64_t amount, std::int64_t now) const;
  // Others gave something back: what was known of the rest is out of date.
  void ForgetRest();
  // Whether so little is left that more should be fetched ahead of need. Once, until the next Allot().
  enum class Level : std::uint8_t { kEnough, kLow };
  Level LevelNow(std::int64_t now);

 private:
  static constexpr std::size_t kRing = Rolling::kPieces + 1;
  struct Pieces {
    std::array<std::int64_t, kRing> spent{};  // by the piece's number modulo kRing
  };
  struct Tap {
    std::int64_t minute = 0;
    std::uint32_t passed = 0;
  };

  // What this gateway has of a limit that it shares.
  struct Lease {
    std::int64_t allotment = 0;
    std::int64_t valid_until = 0;  // seconds since 1970
    std::int64_t others = 0;       // spent by the others
    std::int64_t low = 0;          // with less left, more is fetched
    std::int64_t rest = 0;         // so much could be had in addition, until then
    std::int64_t rest_until = 0;
    std::int64_t since = 0;
    Stake::Memory memory = Stake::Memory::kPartial;
    enum class Fetching : std::uint8_t { kNo, kYes } fetching = Fetching::kNo;
  };

  bool rolling() const { return pieces_ != nullptr; }
  std::int64_t Whole(std::int64_t now) const;
  void Advance(std::int64_t now);
  void Forget(const Span& next);
  void Renew(std::int64_t now);
  void Count(std::int64_t used, std::int64_t piece_begin);
  std::int64_t* PieceOf(std::int64_t piece_begin);

  std::shared_ptr<const Limit> limit_;
  Span piece_;              // of the present
  std::int64_t spent_ = 0;  // in the window
  std::int64_t held_ = 0;   // of a calendar window: held in it; of a rolling one: held at all
  std::uint32_t holders_ = 0;
  std::unique_ptr<Pieces> pieces_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<Lease> lease_;  // null: the limit is this gateway's alone
};

}  // namespace gatehouse::features::accounting
