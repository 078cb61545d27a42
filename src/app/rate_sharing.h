#pragma once

#include <string>

#include "base/log.h"
#include "base/secret.h"
#include "features/accounting/lease_records.h"
#include "features/ratelimit/meter.h"
#include "features/ratelimit/replenisher.h"
#include "features/ratelimit/sharing.h"
#include "net/epoll_loop.h"
#include "store/key_value.h"

namespace gatehouse::app {

// What this gateway shares of its rate limits with others. Owned by the Gateway, on its loop; outlives the loops and
// what they count with.
class RateSharing {
 public:
  struct Parts {
    net::EpollLoop& loop;
    store::KeyValue& store;
    features::accounting::LeaseRecords& records;
    const base::Log& log;
  };
  // All of `parts` outlive it.
  RateSharing(const Parts& parts, features::ratelimit::SharingSettings settings);
  RateSharing(const RateSharing&) = delete;
  RateSharing& operator=(const RateSharing&) = delete;
  ~RateSharing() = default;

  // Blocks, on the loop, which does not run yet: has `meters` share all that they count from now on. Before any rule
  // has a meter. The pepper is the same on all gateways, and nobody else knows it.
  void Open(features::ratelimit::MeterBoard& meters, const base::Secret& pepper);
  // Blocks, on the loop, which no longer runs, when the other loops are gone: gives back what is not used.
  void Close();

  const features::ratelimit::Sharing& sharing() const { return sharing_; }
  // What the operator should know; "" when all is well.
  std::string Problem() const { return replenisher_.Problem(); }

 private:
  void CountGateways();

  const Parts parts_;
  features::ratelimit::Sharing sharing_;
  features::ratelimit::Replenisher replenisher_;
};

}  // namespace gatehouse::app
