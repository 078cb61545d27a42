#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <utility>

namespace gatehouse::base {
namespace {

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

template <class Number>
void AppendNumber(std::string& out, Number number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  out.append(buffer.data(), end);
}

void AppendValue(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendLogString(out, *text);
  } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
    AppendNumber(out, *whole);
  } else {
    AppendNumber(out, *std::get_if<double>(&field.value));
  }
}

}  // namespace

LogWriter::LogWriter(int descriptor, std::size_t max_queued_bytes)
    : descriptor_(descriptor), max_queued_bytes_(max_queued_bytes), thread_([this] { Run(); }) {}

LogWriter::~LogWriter() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_one();
  thread_.join();
}

void LogWriter::Write(std::string_view lines, Urgency urgency) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (queued_.size() + lines.size() > max_queued_bytes_) {
      ++dropped_;
      return;
    }
    queued_.append(lines);
    urgent_ = urgent_ || urgency == Urgency::kNow;
    wake = idle_ || IsPressing();
  }
  if (wake) ready_.notify_one();
}

// REQUIRES: mutex_ is held.
bool LogWriter::IsPressing() const {
  constexpr std::size_t kMuch = 256U << 10U;
  return stopping_ || urgent_ || queued_.size() >= std::min(kMuch, max_queued_bytes_ / 2);
}

std::uint64_t LogWriter::dropped() const {
  const std::scoped_lock lock(mutex_);
  return dropped_;
}

void LogWriter::Run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    idle_ = true;
    ready_.wait(lock, [this] { return stopping_ || !queued_.empty(); });
    idle_ = false;
    if (queued_.empty()) return;
    urgent_ = false;
    batch.clear();
    std::swap(batch, queued_);
    if (dropped_ != dropped_told_) {
      batch.append(R"({"level":"warning","message":"log lines dropped","dropped_total":)");
      AppendNumber(batch, dropped_);
      batch.append("}\n");
      dropped_told_ = dropped_;
    }
    lock.unlock();
    WriteOut(batch);
    lock.lock();
    ready_.wait_for(lock, kPause, [this] { return IsPressing(); });
  }
}

void LogWriter::WriteOut(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the reader is gone; there is nobody left to tell
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Log::Emit(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) const {
  if (level < threshold_) return;
  std::string line = R"({"time":")";
  line.append(FormatTime(clock_.Wall())).append(R"(","level":")").append(LevelName(level)).append(R"(","message":)");
  AppendLogString(line, message);
  for (const auto& field : fields) {
    line.push_back(',');
    AppendLogString(line, field.name);
    line.push_back(':');
    AppendValue(line, field);
  }
  line.append("}\n");
  writer_.Write(line);
}

std::string FormatTime(WallTime time) {
  using std::chrono::floor;
  const auto seconds = floor<std::chrono::seconds>(time);
  const auto millis = floor<std::chrono::milliseconds>(time - seconds).count();
  const std::time_t whole = seconds.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 40> text;
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.000Z", &parts);
  constexpr std::size_t kMillisAt = 20;
  text[kMillisAt] = static_cast<char>('0' + millis / 100);
  text[kMillisAt + 1] = static_cast<char>('0' + millis / 10 % 10);
  text[kMillisAt + 2] = static_cast<char>('0' + millis % 10);
  return {text.data(), length};
}

void AppendLogString(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7F) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

}  // namespace gatehouse::base
