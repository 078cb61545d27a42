#include "admin/login_watch.h"

namespace gatehouse::admin {

LoginWatch::Call LoginWatch::Note(std::string_view who, base::TimePoint now) {
  const auto found = seen_.find(who);
  if (found != seen_.end()) {
    const bool rested = now - found->second >= kRest;
    found->second = now;
    return rested ? Call::kFirst : Call::kAnother;
  }
  std::erase_if(seen_, [now](const auto& one) { return now - one.second >= kRest; });
  if (seen_.size() >= kMostKnown) seen_.clear();
  seen_.emplace(who, now);
  return Call::kFirst;
}

}  // namespace gatehouse::admin
