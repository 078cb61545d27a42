#include "providers/common/upstream_events.h"

#include <algorithm>
#include <utility>

#include "codec/json/document.h"

namespace gatehouse::providers::common {
namespace {

// An OpenAI usage chunk carries no choices; a chunk that carries both keeps its place.
bool IsBareUsageFrame(std::string_view data) {
  codec::json::Document document;
  return document.Parse(data).ok() && document.root()["choices"].empty();
}

}  // namespace

bool HasContent(const llm::Event& event) {
  return !std::holds_alternative<llm::Started>(event) && !std::holds_alternative<llm::UsageReported>(event) &&
         !std::holds_alternative<llm::OpaqueEvent>(event);
}

net::Task<base::Result<llm::EventSource::Outcome>> StreamedEvents::Pull(llm::Batch& batch) {
  batch.Clear();
  if (failure_) co_return std::move(*std::exchange(failure_, std::nullopt));
  while (!ended_) {
    auto piece = co_await response_->ReadBody();
    if (!piece.ok()) co_return std::move(piece).TakeError();
    base::Status status = base::Ok();
    if (piece.value().empty()) {
      ended_ = true;
      status = DecodeEnd(batch);
    } else {
      frames_->Feed(piece.value());
      status = DecodeAll(batch);
    }
    if (!status.ok() || !batch.frames.empty() || !batch.events.empty()) co_return Deliver(std::move(status), batch);
  }
  co_return Outcome::kEnd;
}

base::Result<llm::EventSource::Outcome> StreamedEvents::Deliver(base::Status status, const llm::Batch& batch) {
  if (status.ok()) return Outcome::kBatch;
  base::Error error = std::move(status).TakeError();
  if (batch.frames.empty()) return error;
  failure_ = std::move(error);
  return Outcome::kBatch;
}

base::Status StreamedEvents::DecodeAll(llm::Batch& batch) {
  for (;;) {
    WireFrame frame;
    GH_TRY(const auto outcome, frames_->Next(frame));
    if (outcome == FrameReader::Outcome::kNeedMore) return base::Ok();
    GH_CHECK_OK(Decode(frame, batch));
  }
}

base::Status StreamedEvents::DecodeEnd(llm::Batch& batch) {
  WireFrame frame;
  GH_TRY(const auto outcome, frames_->Finish(frame));
  if (outcome == FrameReader::Outcome::kFrame) GH_CHECK_OK(Decode(frame, batch));
  const std::size_t before = batch.events.size();
  GH_CHECK_OK(decoder_->Finish(content_seen_ ? detail_ : llm::Detail::kFull, batch.events));
  if (batch.events.size() != before) {
    batch.frames.push_back({.raw = {},
                            .first_event = static_cast<std::uint32_t>(before),
                            .event_count = static_cast<std::uint32_t>(batch.events.size() - before)});
  }
  return base::Ok();
}

base::Status StreamedEvents::Decode(const WireFrame& frame, llm::Batch& batch) {
  const std::size_t before = batch.events.size();
  GH_CHECK_OK(decoder_->Decode(frame.event, frame.data, content_seen_ ? detail_ : llm::Detail::kFull, batch.events));
  llm::Frame out{.raw = frame.raw,
                 .first_event = static_cast<std::uint32_t>(before),
                 .event_count = static_cast<std::uint32_t>(batch.events.size() - before)};
  if (!content_seen_) {
    content_seen_ =
        std::any_of(batch.events.begin() + static_cast<std::ptrdiff_t>(before), batch.events.end(), HasContent);
  }
  const bool only_usage = out.event_count == 1 && std::holds_alternative<llm::UsageReported>(batch.events.back());
  if (usage_frame_ == PreparedBody::UsageFrame::kOurs && only_usage && IsBareUsageFrame(frame.data)) out.raw = {};
  batch.frames.push_back(out);
  return base::Ok();
}

base::Result<std::unique_ptr<CollectedEvents>> CollectedEvents::Decode(std::string body, llm::ResponseDecoder& decoder,
                                                                       llm::Detail detail, Raw raw) {
  std::unique_ptr<CollectedEvents> answer(new CollectedEvents(std::move(body)));
  llm::Batch& batch = answer->batch_;
  GH_CHECK_OK(decoder.DecodeWhole(answer->body_, detail, batch.events));
  answer->document_ = decoder.TakeDocument();
  batch.document = &answer->document_;
  batch.raw_is_current = raw == Raw::kPass;
  batch.frames.push_back(
      {.raw = answer->body_, .first_event = 0, .event_count = static_cast<std::uint32_t>(batch.events.size())});
  return answer;
}

net::Task<base::Result<llm::EventSource::Outcome>> CollectedEvents::Pull(llm::Batch& batch) {
  batch.Clear();
  if (std::exchange(done_, true)) co_return Outcome::kEnd;
  batch = std::move(batch_);
  co_return Outcome::kBatch;
}

}  // namespace gatehouse::providers::common
