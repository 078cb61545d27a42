#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "pipeline/observer.h"

namespace gatehouse::features::telemetry {

// The metrics of the data plane, in the order of Metric.
std::vector<base::Metrics::Declaration> MetricDeclarations();

// Counts what became of exchanges, in one loop's shard. `metrics` outlives it.
class Tally {
 public:
  Tally(base::Metrics& metrics, std::size_t shard) : metrics_(metrics), shard_(shard) {}

  void Began();
  void Ended(const pipeline::ExchangeEnd& end);

 private:
  enum Bucket : std::uint8_t { kInput, kCacheRead, kCacheWrite, kOutput, kReasoning, kBuckets };

  // All the cells that exchanges of one kind add to: same surface, model, target, status and ending.
  struct Cells {
    base::MetricCell* requests = nullptr;
    base::HistogramCell* duration = nullptr;
    base::MetricCell* bytes_in = nullptr;
    base::MetricCell* bytes_out = nullptr;
    base::HistogramCell* first_event = nullptr;           // null without a provider
    std::array<base::MetricCell*, kBuckets> tokens = {};  // each null until it is first needed
  };

  Cells& CellsOf(const pipeline::ExchangeEnd& end);
  Cells Look(const pipeline::ExchangeEnd& end);
  void CountTokens(const pipeline::Exchange& exchange, Cells& cells);
  void CountAttempts(const pipeline::Exchange& exchange);

  base::Metrics& metrics_;
  const std::size_t shard_;
  // Looking ten cells up by their labels takes longer than all else here. Bounded: emptied when it is full.
  std::unordered_map<std::string, Cells> known_;
  std::string key_;  // reused
};

}  // namespace gatehouse::features::telemetry
