#include "features/guard/guarded_answer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/json/splice.h"
#include "codec/json/writer.h"
#include "codec/sse/sse.h"
#include "codec/text/utf8.h"

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
      Status status = inspection_->EnterCalls(incoming_.events);
      if (status.ok() && MustPrepare(incoming_)) status = co_await Prepare(incoming_);
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

bool GuardedFrames::Held::IsSettled() const {
  return std::ranges::all_of(pieces, [](const Piece& piece) { return piece.place.IsSettled(); });
}

void GuardedFrames::Held::Own() {
  if (own.empty()) own = came;
}

void GuardedFrames::Held::SetData(std::string_view changed) {
  const std::string_view raw = Raw();
  std::string frame(raw.substr(0, data));
  frame.append(changed).append(raw.substr(data + data_size));
  own = std::move(frame);
  data_size = changed.size();
}

Status GuardedFrames::TakeIn(llm::Batch& incoming, llm::Batch& batch) {
  released_.clear();
  for (const llm::Frame& frame : incoming.frames) {
    Held held{.came = frame.raw};
    const auto first = incoming.events.begin() + static_cast<std::ptrdiff_t>(frame.first_event);
    held.events.assign(std::make_move_iterator(first), std::make_move_iterator(first + frame.event_count));
    GH_CHECK_OK(TakeInFrame(held));
    Release(batch);
    if (held_.empty() && held.IsSettled()) {
      LetGo(held, batch);
    } else {
      held.size = held.Raw().size() + sizeof(Held);
      GH_CHECK_OK(texts().Hold(held.size));
      held_.push_back(std::move(held));
    }
  }
  Split();
  for (; kept_ < held_.size(); ++kept_) held_[kept_].Own();
  // Between two batches a stream holds no memory for one.
  document_.Release();
  return base::Ok();
}

Status GuardedFrames::TakeInFrame(Held& held) {
  if (held.came.empty()) return base::Ok();
  GH_TRY(const Like like, TakeInLike(held));
  if (like == Like::kSame) return base::Ok();
  codec::sse::Parser parser;
  codec::sse::Frame frame;
  parser.Feed(held.came);
  GH_TRY(auto outcome, parser.Next(frame));
  if (outcome == codec::sse::Parser::Outcome::kNeedMore) {
    GH_TRY(outcome, parser.Finish(frame));
    if (outcome == codec::sse::Parser::Outcome::kNeedMore) return base::Ok();
  }
  if (frame.data.empty() || frame.data == "[DONE]") return base::Ok();
  const std::string_view raw = held.came;
  const bool is_inside = frame.data.data() >= raw.data() && frame.data.data() < raw.data() + raw.size();
  if (is_inside) {
    held.data = static_cast<std::size_t>(frame.data.data() - raw.data());
  } else {
    // Several lines of data: in a JSON text a line's end is white space.
    std::string line(frame.data);
    std::ranges::replace(line, '\n', ' ');
    codec::sse::AppendFrame(held.own, frame.event, line);
    held.data = held.own.find(line);
  }
  held.data_size = frame.data.size();
  return LookAtData(held);
}

base::Result<GuardedFrames::Like> GuardedFrames::TakeInLike(Held& held) {
  if (!pattern_) return Like::kOther;
  const auto& [before, after, data, data_rest, like] = *pattern_;
  const std::string_view raw = held.came;
  if (raw.size() < before.size() + after.size() || !raw.starts_with(before) || !raw.ends_with(after)) {
    return Like::kOther;
  }
  const std::string_view text = raw.substr(before.size(), raw.size() - before.size() - after.size());
  const bool is_plain =
      std::ranges::none_of(text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
  if (!is_plain || text.empty() || !codec::text::IsValidUtf8(text)) return Like::kOther;
  held.data = data;
  held.data_size = data_rest + text.size();
  DeltaPiece piece = like;
  piece.text = text;
  piece.length = text.size() + 2;
  GH_CHECK_OK(AddPiece(piece, held));
  LeadRest(held);
  GH_CHECK_OK(texts().Settle(held.pieces.front().place));
  return Like::kSame;
}

// A frame of one piece, in which nothing else is text.
void GuardedFrames::LearnPattern(const Held& held) {
  if (deltas_.pieces.size() != 1 || !deltas_.ended.empty() || !held.own.empty()) return;
  const DeltaPiece& piece = deltas_.pieces.front();
  const std::size_t begin = held.data + piece.offset + 1;
  const std::size_t end = held.data + piece.offset + piece.length - 1;
  pattern_ = Pattern{.before = std::string(held.came.substr(0, begin)),
                     .after = std::string(held.came.substr(end)),
                     .data = held.data,
                     .data_rest = held.data_size - (end - begin),
                     .piece = piece};
  pattern_->piece.text = {};
}

Status GuardedFrames::LookAtData(Held& held) {
  if (!document_.Parse(held.Data()).ok()) return NotItsDialect("a frame that is no JSON");
  const TextTable& table = inspection().settings().tables.Of(dialect_, BodyKind::kFrame);
  const std::uint64_t scanned = inspection().scanned_bytes();
  GH_TRY(auto changed, inspection().LookAtBody(held.Data(), document_.root(), table, pipeline::Side::kAnswer));
  const std::uint64_t looked_at = inspection().scanned_bytes() - scanned;
  if (changed) {
    held.SetData(*changed);
    if (!document_.Parse(held.Data()).ok()) return base::Internal("a changed frame is no JSON");
  }
  GH_CHECK_OK(AddPieces(held));
  pattern_.reset();
  if (looked_at == 0) LearnPattern(held);
  return base::Ok();
}

Status GuardedFrames::AddPiece(const DeltaPiece& delta, Held& held) {
  GH_TRY(const AnswerTexts::Place place, texts().Add(delta));
  held.pieces.push_back({.place = place, .offset = delta.offset, .length = delta.length});
  return base::Ok();
}

Status GuardedFrames::AddPieces(Held& held) {
  deltas_.Clear();
  ReadDeltas(dialect_, document_.root(), deltas_);
  for (const DeltaPiece& delta : deltas_.pieces) GH_CHECK_OK(AddPiece(delta, held));
  LeadRest(held);
  for (const TextKey& key : deltas_.ended) GH_CHECK_OK(texts().End(key));
  for (const Piece& piece : held.pieces) GH_CHECK_OK(texts().Settle(piece.place));
  return base::Ok();
}

void GuardedFrames::Release(llm::Batch& batch) {
  const auto waits = std::ranges::find_if(held_, [](const Held& held) { return !held.IsSettled(); });
  for (auto held = held_.begin(); held != waits; ++held) LetGo(*held, batch);
  kept_ -= std::min(kept_, static_cast<std::size_t>(waits - held_.begin()));
  held_.erase(held_.begin(), waits);
}

void GuardedFrames::Split() {
  // Frames of Responses are numbered: none can be added.
  if (held_.size() != 1 || rest_ || dialect_ == llm::DialectId::kOpenAiResponses) return;
  Held& held = held_.front();
  if (held.pieces.size() != 1) return;
  auto rest = held.pieces.front().place.CutSettled();
  if (!rest) return;
  rest_ = Held{.came = {},
               .own = std::string(held.Raw()),
               .data = held.data,
               .data_size = held.data_size,
               .pieces = held.pieces};
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
  rest_.reset();
}

void GuardedFrames::Rewrite(Held& held) {
  std::vector<json::Edit> edits;
  for (const Piece& piece : held.pieces) {
    if (piece.range == Piece::Range::kOwn && !piece.place.IsChanged()) continue;
    json::Edit edit{.offset = piece.offset, .length = piece.length, .replacement = {}};
    json::AppendQuoted(edit.replacement, piece.place.Take().text);
    edits.push_back(std::move(edit));
  }
  if (edits.empty()) return;
  if (document_.Parse(held.Data()).ok()) AddLogprobEdits(document_.root(), edits);
  held.SetData(json::Apply(held.Data(), edits));
}

void GuardedFrames::LetGo(Held& held, llm::Batch& batch) {
  texts().LetGo(std::exchange(held.size, 0));
  Rewrite(held);
  for (const Piece& piece : held.pieces) piece.place.Forget();
  std::string_view raw = held.came;
  if (!held.own.empty()) raw = *released_.emplace_back(std::make_unique<std::string>(std::move(held.own)));
  batch.frames.push_back({.raw = raw,
                          .first_event = static_cast<std::uint32_t>(batch.events.size()),
                          .event_count = static_cast<std::uint32_t>(held.events.size())});
  std::ranges::move(held.events, std::back_inserter(batch.events));
}

bool GuardedBody::MustPrepare(const llm::Batch& incoming) const {
  const bool is_long = !incoming.frames.empty() && incoming.frames.front().raw.size() >= Inspection::kLong;
  return is_long || inspection().Asks(pipeline::Side::kAnswer);
}

namespace {

// What the body of a whole answer is, parsed into `own` where nobody has kept that; null where it is no JSON.
const json::Document* ParsedBody(const llm::Batch& whole, json::Document& own) {
  if (const json::Document* const known = whole.Parsed()) return known;
  const std::string_view body = whole.frames.empty() ? std::string_view() : whole.frames.front().raw;
  return own.Parse(body).ok() ? &own : nullptr;
}

}  // namespace

net::Task<Status> GuardedBody::Prepare(const llm::Batch& incoming) {
  json::Document own;
  const json::Document* const document = ParsedBody(incoming, own);
  if (document == nullptr) co_return base::Ok();
  const TextTable& table = inspection().settings().tables.Of(dialect_, BodyKind::kAnswer);
  if (inspection().Asks(pipeline::Side::kAnswer)) {
    GH_CO_CHECK_OK(co_await inspection().AskAboutBody(document->root(), table, pipeline::Side::kAnswer));
  }
  if (incoming.frames.front().raw.size() >= Inspection::kLong) {
    co_await inspection().ScanAhead(document->root(), table);
  }
  co_return base::Ok();
}

base::Result<std::optional<std::string>> LookAtWhole(Inspection& inspection, const llm::Batch& whole,
                                                     llm::DialectId dialect) {
  json::Document own;
  const json::Document* const document = ParsedBody(whole, own);
  if (document == nullptr) return NotItsDialect("a body that is no JSON");
  const TextTable& table = inspection.settings().tables.Of(dialect, BodyKind::kAnswer);
  GH_TRY(auto changed, inspection.LookAtBody(document->text(), document->root(), table, pipeline::Side::kAnswer));
  if (!changed) return std::optional<std::string>();
  // The body was checked a moment ago: what is left is to take the tokens' probabilities out.
  std::vector<json::Edit> edits;
  if (own.Parse(*changed).ok()) AddLogprobEdits(own.root(), edits);
  return std::optional(json::Apply(*changed, edits));
}

Status GuardedBody::TakeIn(llm::Batch& incoming, llm::Batch& batch) {
  GH_TRY(auto changed, LookAtWhole(inspection(), incoming, dialect_));
  batch = std::exchange(incoming, llm::Batch());
  if (!changed) return base::Ok();
  body_ = *std::move(changed);
  batch.frames.front().raw = body_;
  return base::Ok();
}

}  // namespace gatehouse::features::guard
