#include "llm/token/estimate.h"

#include <algorithm>

namespace gatehouse::llm::token {

void PromptCounter::BeginMessage(std::string_view role) {
  has_messages_ = true;
  raw_ += ChatOverhead::kPerMessage + counter_->Count(role);
}

void PromptCounter::AddName(std::string_view name) { raw_ += ChatOverhead::kPerName + counter_->Count(name); }

void PromptCounter::AddOther(std::uint64_t tokens) {
  other_ += tokens;
  rendering_ = Certainty::kEstimated;
}

void PromptCounter::AddSchema(std::string_view json) {
  raw_ += counter_->Count(json);
  rendering_ = Certainty::kEstimated;
}

Estimate PromptCounter::Total() const {
  const std::uint64_t counted = raw_ + (has_messages_ ? ChatOverhead::kPerReply : 0);
  const std::uint64_t scaled = (counted * family_.factor_permille + 999) / 1000;
  return {scaled + other_, std::max(family_.certainty, rendering_)};
}

void LearnedFactor::Observe(std::uint64_t raw, std::uint64_t actual) {
  constexpr std::uint64_t kSmallest = 50;
  constexpr std::uint64_t kLargest = 1'000'000'000;
  constexpr std::uint64_t kWeight = 16;  // one observation counts for a sixteenth
  if (raw < kSmallest || raw > kLargest || actual > kLargest) return;
  const std::uint64_t observed = std::clamp<std::uint64_t>(actual * 1000 / raw, 500, 4000);
  const std::uint64_t old = permille();
  permille_.store(static_cast<std::uint32_t>((old * (kWeight - 1) + observed + kWeight / 2) / kWeight),
                  std::memory_order_relaxed);
}

}  // namespace gatehouse::llm::token
