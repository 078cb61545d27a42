#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "llm/dialect.h"

namespace gatehouse::providers::common {

// One frame of a streamed answer, whatever its framing.
struct WireFrame {
  std::string_view event;  // SSE event name, event-stream type
  std::string_view data;
  std::string_view raw;  // as it came; valid until the next Feed(). The others: until the next call.
};

// Cuts a byte stream into frames. One answer, one reader.
class FrameReader {
 public:
  enum class Outcome : std::uint8_t { kFrame, kNeedMore };

  virtual ~FrameReader() = default;
  virtual void Feed(std::string_view bytes) = 0;
  virtual base::Result<Outcome> Next(WireFrame& frame) = 0;
  // At the end of the stream: what was left without its end, or an error where the framing forbids that.
  virtual base::Result<Outcome> Finish(WireFrame& frame) = 0;
};

std::unique_ptr<FrameReader> NewFrameReader(llm::Framing framing);

}  // namespace gatehouse::providers::common
