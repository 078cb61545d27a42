#include "store/memory/memory_key_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

#include "store/errors.h"

namespace gatehouse::store::memory {
namespace {

constexpr std::size_t kMostUnheard = 1024;  // messages, of one subscription

std::optional<std::int64_t> ParseQuantity(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

base::Error NotAQuantity() {
  base::Error error = base::Internal("the key holds something that is not a quantity");
  error.source = base::ErrorSource::kStore;
  return error;
}

}  // namespace

SharedValues::Kept* SharedValues::Find(const std::string& key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  if (found->second.until > clock_.Now()) return &found->second;
  Erase(found);
  return nullptr;
}

void SharedValues::Erase(std::map<std::string, Kept, std::less<>>::iterator entry) {
  bytes_ -= entry->first.size() + entry->second.value.size();
  values_.erase(entry);
}

void SharedValues::Sweep() {
  const base::TimePoint now = clock_.Now();
  if (swept_ != base::TimePoint() && now - swept_ < std::chrono::seconds(1)) return;
  swept_ = now;
  for (auto entry = values_.begin(); entry != values_.end();) {
    const auto next = std::next(entry);
    if (entry->second.until <= now) Erase(entry);
    entry = next;
  }
}

base::Status SharedValues::Put(const std::string& key, std::string value, base::TimePoint until) {
  Kept* kept = Find(key);
  const std::size_t entries = kept == nullptr ? 1 : 0;
  const std::size_t before = kept == nullptr ? 0 : key.size() + kept->value.size();
  const std::size_t after = key.size() + value.size();
  const std::size_t more = after > before ? after - before : 0;
  if (!HasRoom(entries, more)) Sweep();
  if (!HasRoom(entries, more)) return Unavailable("there is no room for another value");
  values_[key] = {.value = std::move(value), .until = until};
  bytes_ = bytes_ - before + after;
  return base::Ok();
}

base::Result<std::int64_t> SharedValues::QuantityOf(const std::string& key) {
  const Kept* kept = Find(key);
  if (kept == nullptr) return std::int64_t{0};
  const auto quantity = ParseQuantity(kept->value);
  if (!quantity) return NotAQuantity();
  return *quantity;
}

// A key that has a time keeps it.
base::Status SharedValues::PutQuantity(const std::string& key, std::int64_t quantity, base::Duration ttl) {
  const Kept* kept = Find(key);
  const bool timed = kept != nullptr && kept->until != base::TimePoint::max();
  return Put(key, std::to_string(quantity), timed ? kept->until : clock_.Now() + ttl);
}

void SharedValues::Post(const std::shared_ptr<Inbox>& inbox) {
  if (std::exchange(inbox->posted, Inbox::Posted::kYes) == Inbox::Posted::kYes) return;
  inbox->loop->Post([this, inbox] { Deliver(inbox); });
}

// On the subscription's loop.
void SharedValues::Deliver(const std::shared_ptr<Inbox>& inbox) {
  std::deque<std::string> messages;
  auto overflow = Inbox::Overflow::kNo;
  {
    const std::scoped_lock lock(mutex_);
    inbox->posted = Inbox::Posted::kNo;
    messages.swap(inbox->messages);
    overflow = std::exchange(inbox->overflow, Inbox::Overflow::kNo);
    if (inbox->loop == nullptr) return;
  }
  for (const std::string& message : messages) inbox->listener->OnMessage(message);
  if (overflow == Inbox::Overflow::kNo) return;
  inbox->listener->OnLost();
  inbox->listener->OnInStep();
}

class SharedValues::Membership final : public KeyValue::Subscription {
 public:
  Membership(SharedValues& values, std::shared_ptr<Inbox> inbox) : values_(values), inbox_(std::move(inbox)) {}
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;
  ~Membership() override {
    const std::scoped_lock lock(values_.mutex_);
    inbox_->loop = nullptr;
    std::erase_if(values_.inboxes_, [this](const auto& entry) {
      const auto other = entry.second.lock();
      return other == nullptr || other == inbox_;
    });
  }

 private:
  SharedValues& values_;
  std::shared_ptr<Inbox> inbox_;
};

net::Task<base::Result<std::optional<std::string>>> MemoryKeyValue::Get(std::string key, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  const auto* kept = values_.Find(key);
  co_return kept == nullptr ? std::nullopt : std::optional(kept->value);
}

net::Task<base::Result<KeyValue::Stored>> MemoryKeyValue::Set(Entry entry, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  if (entry.when == When::kAbsent && values_.Find(entry.key) != nullptr) co_return Stored::kAlreadyThere;
  const bool timed = entry.ttl.count() > 0;
  GH_CO_CHECK_OK(values_.Put(entry.key, std::move(entry.value),
                             timed ? values_.clock_.Now() + entry.ttl : base::TimePoint::max()));
  co_return Stored::kStored;
}

net::Task<base::Status> MemoryKeyValue::Delete(std::string key, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  if (const auto found = values_.values_.find(key); found != values_.values_.end()) values_.Erase(found);
  co_return base::Ok();
}

void SharedValues::ForgetQuantities() {
  const std::scoped_lock lock(mutex_);
  shared_.clear();
  reservoirs_.clear();
}

base::TimePoint SharedValues::Until(base::Duration ttl) const {
  return ttl.count() > 0 ? clock_.Now() + ttl : base::TimePoint::max();
}

base::Result<KeyValue::Grant> SharedValues::Take(const KeyValue::Claim& claim) {
  using Claim = KeyValue::Claim;
  using Outcome = KeyValue::Grant::Outcome;
  if (!claim.guard.empty()) {
    const Kept* guard = Find(claim.guard);
    if (guard == nullptr || guard->value != claim.guard_value) return KeyValue::Grant{.outcome = Outcome::kGuarded};
  }
  if (Find(claim.key) != nullptr) return NotAQuantity();
  if (!shared_.contains(claim.key) && shared_.size() >= bounds_.entries) {
    return Unavailable("there is no room for another value");
  }
  Shared& shared = shared_[claim.key];
  std::erase_if(shared.shares, [now = clock_.Now()](const auto& entry) { return entry.second.until <= now; });
  if (shared.shares.empty()) shared.founded = Shared::Founded::kNo;
  Shared::Share& mine = shared.shares[claim.holder];
  if (mine.turn >= claim.turn) return KeyValue::Grant{.outcome = Outcome::kOvertaken, .share = mine.amount};
  if (claim.foundation == Claim::Foundation::kGiven) {
    shared.founded = Shared::Founded::kYes;
    for (const KeyValue::Share& one : claim.others) {
      shared.shares.try_emplace(one.holder,
                                Shared::Share{.amount = one.amount, .used = one.used, .until = Until(one.ttl)});
    }
  }
  const std::int64_t known = claim.basis == Claim::Basis::kAtLeast ? mine.amount : 0;
  mine = {.turn = claim.turn, .amount = std::max(claim.has, known), .used = claim.used, .until = Until(claim.ttl)};
  KeyValue::Grant grant;
  for (const auto& [holder, share] : shared.shares) {
    grant.taken += share.amount;
    grant.used += share.used;
  }
  if (claim.foundation == Claim::Foundation::kNeeded && shared.founded == Shared::Founded::kNo) {
    grant.outcome = Outcome::kUnfounded;
  } else {
    const std::int64_t left = claim.limit - grant.taken;
    const std::int64_t part = claim.parts > 0 ? left / claim.parts : 0;
    const std::int64_t more = std::min(std::max(claim.wanted, part), left);
    if (more > 0 && more >= claim.least) {
      mine.amount += more;
      grant.taken += more;
    }
  }
  grant.share = mine.amount;
  return grant;
}

// As the server's script does, in the same numbers.
base::Result<KeyValue::Drawn> SharedValues::Draw(const KeyValue::Draft& draft) {
  using Outcome = KeyValue::Drawn::Outcome;
  constexpr double kMinute = 60e9;
  constexpr double kMillion = 1e6;
  constexpr double kDust = 1e-6;  // what adding up rounds off
  constexpr std::int64_t kMinutesOfDebt = 1440;
  const base::TimePoint now = clock_.Now();
  if (Find(draft.key) != nullptr) return NotAQuantity();
  if (!reservoirs_.contains(draft.key) && reservoirs_.size() >= bounds_.entries) {
    return Unavailable("there is no room for another value");
  }
  const auto burst = static_cast<double>(draft.burst);
  auto& reservoir =
      reservoirs_.try_emplace(draft.key, Reservoir{.level = burst, .at = now, .holders = {}}).first->second;
  auto& holders = reservoir.holders;
  std::erase_if(holders, [&](const auto& one) { return one.first != draft.holder && one.second.known_until < now; });
  std::int64_t held = 0;
  std::int64_t mine = 0;
  std::int64_t known = draft.told;
  for (const auto& [name, one] : holders) {
    const std::int64_t there = one.held_until > now ? one.held : 0;
    (name == draft.holder ? mine : held) += there;
    if (name != draft.holder) continue;
    if (one.turn >= draft.turn) return KeyValue::Drawn{.outcome = Outcome::kOvertaken};
    known = one.total;
  }
  const auto elapsed = static_cast<double>(std::max<std::int64_t>(0, (now - reservoir.at).count()));
  double level = reservoir.level + elapsed * static_cast<double>(draft.per_minute) / kMinute;
  level = std::min(level, burst - static_cast<double>(held + mine));
  level = std::min(level - static_cast<double>(draft.total - known), burst - static_cast<double>(held + draft.held));
  level = std::max(level, -static_cast<double>(kMinutesOfDebt * draft.per_minute));
  const auto left = static_cast<std::int64_t>(std::floor(level + kDust));
  std::int64_t more = 0;
  std::int64_t ahead = 0;
  if (left > 0 && left >= draft.least) {
    more = std::min(draft.wanted, left);
    ahead = std::min(draft.ahead, (left - more) / draft.parts);
    more += ahead;
  }
  level -= static_cast<double>(more);
  reservoir.level = level;
  reservoir.at = now;
  holders[draft.holder] = {.turn = draft.turn,
                           .total = draft.total + more,
                           .held = draft.held + ahead,
                           .held_until = now + draft.lapse,
                           .known_until = now + KeyValue::kDraftsRemembered};
  const double whole = std::floor(level + kDust);
  return KeyValue::Drawn{.total = draft.total + more,
                         .left = static_cast<std::int64_t>(whole),
                         .millionths = static_cast<std::int64_t>(std::max(0.0, level - whole) * kMillion)};
}

net::Task<base::Result<KeyValue::Drawn>> MemoryKeyValue::Draw(Draft draft, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  co_return values_.Draw(draft);
}

net::Task<base::Result<KeyValue::Grant>> MemoryKeyValue::Take(Claim claim, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  co_return values_.Take(claim);
}

net::Task<base::Result<std::int64_t>> MemoryKeyValue::Count(std::string key, std::int64_t amount, base::Duration window,
                                                            net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  GH_CO_TRY(const std::int64_t counted, values_.QuantityOf(key));
  GH_CO_CHECK_OK(values_.PutQuantity(key, counted + amount, window));
  co_return counted + amount;
}

net::Task<base::Status> MemoryKeyValue::Publish(std::string channel, std::string message, net::Deadline) {
  const std::scoped_lock lock(values_.mutex_);
  const auto [begin, end] = values_.inboxes_.equal_range(channel);
  for (auto entry = begin; entry != end; ++entry) {
    const auto inbox = entry->second.lock();
    if (inbox == nullptr || inbox->loop == nullptr) continue;
    if (inbox->messages.size() < kMostUnheard) {
      inbox->messages.push_back(message);
    } else {
      inbox->overflow = SharedValues::Inbox::Overflow::kYes;
    }
    values_.Post(inbox);
  }
  co_return base::Ok();
}

std::unique_ptr<KeyValue::Subscription> MemoryKeyValue::Subscribe(std::string channel, Listener& listener) {
  auto inbox = std::make_shared<SharedValues::Inbox>();
  inbox->loop = &loop_;
  inbox->listener = &listener;
  const std::scoped_lock lock(values_.mutex_);
  values_.inboxes_.emplace(std::move(channel), inbox);
  loop_.Post([&values = values_, inbox] {
    {
      const std::scoped_lock within(values.mutex_);
      if (inbox->loop == nullptr) return;
    }
    inbox->listener->OnInStep();
  });
  return std::make_unique<SharedValues::Membership>(values_, std::move(inbox));
}

}  // namespace gatehouse::store::memory
