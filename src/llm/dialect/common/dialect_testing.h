#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json/document.h"
#include "codec/sse/sse.h"
#include "llm/dialect.h"

// What the tests of the dialects share: whole journeys of a request or an answer in one call.
namespace gatehouse::llm::dialect::common::testing {

inline base::Result<ChatRequest> Decode(const ChatDialect& dialect, std::string_view body,
                                        const RequestPath& path = {}) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return dialect.DecodeRequest(document.root(), path);
}

// A client's body of one dialect as the body of another.
inline base::Result<EncodedRequest> Translate(const ChatDialect& from, const ChatDialect& to, std::string_view body,
                                              const EncodeOptions& options = {}) {
  GH_TRY(const ChatRequest request, Decode(from, body));
  return to.EncodeRequest(request, options);
}

// Decodes a stream of server-sent events that arrives in pieces of `piece` bytes.
inline base::Status DecodeStream(ResponseDecoder& decoder, std::string_view bytes, std::vector<Event>& events,
                                 Detail detail = Detail::kFull, std::size_t piece = std::string_view::npos) {
  codec::sse::Parser parser;
  codec::sse::Frame frame;
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    parser.Feed(part);
    while (true) {
      GH_TRY(const auto outcome, parser.Next(frame));
      if (outcome == codec::sse::Parser::Outcome::kNeedMore) break;
      GH_CHECK_OK(decoder.Decode(frame.event, frame.data, detail, events));
    }
  }
  GH_TRY(const auto rest, parser.Finish(frame));
  if (rest == codec::sse::Parser::Outcome::kFrame) {
    GH_CHECK_OK(decoder.Decode(frame.event, frame.data, detail, events));
  }
  return decoder.Finish(detail, events);
}

// The frames that a client of `to` reads for these events, the end included.
inline std::string EncodeStream(const ChatDialect& to, const std::vector<Event>& events,
                                const AnswerContext& context = {}) {
  const auto encoder = to.NewEncoder(context);
  std::string out;
  for (const Event& event : events) encoder->Encode(event, out);
  encoder->Finish(out);
  return out;
}

// The `data` of every frame, one a line, with its event name before it where it has one.
inline std::string Lines(std::string_view stream) {
  codec::sse::Parser parser;
  codec::sse::Frame frame;
  std::string lines;
  parser.Feed(stream);
  while (true) {
    const auto outcome = parser.Next(frame);
    GH_CHECK(outcome.ok());
    if (outcome.value() == codec::sse::Parser::Outcome::kNeedMore) return lines;
    if (!frame.event.empty()) lines.append(frame.event).append(" ");
    lines.append(frame.data).append("\n");
  }
}

inline Answer Collect(const std::vector<Event>& events) {
  Collector collector;
  for (const Event& event : events) collector.Add(event);
  return std::move(collector).Take();
}

}  // namespace gatehouse::llm::dialect::common::testing
