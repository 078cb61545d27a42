#include "features/telemetry/telemetry.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string_view>

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

// Milliseconds with three decimals, as a JSON number.
double Millis(base::Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000.0;
}

std::string_view EndingName(ExchangeEnd::Ending ending) {
  switch (ending) {
    case ExchangeEnd::Ending::kAnswered: return "answered";
    case ExchangeEnd::Ending::kFailed: return "failed";
    case ExchangeEnd::Ending::kCutMidStream: return "cut_mid_stream";
    case ExchangeEnd::Ending::kClientGone: return "client_gone";
  }
  return "unknown";
}

void WriteAttempts(codec::json::Writer& writer, const pipeline::Exchange& exchange) {
  writer.Key("attempts").BeginArray();
  for (const auto& attempt : exchange.attempts) {
    writer.BeginObject()
        .Field("provider", attempt.provider)
        .Field("model", attempt.model)
        .Field("outcome", attempt.outcome)
        .Field("status", attempt.status)
        .Field("reason", attempt.reason)
        .Field("ms", Millis(attempt.took))
        .EndObject();
  }
  writer.EndArray();
}

void WriteExchange(codec::json::Writer& writer, const pipeline::Exchange& exchange) {
  const auto& outcome = exchange.outcome;
  writer.Field("operation", pipeline::OperationName(exchange.operation)).Field("model", exchange.model);
  if (!exchange.principal.name.empty()) writer.Field("key", exchange.principal.name);
  if (!outcome.provider.empty()) {
    writer.Field("provider", outcome.provider).Field("upstream_model", outcome.upstream_model);
    writer.Field("time_to_first_event_ms", Millis(outcome.time_to_first_event));
  }
  if (outcome.usage.source != llm::UsageSource::kNone) {
    writer.Field("input_tokens", outcome.usage.TotalInput())
        .Field("cache_read_tokens", outcome.usage.cache_read)
        .Field("cache_write_tokens", outcome.usage.CacheWrite())
        .Field("output_tokens", outcome.usage.TotalOutput())
        .Field("reasoning_tokens", outcome.usage.reasoning);
  }
  if (!outcome.finish_reason.empty()) writer.Field("finish_reason", outcome.finish_reason);
  // One attempt that went well is told by the fields above.
  if (exchange.attempts.size() > 1 || (exchange.attempts.size() == 1 && exchange.attempts.front().outcome != "ok")) {
    WriteAttempts(writer, exchange);
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

void AppendAccessLine(std::string& out, const ExchangeEnd& end, base::WallTime now) {
  codec::json::Writer writer(out);
  writer.BeginObject()
      .Field("time", base::FormatTime(now))
      .Field("log", "access")
      .Field("request_id", end.request_id)
      .Field("trace_id", end.trace_id)
      .Field("client", end.client_address)
      .Field("method", end.method)
      .Field("path", end.path)
      .Field("surface", end.surface)
      .Field("status", end.status)
      .Field("ending", EndingName(end.ending))
      .Field("duration_ms", Millis(end.duration))
      .Field("bytes_in", end.bytes_in)
      .Field("bytes_out", end.bytes_out);
  if (!end.error.empty()) writer.Field("error", end.error);
  if (!end.detail.empty()) writer.Field("detail", end.detail);
  if (end.exchange != nullptr) WriteExchange(writer, *end.exchange);
  writer.EndObject();
  out.push_back('\n');
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
  AppendAccessLine(lines_, end, loop_.clock().Wall());
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
