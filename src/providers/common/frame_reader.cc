#include "providers/common/frame_reader.h"

#include <string>
#include <utility>

#include "codec/eventstream/eventstream.h"
#include "codec/sse/sse.h"

namespace gatehouse::providers::common {
namespace {

class SseFrames final : public FrameReader {
 public:
  void Feed(std::string_view bytes) override { parser_.Feed(bytes); }
  base::Result<Outcome> Next(WireFrame& frame) override { return Convert(parser_.Next(frame_), frame); }
  base::Result<Outcome> Finish(WireFrame& frame) override { return Convert(parser_.Finish(frame_), frame); }

 private:
  base::Result<Outcome> Convert(base::Result<codec::sse::Parser::Outcome> outcome, WireFrame& frame) {
    if (!outcome.ok()) return std::move(outcome).TakeError();
    if (outcome.value() == codec::sse::Parser::Outcome::kNeedMore) return Outcome::kNeedMore;
    frame = {.event = frame_.event, .data = frame_.data, .raw = frame_.raw};
    return Outcome::kFrame;
  }

  codec::sse::Parser parser_;
  codec::sse::Frame frame_;
};

// AWS event stream: the type is in the headers; no surface speaks it, so there is nothing to pass on raw.
class EventStreamFrames final : public FrameReader {
 public:
  void Feed(std::string_view bytes) override { decoder_.Feed(bytes); }
  base::Result<Outcome> Next(WireFrame& frame) override {
    GH_TRY(const auto outcome, decoder_.Next(message_));
    if (outcome == codec::eventstream::Decoder::Outcome::kNeedMore) return Outcome::kNeedMore;
    frame = {.event = Type(), .data = message_.payload, .raw = {}};
    return Outcome::kFrame;
  }
  base::Result<Outcome> Finish(WireFrame&) override {
    GH_CHECK_OK(decoder_.Finish());
    return Outcome::kNeedMore;
  }

 private:
  std::string_view Type() const {
    for (const std::string_view name : {":event-type", ":exception-type", ":error-code"}) {
      if (const auto type = message_.Text(name); !type.empty()) return type;
    }
    return {};
  }

  codec::eventstream::Decoder decoder_;
  codec::eventstream::Message message_;
};

// One JSON text per line.
class LineFrames final : public FrameReader {
 public:
  static constexpr std::size_t kMaxLine = 16U << 20U;

  void Feed(std::string_view bytes) override {
    carry_.erase(0, position_);
    position_ = 0;
    carry_.append(bytes);
  }
  base::Result<Outcome> Next(WireFrame& frame) override {
    const auto end = carry_.find('\n', position_);
    if (end == std::string::npos) {
      if (carry_.size() - position_ > kMaxLine) return TooLong();
      return Outcome::kNeedMore;
    }
    frame.event = {};
    frame.raw = std::string_view(carry_).substr(position_, end + 1 - position_);
    frame.data = frame.raw.substr(0, frame.raw.size() - 1);
    position_ = end + 1;
    return Outcome::kFrame;
  }
  base::Result<Outcome> Finish(WireFrame& frame) override {
    if (position_ == carry_.size()) return Outcome::kNeedMore;
    frame = {.event = {},
             .data = std::string_view(carry_).substr(position_),
             .raw = std::string_view(carry_).substr(position_)};
    position_ = carry_.size();
    return Outcome::kFrame;
  }

 private:
  static base::Error TooLong() {
    return base::Error{.code = base::ErrorCode::kBadUpstream,
                       .source = base::ErrorSource::kUpstream,
                       .retry = base::Retry::kOtherTarget,
                       .public_message = "The model provider sent a line longer than this gateway accepts.",
                       .detail = "JSON line over the limit"};
  }

  std::string carry_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<FrameReader> NewFrameReader(llm::Framing framing) {
  switch (framing) {
    case llm::Framing::kSse: return std::make_unique<SseFrames>();
    case llm::Framing::kEventStream: return std::make_unique<EventStreamFrames>();
    case llm::Framing::kJsonLines: return std::make_unique<LineFrames>();
  }
  return std::make_unique<SseFrames>();
}

}  // namespace gatehouse::providers::common
