#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "features/guard/guarded_answer.h"

namespace gatehouse::features::guard {
namespace {

using base::Status;
using inspect::Channel;

// The text of an event that is a piece of one, and where it belongs; null for others.
std::string* PieceOf(llm::Event& event, DeltaPiece& piece) {
  if (auto* text = std::get_if<llm::TextDelta>(&event)) {
    piece.key = {.choice = text->choice, .part = text->block};
    return &text->text;
  }
  if (auto* refusal = std::get_if<llm::RefusalDelta>(&event)) {
    piece.key = {.choice = refusal->choice, .part = refusal->block};
    return &refusal->text;
  }
  if (auto* reasoning = std::get_if<llm::ReasoningDelta>(&event)) {
    piece.key = {.choice = reasoning->choice, .part = reasoning->block};
    return &reasoning->text;
  }
  if (auto* call = std::get_if<llm::ToolCallDelta>(&event)) {
    piece.key = {.choice = call->choice, .part = call->block};
    piece.channel = Channel::kToolArguments;
    return &call->arguments;
  }
  return nullptr;
}

// Which texts are complete with an event.
std::optional<TextKey> EndedBy(const llm::Event& event) {
  if (const auto* block = std::get_if<llm::BlockFinished>(&event)) return TextKey{block->choice, block->block};
  if (const auto* choice = std::get_if<llm::ChoiceFinished>(&event)) {
    return TextKey{choice->choice, FrameDeltas::kAllParts};
  }
  return {};
}

}  // namespace

Status GuardedEvents::TakeIn(llm::Batch& incoming, llm::Batch& batch) {
  batch.raw_is_current = false;
  for (llm::Event& event : incoming.events) GH_CHECK_OK(TakeInEvent(std::move(event)));
  incoming.Clear();
  return base::Ok();
}

Status GuardedEvents::TakeInEvent(llm::Event event) {
  Held held{.event = std::move(event), .place = {}};
  if (const auto* call = std::get_if<llm::ToolCallStarted>(&held.event)) {
    if (call->kind != llm::ToolKind::kFunction) free_calls_.push_back({call->choice, call->block});
  }
  GH_CHECK_OK(AddPiece(held));
  if (!held.place) GH_CHECK_OK(LookAtRest(held.event));
  const auto ended = EndedBy(held.event);
  if (auto rest = held.place && !ended ? held.place->CutSettled() : std::nullopt) {
    // A long piece does not wait for its last word.
    llm::Event like = held.event;
    held.range = Held::Range::kOther;
    held_.push_back(std::move(held));
    held = Held{.event = std::move(like), .place = rest, .range = Held::Range::kOther};
  }
  held.size = sizeof(Held) + (held.place ? static_cast<std::size_t>(held.place->end - held.place->begin) : 0);
  GH_CHECK_OK(texts().Hold(held.size));
  held_.push_back(std::move(held));
  return ended ? texts().End(*ended) : base::Ok();
}

Status GuardedEvents::AddPiece(Held& held) {
  DeltaPiece piece;
  const std::string* text = PieceOf(held.event, piece);
  if (text == nullptr || text->empty()) return base::Ok();
  piece.text = *text;
  const bool is_reasoning = std::holds_alternative<llm::ReasoningDelta>(held.event);
  const bool signs = origin_ == llm::DialectId::kAnthropic || origin_ == llm::DialectId::kBedrock;
  if (is_reasoning && signs) piece.seal = Passage::Seal::kSealed;
  const bool is_call = std::holds_alternative<llm::ToolCallDelta>(held.event);
  const bool is_free = std::ranges::find(free_calls_, piece.key) != free_calls_.end();
  if (is_call && !is_free) piece.kind = AnswerText::Kind::kArguments;
  GH_TRY(held.place, texts().Add(piece));
  return texts().Settle(*held.place);
}

Status GuardedEvents::LookAtJson(std::string& json) {
  GH_TRY(auto changed, inspection().LookAtJson(json, Channel::kOutput, pipeline::Side::kAnswer));
  if (changed) json = *std::move(changed);
  return base::Ok();
}

Status GuardedEvents::LookAtText(std::string& text) {
  if (text.empty()) return base::Ok();
  std::vector<TextEdit> edits;
  GH_CHECK_OK(inspection().Look({.text = text, .channel = Channel::kOutput, .side = pipeline::Side::kAnswer}, edits));
  if (!edits.empty()) text = Apply(text, edits);
  return base::Ok();
}

// What comes whole.
Status GuardedEvents::LookAtRest(llm::Event& event) {
  if (auto* annotated = std::get_if<llm::Annotated>(&event)) {
    GH_CHECK_OK(LookAtJson(annotated->json));
    for (llm::UrlCitation& page : annotated->urls) {
      for (std::string* text : {&page.url, &page.title, &page.quote}) GH_CHECK_OK(LookAtText(*text));
    }
  } else if (auto* block = std::get_if<llm::OpaqueBlockAdded>(&event)) {
    GH_CHECK_OK(LookAtJson(block->content.json));
  } else if (auto* opaque = std::get_if<llm::OpaqueEvent>(&event)) {
    GH_CHECK_OK(LookAtJson(opaque->json));
  } else if (auto* finished = std::get_if<llm::ChoiceFinished>(&event)) {
    GH_CHECK_OK(LookAtText(finished->detail));
  } else if (std::holds_alternative<llm::ImageAdded>(event)) {
    inspection().NoteUnscanned(guard::ToString(Unread::kMedia));
  }
  return base::Ok();
}

void GuardedEvents::Release(llm::Batch& batch) {
  batch.raw_is_current = false;
  while (!held_.empty()) {
    Held& held = held_.front();
    if (held.place && !held.place->IsSettled()) return;
    if (held.place) {
      auto taken = held.place->Take();
      changed_ = changed_ || taken.state == AnswerText::Piece::State::kChanged;
      if (taken.state == AnswerText::Piece::State::kChanged || held.range == Held::Range::kOther) {
        DeltaPiece unused;
        *PieceOf(held.event, unused) = std::move(taken.text);
      }
      held.place->Forget();
    }
    texts().LetGo(held.size);
    // The probabilities of tokens would tell what a changed text said.
    const bool tells = changed_ && std::holds_alternative<llm::LogprobsReported>(held.event);
    if (!tells) batch.events.push_back(std::move(held.event));
    held_.pop_front();
  }
}

}  // namespace gatehouse::features::guard
