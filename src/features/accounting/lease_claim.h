#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "features/accounting/lease.h"
#include "features/accounting/lease_records.h"
#include "store/key_value.h"

namespace gatehouse::features::accounting {

// Who claims, in which generation of what is shared.
struct Claimant {
  std::string holder;  // the journal's id
  std::int64_t turn = 0;
  std::string generation_key;
  std::string generation;
  std::int64_t generation_began = 0;  // in seconds
};

// What a stake says to the others, and the more that is wanted. A calendar window has a key of its own. A rolling one
// has one for good, and shares of it go when they are not renewed: what was spent under them is out of the window then.
store::KeyValue::Claim ClaimFor(const Stake& stake, const Need& need, const Claimant& claimant, std::int64_t now);

// Until when, in seconds, what such a claim allots is good.
std::int64_t ValidUntil(const Stake& stake, std::int64_t now);

// The first piece whose use counts in the window.
std::int64_t FirstPiece(const Stake& stake, std::int64_t now);

// What the ledger knows that others have used, as shares that a claim can be founded on. Those of `open` gateways go on
// as one share each, which they renew themselves.
std::vector<store::KeyValue::Share> FoundationOf(const Stake& stake, std::span<const LeaseRecords::Use> uses,
                                                 std::span<const GatewayRecord> gateways, std::int64_t now);

// Where the shares of a limit are kept.
std::string ShareKey(const Limit& limit, const Span& window);

}  // namespace gatehouse::features::accounting
