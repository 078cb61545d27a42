#include "base/metrics.h"

#include <charconv>
#include <map>

#include "base/check.h"

namespace gatehouse::base {
namespace {

constexpr char kSeparator = '\x1f';

void AppendNumber(std::string& out, auto number) {
  std::array<char, 32> buffer;
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
}

// Without an exponent: the bounds are read by people.
void AppendFixed(std::string& out, double number) {
  std::array<char, 32> buffer;
  out.append(buffer.data(),
             std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed).ptr);
}

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out.append("\\n");
    } else {
      out.push_back(c);
    }
  }
}

// {a="x",b="y"} with an optional last label.
std::string FormatLabels(const std::vector<std::string>& names, const std::vector<std::string>& values,
                         std::string_view extra_name = {}, std::string_view extra_value = {}) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    out.push_back(out.empty() ? '{' : ',');
    out.append(name).append("=\"");
    AppendEscaped(out, value);
    out.push_back('"');
  };
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) add(names[i], values[i]);
  if (!extra_name.empty()) add(extra_name, extra_value);
  if (!out.empty()) out.push_back('}');
  return out;
}

std::string_view KindName(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter: return "counter";
    case MetricKind::kGauge: return "gauge";
    case MetricKind::kHistogram: return "histogram";
  }
  return "untyped";
}

struct HistogramSum {
  std::array<std::uint64_t, HistogramCell::kBounds.size()> buckets{};
  std::uint64_t count = 0;
  double seconds = 0;

  void Add(const HistogramCell& cell) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += cell.bucket(i);
    count += cell.count();
    seconds += cell.sum_seconds();
  }
};

void AppendHistogram(std::string& out, const Metrics::Declaration& declaration, const std::vector<std::string>& labels,
                     const HistogramSum& sum) {
  std::uint64_t running = 0;
  for (std::size_t i = 0; i < sum.buckets.size(); ++i) {
    running += sum.buckets[i];
    std::string bound;
    AppendFixed(bound, HistogramCell::kBounds[i]);
    out.append(declaration.name)
        .append("_bucket")
        .append(FormatLabels(declaration.labels, labels, "le", bound))
        .append(" ");
    AppendNumber(out, running);
    out.push_back('\n');
  }
  out.append(declaration.name)
      .append("_bucket")
      .append(FormatLabels(declaration.labels, labels, "le", "+Inf"))
      .append(" ");
  AppendNumber(out, sum.count);
  out.append("\n").append(declaration.name).append("_sum").append(FormatLabels(declaration.labels, labels)).append(" ");
  AppendNumber(out, sum.seconds);
  out.append("\n")
      .append(declaration.name)
      .append("_count")
      .append(FormatLabels(declaration.labels, labels))
      .append(" ");
  AppendNumber(out, sum.count);
  out.push_back('\n');
}

}  // namespace

void HistogramCell::Observe(double seconds) {
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds <= kBounds[i]) {
      buckets_[i].Add();
      break;
    }
  }
  count_.Add();
  sum_nanoseconds_.Add(static_cast<std::uint64_t>(seconds * 1e9));
}

template <class Cell>
Cell& MetricFamily<Cell>::At(Labels labels) {
  key_.clear();
  for (const auto label : labels) key_.append(label).push_back(kSeparator);
  if (const auto found = index_.find(key_); found != index_.end()) return *found->second;
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> values(labels.begin(), labels.end());
  if (index_.size() >= kMaxSeries) {
    values.assign(labels.size(), "other");
    key_.assign(
        "\x1f"
        "other");
    if (const auto found = index_.find(key_); found != index_.end()) return *found->second;
  }
  auto& series = series_.emplace_back();
  series.labels = std::move(values);
  index_.emplace(key_, &series.cell);
  return series.cell;
}

template class MetricFamily<MetricCell>;
template class MetricFamily<HistogramCell>;

Metrics::Metrics(std::vector<Declaration> declarations, std::size_t shards) : declarations_(std::move(declarations)) {
  shards_.resize(shards);
  for (auto& shard : shards_) {
    for (const auto& declaration : declarations_) {
      const bool histogram = declaration.kind == MetricKind::kHistogram;
      shard.counters.push_back(histogram ? nullptr : std::make_unique<CounterFamily>());
      shard.histograms.push_back(histogram ? std::make_unique<HistogramFamily>() : nullptr);
    }
  }
}

CounterFamily& Metrics::Counter(std::size_t shard, std::size_t declaration) {
  GH_CHECK(shard < shards_.size() && declaration < declarations_.size() && shards_[shard].counters[declaration]);
  return *shards_[shard].counters[declaration];
}

HistogramFamily& Metrics::Histogram(std::size_t shard, std::size_t declaration) {
  GH_CHECK(shard < shards_.size() && declaration < declarations_.size() && shards_[shard].histograms[declaration]);
  return *shards_[shard].histograms[declaration];
}

std::string Metrics::Expose() const {
  std::string out;
  for (std::size_t d = 0; d < declarations_.size(); ++d) {
    const auto& declaration = declarations_[d];
    out.append("# HELP ").append(declaration.name).append(" ").append(declaration.help).append("\n# TYPE ");
    out.append(declaration.name).append(" ").append(KindName(declaration.kind)).append("\n");
    std::map<std::vector<std::string>, std::uint64_t> counters;
    std::map<std::vector<std::string>, HistogramSum> histograms;
    for (const auto& shard : shards_) {
      if (shard.counters[d]) shard.counters[d]->Visit([&](const auto& s) { counters[s.labels] += s.cell.Get(); });
      if (shard.histograms[d]) shard.histograms[d]->Visit([&](const auto& s) { histograms[s.labels].Add(s.cell); });
    }
    for (const auto& [labels, value] : counters) {
      out.append(declaration.name).append(FormatLabels(declaration.labels, labels)).append(" ");
      AppendNumber(out, value);
      out.push_back('\n');
    }
    for (const auto& [labels, sum] : histograms) AppendHistogram(out, declaration, labels, sum);
  }
  return out;
}

}  // namespace gatehouse::base
