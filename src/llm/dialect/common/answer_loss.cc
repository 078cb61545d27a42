#include "llm/dialect/common/answer_loss.h"

#include <algorithm>
#include <string>

namespace gatehouse::llm::dialect::common {
namespace {

constexpr std::size_t kMaxLosses = 32;  // kinds of content; an upstream may invent more

}  // namespace

void LoseOfAnswer(const AnswerContext& context, std::string_view target, std::string_view what) {
  if (context.losses == nullptr || context.losses->size() >= kMaxLosses) return;
  if (std::ranges::find(*context.losses, what, &Loss::field) != context.losses->end()) return;
  context.losses->push_back(
      {Loss::Kind::kContent, std::string(what), std::string(target) + " has no place for it in an answer"});
}

void LoseOfAnswer(const AnswerContext& context, std::string_view target, const OpaqueEvent& event) {
  if (event.type == "audio" || event.type == kCitations) LoseOfAnswer(context, target, event.type);
}

}  // namespace gatehouse::llm::dialect::common
