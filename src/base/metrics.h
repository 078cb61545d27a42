#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// Prometheus metrics in shards: each loop counts in its own cells, a scrape adds them up (exposition format 0.0.4).
namespace gatehouse::base {

using Labels = std::initializer_list<std::string_view>;  // values, in the order of the family's label names

// One cell that one thread adds to and any thread reads.
class MetricCell {
 public:
  void Add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void Set(std::uint64_t to) { value_.store(to, std::memory_order_relaxed); }
  std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// Cumulative buckets over microseconds. One writer thread.
class HistogramCell {
 public:
  // Upper bounds in seconds, shared by all histograms: from 100 us of a cache hit to 10 min of a reasoning model.
  static constexpr std::array<double, 16> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05,
                                                     0.1,    0.5,     1,      2.5,   10,     30,    120,  600};
  void Observe(double seconds);
  std::uint64_t bucket(std::size_t index) const { return buckets_[index].Get(); }
  std::uint64_t count() const { return count_.Get(); }
  double sum_seconds() const { return static_cast<double>(sum_nanoseconds_.Get()) * 1e-9; }

 private:
  std::array<MetricCell, kBounds.size()> buckets_;  // not cumulative here; the exposition adds up
  MetricCell count_;
  MetricCell sum_nanoseconds_;
};

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// One metric of one shard: its cells by label values. At() is for the owning thread; a cell lives as long as the
// family. Bounded: past the limit further label sets share one cell labelled "other".
template <class Cell>
class MetricFamily {
 public:
  static constexpr std::size_t kMaxSeries = 4096;

  Cell& At(Labels labels);

  struct Series {
    std::vector<std::string> labels;
    Cell cell;
  };
  // For the scrape, from any thread.
  template <class Visitor>
  void Visit(Visitor visit) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& series : series_) visit(series);
  }

 private:
  mutable std::mutex mutex_;   // taken to add a series and to visit; lookups by the owner need none
  std::deque<Series> series_;  // stable addresses
  std::unordered_map<std::string, Cell*> index_;
  std::string key_;  // reused
};

using CounterFamily = MetricFamily<MetricCell>;
using HistogramFamily = MetricFamily<HistogramCell>;

extern template class MetricFamily<MetricCell>;
extern template class MetricFamily<HistogramCell>;

// All metrics of the process. Families are declared once, at start; each shard then has a family of its own for every
// declaration. Thread-safe.
class Metrics {
 public:
  struct Declaration {
    std::string name;
    std::string help;
    MetricKind kind = MetricKind::kCounter;
    std::vector<std::string> labels;
  };
  explicit Metrics(std::vector<Declaration> declarations, std::size_t shards);

  // REQUIRES: `declaration` is the index of a counter or gauge (of a histogram, respectively).
  CounterFamily& Counter(std::size_t shard, std::size_t declaration);
  HistogramFamily& Histogram(std::size_t shard, std::size_t declaration);

  std::string Expose() const;

 private:
  struct Shard {
    std::vector<std::unique_ptr<CounterFamily>> counters;      // by declaration; null for histograms
    std::vector<std::unique_ptr<HistogramFamily>> histograms;  // by declaration; null for the others
  };
  const std::vector<Declaration> declarations_;
  std::vector<Shard> shards_;
};

}  // namespace gatehouse::base
