#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "codec/json/document.h"
#include "llm/dialect/common/dialect_testing.h"

// What every dialect has to keep, whatever bytes come: for the fuzz targets beside the dialects.
namespace gatehouse::llm::dialect::common::testing {

inline constexpr DialectId kEveryDialect[] = {DialectId::kOpenAiChat, DialectId::kOpenAiResponses,
                                              DialectId::kAnthropic, DialectId::kGemini, DialectId::kBedrock};

inline void CheckJson(std::string_view text) {
  codec::json::Document document;
  GH_CHECK(document.Parse(text).ok());
}

// A request that is understood becomes JSON in every dialect, and in its own one that says the same when it is read
// again.
inline void FuzzRequest(const ChatDialect& dialect, std::string_view body) {
  auto request = Decode(dialect, body);
  if (!request.ok()) return;
  constexpr EncodeOptions kOptions{.model = "model", .default_max_output_tokens = 4096};
  for (const DialectId id : kEveryDialect) {
    const ChatDialect* target = FindChatDialect(id);
    if (target == nullptr) continue;
    const auto encoded = target->EncodeRequest(request.value(), kOptions);
    if (encoded.ok()) CheckJson(encoded.value().body);
  }
  const auto once = dialect.EncodeRequest(request.value(), kOptions);
  if (!once.ok()) return;
  const auto again = Decode(dialect, once.value().body);
  GH_CHECK(again.ok());
  const auto twice = dialect.EncodeRequest(again.value(), kOptions);
  GH_CHECK(twice.ok() && twice.value().body == once.value().body);
}

// An answer that is understood becomes, in every dialect of server-sent events, a stream that its own decoder
// understands, and JSON when it is whole.
inline void FuzzEvents(const std::vector<Event>& events) {
  for (const DialectId id : kEveryDialect) {
    const ChatDialect* surface = FindChatDialect(id);
    if (surface == nullptr || surface->framing() != Framing::kSse) continue;
    CheckJson(surface->EncodeWhole(Collect(events), {.id = "fuzz"}));
    std::vector<Event> read;
    const std::string stream = EncodeStream(*surface, events, {.id = "fuzz", .include_usage = true});
    static_cast<void>(DecodeStream(*surface->NewDecoder({}), stream, read));
  }
}

// Pieces of any size give the same answer.
inline void FuzzStream(const ChatDialect& dialect, std::string_view bytes) {
  std::vector<Event> events;
  const bool ok = DecodeStream(*dialect.NewDecoder({}), bytes, events).ok();
  std::vector<Event> pieced;
  GH_CHECK(DecodeStream(*dialect.NewDecoder({}), bytes, pieced, Detail::kFull, 3).ok() == ok);
  GH_CHECK(pieced.size() == events.size());
  std::vector<Event> metered;
  static_cast<void>(DecodeStream(*dialect.NewDecoder({}), bytes, metered, Detail::kUsage));
  FuzzEvents(events);
}

inline void FuzzWhole(const ChatDialect& dialect, std::string_view body) {
  std::vector<Event> events;
  if (dialect.NewDecoder({})->DecodeWhole(body, Detail::kFull, events).ok()) FuzzEvents(events);
}

// The first byte chooses what the rest is read as.
inline int FuzzDialect(const ChatDialect& dialect, const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(bytes + 1, bytes + size);
  switch (bytes[0] % 4) {
    case 0: FuzzRequest(dialect, text); break;
    case 1: FuzzStream(dialect, text); break;
    case 2: FuzzWhole(dialect, text); break;
    default: static_cast<void>(dialect.DecodeError(bytes[0], text)); break;
  }
  return 0;
}

}  // namespace gatehouse::llm::dialect::common::testing
