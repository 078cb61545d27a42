#include "features/accounting/organization.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gatehouse::features::accounting {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

std::int64_t Clamped(__int128 value) {
  return static_cast<std::int64_t>(std::clamp<__int128>(value, 0, std::numeric_limits<std::int64_t>::max()));
}

// What is needed for an answer of so many tokens.
Amounts NeededFor(const Ask& ask, std::int64_t output) {
  return {.usd = ask.fixed.usd + base::NanoUsd{CostOfTokens(output, ask.output_price)},
          .tokens = Clamped(static_cast<__int128>(ask.fixed.tokens) + output),
          .requests = ask.fixed.requests};
}

// How many tokens of answer `left` of one account pays for; negative: not even the input.
std::int64_t Affordable(const Ask& ask, Dimension dimension, std::int64_t left) {
  const __int128 over = static_cast<__int128>(left) - ask.fixed.Of(dimension);
  if (over < 0) return -1;
  if (dimension == Dimension::kTokens) return Clamped(over);
  if (dimension == Dimension::kUsd && ask.output_price > 0) return Clamped(over * kMillion / ask.output_price);
  return std::numeric_limits<std::int64_t>::max();
}

Refusal RefusalOf(const Account& account, pipeline::NodeKind kind, std::int64_t left, std::int64_t needed) {
  return {.limit = account.limit(),
          .kind = kind,
          .reason = Refusal::Reason::kUsedUp,
          .spent = account.spent(),
          .left = left,
          .needed = needed,
          .ends = account.ends(),
          .output_tokens = {},
          .downgrade = {},
          .needs = {}};
}

Need NeedOf(const Account& account, std::int64_t wanted, std::int64_t least) {
  const Limit& limit = account.limit();
  return {.organization = limit.organization,
          .limit = limit.id,
          .wanted = std::max<std::int64_t>(0, wanted),
          .least = std::max<std::int64_t>(0, least)};
}

// A refusal because so much more than is left is needed; of a limit that others share it is only final when they have
// no more either.
Refusal RefusalFor(const Account& account, pipeline::NodeKind kind, std::int64_t left, std::int64_t needed,
                   std::int64_t now) {
  Refusal refusal = RefusalOf(account, kind, left, needed);
  if (account.MoreThanLeft(needed - left, now) == Account::More::kPerhaps) {
    refusal.reason = Refusal::Reason::kUnchecked;
    refusal.needs.push_back(NeedOf(account, needed - left, needed - left));
  }
  return refusal;
}

bool SameAccount(const Limit& a, const Limit& b) {
  return a.node == b.node && a.dimension == b.dimension && a.window.unit == b.window.unit &&
         a.window.kind == b.window.kind && a.zone == b.zone && a.model == b.model && a.provider == b.provider;
}

std::int64_t PieceOf(const Account& account, std::int64_t at) { return PieceAt(account.limit().window, at).begin; }

}  // namespace

void Notices::Add(Passed passed) {
  const std::scoped_lock lock(mutex_);
  if (waiting_.size() >= kMaxWaiting) {
    waiting_.pop_front();
    ++dropped_;
  }
  waiting_.push_back(std::move(passed));
}

void Notices::AddRefusal(const Refusal& refusal) {
  // What is refused while most is only held for what is under way is no news: it comes back.
  constexpr int kPercent = 95;
  const Limit& limit = refusal.limit;
  const bool spent = static_cast<__int128>(refusal.spent) * 100 >= static_cast<__int128>(limit.amount) * kPercent;
  if (refusal.reason != Refusal::Reason::kUsedUp || !spent) return;
  {
    const std::scoped_lock lock(mutex_);
    if (refused_.size() >= kMaxWaiting) refused_.clear();
    const auto [known, fresh] = refused_.try_emplace(limit.id, refusal.ends);
    if (!fresh && std::exchange(known->second, refusal.ends) == refusal.ends) return;
  }
  Add({.limit = std::make_shared<const Limit>(limit),
       .permille = 1000,
       .spent = refusal.spent,
       .window_ends = refusal.ends});
}

std::vector<Passed> Notices::Take() {
  const std::scoped_lock lock(mutex_);
  std::vector<Passed> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(waiting_.end()));
  waiting_.clear();
  return taken;
}

std::uint64_t Notices::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

void Organization::Apply(std::vector<std::shared_ptr<const Limit>> limits, const SpentByLimit& spent,
                         std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  auto old = std::exchange(accounts_, {});
  ++generation_;
  shared_.clear();
  size_ = limits.size();
  has_provider_limits_ = std::ranges::any_of(limits, [](const auto& limit) { return !limit->provider.empty(); });
  for (auto& limit : limits) {
    OfNode& here = accounts_[limit->node];
    const auto was = old.find(limit->node);
    if (was != old.end()) {
      const auto same = std::ranges::find_if(was->second, [&](const auto& account) {
        return account != nullptr && account->limit().id == limit->id && SameAccount(account->limit(), *limit);
      });
      if (same != was->second.end()) {
        (*same)->ChangeLimit(std::move(limit));
        if ((*same)->shared()) shared_.emplace((*same)->limit().id, same->get());
        here.push_back(std::move(*same));
        continue;
      }
    }
    auto fresh = std::make_unique<Account>(std::move(limit), tenure_);
    if (const auto known = spent.find(fresh->limit().id); known != spent.end()) {
      for (const Spent& piece : known->second) {
        fresh->Spend(piece.used, piece.piece_begin, now);
        if (fresh->shared()) fresh->SpendElsewhere(piece.elsewhere, piece.piece_begin, now);
      }
    }
    if (fresh->shared()) shared_.emplace(fresh->limit().id, fresh.get());
    here.push_back(std::move(fresh));
  }
  for (auto& [node, accounts] : old) {
    for (auto& account : accounts) {
      if (account != nullptr) retired_.push_back(std::move(account));
    }
  }
  DropRetired();
}

void Organization::DropRetired() {
  std::erase_if(retired_, [](const auto& account) { return account->holders() == 0; });
}

// Every account on the way down that concerns the model.
template <class Visit>
void Organization::ForEach(std::span<const pipeline::Link> chain, std::string_view model, Visit visit) {
  for (const pipeline::Link& link : chain) {
    const auto found = accounts_.find(link.id);
    if (found == accounts_.end()) continue;
    for (const auto& account : found->second) {
      if (Fits(account->limit().model, model)) visit(*account, link.kind);
    }
  }
}

// Of nothing yet. Accounts of single providers come when a target is chosen.
std::vector<Hold> Organization::HoldsOf(const Ask& ask) {
  std::vector<Hold> holds;
  ForEach(ask.chain, ask.model, [&](Account& account, pipeline::NodeKind kind) {
    const Limit& limit = account.limit();
    if (limit.provider.empty()) holds.push_back({.account = &account, .kind = kind, .dimension = limit.dimension});
  });
  return holds;
}

const std::vector<Hold>& Organization::HoldsOf(Path& path, const Ask& ask) {
  if (path.generation_ == generation_) return path.holds_;
  path.generation_ = generation_;
  path.holds_ = HoldsOf(ask);
  return path.holds_;
}

// Whether all of `holds` can give what is asked for, and how much of an answer they pay for together.
std::optional<Refusal> Organization::Check(const Ask& ask, std::span<const Hold> holds, std::int64_t& output) {
  output = ask.wanted_output;
  const Amounts wanted = NeededFor(ask, ask.wanted_output);
  std::optional<Refusal> refusal;
  for (const Hold& hold : holds) {
    const Dimension dimension = hold.dimension;
    const std::int64_t left = hold.account->Left(ask.now);
    if (dimension == Dimension::kUsd && ask.cost == Ask::Cost::kUnknown) {
      refusal = RefusalOf(*hold.account, hold.kind, left, 0);
      refusal->reason = Refusal::Reason::kCostUnknown;
      return refusal;
    }
    if (wanted.Of(dimension) <= left) continue;
    const std::int64_t affordable = Affordable(ask, dimension, left);
    if (affordable >= ask.least_output) {
      output = std::min(output, affordable);
      continue;
    }
    const std::int64_t least = NeededFor(ask, ask.least_output).Of(dimension);
    const Step* throttle = hold.account->StepAt(Step::Action::kThrottle, least);
    if (throttle != nullptr && hold.account->TakeTrickle(*throttle, ask.now) == Account::Trickle::kPasses) continue;
    if (refusal && affordable >= refusal->output_tokens.value_or(-1)) continue;  // another is tighter
    refusal = RefusalFor(*hold.account, hold.kind, left, least, ask.now);
    if (affordable > 0) refusal->output_tokens = affordable;
  }
  return refusal ? std::move(refusal) : Downgrade(ask, holds, NeededFor(ask, output));
}

// Whether the request goes to a cheaper model first, now that so much of a limit would be used.
std::optional<Refusal> Organization::Downgrade(const Ask& ask, std::span<const Hold> holds, const Amounts& needed) {
  for (const Hold& hold : holds) {
    if (hold.account->limit().steps.empty()) continue;
    const std::int64_t amount = needed.Of(hold.dimension);
    const Step* downgrade = hold.account->StepAt(Step::Action::kDowngrade, amount);
    if (downgrade == nullptr || downgrade->model == ask.model) continue;
    Refusal refusal = RefusalOf(*hold.account, hold.kind, hold.account->Left(ask.now), amount);
    refusal.reason = Refusal::Reason::kDowngrade;
    refusal.downgrade = downgrade->model;
    return refusal;
  }
  return {};
}

// What is to be fetched before it can be decided, of limits that others share: also of those of single providers, which
// are asked when a target is chosen.
std::optional<Refusal> Organization::Sharing(const Ask& ask, std::span<const Hold> holds) {
  std::optional<Refusal> refusal;
  const auto look = [&](Account& account, pipeline::NodeKind kind) {
    const Dimension dimension = account.limit().dimension;
    const std::int64_t left = account.Left(ask.now);
    const std::int64_t wanted = NeededFor(ask, ask.wanted_output).Of(dimension) - left;
    if (wanted <= 0) return;
    const std::int64_t least = NeededFor(ask, ask.least_output).Of(dimension) - left;
    if (account.MoreThanLeft(std::max<std::int64_t>(1, least), ask.now) == Account::More::kNone) return;
    if (!refusal) refusal = RefusalOf(account, kind, left, wanted + left);
    refusal->reason = Refusal::Reason::kShort;
    refusal->needs.push_back(NeedOf(account, wanted, least));
  };
  for (const Hold& hold : holds) look(*hold.account, hold.kind);
  ForEach(ask.chain, ask.model, [&](Account& account, pipeline::NodeKind kind) {
    if (!account.limit().provider.empty()) look(account, kind);
  });
  return refusal;
}

std::variant<Reservation, Refusal> Organization::Reserve(const Ask& ask) {
  Reservation reservation;
  const std::scoped_lock lock(mutex_);
  reservation.holds_ = ask.path == nullptr ? HoldsOf(ask) : HoldsOf(*ask.path, ask);
  std::int64_t output = 0;
  std::optional<Refusal> refusal;
  if (tenure_ == Tenure::kShared && ask.patience == Ask::Patience::kMayWait) refusal = Sharing(ask, reservation.holds_);
  if (!refusal) refusal = Check(ask, reservation.holds_, output);
  if (refusal) {
    reservation.holds_.clear();
    notices_->AddRefusal(*refusal);
    return *std::move(refusal);
  }
  reservation.held_ = NeededFor(ask, output);
  for (Hold& hold : reservation.holds_) {
    hold.amount = reservation.held_.Of(hold.dimension);
    hold.piece = hold.account->Hold(hold.amount, ask.now);
    Look(*hold.account, ask.now);
  }
  reservation.output_tokens_ = output;
  reservation.organization_ = shared_from_this();
  return reservation;
}

std::optional<Refusal> Organization::Extend(Reservation& reservation, const Amounts& more, std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  for (const Hold& hold : reservation.holds_) {
    const std::int64_t needed = more.Of(hold.dimension);
    const std::int64_t left = hold.account->Left(now);
    if (needed <= left) continue;
    Refusal refusal = RefusalFor(*hold.account, hold.kind, left, needed, now);
    notices_->AddRefusal(refusal);
    return refusal;
  }
  for (Hold& hold : reservation.holds_) {
    const std::int64_t needed = more.Of(hold.dimension);
    hold.account->HoldMore(needed, hold.piece);
    hold.amount += needed;
    Look(*hold.account, now);
  }
  reservation.held_ = {.usd = reservation.held_.usd + more.usd,
                       .tokens = reservation.held_.tokens + more.tokens,
                       .requests = reservation.held_.requests + more.requests};
  return {};
}

std::optional<Refusal> Organization::Include(Reservation& reservation, std::span<const pipeline::Link> chain,
                                             std::string_view model, std::string_view provider, std::int64_t now) {
  if (!has_provider_limits_) return {};
  std::vector<Hold> more;
  std::optional<Refusal> refusal;
  const std::scoped_lock lock(mutex_);
  ForEach(chain, model, [&](Account& account, pipeline::NodeKind kind) {
    const Limit& limit = account.limit();
    if (limit.provider.empty() || !Fits(limit.provider, provider)) return;
    if (std::ranges::find(reservation.holds_, &account, &Hold::account) != reservation.holds_.end()) return;
    more.push_back({.account = &account,
                    .kind = kind,
                    .dimension = limit.dimension,
                    .amount = reservation.held_.Of(limit.dimension)});
    const std::int64_t left = account.Left(now);
    if (more.back().amount > left && !refusal) refusal = RefusalFor(account, kind, left, more.back().amount, now);
  });
  if (refusal) {
    notices_->AddRefusal(*refusal);
    return refusal;
  }
  for (Hold& hold : more) {
    hold.piece = hold.account->Hold(hold.amount, now);
    Look(*hold.account, now);
  }
  reservation.holds_.insert(reservation.holds_.end(), more.begin(), more.end());
  return {};
}

void Organization::Settle(std::span<const Hold> holds, const Amounts& used, std::string_view provider) {
  const std::scoped_lock lock(mutex_);
  for (const Hold& hold : holds) {
    const Limit& limit = hold.account->limit();
    const std::int64_t before = hold.account->used();
    hold.account->Settle(hold.amount, Fits(limit.provider, provider) ? used.Of(hold.dimension) : 0, hold.piece);
    Note(*hold.account, before);
  }
  if (!retired_.empty()) DropRetired();
}

// Says which steps lie between what was spent and what is.
void Organization::Note(const Account& account, std::int64_t before) {
  const auto& limit = account.limit();
  const auto reached = [&](std::int64_t spent, std::uint32_t permille) {
    return static_cast<__int128>(spent) * 1000 >= static_cast<__int128>(limit.amount) * permille;
  };
  for (const Step& step : limit.steps) {
    if (!reached(account.used(), step.permille)) break;  // they rise
    if (reached(before, step.permille)) continue;
    notices_->Add({.limit = account.shared_limit(),
                   .permille = step.permille,
                   .spent = account.used(),
                   .window_ends = account.ends()});
  }
}

// Says so when it runs low.
void Organization::Look(Account& account, std::int64_t now) {
  if (account.shared() && account.LevelNow(now) == Account::Level::kLow) notices_->Low(NeedOf(account, 0, 0));
}

Account* Organization::ById(std::int64_t limit) {
  const auto found = shared_.find(limit);
  return found == shared_.end() ? nullptr : found->second;
}

std::optional<Stake> Organization::StakeIn(std::int64_t limit, std::int64_t given_up, std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  Account* const account = ById(limit);
  return account == nullptr ? std::nullopt : std::optional(account->StakeAfter(given_up, now));
}

void Organization::Allot(std::int64_t limit, const Allotment& allotment, std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  Account* const account = ById(limit);
  if (account == nullptr) return;
  const std::int64_t before = account->used();
  account->Allot(allotment, now);
  Note(*account, before);
}

void Organization::ForgetRest(std::int64_t limit) {
  const std::scoped_lock lock(mutex_);
  if (Account* const account = ById(limit)) account->ForgetRest();
}

std::vector<Treasury::Standing> Organization::Standings(std::int64_t now) {
  std::vector<Treasury::Standing> standings;
  const std::scoped_lock lock(mutex_);
  standings.reserve(size_);
  for (auto& [node, accounts] : accounts_) {
    for (auto& account : accounts) {
      static_cast<void>(account->Left(now));
      standings.push_back({.limit = account->shared_limit(),
                           .spent = account->used(),
                           .held = account->held(),
                           .ends = account->ends(),
                           .allotted = account->allotment()});
    }
  }
  return standings;
}

std::vector<Spent> Organization::Attribute(const Treasury::Use& use) {
  std::vector<Spent> parts;
  const std::scoped_lock lock(mutex_);
  ForEach(use.chain, use.model, [&](Account& account, pipeline::NodeKind) {
    const Limit& limit = account.limit();
    const std::int64_t used = use.used.Of(limit.dimension);
    if (used == 0 || !Fits(limit.provider, use.provider)) return;
    parts.push_back({.limit = limit.id, .piece_begin = PieceOf(account, use.at), .used = used});
  });
  return parts;
}

void Organization::Charge(const Treasury::Use& use, std::int64_t now) {
  const std::scoped_lock lock(mutex_);
  ForEach(use.chain, use.model, [&](Account& account, pipeline::NodeKind) {
    const Limit& limit = account.limit();
    if (!Fits(limit.provider, use.provider)) return;
    account.Spend(use.used.Of(limit.dimension), PieceOf(account, use.at), now);
  });
}

std::size_t Organization::size() const {
  const std::scoped_lock lock(mutex_);
  return size_;
}

}  // namespace gatehouse::features::accounting
