#include "features/identity/last_use.h"

#include <algorithm>
#include <chrono>

namespace gatehouse::features::identity {

void LastUse::Note(pipeline::NodeId key, base::WallTime when) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
  const std::scoped_lock lock(mutex_);
  if (used_.size() >= kMost && !used_.contains(key)) return;
  auto& last = used_[key];
  last = std::max(last, std::int64_t{ms});
}

std::vector<LastUse::Use> LastUse::Take() {
  std::unordered_map<pipeline::NodeId, std::int64_t> taken;
  {
    const std::scoped_lock lock(mutex_);
    taken.swap(used_);
  }
  std::vector<Use> uses;
  uses.reserve(taken.size());
  for (const auto& [key, at_ms] : taken) uses.push_back({key, at_ms});
  return uses;
}

}  // namespace gatehouse::features::identity
