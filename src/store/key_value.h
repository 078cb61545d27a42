#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/database.h"

namespace gatehouse::store {

// What several gateways share: small values that go by themselves, quantities that are taken from in slices, and news.
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

  // A slice of a quantity: as much of `amount` as is left of `limit`, and nothing when that is less than `least`. What
  // was taken under a key is forgotten `ttl` after the first slice of it was.
  struct Claim {
    std::string key;
    std::int64_t amount = 0;
    std::int64_t least = 1;
    std::int64_t limit = 0;
    base::Duration ttl{};
  };
  struct Grant {
    std::int64_t amount = 0;
    std::int64_t taken = 0;  // by all, with this
    bool operator==(const Grant&) const = default;
  };
  // At once for all who share the store: together they never have more than the limit.
  virtual net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) = 0;
  // Gives back what was not used; the answer is what all have then. Never below zero, and nothing once it is forgotten.
  virtual net::Task<base::Result<std::int64_t>> Give(std::string key, std::int64_t amount, net::Deadline deadline) = 0;

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
