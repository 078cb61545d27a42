#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "features/audit/record.h"
#include "net/loop.h"
#include "store/database.h"

namespace gatehouse::features::audit {

// Beats, so that the record shows for which time it speaks, and says when a store fails or the machine's clock is set.
// Of one loop.
class Watch final : private net::Timer {
 public:
  static constexpr base::Duration kLeastJump = std::chrono::seconds(1);
  // The health of a store, by its name in entries.
  using Store = std::pair<std::string, std::function<store::Health()>>;

  // `record` outlives it; the stores are asked on the loop.
  Watch(net::Loop& loop, Record& record, std::vector<Store> stores, base::Duration interval);

 private:
  void OnTimer() override;
  void Beat();
  void LookAtClock();
  void LookAtStores();

  net::Loop& loop_;
  Record& record_;
  std::vector<Store> stores_;
  std::vector<store::Health::State> states_;
  const base::Duration interval_;
  base::TimePoint then_;
  base::WallTime wall_then_;
  Record::Totals told_;
};

}  // namespace gatehouse::features::audit
