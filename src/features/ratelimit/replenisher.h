#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/common/joint_wait.h"
#include "features/ratelimit/bucket.h"
#include "features/ratelimit/sharing.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/key_value.h"

namespace gatehouse::features::ratelimit {

// What a decision lacks of a bucket that several gateways share, or what is to be looked after there.
struct Need {
  enum class What : std::uint8_t { kRequests, kTokens, kSlots };

  std::shared_ptr<Bucket> bucket;  // with a `shared`
  What what = What::kRequests;
  Rate rate{1, 1};          // of requests or tokens
  std::uint32_t limit = 0;  // of slots
  std::int64_t amount = 0;
};

// Draws for this gateway's buckets and slots what several gateways share (ADR 20), and gives back what is not used.
// All questions about one of them follow each other; who asks meanwhile is served by the next one together. Fetch() and
// LookAfter() are for any thread, the rest for that of its loop, on which the store is used; it outlives who waits.
class Replenisher final : private store::KeyValue::Listener {
 public:
  struct Parts {
    net::Loop& loop;
    store::KeyValue& store;
    Sharing& sharing;
    const base::Log& log;
    std::string name;  // of this process, among all that there ever were
  };
  // All of `parts` outlive it.
  explicit Replenisher(Parts parts);
  Replenisher(const Replenisher&) = delete;
  Replenisher& operator=(const Replenisher&) = delete;
  ~Replenisher() override;

  Sharing& sharing() const { return parts_.sharing; }
  // For a new bucket of that key. Thread-safe.
  std::unique_ptr<SharedBucket> Share(Slots& slots, std::string key);

  // Says that this gateway is there, and begins to look after what is held. A store that does not answer by `deadline`
  // is waited for later.
  net::Task<> Start(net::Deadline deadline);

  // More of some, for a decision on `loop`, which is to be made again when this answers. kUnavailable when the store
  // does not answer by `deadline`.
  net::Task<base::Status> Fetch(net::Loop& loop, std::vector<Need> needs, net::Deadline deadline);
  // Draws ahead where `amount` is not 0; else it is to be looked after.
  void LookAfter(Need need);

  // Gives back all that is not used. When no loop makes decisions any more.
  net::Task<base::Status> GiveBackAll(net::Deadline deadline);

  // What the operator should know; "" when all is well.
  std::string Problem() const;

 private:
  using Wait = common::JointWait;
  struct Desk;
  struct Door;
  enum class Growth : std::uint8_t { kNone, kAhead };
  enum class Keep : std::uint8_t { kAll, kWhatIsNeeded };
  struct Order;

  Desk& DeskOf(const Need& need);
  void Join(const Need& need, Growth growth, Keep keep, const std::shared_ptr<Wait>& wait);
  void Serve(const std::vector<Need>& needs, std::move_only_function<void(base::Status)> done);
  net::Task<> Run(Desk& desk);
  net::Task<base::Status> Ask(Desk& desk, const Order& order);
  net::Task<base::Status> AskForStock(Desk& desk, Stock& stock, const Order& order);
  net::Task<base::Status> AskForSlots(Desk& desk, const Order& order);
  net::Task<base::Status> Recall(Desk& desk, const Order& order);
  net::Task<> Tell(std::string_view word, Desk& desk);
  void Heard(const base::Status& answer);

  net::Task<base::Status> SayPresent(std::int64_t present, net::Deadline deadline);
  net::Task<> FollowForever();
  net::Task<> LookForever();
  void Lost(const base::Error& error);
  void Found();
  void CountSlotsAlone(Desk& desk);
  void VisitStock(Desk& desk, Stock& stock);
  void VisitSlots(Desk& desk);
  void Visit(Desk& desk);
  void Close(Desk& desk);

  void OnMessage(std::string_view message) override;
  void OnInStep() override {}
  void OnLost() override {}

  const Parts parts_;
  const std::shared_ptr<Door> door_;
  std::int64_t turns_ = 0;
  std::atomic<std::uint64_t> shared_ = 0;                         // buckets since the start
  std::unordered_map<const void*, std::unique_ptr<Desk>> desks_;  // by the stock or lease
  std::deque<Desk*> round_;                                       // in which they are visited
  std::unordered_map<std::string, Desk*> slots_;                  // by the bucket's key
  std::unique_ptr<store::KeyValue::Subscription> news_;
  std::string problem_;
  base::TimePoint found_at_{};  // since when the store has answered
  net::Event contact_lost_;
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

}  // namespace gatehouse::features::ratelimit
