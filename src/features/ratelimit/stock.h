#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "features/ratelimit/sharing.h"
#include "features/ratelimit/token_bucket.h"
#include "store/key_value.h"

namespace gatehouse::features::ratelimit {

// What is said of a request by one bucket.
struct Verdict {
  enum class Kind : std::uint8_t {
    kEnough,
    kTooFast,    // until `wait` has passed
    kShort,      // of what this gateway has drawn: the store is to be asked
    kUnchecked,  // the store does not answer, and nobody is let through without it
  } kind = Kind::kEnough;
  base::Duration wait{};

  static Verdict After(base::Duration wait) {
    return {.kind = wait.count() > 0 ? Kind::kTooFast : Kind::kEnough, .wait = wait};
  }
};

// Whether a request may yet ask the store: it may, it has and there is an answer, or there was none in time.
enum class Asking : std::uint8_t { kMay, kAnswered, kInVain };

// What this gateway has drawn, ahead of need, of a bucket that several share (ADR 20), and what it knows of the rest.
// While the store does not answer it is a bucket by itself, for this gateway's part of the limit. Requests use it on
// any thread; what is marked so is for the thread of the loop that asks the store.
class Stock {
 public:
  // `sharing` outlives it.
  explicit Stock(Sharing& sharing) : sharing_(sharing) {}
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;

  // Whether `amount` could be taken.
  Verdict Look(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) const;
  // Takes it, or nothing.
  Verdict Take(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking);
  // What was used beyond what was taken, whether or not it is there.
  void Charge(const Rate& rate, std::int64_t amount, base::TimePoint now);
  // What was taken and not used. It goes back to where all can have it.
  void Return(const Rate& rate, std::int64_t amount);
  // As far as this gateway knows.
  TokenBucket::Level At(const Rate& rate, base::TimePoint now) const;

  // Whether the store is to be asked for more ahead of need; says so once.
  enum class Call : std::uint8_t { kNotNeeded, kNeeded };
  Call AfterTake();
  // Whether somebody has yet to be told that the store is to hear of a correction; says so once, until Unwatch().
  Call AfterCorrection();
  void Watch() { watched_.store(Watched::kYes); }
  void Unwatch() { watched_.store(Watched::kNo); }
  bool HasCorrections() const;
  // What is held that was not used in time.
  bool HasLapsed(base::TimePoint now) const { return has_.load() > 0 && Has(now) == 0; }
  std::int64_t held(base::TimePoint now) const { return std::max<std::int64_t>(0, Has(now)); }
  // Nobody can tell it from a new one.
  bool IsIdle(base::TimePoint now) const;

  // The rest is for the asking thread, one question after the other.
  enum class Keep : std::uint8_t { kAll, kNothing };
  // What is to be said to the store, without what names the bucket. What is given back is no longer there.
  store::KeyValue::Draft Statement(const Rate& rate, Keep keep, base::TimePoint now);
  // `draft` was said `asked_at`.
  void Answered(const Rate& rate, const store::KeyValue::Draft& draft, const store::KeyValue::Drawn& drawn,
                base::TimePoint asked_at, base::TimePoint now);
  // Whether an answer is missing, and the store may take this gateway to have more or less than it has.
  bool IsInDoubt() const { return change_ != 0; }
  // How long what is held may still be used.
  base::Duration validity(base::TimePoint now) const;

 private:
  static std::int64_t Count(base::TimePoint at) { return at.time_since_epoch().count(); }
  std::int64_t Has(base::TimePoint now) const;
  bool TakeHeld(std::int64_t amount, base::TimePoint now);
  Verdict WithoutStock(const Rate& rate, std::int64_t amount, base::TimePoint now, Asking asking) const;
  bool InContact() const { return sharing_.contact() == Sharing::Contact::kKept; }

  Sharing& sharing_;
  std::atomic<std::int64_t> has_ = 0;          // drawn and not used; negative: used and not drawn
  std::atomic<std::int64_t> low_ = 0;          // where more is to be drawn; 0: when it is asked for
  std::atomic<std::int64_t> valid_until_ = 0;  // what is held; nanoseconds of the loops' clock, as below
  std::atomic<std::int64_t> known_until_ = 0;  // `rest_` is taken for so
  std::atomic<std::int64_t> back_ = 0;         // to be given back
  std::atomic<std::int64_t> alone_ = 0;        // used of `rest_` without the store
  enum class Watched : std::uint8_t { kNo, kYes };
  std::atomic<Watched> watched_ = Watched::kNo;
  TokenBucket rest_;  // what is there for all, as the store said last

  // Of the asking thread.
  std::int64_t told_ = 0;     // by the store: what was drawn in all
  std::int64_t change_ = 0;   // since then, and not yet acknowledged
  std::int64_t had_ = 0;      // after the last answer
  base::TimePoint had_at_{};  // and when that was
};

}  // namespace gatehouse::features::ratelimit
