#include "pipeline/attempt_wait.h"

#include <algorithm>
#include <vector>

#include "pipeline/exchange.h"

namespace gatehouse::pipeline {
namespace {

using AttemptWaits = std::vector<AttemptWait*>;

}  // namespace

void AddWait(Exchange& exchange, AttemptWait& wait) {
  auto* waits = exchange.Find<AttemptWaits>();
  if (waits == nullptr) waits = &exchange.Attach(AttemptWaits());
  waits->push_back(&wait);
}

AttemptWait* FindLacking(const Exchange& exchange) {
  const auto* const waits = exchange.Find<AttemptWaits>();
  if (waits == nullptr) return nullptr;
  const auto found =
      std::ranges::find(*waits, AttemptWait::Lack::kOnItsWay, [](const AttemptWait* one) { return one->lack(); });
  return found == waits->end() ? nullptr : *found;
}

}  // namespace gatehouse::pipeline
