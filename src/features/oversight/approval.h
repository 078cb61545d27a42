#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "features/oversight/person.h"
#include "pipeline/principal.h"

namespace gatehouse::features::oversight {

// What one person said about a request.
struct Vote {
  Person by;
  enum class Says : std::uint8_t { kApprove, kDeny } says = Says::kApprove;
  std::string reason;      // for people; of a denial never empty
  std::int64_t at_ms = 0;  // since 1970
};

// A request that people are asked about. It is bound to exactly what was asked for: an approval is good for that, once.
// A value; times are milliseconds since 1970.
struct Approval {
  enum class State : std::uint8_t {
    kPending,
    kApproved,  // and not used yet
    kConsumed,
    kExpiredUnused,  // approved, and nobody came back in time
    kDenied,
    kExpired,    // nobody decided in time
    kCancelled,  // whoever asked has gone
    kRevoked,    // approved, and taken back before it was used
  };

  std::int64_t id = 0;
  std::string binding;  // SHA-256 in hexadecimal digits (docs/oversight.md)
  State state = State::kPending;
  std::vector<pipeline::NodeId> chain;  // of who asks, from the organization down
  std::string path;                     // of who asks, for people
  std::string surface;
  std::string model;
  std::string phase;
  std::string rule;
  std::string message;     // of the rule
  std::string request_id;  // of the request that asked first
  std::int64_t quorum = 1;
  std::int64_t created_ms = 0;
  std::int64_t decide_by_ms = 0;
  std::int64_t use_within_ms = 0;  // of the decision
  std::int64_t use_by_ms = 0;      // 0: not approved
  std::int64_t changed_ms = 0;     // when it came into its state
  std::vector<Vote> votes;         // in their order
  std::int64_t version = 0;        // rises with each change

  // "apr_17": how people, errors and the record call it.
  std::string Word() const { return "apr_" + std::to_string(id); }
  bool IsOpen() const { return state == State::kPending || state == State::kApproved; }
  // The person is who asks, or one of those on whose behalf.
  bool IsOf(const Person& person) const;
  // The time is over in which it may stay in its state.
  bool IsDue(std::int64_t now_ms) const;
};

inline constexpr std::size_t kApprovalStates = 8;
std::string_view ToString(Approval::State state);  // "pending", "expired_unused", ...
std::optional<Approval::State> StateOf(std::string_view word);
std::string_view ToString(Vote::Says says);  // "approve", "deny"
// "apr_17"; nullopt for anything else.
std::optional<std::int64_t> ApprovalIdOf(std::string_view word);

// What happens to a request.
struct Move {
  enum class Kind : std::uint8_t { kApprove, kDeny, kRevoke, kConsume, kCancel, kExpire } kind = Kind::kExpire;
  Person by;           // of the first three
  std::string reason;  // of a denial and a revocation
  std::int64_t at_ms = 0;
};

// The request after it. kConflict from kClient where its state does not allow it: states in which it is over never
// change. kDenied for a person who may not decide about it. What is due has expired, whatever else is tried.
base::Result<Approval> Apply(Approval approval, Move move);

}  // namespace gatehouse::features::oversight
