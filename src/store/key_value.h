#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::store {

// What several gateways share: small values that go by themselves, quantities that they divide, and news.
// Belongs to one loop; dropping a task withdraws what was not begun.
//
// Errors have the source kStore: kTimeout at the deadline, kUnavailable while the store cannot be reached, which is
// told at once as long as it is known; both with Retry::kSameTarget when nothing was done, and with Retry::kNever when
// it was under way and may yet be done. kTooLarge; kInternal for a key that holds something else.
class KeyValue {
 public:
  // Beyond it a quantity would not be exact everywhere.
  static constexpr std::int64_t kMostQuantity = std::int64_t{1} << 53U;

  virtual ~KeyValue() = default;

  // nullopt: there is none, or its time is over.
  virtual net::Task<base::Result<std::optional<std::string>>> Get(std::string key, net::Deadline deadline) = 0;

  enum class When : std::uint8_t { kAlways, kAbsent };
  struct Entry {
    std::string key;
    std::string value;
    base::Duration ttl{};  // in milliseconds at the finest; zero: for ever
    When when = When::kAlways;
  };
  enum class Stored : std::uint8_t { kStored, kAlreadyThere };
  virtual net::Task<base::Result<Stored>> Set(Entry entry, net::Deadline deadline) = 0;
  // Ok also when there is none.
  virtual net::Task<base::Status> Delete(std::string key, net::Deadline deadline) = 0;

  // What one holder has of a quantity that several divide among themselves.
  struct Share {
    std::string holder;
    std::int64_t amount = 0;
    std::int64_t used = 0;  // of the amount: for the others to know
    base::Duration ttl{};   // after which it is forgotten; zero: never
  };
  // What a holder says that it has, and how much more it wants. All that is added for all holders together never
  // exceeds the limit; what a holder says that it has is taken as it is.
  struct Claim {
    std::string key;
    std::string holder;     // not ""
    std::int64_t turn = 0;  // rising from claim to claim of a holder: one that arrives late changes nothing
    // kAtLeast: or more, if the store knows of more: for a holder that does not remember.
    enum class Basis : std::uint8_t { kStated, kAtLeast } basis = Basis::kStated;
    std::int64_t has = 0;
    std::int64_t used = 0;
    std::int64_t wanted = 0;  // beside `has`: as much of it as is left
    std::int64_t least = 0;   // less than so much is not added
    std::int64_t parts = 0;   // more than is wanted, if such a part of what is left is more; 0: never
    std::int64_t limit = 0;
    base::Duration ttl{};  // of the share, from this claim on; zero: for ever
    // Whether the key must be known to have the shares of all before anything is added; kGiven: here they are, and
    // those that the key has already stand.
    enum class Foundation : std::uint8_t { kNotNeeded, kNeeded, kGiven } foundation = Foundation::kNotNeeded;
    std::vector<Share> others;  // kGiven
    std::string guard;          // a key that must have this value, or nothing is done; "": none
    std::string guard_value;
  };
  struct Grant {
    enum class Outcome : std::uint8_t {
      kDone,
      kUnfounded,  // the share is as it was said to be; nothing was added
      kOvertaken,  // by a later claim of the holder
      kGuarded,
    } outcome = Outcome::kDone;
    std::int64_t share = 0;  // the holder's, with this
    std::int64_t taken = 0;  // by all, with this
    std::int64_t used = 0;   // by all
    bool operator==(const Grant&) const = default;
  };
  // At once for all who share the store.
  virtual net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) = 0;

  // A bucket that several draw from ahead of need: it fills steadily, and what is in it and what its holders have drawn
  // and not used are never more than a burst together. So what is used in any span of time is at most what the bucket
  // yields in it and a burst.
  struct Draft {
    std::string key;
    std::string holder;     // not ""; drops out when it is not heard of for kDraftsRemembered
    std::int64_t turn = 0;  // rising from draft to draft of a holder: one that arrives late changes nothing
    // What it has drawn in all as the last answer said, and as it is now: less where some is given back, more where it
    // used some without asking. What an answer that was lost had added is so given back.
    std::int64_t told = 0;
    std::int64_t total = 0;
    std::int64_t held = 0;    // of that, not used; for nobody to use once `lapse` has passed without another draft
    std::int64_t wanted = 0;  // as much of it as is left, for use at once
    std::int64_t least = 0;   // less than so much is not drawn
    std::int64_t ahead = 0;   // beside that, if it is no more than one of `parts` of what is left then
    std::int64_t parts = 1;
    std::int64_t per_minute = 1;
    std::int64_t burst = 1;
    base::Duration lapse{};
  };
  struct Drawn {
    enum class Outcome : std::uint8_t {
      kDone,
      kOvertaken,  // by a later draft of the holder
    } outcome = Outcome::kDone;
    std::int64_t total = 0;       // by the holder, with this
    std::int64_t left = 0;        // whole units for anybody to draw; negative: so many are owed
    std::int64_t millionths = 0;  // and of one more
    bool operator==(const Drawn&) const = default;
  };
  static constexpr base::Duration kDraftsRemembered = std::chrono::minutes(10);
  // At once for all who share the store, by the store's clock. A debt is a day's worth at most.
  virtual net::Task<base::Result<Drawn>> Draw(Draft draft, net::Deadline deadline) = 0;

  // Counts, and answers with the sum of the window, which begins with its first count.
  virtual net::Task<base::Result<std::int64_t>> Count(std::string key, std::int64_t amount, base::Duration window,
                                                      net::Deadline deadline) = 0;

  // To all who listen at that moment.
  virtual net::Task<base::Status> Publish(std::string channel, std::string message, net::Deadline deadline) = 0;

  // Hears of a channel, on the loop. Neither call may drop the subscription.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnMessage(std::string_view message) = 0;
    // From now on every message comes, until OnLost(). What was published before may have been missed: what is
    // remembered is to be looked up anew.
    virtual void OnInStep() = 0;
    // Messages are being missed.
    virtual void OnLost() = 0;
  };
  // Dropping it ends it. Goes before the KeyValue does.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  // `listener` outlives the subscription.
  virtual std::unique_ptr<Subscription> Subscribe(std::string channel, Listener& listener) = 0;

  // Thread-safe.
  virtual Health health() const = 0;
};

}  // namespace gatehouse::store
