#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/ratelimit/replenisher.h"
#include "features/ratelimit/selection.h"
#include "net/task.h"
#include "pipeline/attempt_wait.h"
#include "pipeline/exchange.h"
#include "pipeline/rate_standing.h"

namespace gatehouse::features::ratelimit {

// What one exchange has taken of the buckets of all rules that concern it. The exchange keeps it (it is made
// there), so that slots are given back, and tokens are settled to what was used, whichever way the exchange ends. One
// loop.
class Admission final : public pipeline::AttemptGate, public pipeline::AttemptWait {
 public:
  // `exchange` outlives it, and pins what `selection` is part of.
  Admission(Selection& selection, pipeline::Exchange& exchange);
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission() override;

  // Whether any rule concerns the exchange, at once or when a provider is chosen.
  bool IsConcerned() const { return !general_.empty() || rules().HasProviderRules(); }
  // A request and its tokens of every rule, or of none. kRateLimited with the time after which it can pass; kTooLarge
  // for more tokens than a rule ever lets through at once.
  base::Status Enter();
  // The same for what Enter() did not find here (lack() says so): asks the store that gateways share.
  net::Task<base::Status> FetchAndEnter();
  // A slot of every rule that counts what is under way; on failure all that was taken is given back.
  net::Task<base::Status> TakeSlots();
  // The answer is complete: what its client still reads of it keeps nobody else waiting.
  void ReleaseSlots();
  // How the tightest rules stand.
  pipeline::RateStanding Standing() const;

  base::Status Begin(std::string_view provider, std::string_view model) override;
  void Failed(const base::Error& error) override;

  // What Enter() or Begin() lacked of buckets that several gateways share.
  Lack lack() const override { return needs_.empty() ? Lack::kNothing : Lack::kOnItsWay; }
  net::Task<> Fetch() override;

 private:
  struct Share {
    const RuleSet::Match* match = nullptr;  // the concern's
    Slot slot;
    std::int64_t requests = 0;  // that were taken
    std::int64_t tokens = 0;

    const Rule& rule() const { return *match->rule; }
    Bucket& bucket() const { return *match->bucket; }
  };
  using Shares = std::vector<Share>;

  const RuleSet& rules() const { return selection_.rules(); }
  Shares SharesOf(const Concern::Matches& matches);
  base::Status TakeAll(Shares& shares, base::TimePoint now);
  base::Status TakeSlotOfAttempt(Share& share);
  void CallAhead(const Share& share) const;
  void AskAnew();
  void ReturnAll(Shares& shares) const;
  void Corrected(const Share& share, Measure measure) const;
  net::Task<base::Result<Slot>> FetchSlot(const Share& share);
  base::Result<Slot> SlotWithoutStore(const Share& share, Asking asking) const;
  Need NeedOf(const Share& share, Need::What what, std::int64_t amount) const;
  std::int64_t Used() const;
  void Settle(Shares& shares) const;
  base::TimePoint Now() const { return exchange_.loop.Now(); }

  Selection& selection_;
  pipeline::Exchange& exchange_;
  std::shared_ptr<Concern> concern_;
  std::shared_ptr<Concern> concern_of_attempt_;  // null: the same one
  std::vector<Need> needs_;                      // of buckets that several gateways share
  std::optional<net::Deadline> fetch_until_;     // since something was lacking
  Asking asking_ = Asking::kMay;
  std::int64_t estimate_ = -1;  // of the input; -1: no rule asked for it yet
  bool called_ = false;         // a provider, which may have served it
  Shares general_;
  Shares attempt_;  // of the call that was begun last
};

}  // namespace gatehouse::features::ratelimit
