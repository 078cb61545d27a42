#include "features/telemetry/telemetry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

#include "codec/json/writer.h"

namespace gatehouse::features::telemetry {
namespace {

using base::MetricKind;
using pipeline::ExchangeEnd;

// Index of a declaration; the names follow Prometheus' conventions, the labels OTel's GenAI attributes in short.
enum Metric : std::size_t {
  kRequests,
  kInFlight,
  kDuration,
  kTimeToFirstEvent,
  kTokens,
  kAttempts,
  kBytesIn,
  kBytesOut,
};

constexpr base::Duration kFlushAfter = std::chrono::milliseconds(200);
constexpr std::size_t kFlushBytes = 32U << 10U;

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

// A JSON object written field by field, each name a literal with its quotes and colon: an access line is written for
// every request, and most of it is the same every time.
class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}

  // `name` is `,"field":`.
  void Text(std::string_view name, std::string_view value) {
    out_.append(name);
    codec::json::AppendQuoted(out_, value);
  }
  // A value that needs no escaping.
  void Word(std::string_view name, std::string_view value) {
    out_.append(name).push_back('"');
    out_.append(value).push_back('"');
  }
  void Number(std::string_view name, std::uint64_t value) {
    out_.append(name);
    Append(value);
  }
  // Milliseconds with three decimals.
  void Millis(std::string_view name, base::Duration duration) {
    const auto micros = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count()));
    out_.append(name);
    Append(micros / 1000);
    const auto rest = static_cast<unsigned>(micros % 1000);
    const std::array<char, 4> decimals = {'.', static_cast<char>('0' + rest / 100),
                                          static_cast<char>('0' + rest / 10 % 10), static_cast<char>('0' + rest % 10)};
    out_.append(decimals.data(), decimals.size());
  }
  void Raw(std::string_view text) { out_.append(text); }

 private:
  void Append(std::uint64_t value) {
    std::array<char, 24> buffer;
    out_.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
  }

  std::string& out_;
};

std::string_view EndingName(ExchangeEnd::Ending ending) {
  switch (ending) {
    case ExchangeEnd::Ending::kAnswered: return "answered";
    case ExchangeEnd::Ending::kFailed: return "failed";
    case ExchangeEnd::Ending::kCutMidStream: return "cut_mid_stream";
    case ExchangeEnd::Ending::kClientGone: return "client_gone";
  }
  return "unknown";
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

void WriteExchange(Line& line, const pipeline::Exchange& exchange) {
  const auto& outcome = exchange.outcome;
  line.Word(R"(,"operation":)", pipeline::OperationName(exchange.operation));
  line.Text(R"(,"model":)", exchange.model);
  if (!exchange.principal.name.empty()) line.Text(R"(,"key":)", exchange.principal.name);
  if (!outcome.provider.empty()) {
    line.Text(R"(,"provider":)", outcome.provider);
    line.Text(R"(,"upstream_model":)", outcome.upstream_model);
    line.Millis(R"(,"time_to_first_event_ms":)", outcome.time_to_first_event);
  }
  if (outcome.usage.source != llm::UsageSource::kNone) {
    line.Number(R"(,"input_tokens":)", outcome.usage.TotalInput());
    line.Number(R"(,"cache_read_tokens":)", outcome.usage.cache_read);
    line.Number(R"(,"cache_write_tokens":)", outcome.usage.CacheWrite());
    line.Number(R"(,"output_tokens":)", outcome.usage.TotalOutput());
    line.Number(R"(,"reasoning_tokens":)", outcome.usage.reasoning);
  }
  if (!outcome.finish_reason.empty()) line.Word(R"(,"finish_reason":)", outcome.finish_reason);
  // One attempt that went well is told by the fields above.
  if (exchange.attempts.size() > 1 || (exchange.attempts.size() == 1 && exchange.attempts.front().outcome != "ok")) {
    WriteAttempts(line, exchange);
  }
}

std::string_view StatusText(std::uint16_t status, std::array<char, 8>& buffer) {
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), status).ptr};
}

}  // namespace

std::vector<base::Metrics::Declaration> MetricDeclarations() {
  return {
      {"gatehouse_requests_total",
       "Requests by how they ended.",
       MetricKind::kCounter,
       {"surface", "model", "status", "ending"}},
      {"gatehouse_requests_in_flight", "Exchanges under way.", MetricKind::kGauge, {}},
      {"gatehouse_request_duration_seconds",
       "From the request's head to the last byte of its answer.",
       MetricKind::kHistogram,
       {"surface"}},
      {"gatehouse_time_to_first_event_seconds",
       "From the request's head to the first event of the answer.",
       MetricKind::kHistogram,
       {"provider"}},
      {"gatehouse_tokens_total", "Tokens in disjoint buckets.", MetricKind::kCounter, {"provider", "model", "bucket"}},
      {"gatehouse_upstream_attempts_total",
       "Calls to upstreams by outcome.",
       MetricKind::kCounter,
       {"provider", "model", "outcome"}},
      {"gatehouse_received_bytes_total", "Bytes of request bodies.", MetricKind::kCounter, {"surface"}},
      {"gatehouse_sent_bytes_total", "Bytes of answer bodies.", MetricKind::kCounter, {"surface"}},
  };
}

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
  line.Word(R"(,"ending":)", EndingName(end.ending));
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
    : Timer(loop), loop_(loop), metrics_(metrics), shard_(shard), writer_(writer), access_log_(access_log) {}

ExchangeTelemetry::~ExchangeTelemetry() { Flush(); }

void ExchangeTelemetry::OnTimer() { Flush(); }

void ExchangeTelemetry::Flush() {
  if (lines_.empty()) return;
  writer_.Write(lines_);
  lines_.clear();
}

void ExchangeTelemetry::Began(pipeline::Surface) { metrics_.Counter(shard_, kInFlight).At({}).Add(1); }

void ExchangeTelemetry::Ended(const ExchangeEnd& end) {
  CountEnd(end);
  if (end.exchange != nullptr) {
    auto& in_flight = metrics_.Counter(shard_, kInFlight).At({});
    in_flight.Set(in_flight.Get() - 1);
    CountTokens(*end.exchange);
    CountAttempts(*end.exchange);
  }
  if (access_log_ == AccessLog::kOff) return;
  AppendAccessLine(lines_, end, time_.Format(loop_.clock().Wall()));
  if (lines_.size() >= kFlushBytes) {
    Flush();
  } else if (!armed()) {
    Arm(loop_.Now() + kFlushAfter);
  }
}

void ExchangeTelemetry::CountEnd(const ExchangeEnd& end) {
  std::array<char, 8> buffer;
  const bool known = end.exchange != nullptr && !end.exchange->attempts.empty();
  // A name that no route knows is the caller's invention and would be a series of its own.
  const std::string_view model = known ? std::string_view(end.exchange->model) : std::string_view();
  metrics_.Counter(shard_, kRequests)
      .At({end.surface, model, StatusText(end.status, buffer), EndingName(end.ending)})
      .Add();
  metrics_.Histogram(shard_, kDuration).At({end.surface}).Observe(Seconds(end.duration));
  metrics_.Counter(shard_, kBytesIn).At({end.surface}).Add(end.bytes_in);
  metrics_.Counter(shard_, kBytesOut).At({end.surface}).Add(end.bytes_out);
}

void ExchangeTelemetry::CountTokens(const pipeline::Exchange& exchange) {
  const auto& outcome = exchange.outcome;
  if (outcome.provider.empty()) return;
  metrics_.Histogram(shard_, kTimeToFirstEvent).At({outcome.provider}).Observe(Seconds(outcome.time_to_first_event));
  const auto count = [&](std::string_view bucket, std::uint64_t tokens) {
    if (tokens > 0) metrics_.Counter(shard_, kTokens).At({outcome.provider, exchange.model, bucket}).Add(tokens);
  };
  count("input", outcome.usage.input);
  count("cache_read", outcome.usage.cache_read);
  count("cache_write", outcome.usage.CacheWrite());
  count("output", outcome.usage.output);
  count("reasoning", outcome.usage.reasoning);
}

void ExchangeTelemetry::CountAttempts(const pipeline::Exchange& exchange) {
  for (const auto& attempt : exchange.attempts) {
    metrics_.Counter(shard_, kAttempts).At({attempt.provider, attempt.model, attempt.outcome}).Add();
  }
}

}  // namespace gatehouse::features::telemetry
