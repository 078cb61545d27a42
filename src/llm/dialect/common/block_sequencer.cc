#include "llm/dialect/common/block_sequencer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::common {
namespace {

constexpr std::size_t kMaxHeldBytes = 8 * 1024 * 1024;
constexpr std::size_t kEventOverhead = sizeof(Event);

template <class E>
concept OfBlock = requires(const E& event) { event.block; };

struct TextSize {
  std::size_t operator()(const TextDelta& e) const { return e.text.size(); }
  std::size_t operator()(const RefusalDelta& e) const { return e.text.size(); }
  std::size_t operator()(const ReasoningDelta& e) const { return e.text.size(); }
  std::size_t operator()(const ReasoningSeal& e) const { return e.signature.size() + e.redacted.size(); }
  std::size_t operator()(const ToolCallDelta& e) const { return e.arguments.size(); }
  std::size_t operator()(const Annotated& e) const { return e.json.size(); }
  std::size_t operator()(const OpaqueBlockAdded& e) const { return e.content.json.size(); }
  std::size_t operator()(const auto&) const { return 0; }
};

template <class E>
bool Is(const Event& event) {
  return std::holds_alternative<E>(event);
}

}  // namespace

std::optional<BlockRef> BlockOf(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<BlockRef> {
        if constexpr (OfBlock<std::decay_t<decltype(e)>>) return BlockRef{e.choice, e.block};
        return std::nullopt;
      },
      event);
}

BlockSequencer::Held* BlockSequencer::FindHeld(std::uint32_t block) {
  const auto found = std::ranges::find(held_, block, &Held::block);
  return found == held_.end() ? nullptr : &*found;
}

base::Status BlockSequencer::Add(const Event& event, BlockSink& sink) {
  const auto ref = BlockOf(event);
  if (!ref) return base::Ok();
  if (Held* held = FindHeld(ref->block)) return Hold(*held, event);
  const bool other = open_ && open_->block != ref->block;
  if (other && Is<BlockFinished>(event)) return base::Ok();  // of a block that gave way
  if (other && open_->kind == Kind::kToolCall) {
    return Hold(held_.emplace_back(ref->block, std::vector<Event>()), event);
  }
  if (other) Close(sink);
  Pass(ref->block, event, sink);
  if (!open_) Release(sink);
  return base::Ok();
}

base::Status BlockSequencer::Hold(Held& held, const Event& event) {
  held_bytes_ += std::visit(TextSize(), event) + kEventOverhead;
  held.events.push_back(event);
  if (held_bytes_ <= kMaxHeldBytes) return base::Ok();
  return BadUpstream("parallel tool calls interleave over the limit");
}

void BlockSequencer::Pass(std::uint32_t block, const Event& event, BlockSink& sink) {
  if (Is<BlockFinished>(event)) return Close(sink);
  if (!open_ && Is<ToolCallDelta>(event)) return;  // of a call that has ended, or never began
  if (!open_) open_ = Open{block, Is<ToolCallStarted>(event) ? Kind::kToolCall : Kind::kGivesWay};
  sink.OnBlockEvent(event);
}

void BlockSequencer::Close(BlockSink& sink) {
  if (!open_) return;
  const Event finished = BlockFinished{.block = open_->block};
  open_.reset();
  sink.OnBlockEvent(finished);
}

void BlockSequencer::Release(BlockSink& sink) {
  while (!held_.empty() && !(open_ && open_->kind == Kind::kToolCall)) {
    Close(sink);
    const Held next = std::move(held_.front());
    held_.erase(held_.begin());
    for (const Event& event : next.events) Pass(next.block, event, sink);
  }
  if (held_.empty()) held_bytes_ = 0;
}

void BlockSequencer::Finish(BlockSink& sink) {
  Close(sink);
  while (!held_.empty()) {
    Release(sink);
    Close(sink);
  }
}

}  // namespace gatehouse::llm::dialect::common
