#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "features/accounting/lease_claim.h"
#include "features/accounting/lease_records.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/key_value.h"

namespace gatehouse::features::accounting {

// This gateway among those that share limits. Belongs to one loop.
//
// What is shared has a generation, a value in the store that is made when it is not there: a store that lost what it
// had begins another one, in which nobody takes anything of a window that had begun before all gateways that may hold
// something of it have said so.
class LeaseMembership {
 public:
  struct Parts {
    net::Loop& loop;
    store::KeyValue& store;
    LeaseRecords& records;
  };
  struct Self {
    std::string name;
    std::int64_t journal = 0;
  };
  // All of `parts` outlive it.
  LeaseMembership(Parts parts, Self self) : parts_(parts), self_(std::move(self)) {}

  const std::string& name() const { return self_.name; }
  std::int64_t journal() const { return self_.journal; }
  // Another life of this gateway. Before anything else.
  net::Task<base::Status> Begin(net::Deadline deadline);

  // Takes the name, or renews that it is this gateway's; kConflict while another that lives has it.
  net::Task<base::Status> TakeName(net::Deadline deadline);
  net::Task<base::Status> LeaveName(net::Deadline deadline);
  // Takes the name of one that does not live any more, so that it cannot begin meanwhile; kConflict while it lives.
  net::Task<base::Status> TakeNameOf(std::string name, net::Deadline deadline);

  // Reads the generation, and begins one where there is none.
  net::Task<base::Status> ReadGeneration(net::Deadline deadline);
  const std::string& generation() const { return generation_; }
  void ForgetGeneration() { generation_.clear(); }

  // This gateway has said what it has in the present generation.
  net::Task<base::Status> SayPresent(net::Deadline deadline);
  bool present() const { return !generation_.empty() && present_in_ == generation_; }
  // kUnavailable, naming one, while a gateway that may hold something has not. Else all that there are.
  net::Task<base::Result<std::vector<GatewayRecord>>> Complete(net::Deadline deadline);

  // For the next claim. REQUIRES: Begin() was done and there is a generation.
  Claimant Next();
  // Of another gateway, which does not live any more.
  static Claimant InsteadOf(const GatewayRecord& gateway, const LeaseMembership& self);
  std::string holder() const { return std::to_string(self_.journal); }

 private:
  net::Task<base::Result<store::KeyValue::Grant>> ClaimName(std::string name, std::int64_t wanted, base::Duration ttl,
                                                            net::Deadline deadline);

  const Parts parts_;
  const Self self_;
  std::int64_t incarnation_ = 0;
  std::int64_t turns_ = 0;
  std::string generation_;   // "": not known
  std::string present_in_;   // the generation that this gateway has said all in
  std::string complete_in_;  // and the one that all have
};

}  // namespace gatehouse::features::accounting
