#include "features/ratelimit/admission.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "features/ratelimit/refusal.h"
#include "features/ratelimit/token_estimate.h"
#include "pipeline/attempt_gate.h"

namespace gatehouse::features::ratelimit {
namespace {

using base::Error;
using base::Status;

// The longest wait, and whose it is.
struct Longest {
  const Rule* rule = nullptr;
  Measure measure = Measure::kRequests;
  base::Duration wait{};

  void Note(const Rule& of, Measure what, base::Duration how_long) {
    if (how_long > wait) *this = {.rule = &of, .measure = what, .wait = how_long};
  }
};

// Keeps the tighter of two allowances: what has less left, or takes longer to recover.
void Tighten(std::optional<pipeline::RateStanding::Allowance>& standing, const Rate& rate, TokenBucket::Level level) {
  const bool tighter =
      !standing || level.left < standing->left || (level.left == standing->left && level.full_in > standing->full_in);
  if (tighter) standing = {.limit = rate.burst(), .left = level.left, .full_in = level.full_in};
}

}  // namespace

Admission::Admission(std::shared_ptr<const RuleSet> rules, pipeline::Exchange& exchange)
    : rules_(std::move(rules)), exchange_(exchange) {
  std::vector<RuleSet::Match> matches;
  rules_->Select(*exchange_.principal, exchange_.model, Now(), matches);
  general_ = SharesOf(matches);
}

Admission::~Admission() {
  Settle(general_);
  Settle(attempt_);
}

Admission::Shares Admission::SharesOf(const std::vector<RuleSet::Match>& matches) {
  Shares shares;
  shares.reserve(matches.size());
  for (const auto& match : matches) {
    shares.push_back({.rule = match.rule, .bucket = match.bucket, .slot = {}});
    if (match.rule->tokens && estimate_ < 0) estimate_ = EstimatedInput(exchange_.operation);
  }
  return shares;
}

// Looks before it takes, so that a request which one rule refuses takes nothing of the others, not even for a moment.
// Between the two another may have been quicker; then all is given back.
Status Admission::TakeAll(Shares& shares, base::TimePoint now) const {
  Longest longest;
  for (const Share& share : shares) {
    const Rule& rule = *share.rule;
    if (rule.tokens && estimate_ > rule.tokens->burst()) return TooLarge(rule, estimate_);
    if (rule.requests) longest.Note(rule, Measure::kRequests, share.bucket->requests.WaitFor(*rule.requests, 1, now));
    if (rule.tokens) longest.Note(rule, Measure::kTokens, share.bucket->tokens.WaitFor(*rule.tokens, estimate_, now));
  }
  for (Share& share : shares) {
    if (longest.rule != nullptr) break;
    const Rule& rule = *share.rule;
    if (rule.requests) {
      longest.Note(rule, Measure::kRequests, share.bucket->requests.Take(*rule.requests, 1, now));
      share.requests = longest.rule == nullptr ? 1 : 0;
    }
    if (rule.tokens && longest.rule == nullptr) {
      longest.Note(rule, Measure::kTokens, share.bucket->tokens.Take(*rule.tokens, estimate_, now));
      share.tokens = longest.rule == nullptr ? estimate_ : 0;
    }
  }
  if (longest.rule == nullptr) return base::Ok();
  ReturnAll(shares);
  return TooFast(*longest.rule, longest.measure, longest.wait);
}

void Admission::ReturnAll(Shares& shares) {
  for (Share& share : shares) {
    if (const auto requests = std::exchange(share.requests, 0); requests > 0) {
      share.bucket->requests.Return(*share.rule->requests, requests);
    }
    if (const auto tokens = std::exchange(share.tokens, 0); tokens > 0) {
      share.bucket->tokens.Return(*share.rule->tokens, tokens);
    }
    share.slot.Release();
  }
}

// A call that was dropped before its answer began was made all the same.
std::int64_t Admission::Used() const {
  const std::int64_t estimate = std::max<std::int64_t>(0, estimate_);
  if (exchange_.outcome.provider.empty()) return called_ ? estimate : 0;
  return UsedTokens(exchange_.outcome, estimate);
}

// Tokens that were used and not foreseen are a debt; those that were foreseen and not used come back.
void Admission::Settle(Shares& shares) const {
  const bool passed = std::ranges::any_of(shares, [](const Share& share) { return share.requests + share.tokens > 0; });
  const std::int64_t used = passed ? Used() : 0;
  for (Share& share : shares) {
    share.slot.Release();
    if (!passed || !share.rule->tokens) continue;
    TokenBucket& bucket = share.bucket->tokens;
    if (used > share.tokens) bucket.Charge(*share.rule->tokens, used - share.tokens, Now());
    if (used < share.tokens) bucket.Return(*share.rule->tokens, share.tokens - used);
  }
  shares.clear();
}

Status Admission::Enter() { return TakeAll(general_, Now()); }

net::Task<Status> Admission::TakeSlots() {
  std::optional<Error> refusal;
  for (Share& share : general_) {
    const Rule& rule = *share.rule;
    if (rule.concurrent == 0) continue;
    share.slot = Slots::Take(Bucket::SlotsOf(share.bucket), rule.concurrent);
    if (share.slot) continue;
    const Slots::Terms terms{
        .limit = rule.concurrent, .waiting = rule.queue.waiting, .caller = rules_->ActorOf(*exchange_.principal)};
    Waited waited = terms.waiting == 0 ? Waited::kNot : Waited::kQueueFull;
    if (const auto place = Slots::Join(Bucket::SlotsOf(share.bucket), exchange_.loop, terms)) {
      waited = Waited::kInVain;
      share.slot = co_await place->Await(exchange_.loop.In(rule.queue.at_most).Earlier(exchange_.deadline));
    }
    if (share.slot) continue;
    refusal = TooMany(rule, waited);
    break;
  }
  if (!refusal) co_return base::Ok();
  ReturnAll(general_);
  co_return *std::move(refusal);
}

void Admission::ReleaseSlots() {
  for (Share& share : general_) share.slot.Release();
  for (Share& share : attempt_) share.slot.Release();
}

pipeline::RateStanding Admission::Standing() const {
  pipeline::RateStanding standing;
  for (const Share& share : general_) {
    const Rule& rule = *share.rule;
    if (rule.requests) Tighten(standing.requests, *rule.requests, share.bucket->requests.At(*rule.requests, Now()));
    if (rule.tokens) Tighten(standing.tokens, *rule.tokens, share.bucket->tokens.At(*rule.tokens, Now()));
  }
  return standing;
}

// A provider's limit sends the exchange to another target where there is one; nobody waits for it.
Status Admission::Begin(std::string_view provider, std::string_view) {
  for (Share& share : attempt_) share.slot.Release();  // of the call before, should nobody have said how it ended
  std::vector<RuleSet::Match> matches;
  rules_->SelectFor(provider, *exchange_.principal, exchange_.model, Now(), matches);
  attempt_ = SharesOf(matches);
  Status status = TakeAll(attempt_, Now());
  for (Share& share : attempt_) {
    if (!status.ok() || share.rule->concurrent == 0) continue;
    share.slot = Slots::Take(Bucket::SlotsOf(share.bucket), share.rule->concurrent);
    if (!share.slot) status = TooMany(*share.rule, Waited::kNot);
  }
  called_ = status.ok();
  if (status.ok()) return status;
  ReturnAll(attempt_);
  attempt_.clear();
  Error error = std::move(status).TakeError();
  error.retry = base::Retry::kOtherTarget;
  return error;
}

void Admission::Failed(const Error& error) {
  called_ = pipeline::MayHaveBeenServed(error);
  for (Share& share : attempt_) {
    share.slot.Release();
    if (share.tokens > 0 && !called_) share.bucket->tokens.Return(*share.rule->tokens, share.tokens);
  }
  attempt_.clear();
}

}  // namespace gatehouse::features::ratelimit
