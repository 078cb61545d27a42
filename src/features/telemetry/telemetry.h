#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "features/telemetry/tally.h"
#include "net/loop.h"
#include "pipeline/observer.h"

namespace gatehouse::features::telemetry {

enum class AccessLog : std::uint8_t { kOff, kOn };

// Appends the access-log line of one request, newline included. `time` is RFC 3339.
void AppendAccessLine(std::string& out, const pipeline::ExchangeEnd& end, std::string_view time);

// The present time as text; only the milliseconds are written anew within one second.
class TimeText {
 public:
  std::string_view Format(base::WallTime now);

 private:
  std::chrono::sys_seconds second_{};
  std::string text_;
};

// Counts and logs what became of the exchanges of one loop. One JSON line per request, gathered and handed to the
// writer in blocks. Belongs to its loop; `metrics` and `writer` outlive it. Dropping it hands over what is gathered.
class ExchangeTelemetry final : public pipeline::ExchangeObserver, private net::Timer {
 public:
  ExchangeTelemetry(net::Loop& loop, base::Metrics& metrics, std::size_t shard, base::LogWriter& writer,
                    AccessLog access_log);
  ~ExchangeTelemetry() override;

  void Began(pipeline::Surface surface) override;
  void Ended(const pipeline::ExchangeEnd& end) override;

 private:
  void OnTimer() override;
  void Flush();

  net::Loop& loop_;
  Tally tally_;
  base::LogWriter& writer_;
  const AccessLog access_log_;
  TimeText time_;
  std::string lines_;
};

}  // namespace gatehouse::features::telemetry
