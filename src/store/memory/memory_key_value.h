#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/key_value.h"

namespace gatehouse::store::memory {

// What one process keeps for all its loops: the values behind MemoryKeyValue. One for the process; thread-safe;
// outlives what was made on it.
class SharedValues {
 public:
  // What keys and values may take together, in bytes and in number.
  struct Bounds {
    std::size_t entries = std::size_t{1} << 20U;
    std::size_t bytes = std::size_t{1} << 30U;
  };
  explicit SharedValues(const base::Clock& clock) : SharedValues(clock, Bounds()) {}
  SharedValues(const base::Clock& clock, Bounds bounds) : clock_(clock), bounds_(bounds) {}
  SharedValues(const SharedValues&) = delete;
  SharedValues& operator=(const SharedValues&) = delete;

  // As a server that begins anew without what it had.
  void ForgetQuantities();

 private:
  friend class MemoryKeyValue;
  struct Kept {
    std::string value;
    base::TimePoint until = base::TimePoint::max();
  };
  // A quantity that is divided.
  struct Shared {
    struct Share {
      std::int64_t turn = 0;
      std::int64_t amount = 0;
      std::int64_t used = 0;
      base::TimePoint until = base::TimePoint::max();
    };
    std::map<std::string, Share, std::less<>> shares;  // by holder
    enum class Founded : std::uint8_t { kNo, kYes } founded = Founded::kNo;
  };
  // A bucket that is drawn from.
  struct Reservoir {
    struct Holder {
      std::int64_t turn = 0;
      std::int64_t total = 0;
      std::int64_t held = 0;
      base::TimePoint held_until{};
      base::TimePoint known_until{};
    };
    double level = 0;
    base::TimePoint at{};  // of the level
    std::map<std::string, Holder, std::less<>> holders;
  };
  // What one subscription has yet to hear.
  struct Inbox {
    net::Loop* loop = nullptr;               // guarded by mutex_; null once it is dropped
    KeyValue::Listener* listener = nullptr;  // touched on its loop only
    std::deque<std::string> messages;        // guarded by mutex_
    enum class Overflow : std::uint8_t { kNo, kYes } overflow = Overflow::kNo;  // guarded by mutex_
    enum class Posted : std::uint8_t { kNo, kYes } posted = Posted::kNo;        // guarded by mutex_
  };
  class Membership;

  // All of these under mutex_.
  Kept* Find(const std::string& key);
  void Erase(std::map<std::string, Kept, std::less<>>::iterator entry);
  // Forgets what is over; once a second at the most, for it looks at everything.
  void Sweep();
  bool HasRoom(std::size_t entries, std::size_t bytes) const {
    return values_.size() + entries <= bounds_.entries && bytes_ + bytes <= bounds_.bytes;
  }
  base::Result<std::int64_t> QuantityOf(const std::string& key);
  base::Result<KeyValue::Grant> Take(const KeyValue::Claim& claim);
  base::Result<KeyValue::Drawn> Draw(const KeyValue::Draft& draft);
  base::TimePoint Until(base::Duration ttl) const;
  base::Status PutQuantity(const std::string& key, std::int64_t quantity, base::Duration ttl);
  base::Status Put(const std::string& key, std::string value, base::TimePoint until);

  void Post(const std::shared_ptr<Inbox>& inbox);
  void Deliver(const std::shared_ptr<Inbox>& inbox);

  const base::Clock& clock_;
  const Bounds bounds_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;                                                  // of values_; guarded by mutex_
  base::TimePoint swept_{};                                                // guarded by mutex_
  std::map<std::string, Kept, std::less<>> values_;                        // guarded by mutex_
  std::map<std::string, Shared, std::less<>> shared_;                      // guarded by mutex_
  std::map<std::string, Reservoir, std::less<>> reservoirs_;               // guarded by mutex_
  std::multimap<std::string, std::weak_ptr<Inbox>, std::less<>> inboxes_;  // guarded by mutex_
};

// A KeyValue within one process: for a gateway that is alone, and for tests. Never fails but for what is wrong or too
// much.
class MemoryKeyValue final : public KeyValue {
 public:
  MemoryKeyValue(net::Loop& loop, SharedValues& values) : loop_(loop), values_(values) {}

  net::Task<base::Result<std::optional<std::string>>> Get(std::string key, net::Deadline deadline) override;
  net::Task<base::Result<Stored>> Set(Entry entry, net::Deadline deadline) override;
  net::Task<base::Status> Delete(std::string key, net::Deadline deadline) override;
  net::Task<base::Result<Grant>> Take(Claim claim, net::Deadline deadline) override;
  net::Task<base::Result<Drawn>> Draw(Draft draft, net::Deadline deadline) override;
  net::Task<base::Result<std::int64_t>> Count(std::string key, std::int64_t amount, base::Duration window,
                                              net::Deadline deadline) override;
  net::Task<base::Status> Publish(std::string channel, std::string message, net::Deadline deadline) override;
  std::unique_ptr<Subscription> Subscribe(std::string channel, Listener& listener) override;
  Health health() const override { return {}; }

 private:
  net::Loop& loop_;
  SharedValues& values_;
};

}  // namespace gatehouse::store::memory
