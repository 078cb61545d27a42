#include "record/log/log_event.h"

#include <chrono>
#include <string_view>

#include "base/log.h"

namespace gatehouse::record::log {
namespace {

std::string_view NameOf(LogEvent::Kind kind) {
  switch (kind) {
    case LogEvent::Kind::kCreated: return "log.created";
    case LogEvent::Kind::kRepaired: return "log.repaired";
    case LogEvent::Kind::kKeyRotated: return "log.key_rotated";
    case LogEvent::Kind::kRecovered: return "log.recovered";
  }
  return "log.created";
}

std::string Microseconds(base::WallTime time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

void AppendText(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  base::AppendLogString(out, text);
}

}  // namespace

std::string DefaultEventText(const LogEvent& event) {
  std::string out = "{\"v\":1,\"t\":\"";
  out.append(NameOf(event.kind)).append("\",\"ts\":").append(Microseconds(event.at));
  AppendText(out, "origin", event.origin);
  out.append(",\"size\":").append(std::to_string(event.size));
  if (event.kind == LogEvent::Kind::kRepaired) {
    out.append(",\"dropped_bytes\":").append(std::to_string(event.dropped_bytes));
  }
  if (!event.old_key.empty()) AppendText(out, "old_key", event.old_key);
  if (!event.new_key.empty()) AppendText(out, "new_key", event.new_key);
  if (event.kind == LogEvent::Kind::kRecovered) out.append(",\"failed_from\":").append(Microseconds(event.failed_from));
  if (!event.detail.empty()) AppendText(out, "detail", event.detail);
  return out.append("}");
}

}  // namespace gatehouse::record::log
