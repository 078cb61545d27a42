#include "features/telemetry/telemetry.h"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "codec/json/field_writer.h"
#include "pipeline/inspection.h"

namespace gatehouse::features::telemetry {
namespace {

using pipeline::ExchangeEnd;

constexpr base::Duration kFlushAfter = std::chrono::milliseconds(200);
constexpr std::size_t kFlushBytes = 32U << 10U;

using Line = codec::json::FieldWriter;

// Each byte of a line costs the gateway more in the kernel than in its making.
void NumberIfAny(Line& line, std::string_view name, std::uint64_t number) {
  if (number != 0) line.Number(name, number);
}

void WriteAttempts(Line& line, const pipeline::Exchange& exchange) {
  line.Raw(R"(,"attempts":[)");
  bool first = true;
  for (const auto& attempt : exchange.attempts) {
    line.Text(std::exchange(first, false) ? R"({"provider":)" : R"(,{"provider":)", attempt.provider);
    line.Text(R"(,"model":)", attempt.model);
    line.Word(R"(,"outcome":)", attempt.outcome);
    line.Number(R"(,"status":)", attempt.status);
    line.Text(R"(,"reason":)", attempt.reason);
    line.Millis(R"(,"ms":)", attempt.took);
    line.Raw("}");
  }
  line.Raw("]");
}

// What was looked at, what was seen, what was done. Nothing of what it said.
void WriteInspection(Line& line, const pipeline::InspectionReport& report) {
  line.Number(R"(,"scanned_bytes":)", report.scanned_bytes);
  if (report.restored != 0) line.Number(R"(,"restored":)", report.restored);
  bool first = true;
  for (const auto reason : report.not_scanned) {
    line.Word(std::exchange(first, false) ? R"(,"not_scanned":[)" : ",", reason);
  }
  if (!first) line.Raw("]");
  first = true;
  for (const auto& note : report.notes) {
    line.Raw(std::exchange(first, false) ? R"(,"findings":[)" : ",");
    line.Word(R"({"category":)", inspect::ToString(note.category));
    line.Text(R"(,"entity":)", note.entity);
    line.Word(R"(,"side":)", pipeline::ToString(note.side));
    line.Word(R"(,"channel":)", inspect::ToString(note.channel));
    line.Word(R"(,"measure":)", note.measure);
    line.Text(R"(,"rule":)", note.rule);
    line.Number(R"(,"count":)", note.count);
    line.Raw("}");
  }
  if (!first) line.Raw("]");
}

void WriteExchange(Line& line, const pipeline::Exchange& exchange) {
  const auto& outcome = exchange.outcome;
  line.Word(R"(,"operation":)", pipeline::OperationName(exchange.operation));
  line.Text(R"(,"model":)", exchange.model);
  if (!exchange.principal->name.empty()) line.Text(R"(,"key":)", exchange.principal->name);
  if (!outcome.provider.empty()) {
    line.Text(R"(,"provider":)", outcome.provider);
    line.Text(R"(,"upstream_model":)", outcome.upstream_model);
    line.Millis(R"(,"time_to_first_event_ms":)", outcome.time_to_first_event);
  }
  if (outcome.usage.source != llm::UsageSource::kNone) {
    line.Number(R"(,"input_tokens":)", outcome.usage.TotalInput());
    NumberIfAny(line, R"(,"cache_read_tokens":)", outcome.usage.cache_read);
    NumberIfAny(line, R"(,"cache_write_tokens":)", outcome.usage.CacheWrite());
    line.Number(R"(,"output_tokens":)", outcome.usage.TotalOutput());
    NumberIfAny(line, R"(,"reasoning_tokens":)", outcome.usage.reasoning);
  }
  if (!outcome.finish_reason.empty()) line.Word(R"(,"finish_reason":)", outcome.finish_reason);
  // One attempt that went well is told by the fields above.
  if (exchange.attempts.size() > 1 || (exchange.attempts.size() == 1 && exchange.attempts.front().outcome != "ok")) {
    WriteAttempts(line, exchange);
  }
  if (const auto* report = exchange.Find<pipeline::InspectionReport>()) WriteInspection(line, *report);
}

}  // namespace

void AppendAccessLine(std::string& out, const ExchangeEnd& end, std::string_view time) {
  Line line(out);
  line.Word(R"({"time":)", time);
  line.Text(R"(,"log":"access","request_id":)", end.request_id);
  line.Word(R"(,"trace_id":)", end.trace_id);
  line.Word(R"(,"client":)", end.client_address);
  line.Word(R"(,"method":)", end.method);
  line.Text(R"(,"path":)", end.path);
  line.Word(R"(,"surface":)", end.surface);
  line.Number(R"(,"status":)", end.status);
  line.Word(R"(,"ending":)", pipeline::ToString(end.ending));
  line.Millis(R"(,"duration_ms":)", end.duration);
  line.Number(R"(,"bytes_in":)", end.bytes_in);
  line.Number(R"(,"bytes_out":)", end.bytes_out);
  if (!end.error.empty()) line.Word(R"(,"error":)", end.error);
  if (!end.detail.empty()) line.Text(R"(,"detail":)", end.detail);
  if (end.exchange != nullptr) WriteExchange(line, *end.exchange);
  line.Raw("}\n");
}

std::string_view TimeText::Format(base::WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (text_.empty() || second != second_) {
    second_ = second;
    text_ = base::FormatTime(now);
  }
  constexpr std::size_t kMillisAt = 20;
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(now - second).count();
  text_[kMillisAt] = static_cast<char>('0' + millis / 100);
  text_[kMillisAt + 1] = static_cast<char>('0' + millis / 10 % 10);
  text_[kMillisAt + 2] = static_cast<char>('0' + millis % 10);
  return text_;
}

ExchangeTelemetry::ExchangeTelemetry(net::Loop& loop, base::Metrics& metrics, std::size_t shard,
                                     base::LogWriter& writer, AccessLog access_log)
    : Timer(loop), loop_(loop), tally_(metrics, shard), writer_(writer), access_log_(access_log) {}

ExchangeTelemetry::~ExchangeTelemetry() { Flush(); }

void ExchangeTelemetry::OnTimer() { Flush(); }

void ExchangeTelemetry::Flush() {
  if (lines_.empty()) return;
  writer_.Write(lines_, base::LogWriter::Urgency::kSoon);
  lines_.clear();
}

void ExchangeTelemetry::Began(pipeline::Surface) { tally_.Began(); }

void ExchangeTelemetry::Ended(const ExchangeEnd& end) {
  tally_.Ended(end);
  if (access_log_ == AccessLog::kOff) return;
  AppendAccessLine(lines_, end, time_.Format(loop_.Wall()));
  if (lines_.size() >= kFlushBytes) {
    Flush();
  } else if (!armed()) {
    Arm(loop_.Now() + kFlushAfter);
  }
}

}  // namespace gatehouse::features::telemetry
