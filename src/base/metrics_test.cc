#include "base/metrics.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::base {
namespace {

Metrics TwoShards() {
  return Metrics(
      {{.name = "gatehouse_requests_total", .help = "Requests.", .kind = MetricKind::kCounter, .labels = {"surface"}},
       {.name = "gatehouse_seconds", .help = "Time.", .kind = MetricKind::kHistogram, .labels = {}}},
      2);
}

TEST(Metrics, AddsUpTheShards) {
  Metrics metrics = TwoShards();
  metrics.Counter(0, 0).At({"chat"}).Add();
  metrics.Counter(1, 0).At({"chat"}).Add(2);
  metrics.Counter(1, 0).At({"a\"b"}).Add(5);
  const std::string text = metrics.Expose();
  EXPECT_NE(text.find("gatehouse_requests_total{surface=\"chat\"} 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_requests_total{surface=\"a\\\"b\"} 5\n"), std::string::npos) << text;
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  Metrics metrics = TwoShards();
  metrics.Histogram(0, 1).At({}).Observe(0.0002);
  metrics.Histogram(1, 1).At({}).Observe(0.7);
  const std::string text = metrics.Expose();
  EXPECT_NE(text.find("gatehouse_seconds_bucket{le=\"0.00025\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_seconds_bucket{le=\"1\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_seconds_bucket{le=\"+Inf\"} 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_seconds_count 2\n"), std::string::npos) << text;
}

TEST(Metrics, SeriesAreBounded) {
  CounterFamily family;
  for (std::size_t i = 0; i < CounterFamily::kMaxSeries + 100; ++i) family.At({std::to_string(i)}).Add();
  std::size_t series = 0;
  std::uint64_t other = 0;
  family.Visit([&](const auto& one) {
    ++series;
    if (one.labels.front() == "other") other = one.cell.Get();
  });
  EXPECT_EQ(series, CounterFamily::kMaxSeries + 1);
  EXPECT_EQ(other, 100U);
}

}  // namespace
}  // namespace gatehouse::base
