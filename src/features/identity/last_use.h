#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "pipeline/principal.h"

namespace gatehouse::features::identity {

// When keys were used last, until it is written down. Bounded: what does not fit is forgotten, for it is a help to tidy
// up and no record. Thread-safe.
class LastUse {
 public:
  void Note(pipeline::NodeId key, base::WallTime when);
  struct Use {
    pipeline::NodeId key;
    std::int64_t at_ms = 0;
  };
  // All of it, and forgets it.
  std::vector<Use> Take();

 private:
  static constexpr std::size_t kMost = 100'000;

  std::mutex mutex_;
  std::unordered_map<pipeline::NodeId, std::int64_t> used_;  // guarded by mutex_
};

}  // namespace gatehouse::features::identity
