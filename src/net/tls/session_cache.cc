#include "net/tls/session_cache.h"

#include <utility>

namespace gatehouse::net::tls {

void SessionCache::Put(const std::string& name, SessionPtr session) {
  const std::scoped_lock lock(mutex_);
  const auto [found, added] = entries_.try_emplace(name);
  auto& entry = found->second;
  if (added) {
    uses_.push_front(name);
    entry.use = uses_.begin();
  } else {
    uses_.splice(uses_.begin(), uses_, entry.use);
  }
  entry.sessions.push_back(std::move(session));
  if (entry.sessions.size() > kMaxSessionsPerName) entry.sessions.pop_front();
  if (entries_.size() <= kMaxNames) return;
  entries_.erase(uses_.back());
  uses_.pop_back();
}

SessionPtr SessionCache::Take(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return nullptr;
  auto& [sessions, use] = found->second;
  while (!sessions.empty() && SSL_SESSION_is_resumable(sessions.back().get()) == 0) sessions.pop_back();
  if (sessions.empty()) return nullptr;
  if (SSL_SESSION_get_protocol_version(sessions.back().get()) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(sessions.back().get());
    return SessionPtr(sessions.back().get());
  }
  auto session = std::move(sessions.back());
  sessions.pop_back();
  return session;
}

}  // namespace gatehouse::net::tls
