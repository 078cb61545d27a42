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

// What all rules say together: the longest wait and whose it is, and whether one cannot say.
struct Longest {
  const Rule* rule = nullptr;
  Measure measure = Measure::kRequests;
  base::Duration wait{};
  const Rule* unchecked = nullptr;
  const Rule* lacking = nullptr;

  void Note(const Rule& of, Measure what, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::kEnough) [[likely]]
      return;
    if (verdict.kind == Verdict::Kind::kShort) lacking = &of;
    if (verdict.kind == Verdict::Kind::kUnchecked) unchecked = &of;
    if (verdict.wait <= wait) return;
    rule = &of;
    measure = what;
    wait = verdict.wait;
  }
  bool IsFree() const { return rule == nullptr && unchecked == nullptr && lacking == nullptr; }
};

Need::What WhatOf(Measure measure) {
  return measure == Measure::kRequests ? Need::What::kRequests : Need::What::kTokens;
}

// Keeps the tighter of two allowances: what has less left, or takes longer to recover.
void Tighten(std::optional<pipeline::RateStanding::Allowance>& standing, const Rate& rate, TokenBucket::Level level) {
  const bool tighter =
      !standing || level.left < standing->left || (level.left == standing->left && level.full_in > standing->full_in);
  if (tighter) standing = {.limit = rate.burst(), .left = level.left, .full_in = level.full_in};
}

}  // namespace

Admission::Admission(Selection& selection, pipeline::Exchange& exchange)
    : selection_(selection),
      exchange_(exchange),
      concern_(selection.Of(exchange.principal, exchange.model, exchange.loop.Now())),
      general_(SharesOf(concern_->general)) {}

Admission::~Admission() {
  Settle(general_);
  Settle(attempt_);
}

Admission::Shares Admission::SharesOf(const Concern::Matches& matches) {
  Shares shares;
  shares.reserve(matches.size());
  for (const auto& match : matches) {
    shares.push_back({.match = &match, .slot = {}});
    if (match.rule->tokens && estimate_ < 0) estimate_ = EstimatedInput(exchange_.operation);
  }
  return shares;
}

// Looks before it takes, so that a request which one rule refuses takes nothing of the others, not even for a moment.
// Between the two another may have been quicker; then all is given back.
Status Admission::TakeAll(Shares& shares, base::TimePoint now) {
  Longest longest;
  const auto note = [&](const Share& share, Measure measure, const Verdict& verdict) {
    longest.Note(share.rule(), measure, verdict);
    if (verdict.kind == Verdict::Kind::kShort) [[unlikely]] {
      needs_.push_back(NeedOf(share, WhatOf(measure), measure == Measure::kRequests ? 1 : estimate_));
    }
  };
  for (const Share& share : shares) {
    const Rule& rule = share.rule();
    const Bucket& of = share.bucket();
    if (rule.tokens && estimate_ > rule.tokens->burst()) return TooLarge(rule, estimate_);
    if (rule.requests) note(share, Measure::kRequests, of.Look(Measure::kRequests, *rule.requests, 1, now, asking_));
    if (rule.tokens) note(share, Measure::kTokens, of.Look(Measure::kTokens, *rule.tokens, estimate_, now, asking_));
  }
  for (Share& share : shares) {
    if (!longest.IsFree()) break;
    const Rule& rule = share.rule();
    Bucket& of = share.bucket();
    if (rule.requests) {
      note(share, Measure::kRequests, of.Take(Measure::kRequests, *rule.requests, 1, now, asking_));
      share.requests = longest.IsFree() ? 1 : 0;
    }
    if (rule.tokens && longest.IsFree()) {
      note(share, Measure::kTokens, of.Take(Measure::kTokens, *rule.tokens, estimate_, now, asking_));
      share.tokens = longest.IsFree() ? estimate_ : 0;
    }
    if (of.shared != nullptr) [[unlikely]]
      CallAhead(share);
  }
  if (longest.IsFree()) return base::Ok();
  ReturnAll(shares);
  if (longest.rule == nullptr && longest.unchecked == nullptr) return Unchecked(*longest.lacking);
  needs_.clear();
  if (longest.rule != nullptr) return TooFast(*longest.rule, longest.measure, longest.wait);
  rules().replenisher()->sharing().counts().refused.fetch_add(1, std::memory_order_relaxed);
  return Unchecked(*longest.unchecked);
}

Need Admission::NeedOf(const Share& share, Need::What what, std::int64_t amount) const {
  const Rule& rule = share.rule();
  Need need{.bucket = share.match->bucket, .what = what, .limit = rule.concurrent, .amount = amount};
  if (what == Need::What::kRequests && rule.requests) need.rate = *rule.requests;
  if (what == Need::What::kTokens && rule.tokens) need.rate = *rule.tokens;
  return need;
}

// More ahead of need, where little is left here.
void Admission::CallAhead(const Share& share) const {
  SharedBucket& shared = *share.bucket().shared;
  for (const Measure measure : {Measure::kRequests, Measure::kTokens}) {
    Corrected(share, measure);
    if (shared.Of(measure).AfterTake() == Stock::Call::kNotNeeded) continue;
    rules().replenisher()->LookAfter(NeedOf(share, WhatOf(measure), 1));
  }
}

// What comes back, or was used on top, is for the others to know.
void Admission::Corrected(const Share& share, Measure measure) const {
  if (share.bucket().shared == nullptr) [[likely]]
    return;
  if (share.bucket().shared->Of(measure).AfterCorrection() == Stock::Call::kNotNeeded) return;
  rules().replenisher()->LookAfter(NeedOf(share, WhatOf(measure), 0));
}

// Several requests may have waited for what was fetched: who finds too little asks again, for as long as it may wait.
net::Task<> Admission::Fetch() {
  Replenisher& replenisher = *rules().replenisher();
  if (!fetch_until_) {
    fetch_until_ = exchange_.loop.In(replenisher.sharing().settings().wait).Earlier(exchange_.deadline);
  }
  const Status fetched = co_await replenisher.Fetch(exchange_.loop, std::exchange(needs_, {}), *fetch_until_);
  if (!fetched.ok()) {
    asking_ = Asking::kInVain;
  } else if (exchange_.loop.Now() >= fetch_until_->at) {
    asking_ = Asking::kAnswered;
  }
}

void Admission::AskAnew() {
  fetch_until_.reset();
  asking_ = Asking::kMay;
}

net::Task<Status> Admission::FetchAndEnter() {
  for (;;) {
    co_await Fetch();
    Status entered = Enter();
    if (!needs_.empty()) continue;
    AskAnew();
    co_return entered;
  }
}

void Admission::ReturnAll(Shares& shares) const {
  for (Share& share : shares) {
    if (const auto requests = std::exchange(share.requests, 0); requests > 0) {
      share.bucket().Return(Measure::kRequests, *share.rule().requests, requests);
      Corrected(share, Measure::kRequests);
    }
    if (const auto tokens = std::exchange(share.tokens, 0); tokens > 0) {
      share.bucket().Return(Measure::kTokens, *share.rule().tokens, tokens);
      Corrected(share, Measure::kTokens);
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
    if (!passed || !share.rule().tokens) continue;
    Bucket& bucket = share.bucket();
    if (used > share.tokens) bucket.Charge(Measure::kTokens, *share.rule().tokens, used - share.tokens, Now());
    if (used < share.tokens) bucket.Return(Measure::kTokens, *share.rule().tokens, share.tokens - used);
    Corrected(share, Measure::kTokens);
  }
  shares.clear();
}

Status Admission::Enter() { return TakeAll(general_, Now()); }

net::Task<Status> Admission::TakeSlots() {
  std::optional<Error> refusal;
  for (Share& share : general_) {
    const Rule& rule = share.rule();
    if (rule.concurrent == 0) continue;
    share.slot = Slots::Take(Bucket::SlotsOf(share.match->bucket), rule.concurrent);
    if (!share.slot && share.bucket().shared != nullptr) {
      auto fetched = co_await FetchSlot(share);
      if (!fetched.ok()) {
        refusal = std::move(fetched).TakeError();
        break;
      }
      share.slot = std::move(fetched).value();
    }
    if (share.slot) continue;
    const Slots::Terms terms{
        .limit = rule.concurrent, .waiting = rule.queue.waiting, .caller = rules().ActorOf(*exchange_.principal)};
    Waited waited = terms.waiting == 0 ? Waited::kNot : Waited::kQueueFull;
    if (const auto place = Slots::Join(Bucket::SlotsOf(share.match->bucket), exchange_.loop, terms)) {
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

// One more of the slots that several gateways share; none when the others have them all.
net::Task<base::Result<Slot>> Admission::FetchSlot(const Share& share) {
  Replenisher& replenisher = *rules().replenisher();
  const std::uint32_t limit = share.rule().concurrent;
  const net::Deadline deadline = exchange_.loop.In(replenisher.sharing().settings().wait).Earlier(exchange_.deadline);
  Asking asking = Asking::kMay;
  while (share.bucket().slots.waiting() == 0 &&
         share.bucket().shared->slots.ForOneMore(Now(), asking) == SlotLease::Next::kAsk) {
    std::vector<Need> needs;
    needs.push_back(NeedOf(share, Need::What::kSlots, 1));
    const Status fetched = co_await replenisher.Fetch(exchange_.loop, std::move(needs), deadline);
    Slot slot = Slots::Take(Bucket::SlotsOf(share.match->bucket), limit);
    if (slot) co_return slot;
    asking = fetched.ok() ? Asking::kAnswered : Asking::kInVain;
  }
  co_return SlotWithoutStore(share, asking);
}

base::Result<Slot> Admission::SlotWithoutStore(const Share& share, Asking asking) const {
  constexpr std::uint32_t kAny = 0xFFFF'FFFF;
  SharedBucket& shared = *share.bucket().shared;
  const SlotLease::Next next = shared.slots.ForOneMore(Now(), asking);
  auto& counts = rules().replenisher()->sharing().counts();
  if (next == SlotLease::Next::kUnchecked) {
    counts.refused.fetch_add(1, std::memory_order_relaxed);
    return Unchecked(share.rule());
  }
  if (next != SlotLease::Next::kCountAlone && next != SlotLease::Next::kAdmit) return Slot();
  const std::uint32_t most = next == SlotLease::Next::kAdmit ? kAny : shared.slots.PartOf(share.rule().concurrent);
  if (shared.slots.CountAlone(most) == Stock::Call::kNeeded) {
    rules().replenisher()->LookAfter(NeedOf(share, Need::What::kSlots, 0));
  }
  Slot slot = Slots::Take(Bucket::SlotsOf(share.match->bucket), most);
  if (slot) (most == kAny ? counts.admitted : counts.shared).fetch_add(1, std::memory_order_relaxed);
  return slot;
}

void Admission::ReleaseSlots() {
  for (Share& share : general_) share.slot.Release();
  for (Share& share : attempt_) share.slot.Release();
}

pipeline::RateStanding Admission::Standing() const {
  pipeline::RateStanding standing;
  for (const Share& share : general_) {
    const Rule& rule = share.rule();
    const Bucket& bucket = share.bucket();
    if (rule.requests) {
      Tighten(standing.requests, *rule.requests, bucket.At(Measure::kRequests, *rule.requests, Now()));
    }
    if (rule.tokens) Tighten(standing.tokens, *rule.tokens, bucket.At(Measure::kTokens, *rule.tokens, Now()));
  }
  return standing;
}

// A provider's limit sends the exchange to another target where there is one; nobody waits for it.
Status Admission::Begin(std::string_view provider, std::string_view) {
  for (Share& share : attempt_) share.slot.Release();  // of the call before, should nobody have said how it ended
  if (rules().HasProviderRules()) {
    // By now it may be for another model.
    if (exchange_.model != concern_->model) {
      concern_of_attempt_ = selection_.Of(exchange_.principal, exchange_.model, Now());
    }
    Concern& concern = concern_of_attempt_ == nullptr ? *concern_ : *concern_of_attempt_;
    attempt_ = SharesOf(selection_.Of(concern, provider, Now()));
  }
  Status status = TakeAll(attempt_, Now());
  for (Share& share : attempt_) {
    if (!status.ok() || share.rule().concurrent == 0) continue;
    status = TakeSlotOfAttempt(share);
  }
  called_ = status.ok();
  if (needs_.empty()) AskAnew();
  if (status.ok()) return status;
  ReturnAll(attempt_);
  attempt_.clear();
  if (!needs_.empty()) return status;
  Error error = std::move(status).TakeError();
  error.retry = base::Retry::kOtherTarget;
  return error;
}

Status Admission::TakeSlotOfAttempt(Share& share) {
  share.slot = Slots::Take(Bucket::SlotsOf(share.match->bucket), share.rule().concurrent);
  if (share.slot) return base::Ok();
  if (share.bucket().shared == nullptr) return TooMany(share.rule(), Waited::kNot);
  if (share.bucket().shared->slots.ForOneMore(Now(), asking_) == SlotLease::Next::kAsk) {
    needs_.push_back(NeedOf(share, Need::What::kSlots, 1));
    return Unchecked(share.rule());
  }
  GH_TRY(share.slot, SlotWithoutStore(share, asking_));
  return share.slot ? base::Ok() : Status(TooMany(share.rule(), Waited::kNot));
}

void Admission::Failed(const Error& error) {
  called_ = pipeline::MayHaveBeenServed(error);
  for (Share& share : attempt_) {
    share.slot.Release();
    if (share.tokens == 0 || called_) continue;
    share.bucket().Return(Measure::kTokens, *share.rule().tokens, share.tokens);
    Corrected(share, Measure::kTokens);
  }
  attempt_.clear();
}

}  // namespace gatehouse::features::ratelimit
