#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "features/common/notice.h"

namespace gatehouse::features::alerts {

// A notice that was taken on: with a name and a time of its own. A value.
struct Alert {
  std::int64_t id = 0;  // random
  std::int64_t at_ms = 0;
  common::Notice notice;

  // As receivers know it, the same at every attempt: "alert_4611686018427387904".
  std::string name() const { return "alert_" + std::to_string(id); }
};

// What a webhook carries: {"type", "timestamp", "data": {...}} as Standard Webhooks advise. docs/formats/alerts.md.
std::string JsonOf(const Alert& alert);
// The facts as a JSON object.
std::string FactsJson(const common::Notice& notice);
// "2026-11-22T18:30:00Z".
std::string TimeText(std::int64_t milliseconds);

// What a receiver said, fit for a log, a database and a person: valid UTF-8 without control characters, cut.
std::string Printable(std::string_view text, std::size_t most_bytes);

}  // namespace gatehouse::features::alerts
