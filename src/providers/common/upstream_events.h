#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/client.h"
#include "llm/dialect.h"
#include "llm/event.h"
#include "providers/common/frame_reader.h"
#include "providers/common/request_body.h"

namespace gatehouse::providers::common {

// An upstream's streamed answer as events, with the raw frames beside them. Pulls one network read at a time. Dropping
// it closes the upstream call. Events up to the first one with content are always decoded in full, so that whoever
// chose this upstream can tell an early failure from an answer.
class StreamedEvents final : public llm::EventSource {
 public:
  StreamedEvents(std::unique_ptr<http::ClientResponse> response, std::unique_ptr<FrameReader> frames,
                 std::unique_ptr<llm::ResponseDecoder> decoder, llm::Detail detail,
                 PreparedBody::UsageFrame usage_frame)
      : response_(std::move(response)),
        frames_(std::move(frames)),
        decoder_(std::move(decoder)),
        detail_(detail),
        usage_frame_(usage_frame) {}

  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override;

 private:
  base::Status Decode(const WireFrame& frame, llm::Batch& batch);
  base::Status DecodeAll(llm::Batch& batch);
  base::Status DecodeEnd(llm::Batch& batch);
  // Gives back what was decoded before a failure first; the failure comes with the next Pull.
  base::Result<Outcome> Deliver(base::Status status, const llm::Batch& batch);

  std::unique_ptr<http::ClientResponse> response_;
  std::unique_ptr<FrameReader> frames_;
  std::unique_ptr<llm::ResponseDecoder> decoder_;
  const llm::Detail detail_;
  const PreparedBody::UsageFrame usage_frame_;
  bool content_seen_ = false;
  bool ended_ = false;
  std::optional<base::Error> failure_;
};

// A whole answer as one batch of one frame.
class CollectedEvents final : public llm::EventSource {
 public:
  // With kReencode the body is not in the client's framing and its frame is not to be passed on.
  enum class Raw : std::uint8_t { kPass, kReencode };
  // The answer of that body. An error: it is none.
  static base::Result<std::unique_ptr<CollectedEvents>> Decode(std::string body, llm::ResponseDecoder& decoder,
                                                               llm::Detail detail, Raw raw);

  net::Task<base::Result<Outcome>> Pull(llm::Batch& batch) override;
  llm::Batch* Whole() override { return done_ ? nullptr : &batch_; }

 private:
  explicit CollectedEvents(std::string body) : body_(std::move(body)) {}

  const std::string body_;
  codec::json::Document document_;  // of the body
  llm::Batch batch_;
  bool done_ = false;
};

// True for an event that a client would see: text, a tool call, an end.
bool HasContent(const llm::Event& event);

}  // namespace gatehouse::providers::common
