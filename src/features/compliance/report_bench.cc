// usage: report_bench [EXCHANGES [FOLDER]]
// Makes the log of a month in FOLDER/log, unless there is one, and measures the CPU time of a report about it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/benchmark.h"
#include "base/check.h"
#include "base/clock.h"
#include "features/compliance/fake_record.h"
#include "features/compliance/report_folder.h"
#include "record/log/log_writer.h"

namespace {

using namespace gatehouse;
using features::compliance::FakeRecord;

constexpr std::int64_t kBeatUs = 10'000'000;
constexpr std::int64_t kMonthUs = 30 * FakeRecord::kDayUs;

class MonthClock final : public base::Clock {
 public:
  base::TimePoint Now() const override { return base::SystemClock().Now(); }
  base::WallTime Wall() const override { return base::WallTime(std::chrono::microseconds(FakeRecord::kStartUs)); }
};

void MakeLog(const std::string& folder, std::uint64_t exchanges, record::log::Files& files) {
  const MonthClock clock;
  auto writer = record::log::LogWriter::Open({.folder = folder, .origin = "log.example/bench"}, files, clock);
  GH_CHECK(writer.ok());
  FakeRecord record([&](std::string_view entry) {
    while (!writer.value()->Append(entry, record::log::Durability::kAsync).ok()) {
    }
  });
  record.Start();
  const std::int64_t step = kMonthUs / static_cast<std::int64_t>(exchanges);
  std::int64_t beat = record.now_us + kBeatUs;
  for (std::uint64_t i = 0; i < exchanges; ++i) {
    record.now_us += step;
    for (; beat <= record.now_us; beat += kBeatUs) {
      const std::int64_t now = record.now_us;
      record.now_us = beat;
      record.Heartbeat();
      record.now_us = now;
    }
    record.Exchange(i);
  }
  record.Stop();
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t exchanges = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::filesystem::path folder =
      argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path() / "gatehouse-report-bench";
  record::log::PosixFiles files;
  if (!std::filesystem::exists(folder / "log/checkpoint")) MakeLog(folder / "log", exchanges, files);
  for (const std::string_view id : {"eu-ai-act", "mitre-atlas"}) {
    const auto framework = features::compliance::DefaultFramework(id).value();
    const std::string out = (folder / id).string();
    std::filesystem::remove_all(out);
    const double start = base::CpuNanoseconds();
    const auto summary = features::compliance::WriteReport(
        framework,
        {.scope = {.from_us = FakeRecord::kStartUs, .until_us = FakeRecord::kStartUs + kMonthUs, .members = {}},
         .scope_text = {},
         .log_folder = folder / "log",
         .out_folder = out,
         .keys = {}},
        files, base::SystemClock());
    GH_CHECK(summary.ok());
    const double seconds = (base::CpuNanoseconds() - start) / 1e9;
    std::printf("%-12s %9llu exchanges %9llu entries %4zu samples %7.2f s of CPU\n", std::string(id).c_str(),
                static_cast<unsigned long long>(summary.value().exchanges),
                static_cast<unsigned long long>(summary.value().entries), summary.value().samples, seconds);
  }
  return 0;
}
