#include "llm/dialect/common/refusal_word.h"

#include <algorithm>
#include <array>

namespace gatehouse::llm::dialect::common {

std::string_view RefusalWord(const base::Error& error) {
  constexpr std::array<std::string_view, 10> kWords = {
      "approval_required", "approval_denied",         "approval_expired",   "approval_revoked",   "approval_consumed",
      "approval_approved", "approval_expired_unused", "approval_cancelled", "challenge_required", "stopped"};
  if (error.code != base::ErrorCode::kDenied || error.source != base::ErrorSource::kPolicy) return {};
  const std::string_view message = error.public_message;
  const std::string_view word = message.substr(0, message.find(':'));
  return std::ranges::find(kWords, word) == kWords.end() || word.size() == message.size() ? std::string_view() : word;
}

}  // namespace gatehouse::llm::dialect::common
