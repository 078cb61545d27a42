#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "features/accounting/limit.h"

namespace gatehouse::features::accounting {

// What one limit has to give and has given. Not thread-safe: the lock of its organization guards it. Time only goes
// forward here: a clock that is set back counts on in the window it was in.
class Account {
 public:
  explicit Account(std::shared_ptr<const Limit> limit);

  const Limit& limit() const { return *limit_; }
  const std::shared_ptr<const Limit>& shared_limit() const { return limit_; }
  // Other terms for what was counted. REQUIRES: the same window.
  void ChangeLimit(std::shared_ptr<const Limit> limit) { limit_ = std::move(limit); }

  // The window's end as things are: a rolling one begins to forget at the end of its piece.
  std::int64_t ends() const { return piece_.end; }
  std::int64_t spent() const { return spent_; }
  std::int64_t held() const { return held_; }
  // What is neither spent nor held; never negative.
  std::int64_t Left(std::int64_t now);
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

 private:
  static constexpr std::size_t kRing = Rolling::kPieces + 1;
  struct Pieces {
    std::array<std::int64_t, kRing> spent{};  // by the piece's number modulo kRing
  };
  struct Tap {
    std::int64_t minute = 0;
    std::uint32_t passed = 0;
  };

  bool rolling() const { return pieces_ != nullptr; }
  void Advance(std::int64_t now);
  void Forget(const Span& next);
  void Count(std::int64_t used, std::int64_t piece_begin);
  std::int64_t* PieceOf(std::int64_t piece_begin);

  std::shared_ptr<const Limit> limit_;
  Span piece_;              // of the present
  std::int64_t spent_ = 0;  // in the window
  std::int64_t held_ = 0;   // of a calendar window: held in it; of a rolling one: held at all
  std::uint32_t holders_ = 0;
  std::unique_ptr<Pieces> pieces_;
  std::unique_ptr<Tap> tap_;
};

}  // namespace gatehouse::features::accounting
