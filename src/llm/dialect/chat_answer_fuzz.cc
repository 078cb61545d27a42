// A provider's answer: any bytes, streamed or whole, give events or an error; events encode for every surface as frames
// of JSON; nothing grows without bound. The first byte picks the dialect, the second the way.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json/document.h"
#include "codec/sse/sse.h"
#include "llm/dialect.h"
#include "llm/event.h"

namespace {

using namespace gatehouse;  // NOLINT(google-build-using-namespace): a program of its own

constexpr llm::DialectId kDialects[] = {
    llm::DialectId::kOpenAiChat, llm::DialectId::kOpenAiResponses, llm::DialectId::kOpenAiCompletions,
    llm::DialectId::kAnthropic,  llm::DialectId::kGemini,          llm::DialectId::kBedrock,
    llm::DialectId::kCohere,
};
constexpr codec::json::Limits kLimits{.depth = 512};

using Events = std::vector<llm::Event>;

base::Status DecodeStream(const llm::ChatDialect& dialect, std::string_view bytes, llm::Detail detail, Events& events) {
  const auto decoder = dialect.NewDecoder({});
  codec::sse::Parser parser;
  parser.Feed(bytes);
  codec::sse::Frame frame;
  while (true) {
    GH_TRY(const auto outcome, parser.Next(frame));
    if (outcome == codec::sse::Parser::Outcome::kNeedMore) break;
    GH_CHECK_OK(decoder->Decode(frame.event, frame.data, detail, events));
  }
  return decoder->Finish(detail, events);
}

void ExpectJson(std::string_view text) {
  codec::json::Document document;
  GH_CHECK(document.Parse(text, kLimits).ok());
}

void ExpectFramesOfJson(std::string_view stream) {
  codec::sse::Parser parser;
  parser.Feed(stream);
  codec::sse::Frame frame;
  while (true) {
    const auto outcome = parser.Next(frame);
    GH_CHECK(outcome.ok());
    if (outcome.value() == codec::sse::Parser::Outcome::kNeedMore) return;
    if (frame.data != "[DONE]") ExpectJson(frame.data);
  }
}

void Encode(const llm::ChatDialect& surface, const Events& events, const base::Status& status) {
  const llm::ChatRequest request{.model = "m"};
  const llm::AnswerContext context{.id = "x", .model = "m", .include_usage = true, .request = &request};
  const auto encoder = surface.NewEncoder(context);
  std::string out;
  llm::Collector collector;
  for (const llm::Event& event : events) {
    encoder->Encode(event, out);
    collector.Add(event);
  }
  status.ok() ? encoder->Finish(out) : encoder->Fail(status.error(), "request", out);
  if (surface.framing() == llm::Framing::kSse) ExpectFramesOfJson(out);
  if (status.ok()) ExpectJson(surface.EncodeWhole(std::move(collector).Take(), context));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const llm::ChatDialect* origin = llm::FindChatDialect(kDialects[data[0] % std::size(kDialects)]);
  if (origin == nullptr) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto detail = (data[1] & 1U) != 0 ? llm::Detail::kUsage : llm::Detail::kFull;
  Events events;
  const bool whole = (data[1] & 2U) != 0;
  const auto status =
      whole ? origin->NewDecoder({})->DecodeWhole(bytes, detail, events) : DecodeStream(*origin, bytes, detail, events);
  GH_CHECK(events.size() <= 256 + 8 * bytes.size());
  GH_CHECK(!origin->DecodeError(400, bytes).public_message.empty());
  if (detail == llm::Detail::kUsage) return 0;
  for (const llm::DialectId id : kDialects) {
    if (const llm::ChatDialect* surface = llm::FindChatDialect(id)) Encode(*surface, events, status);
  }
  return 0;
}
