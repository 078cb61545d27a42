#include "features/guard/guarded_answer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/json/splice.h"
#include "codec/json/writer.h"
#include "codec/sse/sse.h"

namespace gatehouse::features::guard {
namespace {

namespace json = codec::json;
using base::Status;

base::Error NotItsDialect(std::string detail) {
  return {.code = base::ErrorCode::kBadUpstream,
          .source = base::ErrorSource::kUpstream,
          .public_message = "The model provider sent something that cannot be inspected. Retry, or ask the operator.",
          .detail = std::move(detail)};
}

// The probabilities of tokens would tell what a changed text said.
void AddLogprobEdits(json::Value root, std::vector<json::Edit>& edits) {
  for (const auto choice : root["choices"]) {
    const json::Value logprobs = choice.value["logprobs"];
    if (logprobs.IsObject()) edits.push_back(json::Replace(logprobs, "null"));
  }
}

}  // namespace

base::Result<llm::EventSource::Outcome> GuardedAnswer::Deliver(const llm::Batch& batch,
                                                               std::optional<base::Error> failure) {
  const bool has_something = !batch.frames.empty() || !batch.events.empty();
  if (!failure) return has_something || !ended_ ? Outcome::kBatch : Outcome::kEnd;
  if (!has_something) return *std::move(failure);
  failure_ = std::move(failure);
  return Outcome::kBatch;
}

net::Task<base::Result<llm::EventSource::Outcome>> GuardedAnswer::Pull(llm::Batch& batch) {
  batch.Clear();
  if (failure_) co_return *std::exchange(failure_, std::nullopt);
  if (ended_) co_return Outcome::kEnd;
  while (batch.frames.empty() && batch.events.empty()) {
    auto outcome = co_await upstream_->Pull(incoming_);
    if (outcome.ok() && outcome.value() == Outcome::kBatch) {
      Status status = texts_.MustAsk() ? co_await Ask(incoming_) : base::Ok();
      if (status.ok()) status = TakeIn(incoming_, batch);
      Release(batch);
      if (!status.ok()) co_return Deliver(batch, std::move(status).TakeError());
      continue;
    }
    // What waited goes before the end or the upstream's failure.
    ended_ = true;
    End();
    Status status = texts_.MustAsk() ? co_await texts_.Ask() : base::Ok();
    if (status.ok()) status = texts_.EndAll();
    Release(batch);
    if (!status.ok()) co_return Deliver(batch, std::move(status).TakeError());
    co_return Deliver(batch, outcome.ok() ? std::nullopt : std::optional(std::move(outcome).TakeError()));
  }
  // Between two batches a stream holds no memory for one.
  if (incoming_.raw_is_current) incoming_.events = {};
  co_return Outcome::kBatch;
}

void GuardedFrames::Held::Own() {
  if (!own.empty()) return;
  own = raw;
  raw = own;
}

void GuardedFrames::Held::SetData(std::string_view changed) {
  std::string frame(raw.substr(0, data));
  frame.append(changed).append(raw.substr(data + data_size));
  own = std::move(frame);
  raw = own;
  data_size = changed.size();
}

Status GuardedFrames::TakeIn(llm::Batch& incoming, llm::Batch& batch) {
  released_.clear();
  for (const llm::Frame& frame : incoming.frames) {
    Held held{.raw = frame.raw};
    const auto first = incoming.events.begin() + static_cast<std::ptrdiff_t>(frame.first_event);
    held.events.assign(std::make_move_iterator(first), std::make_move_iterator(first + frame.event_count));
    GH_CHECK_OK(TakeInFrame(held));
    Release(batch);
    const bool goes =
        held_.empty() && std::ranges::all_of(held.pieces, [](const Piece& piece) { return piece.place.IsSettled(); });
    if (goes) {
      LetGo(held, batch);
    } else {
      held.Own();
      held_.push_back(std::move(held));
      held_.back().raw = held_.back().own;  // a short one moved
    }
  }
  Split();
  return base::Ok();
}

Status GuardedFrames::TakeInFrame(Held& held) {
  if (held.raw.empty()) return base::Ok();
  codec::sse::Parser parser;
  codec::sse::Frame frame;
  parser.Feed(held.raw);
  GH_TRY(auto outcome, parser.Next(frame));
  if (outcome == codec::sse::Parser::Outcome::kNeedMore) {
    GH_TRY(outcome, parser.Finish(frame));
    if (outcome == codec::sse::Parser::Outcome::kNeedMore) return base::Ok();
  }
  if (frame.data.empty() || frame.data == "[DONE]") return base::Ok();
  const bool is_inside = frame.data.data() >= held.raw.data() && frame.data.data() < held.raw.data() + held.raw.size();
  if (is_inside) {
    held.data = static_cast<std::size_t>(frame.data.data() - held.raw.data());
  } else {
    // Several lines of data: in a JSON text a line's end is white space.
    std::string line(frame.data);
    std::ranges::replace(line, '\n', ' ');
    codec::sse::AppendFrame(held.own, frame.event, line);
    held.raw = held.own;
    held.data = held.own.find(line);
  }
  held.data_size = frame.data.size();
  return LookAtData(held);
}

Status GuardedFrames::LookAtData(Held& held) {
  if (!document_.Parse(held.Data()).ok()) return NotItsDialect("a frame that is no JSON");
  const TextTable& table = inspection().settings().tables.Of(dialect_, BodyKind::kFrame);
  GH_TRY(auto changed, inspection().LookAtBody(held.Data(), document_.root(), table, pipeline::Side::kAnswer));
  if (changed) {
    held.SetData(*changed);
    if (!document_.Parse(held.Data()).ok()) return base::Internal("a changed frame is no JSON");
  }
  return AddPieces(held);
}

Status GuardedFrames::AddPieces(Held& held) {
  deltas_.Clear();
  ReadDeltas(dialect_, document_.root(), deltas_);
  for (const DeltaPiece& delta : deltas_.pieces) {
    GH_TRY(const AnswerTexts::Place place, texts().Add(delta));
    held.pieces.push_back({.place = place, .offset = delta.offset, .length = delta.length});
  }
  LeadRest(held);
  for (const TextKey& key : deltas_.ended) GH_CHECK_OK(texts().End(key));
  for (const Piece& piece : held.pieces) GH_CHECK_OK(texts().Settle(piece.place));
  return base::Ok();
}

void GuardedFrames::Release(llm::Batch& batch) {
  while (!held_.empty()) {
    Held& held = held_.front();
    const auto settled = [](const Piece& piece) { return piece.place.IsSettled(); };
    if (!std::ranges::all_of(held.pieces, settled)) return;
    LetGo(held, batch);
    held_.pop_front();
  }
}

void GuardedFrames::Split() {
  // Frames of Responses are numbered: none can be added.
  if (held_.size() != 1 || rest_ || dialect_ == llm::DialectId::kOpenAiResponses) return;
  Held& held = held_.front();
  if (held.pieces.size() != 1) return;
  auto rest = held.pieces.front().place.CutSettled();
  if (!rest) return;
  rest_ = Held{.raw = held.raw, .data = held.data, .data_size = held.data_size, .pieces = held.pieces};
  rest_->Own();
  rest_->pieces.front().place = *rest;
  held.pieces.front().range = rest_->pieces.front().range = Piece::Range::kOther;
}

// What a frame was split from leads the next piece of its text; before anything else it goes by itself.
void GuardedFrames::LeadRest(Held& held) {
  if (!rest_) return;
  const AnswerTexts::Place& rest = rest_->pieces.front().place;
  for (Piece& piece : held.pieces) {
    if (piece.place.text != rest.text) continue;
    piece.place.begin = rest.begin;
    piece.range = Piece::Range::kOther;
    rest_.reset();
    return;
  }
  GiveRest();
}

void GuardedFrames::GiveRest() {
  if (!rest_) return;
  held_.push_back(std::move(*rest_));
  held_.back().raw = held_.back().own;
  rest_.reset();
}

void GuardedFrames::Rewrite(Held& held) {
  std::vector<json::Edit> edits;
  for (const Piece& piece : held.pieces) {
    const AnswerText::Piece taken = piece.place.Take();
    if (taken.state == AnswerText::Piece::State::kSame && piece.range == Piece::Range::kOwn) continue;
    json::Edit edit{.offset = piece.offset, .length = piece.length, .replacement = {}};
    json::AppendQuoted(edit.replacement, taken.text);
    edits.push_back(std::move(edit));
  }
  if (edits.empty()) return;
  if (document_.Parse(held.Data()).ok()) AddLogprobEdits(document_.root(), edits);
  held.SetData(json::Apply(held.Data(), edits));
}

void GuardedFrames::LetGo(Held& held, llm::Batch& batch) {
  Rewrite(held);
  for (const Piece& piece : held.pieces) piece.place.Forget();
  std::string_view raw = held.raw;
  if (!held.own.empty()) raw = released_.emplace_back(std::move(held.own));
  batch.frames.push_back({.raw = raw,
                          .first_event = static_cast<std::uint32_t>(batch.events.size()),
                          .event_count = static_cast<std::uint32_t>(held.events.size())});
  std::ranges::move(held.events, std::back_inserter(batch.events));
}

net::Task<Status> GuardedBody::Ask(const llm::Batch& incoming) {
  json::Document document;
  if (incoming.frames.empty() || !document.Parse(incoming.frames.front().raw).ok()) co_return base::Ok();
  const TextTable& table = inspection().settings().tables.Of(dialect_, BodyKind::kAnswer);
  co_return co_await inspection().AskAboutBody(document.root(), table, pipeline::Side::kAnswer);
}

Status GuardedBody::TakeIn(llm::Batch& incoming, llm::Batch& batch) {
  json::Document document;
  const std::string_view raw = incoming.frames.empty() ? std::string_view() : incoming.frames.front().raw;
  if (!document.Parse(raw).ok()) return NotItsDialect("a body that is no JSON");
  const TextTable& table = inspection().settings().tables.Of(dialect_, BodyKind::kAnswer);
  GH_TRY(auto changed, inspection().LookAtBody(raw, document.root(), table, pipeline::Side::kAnswer));
  batch.events = std::move(incoming.events);
  batch.frames = std::move(incoming.frames);
  if (changed) {
    // The body was checked a moment ago: what is left is to take the tokens' probabilities out.
    std::vector<json::Edit> edits;
    if (document.Parse(*changed).ok()) AddLogprobEdits(document.root(), edits);
    body_ = json::Apply(*changed, edits);
    batch.frames.front().raw = body_;
  }
  incoming.Clear();
  return base::Ok();
}

}  // namespace gatehouse::features::guard
