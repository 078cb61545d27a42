#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "features/accounting/account.h"
#include "features/accounting/lease.h"
#include "features/accounting/limit.h"
#include "pipeline/principal.h"

namespace gatehouse::features::accounting {

class Organization;  // the accounts of one organization, under one lock (organization.h)
class Notices;       // steps that were passed and nobody was told of yet (organization.h)

// What one account has set aside.
struct Hold {
  Account* account = nullptr;  // the organization's, which removes none that is held
  pipeline::NodeKind kind = pipeline::NodeKind::kOrganization;
  Dimension dimension = Dimension::kUsd;  // of its limit
  std::int64_t amount = 0;
  std::int64_t piece = 0;  // in which it will be counted: its begin
};

// The accounts that the requests of one chain for one model are counted in, found once and remembered by whoever asks
// for them often. Of one treasury; one thread; outlives the treasury.
class Path {
 private:
  friend class Organization;
  friend class Treasury;
  std::shared_ptr<Organization> organization_;
  std::uint64_t generation_ =
      0;                     // of the organization's accounts, which they are as long as it is; 0: nothing is known
  std::vector<Hold> holds_;  // of nothing yet; those of single providers are not among them
};

// What an exchange wants to be sure of before it begins.
struct Ask {
  std::span<const pipeline::Link> chain;  // of the principal
  std::string_view model;                 // the public name
  Path* path = nullptr;                   // of the two; null: nobody remembers it
  Amounts fixed;                          // what it costs in any case: the input, and itself as one request
  std::int64_t wanted_output = 0;         // tokens of the answer
  std::int64_t least_output = 0;          // fewer are refused
  std::int64_t output_price = 0;          // nano-USD per million tokens
  std::int64_t now = 0;                   // seconds since 1970
  // Whether anybody knows what it costs: where not, no limit in money can be kept.
  enum class Cost : std::uint8_t { kKnown, kUnknown } cost = Cost::kKnown;
  // Where a limit is shared, and this gateway has too little of it: whether that is told (kShort), or decided with what
  // there is.
  enum class Patience : std::uint8_t { kMayWait, kNone } patience = Patience::kNone;
};

// Why there is no reservation.
struct Refusal {
  Limit limit;
  pipeline::NodeKind kind = pipeline::NodeKind::kOrganization;  // of the node whose limit it is
  enum class Reason : std::uint8_t {
    kUsedUp,
    kCostUnknown,
    kDowngrade,
    kShort,      // more of `needs` is to be fetched first
    kUnchecked,  // there may be more, and it could not be fetched
  } reason = Reason::kUsedUp;
  std::int64_t spent = 0;
  std::int64_t left = 0;
  std::int64_t needed = 0;
  std::int64_t ends = 0;                      // when the window does, in seconds since 1970
  std::optional<std::int64_t> output_tokens;  // how many could be had, where that is the matter and any could
  std::string downgrade;                      // kDowngrade: the model to ask for instead
  std::vector<Need> needs;                    // kShort, kUnchecked
};

// A share of every account on the way from the organization to who acts, held for one exchange. Dropping it gives all
// of it back. Thread-safe to the extent that one thread at a time uses it; outlives the treasury that gave it.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept { *this = std::move(other); }
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation() { Release(); }

  std::int64_t output_tokens() const { return output_tokens_; }
  const Amounts& held() const { return held_; }
  // Whether any account is concerned.
  bool empty() const { return holds_.empty(); }

  // Holds more, all of it or none: a stream that goes on, an attempt that may be billed twice.
  std::optional<Refusal> Extend(const Amounts& more, std::int64_t now);
  // Holds as much as already is held from the accounts that concern one provider too, which is known when a target is
  // chosen. `chain` and `model` are those of the Ask.
  std::optional<Refusal> Include(std::span<const pipeline::Link> chain, std::string_view model,
                                 std::string_view provider, std::int64_t now);
  // Ends it: `used` is spent, by `provider`; the rest is given back. Accounts of other providers lose nothing.
  void Settle(const Amounts& used, std::string_view provider);

 private:
  friend class Organization;
  friend class Treasury;
  // Gives back what is held, if anything is.
  void Release() {
    if (organization_ != nullptr) Settle({}, {});
  }

  std::shared_ptr<Organization> organization_;
  std::vector<Hold> holds_;
  Amounts held_;
  std::int64_t output_tokens_ = 0;
};

// A step of a limit that what was spent has just passed, or the whole of it when a request was refused for it.
struct Passed {
  std::shared_ptr<const Limit> limit;
  std::uint32_t permille = 0;
  std::int64_t spent = 0;
  std::int64_t window_ends = 0;
};

// What was spent of a limit in a piece of its window, as the ledger keeps it.
struct Spent {
  std::int64_t limit = 0;
  std::int64_t piece_begin = 0;
  std::int64_t used = 0;
  std::int64_t elsewhere = 0;  // and by other gateways, where they share it
};

// All limits and what is used of them. One for the process; thread-safe. A decision locks one organization once, so
// that it holds on all levels or on none and no request is refused for what another is about to give back (ADR 13).
class Treasury {
 public:
  explicit Treasury(Tenure tenure = Tenure::kAlone);
  Treasury(const Treasury&) = delete;
  Treasury& operator=(const Treasury&) = delete;
  ~Treasury();

  // `limits` from now on, with the accounts of those that stay; `spent` fills those that are new.
  using Limits = std::vector<std::shared_ptr<const Limit>>;
  void Apply(const Limits& limits, std::span<const Spent> spent, std::int64_t now);
  // The same for one organization, of which these are all limits.
  void ApplyTo(pipeline::NodeId organization, Limits limits, std::span<const Spent> spent, std::int64_t now);

  std::variant<Reservation, Refusal> Reserve(const Ask& ask);

  // What each account stands at, of the nodes of an organization; for people.
  struct Standing {
    std::shared_ptr<const Limit> limit;
    std::int64_t spent = 0;
    std::int64_t held = 0;  // here
    std::int64_t ends = 0;
    std::optional<std::int64_t> allotted;  // to this gateway, where others share the limit
  };
  std::vector<Standing> Standings(pipeline::NodeId organization, std::int64_t now) const;

  // Which accounts something that was used at that time belongs to, and in which piece: for the ledger, which keeps
  // them.
  struct Use {
    std::span<const pipeline::Link> chain;
    std::string_view model;
    std::string_view provider;
    Amounts used;
    std::int64_t at = 0;
  };
  std::vector<Spent> Attribute(const Use& use) const;
  // The same, and it is spent: for what is found in the journal at start.
  void Charge(const Use& use, std::int64_t now);

  // The rest is for limits that several gateways share. Hears, on any thread and within a decision, that so little of a
  // limit is left here that more should be fetched ahead of need. It must not wait. Set before any limit is in force.
  void OnLow(std::function<void(const Need&)> on_low);
  Tenure tenure() const { return tenure_; }
  // How this gateway stands with a limit of that organization after giving up so much of what is idle; nullopt: it is
  // not in force.
  std::optional<Stake> StakeIn(pipeline::NodeId organization, std::int64_t limit, std::int64_t given_up,
                               std::int64_t now);
  void Allot(pipeline::NodeId organization, std::int64_t limit, const Allotment& allotment, std::int64_t now);
  // Others gave something of it back.
  void ForgetRest(pipeline::NodeId organization, std::int64_t limit);

  // Steps passed since the last call; the oldest are dropped beyond a bound and counted.
  std::vector<Passed> TakePassed();
  std::uint64_t dropped() const;
  std::size_t size() const;
  // Those that have limits, or had.
  std::vector<pipeline::NodeId> organizations() const;

 private:
  std::shared_ptr<Organization> Make(pipeline::NodeId organization);
  std::shared_ptr<Organization> Find(pipeline::NodeId organization) const;

  const Tenure tenure_;
  std::shared_ptr<Notices> notices_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<pipeline::NodeId, std::shared_ptr<Organization>> organizations_;  // guarded by mutex_
};

}  // namespace gatehouse::features::accounting
