#include "features/accounting/flight.h"

#include <utility>
#include <variant>

namespace gatehouse::features::accounting {
namespace {

using base::Result;
using llm::EventSource;
using pipeline::Reply;

std::size_t TextBytes(const llm::Event& event) {
  if (const auto* text = std::get_if<llm::TextDelta>(&event)) return text->text.size();
  if (const auto* thought = std::get_if<llm::ReasoningDelta>(&event)) return thought->text.size();
  if (const auto* call = std::get_if<llm::ToolCallDelta>(&event)) return call->arguments.size();
  return 0;
}

}  // namespace

Portion Measure(const llm::Batch& batch, pipeline::Outcome& outcome) {
  Portion portion;
  for (const llm::Event& event : batch.events) {
    if (const auto* usage = std::get_if<llm::UsageReported>(&event)) outcome.usage = usage->usage;
    portion.bytes += TextBytes(event);
  }
  // Frames without events are those of an answer that is passed on unread: each a token, most often.
  for (const llm::Frame& frame : batch.frames) portion.tokens += frame.event_count == 0 ? 1 : 0;
  return portion;
}

Flight::Flight(LoopAccounting& accounting, std::shared_ptr<pipeline::Exchange> exchange, Settlement& settlement)
    : Timer(accounting.loop()),
      accounting_(accounting),
      exchange_(std::move(exchange)),
      settlement_(settlement),
      tasks_(accounting.loop()) {}

Flight::~Flight() {
  if (!done_) settlement_.Conclude(Settlement::Coming::kInPart);
  accounting_.FlightSettled(*exchange_);
}

void Flight::Continue(net::Task<Result<Reply>> call, base::Duration at_most) {
  Arm(accounting_.loop().Now() + at_most);
  tasks_.Spawn(SeeThrough(std::move(call)));
}

void Flight::Read(std::unique_ptr<EventSource> events, base::Duration at_most) {
  Arm(accounting_.loop().Now() + at_most);
  tasks_.Spawn(ReadToEnd(std::move(events)));
}

net::Task<> Flight::SeeThrough(net::Task<Result<Reply>> call) {
  auto reply = co_await std::move(call).Rest();
  if (!reply.ok()) {
    settlement_.Conclude(Settlement::Coming::kNot);
  } else if (auto* chat = std::get_if<pipeline::ChatReply>(&reply.value().answer)) {
    co_await ReadToEnd(std::move(chat->events));
    co_return;
  } else {
    NoteUsage(reply.value(), exchange_->outcome);
    settlement_.Conclude(ComingOf(reply.value()));
  }
  Finish();
}

net::Task<> Flight::ReadToEnd(std::unique_ptr<EventSource> events) {
  llm::Batch batch;
  Settlement::Coming coming = Settlement::Coming::kWhole;
  for (;;) {
    auto outcome = co_await events->Pull(batch);
    if (!outcome.ok()) coming = Settlement::Coming::kInPart;
    if (!outcome.ok() || outcome.value() == EventSource::Outcome::kEnd) break;
    const Portion portion = Measure(batch, exchange_->outcome);
    // Nobody is cut here: what comes is billed.
    std::vector<Need> needs;
    static_cast<void>(settlement_.Delivered(portion.tokens, portion.bytes, needs));
  }
  settlement_.Conclude(coming);
  Finish();
}

void Flight::OnTimer() { accounting_.Finished(*this); }

void Flight::Finish() {
  done_ = true;
  Disarm();
  accounting_.Finished(*this);
}

Settlement::Coming ComingOf(const Reply& reply) {
  if (std::holds_alternative<pipeline::PassThroughReply>(reply.answer)) return Settlement::Coming::kOpaque;
  // Counting is free.
  if (std::holds_alternative<pipeline::CountReply>(reply.answer)) return Settlement::Coming::kNot;
  return Settlement::Coming::kWhole;
}

void NoteUsage(const Reply& reply, pipeline::Outcome& outcome) {
  if (const auto* embedding = std::get_if<pipeline::EmbeddingReply>(&reply.answer)) {
    outcome.usage = embedding->answer.usage;
  } else if (const auto* rerank = std::get_if<pipeline::RerankReply>(&reply.answer)) {
    outcome.usage = rerank->answer.usage;
  }
}

}  // namespace gatehouse::features::accounting
