#include <utility>

#include "llm/event.h"

namespace gatehouse::llm {
namespace {

// The events of one block of an answer.
struct BlockEvents {
  std::uint32_t choice, block;
  std::vector<Event>& events;

  void operator()(const TextBlock& text) {
    events.emplace_back(TextDelta{choice, block, text.text, text.signature});
    if (!text.citations.empty())
      events.emplace_back(Annotated{choice, block, text.citations_origin, text.citations, text.urls});
  }
  void operator()(const RefusalBlock& refusal) { events.emplace_back(RefusalDelta{choice, block, refusal.text}); }
  void operator()(const ReasoningBlock& reasoning) {
    events.emplace_back(ReasoningDelta{choice, block, reasoning.text});
    if (reasoning.signature.empty() && reasoning.redacted.empty() && reasoning.id.empty()) return;
    events.emplace_back(
        ReasoningSeal{choice, block, reasoning.signature, reasoning.redacted, reasoning.id, reasoning.origin});
  }
  void operator()(const ToolCallBlock& call) {
    events.emplace_back(ToolCallStarted{choice, block, call.id, call.name, call.kind, call.signature});
    if (!call.arguments.empty()) events.emplace_back(ToolCallDelta{choice, block, call.arguments});
  }
  void operator()(const ImageBlock& image) { events.emplace_back(ImageAdded{choice, block, image}); }
  void operator()(const OpaqueBlock& opaque) { events.emplace_back(OpaqueBlockAdded{choice, block, opaque}); }
  // An answer holds none of these: a model does not send them.
  void operator()(const DocumentBlock&) {}
  void operator()(const AudioBlock&) {}
  void operator()(const ToolResultBlock&) {}
};

void AppendChoice(const Choice& choice, std::uint32_t number, std::vector<Event>& events) {
  std::uint32_t block_number = 0;
  for (const Block& block : choice.blocks) {
    std::visit(BlockEvents{number, block_number, events}, block);
    events.emplace_back(BlockFinished{number, block_number++});
  }
  if (!choice.logprobs.empty()) {
    events.emplace_back(LogprobsReported{number, choice.logprobs_origin, choice.logprobs});
  }
  if (!choice.refusal_logprobs.empty()) {
    events.emplace_back(
        LogprobsReported{number, choice.logprobs_origin, choice.refusal_logprobs, LogprobsReported::Of::kRefusal});
  }
  if (choice.finished) events.emplace_back(ChoiceFinished{number, choice.reason, choice.stop_sequence, choice.detail});
}

}  // namespace

std::vector<Event> ToEvents(const Answer& answer) {
  std::vector<Event> events;
  events.emplace_back(answer.started);
  for (const OpaqueEvent& opaque : answer.opaque) events.emplace_back(opaque);
  std::uint32_t number = 0;
  for (const Choice& choice : answer.choices) AppendChoice(choice, number++, events);
  if (answer.usage.source != UsageSource::kNone) events.emplace_back(UsageReported{answer.usage});
  return events;
}

}  // namespace gatehouse::llm
