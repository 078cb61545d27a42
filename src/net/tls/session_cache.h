#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "net/tls/openssl_handles.h"

namespace gatehouse::net::tls {

// Sessions that a client may resume, per server name; the least recently used names are forgotten. Thread-safe.
class SessionCache {
 public:
  static constexpr std::size_t kMaxNames = 1024;
  static constexpr std::size_t kMaxSessionsPerName = 4;

  void Put(const std::string& name, SessionPtr session);
  // The newest session, or null. A TLS 1.3 ticket is given out once (RFC 8446 appendix C.4).
  SessionPtr Take(const std::string& name);

 private:
  struct Entry {
    std::deque<SessionPtr> sessions;  // newest last
    std::list<std::string>::iterator use;
  };

  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // all guarded by mutex_
  std::list<std::string> uses_;                        // most recent first
};

}  // namespace gatehouse::net::tls
