#include "net/dns/caching_resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/intrusive_list.h"

namespace gatehouse::net::dns {

// What is known about a name. Shared with those who wait for it.
struct CachingResolver::Entry {
  struct Waiter : internal::ListNode {
    explicit Waiter(Loop& loop) : known(loop) {}
    Event known;
  };

  std::optional<base::Result<Answer>> outcome;
  base::TimePoint fresh_until;
  base::TimePoint usable_until;  // of an answer: when even its stale form is forgotten
  bool looking_up = false;
  internal::ListNode waiters;

  void WakeAll() {
    while (!waiters.empty()) {
      auto& waiter = static_cast<Waiter&>(*waiters.front());
      waiter.Unlink();
      waiter.known.Set();
    }
  }
};

namespace {

Task<base::Result<Answer>> AtOnce(base::Result<Answer> outcome) { co_return outcome; }

}  // namespace

CachingResolver::CachingResolver(Loop& loop, Resolver& upstream, Options options)
    : loop_(loop), upstream_(upstream), options_(options), lookups_(loop) {}

CachingResolver::~CachingResolver() {
  for (auto& [name, entry] : entries_) {
    if (!std::exchange(entry->looking_up, false)) continue;
    if (!entry->outcome) entry->outcome = CannotResolve(name, "the resolver has stopped");
    entry->WakeAll();
  }
}

Task<base::Result<Answer>> CachingResolver::Resolve(std::string name, Deadline deadline) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    MakeRoom();
    found = entries_.emplace(name, std::make_shared<Entry>()).first;
  }
  auto entry = found->second;
  if (entry->outcome && loop_.Now() < entry->fresh_until) return AtOnce(*entry->outcome);
  if (!entry->looking_up) {
    entry->looking_up = true;
    lookups_.Spawn(Renew(entry, name));
  }
  return WaitFor(std::move(entry), loop_, std::move(name), deadline);
}

Task<> CachingResolver::Renew(std::shared_ptr<Entry> entry, std::string name) {
  auto outcome = co_await upstream_.Resolve(std::move(name), loop_.In(options_.lookup_limit));
  Keep(*entry, std::move(outcome));
  entry->looking_up = false;
  entry->WakeAll();
}

void CachingResolver::Keep(Entry& entry, base::Result<Answer> outcome) const {
  const auto now = loop_.Now();
  if (outcome.ok()) {
    const auto lifetime =
        std::clamp(outcome.value().time_to_live, options_.min_time_to_live, options_.max_time_to_live);
    entry.fresh_until = now + lifetime;
    entry.usable_until = entry.fresh_until + options_.max_stale;
    entry.outcome = std::move(outcome);
    return;
  }
  entry.fresh_until = now + options_.failure_time_to_live;
  const bool stale_answer = entry.outcome && entry.outcome->ok() && now < entry.usable_until;
  if (!stale_answer) entry.outcome = std::move(outcome);
}

// Forgets the entry that has been out of date for longest, or will be first; none that is being looked up.
void CachingResolver::MakeRoom() {
  if (entries_.size() < options_.max_names) return;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second->looking_up) continue;
    if (oldest == entries_.end() || it->second->fresh_until < oldest->second->fresh_until) oldest = it;
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

Task<base::Result<Answer>> CachingResolver::WaitFor(std::shared_ptr<Entry> entry, Loop& loop, std::string name,
                                                    Deadline deadline) {
  if (entry->looking_up) {
    Entry::Waiter waiter(loop);
    entry->waiters.PushBack(waiter);
    const auto outcome = co_await waiter.known.Wait(deadline);
    if (outcome == Event::Outcome::kTimeout) co_return ResolveTimedOut(name);
  }
  co_return *entry->outcome;
}

}  // namespace gatehouse::net::dns
