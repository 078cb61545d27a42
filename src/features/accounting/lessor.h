#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "features/accounting/lease.h"
#include "features/accounting/lease_membership.h"
#include "features/accounting/lease_records.h"
#include "features/accounting/treasury.h"
#include "features/common/joint_wait.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/key_value.h"

namespace gatehouse::features::accounting {

struct LessorSettings {
  base::Duration wait = std::chrono::seconds(1);          // for more of a limit
  base::Duration recall = std::chrono::milliseconds(50);  // for others to give back what they do not need
  base::Duration idle = std::chrono::seconds(30);         // after which what is not needed is given back
  std::size_t max_waiting = 4096;                         // requests that wait; what comes on top is refused
  bool operator==(const LessorSettings&) const = default;
};

// Fetches for a treasury what it may spend of limits that several gateways share, and gives back what it does not need.
// All claims of one limit follow each other; who asks meanwhile is served by the next one together. Fetch() and Low()
// are for any thread, the rest for that of its loop, on which the store is used; all of `parts` outlive it, and it
// outlives who waits.
class Lessor final : private store::KeyValue::Listener {
 public:
  struct Parts {
    net::Loop& loop;
    store::KeyValue& store;
    Treasury& treasury;
    LeaseRecords& records;
    const base::Log& log;
    // Whether what an earlier life left in the journal is in the database: what this gateway used is all there then.
    std::function<bool()> recovered;
  };
  Lessor(Parts parts, LeaseMembership::Self self, LessorSettings settings);
  Lessor(const Lessor&) = delete;
  Lessor& operator=(const Lessor&) = delete;
  ~Lessor() override;

  const LessorSettings& settings() const { return settings_; }

  // Begins another life. Fails while another gateway of its name lives, and where the database does not answer; a store
  // that does not answer is waited for later.
  net::Task<base::Status> Start(net::Deadline deadline);

  // More of some limits, for a decision on `loop`, which is to be made again when this answers. kUnavailable when they
  // cannot be had because the store cannot be asked, or not by `deadline`.
  net::Task<base::Status> Fetch(net::Loop& loop, std::vector<Need> needs, net::Deadline deadline);
  // More of a limit, ahead of need.
  void Low(const Need& need);

  // Gives back all that is not used. When no loop makes decisions any more.
  net::Task<base::Status> GiveBackAll(net::Deadline deadline);
  // Leaves in order: all that this gateway used is in the database.
  net::Task<base::Status> Leave(net::Deadline deadline);
  // Takes what a gateway had and did not use, as far as the ledger knows, for all others. kConflict while it lives.
  net::Task<base::Status> Release(GatewayRecord gateway, std::vector<std::shared_ptr<const Limit>> limits,
                                  net::Deadline deadline);

  // What the operator should know; "" when all is well.
  std::string Problem() const;

 private:
  using Wait = common::JointWait;
  struct Order;
  struct Desk;
  struct Door;
  struct Claimed {
    Allotment allotment;
    std::int64_t got = 0;             // beside what there was
    std::int64_t idle_elsewhere = 0;  // allotted to others, and not spent
    enum class InForce : std::uint8_t { kNo, kYes } in_force = InForce::kNo;
  };
  enum class Growth : std::uint8_t { kNone, kSlice };

  void Join(const Need& need, Growth growth, std::int64_t give_up, const std::shared_ptr<Wait>& wait);
  void Serve(const std::vector<Need>& needs, std::move_only_function<void(base::Status)> done);
  net::Task<> Run(Desk& desk);
  net::Task<base::Status> Fill(Desk& desk, const Order& order, net::Deadline deadline);
  net::Task<base::Status> FillGrowing(Desk& desk, Need need, net::Deadline deadline);
  net::Task<base::Status> State(Desk& desk, std::int64_t give_up, net::Deadline deadline);
  net::Task<base::Result<Claimed>> Claim(Desk& desk, Need need, net::Deadline deadline);
  net::Task<base::Result<store::KeyValue::Grant>> Found(Stake stake, store::KeyValue::Claim claim,
                                                        net::Deadline deadline);
  net::Task<base::Status> Ready(Desk& desk, net::Deadline deadline);

  net::Task<> FollowForever();
  net::Task<base::Status> KeepUp();
  net::Task<base::Status> StateAll();
  void VisitDesks();
  void Visit(Desk& desk);

  void OnMessage(std::string_view message) override;
  void OnInStep() override {}
  void OnLost() override {}

  std::int64_t Now() const;

  const Parts parts_;
  const LessorSettings settings_;
  LeaseMembership membership_;
  const std::shared_ptr<Door> door_;
  std::map<std::int64_t, std::unique_ptr<Desk>> desks_;  // by limit
  std::int64_t visited_ = 0;                             // the last one's limit
  base::TimePoint name_renewed_{};
  std::string problem_;
  std::string missing_;  // why nothing is allotted of windows that had begun before what is shared did
  std::unique_ptr<store::KeyValue::Subscription> news_;
  net::TaskGroup tasks_;  // last: what runs there uses the rest
};

}  // namespace gatehouse::features::accounting
