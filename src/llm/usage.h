#pragma once

#include <cstdint>

namespace gatehouse::llm {

enum class UsageSource : std::uint8_t { kNone, kProvider, kEstimated };

// Tokens of one call in disjoint buckets: nothing is counted twice, totals are derived. The dialects translate their
// overlapping figures (providers.md, "Usage normalisation").
struct Usage {
  std::uint64_t input = 0;  // neither read from nor written to a cache
  std::uint64_t cache_read = 0;
  std::uint64_t cache_write_5m = 0;  // also where the provider names no lifetime
  std::uint64_t cache_write_30m = 0;
  std::uint64_t cache_write_1h = 0;
  std::uint64_t cache_write_12h = 0;
  std::uint64_t input_audio = 0;
  std::uint64_t tool_input = 0;  // prompt tokens that the provider's own tools added
  std::uint64_t output = 0;      // without reasoning
  std::uint64_t reasoning = 0;
  std::uint64_t output_audio = 0;
  std::uint64_t server_tool_calls = 0;  // web searches and the like, billed by the call
  UsageSource source = UsageSource::kNone;

  std::uint64_t CacheWrite() const { return cache_write_5m + cache_write_30m + cache_write_1h + cache_write_12h; }
  std::uint64_t TotalInput() const { return input + cache_read + CacheWrite() + input_audio + tool_input; }
  std::uint64_t TotalOutput() const { return output + reasoning + output_audio; }
  std::uint64_t Total() const { return TotalInput() + TotalOutput(); }
  bool operator==(const Usage&) const = default;
};

}  // namespace gatehouse::llm
