#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "base/clock.h"

namespace gatehouse::base {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Writes whole lines to a descriptor from its own thread, so that no loop ever waits for a pipe or a disk. Bounded:
// what does not fit is dropped and counted, and the count is written as a line of its own once there is room.
// Thread-safe. Dropping it writes what is queued.
class LogWriter {
 public:
  enum class Urgency : std::uint8_t {
    kNow,   // wakes the thread
    kSoon,  // within kPause: of lines that come by the thousand, so that many are written by one call
  };
  static constexpr std::chrono::milliseconds kPause{10};

  explicit LogWriter(int descriptor, std::size_t max_queued_bytes = 16U << 20U);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  // Queues complete lines, each with its \n.
  void Write(std::string_view lines, Urgency urgency = Urgency::kNow);
  std::uint64_t dropped() const;

 private:
  void Run();
  bool IsPressing() const;
  void WriteOut(std::string_view bytes) const;

  const int descriptor_;
  const std::size_t max_queued_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::string queued_;              // guarded by mutex_
  std::uint64_t dropped_ = 0;       // guarded by mutex_
  std::uint64_t dropped_told_ = 0;  // guarded by mutex_
  bool urgent_ = false;             // guarded by mutex_: something queued is
  bool stopping_ = false;           // guarded by mutex_
  bool idle_ = false;               // guarded by mutex_: the thread waits for whatever comes
  std::thread thread_;              // last: starts when the rest is ready
};

// One field of a log line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double> value;
  LogField(std::string_view field, std::string_view text) : name(field), value(text) {}
  LogField(std::string_view field, const char* text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, const std::string& text) : name(field), value(std::string_view(text)) {}
  LogField(std::string_view field, std::integral auto number) : name(field), value(static_cast<std::int64_t>(number)) {}
  LogField(std::string_view field, double number) : name(field), value(number) {}
};

// Structured lines for people who run the gateway: {"time":...,"level":...,"message":...,fields}. Never holds a secret
// or a prompt: callers pass only names, codes and figures. Thread-safe; `writer` and `clock` outlive it.
class Log {
 public:
  Log(LogWriter& writer, const Clock& clock, LogLevel threshold)
      : writer_(writer), clock_(clock), threshold_(threshold) {}

  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    Emit(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    Emit(LogLevel::kInfo, message, fields);
  }
  void Warning(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    Emit(LogLevel::kWarning, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) const {
    Emit(LogLevel::kError, message, fields);
  }

 private:
  void Emit(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const;

  LogWriter& writer_;
  const Clock& clock_;
  const LogLevel threshold_;
};

// RFC 3339 with milliseconds, UTC.
std::string FormatTime(WallTime time);

// Appends `text` as a JSON string; control characters are escaped, so that no log line can be forged.
void AppendLogString(std::string& out, std::string_view text);

}  // namespace gatehouse::base
