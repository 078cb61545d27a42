#include "features/telemetry/tally.h"

#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

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

constexpr std::size_t kMaxKnown = 1024;

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string_view StatusText(std::uint16_t status, std::array<char, 8>& buffer) {
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), status).ptr};
}

// A name that no route knows is the caller's invention and would be a series of its own.
std::string_view KnownModel(const ExchangeEnd& end) {
  const bool known = end.exchange != nullptr && !end.exchange->attempts.empty();
  return known ? std::string_view(end.exchange->model) : std::string_view();
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

void Tally::Began() { metrics_.Counter(shard_, kInFlight).At({}).Add(1); }

void Tally::Ended(const ExchangeEnd& end) {
  Cells& cells = CellsOf(end);
  cells.requests->Add();
  cells.duration->Observe(Seconds(end.duration));
  cells.bytes_in->Add(end.bytes_in);
  cells.bytes_out->Add(end.bytes_out);
  if (end.exchange == nullptr) return;
  auto& in_flight = metrics_.Counter(shard_, kInFlight).At({});
  in_flight.Set(in_flight.Get() - 1);
  if (cells.first_event != nullptr) CountTokens(*end.exchange, cells);
  CountAttempts(*end.exchange);
}

Tally::Cells& Tally::CellsOf(const ExchangeEnd& end) {
  key_.assign(end.surface);
  key_.push_back(static_cast<char>(end.ending));
  key_.push_back(static_cast<char>(end.status >> 8U));
  key_.push_back(static_cast<char>(end.status & 0xFFU));
  key_.append(KnownModel(end));
  key_.push_back('\0');
  if (end.exchange != nullptr) key_.append(end.exchange->outcome.provider);
  const auto found = known_.find(key_);
  if (found != known_.end()) return found->second;
  if (known_.size() >= kMaxKnown) known_.clear();
  return known_.emplace(key_, Look(end)).first->second;
}

Tally::Cells Tally::Look(const ExchangeEnd& end) {
  std::array<char, 8> buffer;
  Cells cells{.requests = &metrics_.Counter(shard_, kRequests)
                               .At({end.surface, KnownModel(end), StatusText(end.status, buffer),
                                    pipeline::ToString(end.ending)}),
              .duration = &metrics_.Histogram(shard_, kDuration).At({end.surface}),
              .bytes_in = &metrics_.Counter(shard_, kBytesIn).At({end.surface}),
              .bytes_out = &metrics_.Counter(shard_, kBytesOut).At({end.surface})};
  if (end.exchange != nullptr && !end.exchange->outcome.provider.empty()) {
    cells.first_event = &metrics_.Histogram(shard_, kTimeToFirstEvent).At({end.exchange->outcome.provider});
  }
  return cells;
}

void Tally::CountTokens(const pipeline::Exchange& exchange, Cells& cells) {
  const llm::Usage& usage = exchange.outcome.usage;
  const std::string& provider = exchange.outcome.provider;
  cells.first_event->Observe(Seconds(exchange.outcome.time_to_first_event));
  const auto count = [&](Bucket bucket, std::string_view name, std::uint64_t tokens) {
    if (tokens == 0) return;
    auto& cell = cells.tokens.at(bucket);
    if (cell == nullptr) cell = &metrics_.Counter(shard_, kTokens).At({provider, exchange.model, name});
    cell->Add(tokens);
  };
  count(kInput, "input", usage.input);
  count(kCacheRead, "cache_read", usage.cache_read);
  count(kCacheWrite, "cache_write", usage.CacheWrite());
  count(kOutput, "output", usage.output);
  count(kReasoning, "reasoning", usage.reasoning);
}

void Tally::CountAttempts(const pipeline::Exchange& exchange) {
  for (const auto& attempt : exchange.attempts) {
    metrics_.Counter(shard_, kAttempts).At({attempt.provider, attempt.model, attempt.outcome}).Add();
  }
}

}  // namespace gatehouse::features::telemetry
