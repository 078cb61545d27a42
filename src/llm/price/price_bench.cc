#include <cstdint>
#include <cstdio>

#include "base/benchmark.h"
#include "llm/price/catalogue.h"

// What finding a price and adding up a bill cost for each exchange.
namespace gatehouse::llm::price {
namespace {

volatile std::int64_t g_sink = 0;  // keeps the work from being optimised away

void Report(const char* name, double nanoseconds) { std::printf("%-34s %8.0f ns\n", name, nanoseconds); }

void Run() {
  const auto catalogue =
      Catalogue::Make(ReadCatalogueFile(DefaultCatalogueText()).value(), {}, {{"claude", "anthropic"}}).value();
  const base::WallTime now = ReadDate("2026-11-20").value();
  Lookup lookup(catalogue);
  const auto find = [&](const char* model) {
    return [&lookup, now, model] {
      const Price* price = lookup.Find("claude", model, now);
      g_sink = price->bands.front().rates.front();
    };
  };
  Report("find, seen before", base::MeasureNanoseconds(find("claude-sonnet-4-6-20260101")));
  Report("find, unknown but seen before", base::MeasureNanoseconds(find("claude-of-our-own")));
  Report("find, for the first time", base::MeasureNanoseconds([&] {
           const Price* price = catalogue->Find("claude", "claude-sonnet-4-6-20260101", now);
           g_sink = price->bands.front().rates.front();
         }));
  const Price& price = *catalogue->Find("claude", "claude-sonnet-4-6", now);
  const Usage usage{.input = 21, .cache_read = 188'086, .cache_write_5m = 1500, .output = 393, .server_tool_calls = 1};
  Report("cost", base::MeasureNanoseconds([&] { g_sink = Cost(price, usage).value; }));
  Report("worst case", base::MeasureNanoseconds(
                           [&] { g_sink = WorstCase(price, {.input_tokens = 100'000, .output_tokens = 4096}).value; }));
  Report("affordable output", base::MeasureNanoseconds([&] {
           const Bounds bounds{.input_tokens = 100'000, .output_tokens = 1'000'000};
           g_sink = static_cast<std::int64_t>(AffordableOutput(price, bounds, {1'000'000'000}).value_or(0));
         }));
}

}  // namespace
}  // namespace gatehouse::llm::price

int main() {
  gatehouse::llm::price::Run();
  return 0;
}
