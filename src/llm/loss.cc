#include "llm/loss.h"

#include <algorithm>

namespace gatehouse::llm {

base::Status JudgeLosses(const std::vector<Loss>& losses, LossPolicy policy, std::string_view target) {
  const auto refused = std::ranges::find_if(losses, [&](const Loss& loss) {
    return loss.kind == Loss::Kind::kContent || (loss.kind == Loss::Kind::kParameter && policy == LossPolicy::kRefuse);
  });
  if (refused == losses.end()) return base::Ok();
  std::string message = refused->field;
  message.append(" cannot be carried to ").append(target).append(": ").append(refused->reason);
  if (message.ends_with('.')) message.pop_back();  // a reason may be a sentence
  message.append(refused->kind == Loss::Kind::kParameter ? ". Leave it out, or choose another model." : ".");
  return base::Error{.code = base::ErrorCode::kUnsupported,
                     .source = base::ErrorSource::kClient,
                     .retry = base::Retry::kOtherTarget,
                     .public_message = std::move(message),
                     .param = refused->field};
}

}  // namespace gatehouse::llm
