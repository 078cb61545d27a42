#include "features/audit/watch.h"

#include <algorithm>
#include <chrono>

namespace gatehouse::features::audit {

using codec::json::FieldWriter;

Watch::Watch(net::Loop& loop, Record& record, std::vector<Store> stores, base::Duration interval)
    : Timer(loop),
      loop_(loop),
      record_(record),
      stores_(std::move(stores)),
      states_(stores_.size(), store::Health::State::kWorking),
      interval_(interval),
      then_(loop.clock().Now()),
      wall_then_(loop.clock().Wall()) {
  Arm(loop_.Now() + interval_);
}

void Watch::OnTimer() {
  LookAtClock();
  LookAtStores();
  Beat();
  Arm(loop_.Now() + interval_);
}

void Watch::Beat() {
  const Record::Totals totals = record_.totals();
  record_.Note("heartbeat", [&](FieldWriter& entry) {
    const auto every = std::chrono::duration_cast<std::chrono::milliseconds>(interval_);
    entry.Number(R"(,"every_ms":)", static_cast<std::uint64_t>(every.count()));
    entry.Number(R"(,"entries":)", totals.entries - told_.entries);
    entry.Number(R"(,"in_flight":)", static_cast<std::uint64_t>(std::max<std::int64_t>(0, totals.in_flight)));
    if (totals.strangers != told_.strangers) entry.Number(R"(,"strangers":)", totals.strangers - told_.strangers);
    if (totals.unwritten != 0) entry.Number(R"(,"unwritten":)", totals.unwritten);
  });
  told_ = totals;
}

void Watch::LookAtClock() {
  const base::TimePoint now = loop_.clock().Now();
  const base::WallTime wall = loop_.clock().Wall();
  const base::Duration jump = (wall - wall_then_) - (now - then_);
  then_ = now;
  wall_then_ = wall;
  if (jump < kLeastJump && jump > -kLeastJump) return;
  record_.Note("clock.jump", [&](FieldWriter& entry) {
    entry.Signed(R"(,"by":)", std::chrono::duration_cast<std::chrono::microseconds>(jump).count());
  });
}

void Watch::LookAtStores() {
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    const auto& [name, health] = stores_[i];
    const auto state = health().state;
    if (state == states_[i]) continue;
    states_[i] = state;
    const bool failing = state == store::Health::State::kFailing;
    record_.Note(failing ? "store.failing" : "store.recovered",
                 [&](FieldWriter& entry) { entry.Text(R"(,"store":)", name); });
  }
}

}  // namespace gatehouse::features::audit
