#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "features/accounting/account.h"
#include "features/accounting/treasury.h"

namespace gatehouse::features::accounting {

// What decisions have to tell: steps that were passed, and limits of which more should be fetched. Thread-safe;
// bounded.
class Notices {
 public:
  void Add(Passed passed);
  // Of a limit that refuses, once in each of its windows.
  void AddRefusal(const Refusal& refusal);
  std::vector<Passed> Take();
  std::uint64_t dropped() const;
  // Before there are any threads.
  void OnLow(std::function<void(const Need&)> on_low) { on_low_ = std::move(on_low); }
  void Low(const Need& need) const {
    if (on_low_) on_low_(need);
  }

 private:
  static constexpr std::size_t kMaxWaiting = 4096;
  mutable std::mutex mutex_;
  std::deque<Passed> waiting_;  // guarded by mutex_
  std::uint64_t dropped_ = 0;   // guarded by mutex_
  std::function<void(const Need&)> on_low_;
  // The end of the window in which a limit was last seen to refuse, by its id; bounded. Guarded by mutex_.
  std::unordered_map<std::int64_t, std::int64_t> refused_;
};

// The accounts of one organization, by the nodes they belong to. One lock for all: a reservation is made on every level
// at once. Thread-safe.
class Organization : public std::enable_shared_from_this<Organization> {
 public:
  Organization(Tenure tenure, std::shared_ptr<Notices> notices) : tenure_(tenure), notices_(std::move(notices)) {}

  using SpentByLimit = std::unordered_map<std::int64_t, std::vector<Spent>>;
  void Apply(std::vector<std::shared_ptr<const Limit>> limits, const SpentByLimit& spent, std::int64_t now);

  std::variant<Reservation, Refusal> Reserve(const Ask& ask);
  std::optional<Refusal> Extend(Reservation& reservation, const Amounts& more, std::int64_t now);
  std::optional<Refusal> Include(Reservation& reservation, std::span<const pipeline::Link> chain,
                                 std::string_view model, std::string_view provider, std::int64_t now);
  void Settle(std::span<const Hold> holds, const Amounts& used, std::string_view provider);

  std::vector<Treasury::Standing> Standings(std::int64_t now);
  std::vector<Spent> Attribute(const Treasury::Use& use);
  void Charge(const Treasury::Use& use, std::int64_t now);
  std::size_t size() const;

  // Of limits that are shared.
  std::optional<Stake> StakeIn(std::int64_t limit, std::int64_t given_up, std::int64_t now);
  void Allot(std::int64_t limit, const Allotment& allotment, std::int64_t now);
  void ForgetRest(std::int64_t limit);

 private:
  // The accounts of one node, most often one or two.
  using OfNode = std::vector<std::unique_ptr<Account>>;

  std::vector<Hold> HoldsOf(const Ask& ask);
  const std::vector<Hold>& HoldsOf(Path& path, const Ask& ask);
  template <class Visit>
  void ForEach(std::span<const pipeline::Link> chain, std::string_view model, Visit visit);
  std::optional<Refusal> Check(const Ask& ask, std::span<const Hold> holds, std::int64_t& output);
  std::optional<Refusal> Downgrade(const Ask& ask, std::span<const Hold> holds, const Amounts& needed);
  std::optional<Refusal> Sharing(const Ask& ask, std::span<const Hold> holds);
  void DropRetired();
  void Note(const Account& account, std::int64_t before);
  void Look(Account& account, std::int64_t now);
  Account* ById(std::int64_t limit);

  const Tenure tenure_;
  const std::shared_ptr<Notices> notices_;
  std::atomic<bool> has_provider_limits_ = false;
  mutable std::mutex mutex_;
  std::unordered_map<pipeline::NodeId, OfNode> accounts_;  // guarded by mutex_
  std::unordered_map<std::int64_t, Account*> shared_;      // guarded by mutex_; by limit, where they are shared
  OfNode retired_;                                         // guarded by mutex_: removed, and something is still held
  std::size_t size_ = 0;                                   // guarded by mutex_
  std::uint64_t generation_ = 1;                           // of accounts_; guarded by mutex_
};

}  // namespace gatehouse::features::accounting
