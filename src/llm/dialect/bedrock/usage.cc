#include "llm/dialect/bedrock/usage.h"

#include <cstdint>

#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Value;
using common::Count;

struct Written {
  std::uint64_t five_minutes = 0;
  std::uint64_t one_hour = 0;
  std::uint64_t Total() const { return five_minutes + one_hour; }
};

// By lifetime where the answer itemises it.
Written ReadWritten(Value usage) {
  Written written;
  for (const auto detail : usage["cacheDetails"]) {
    const auto tokens = Count(detail.value["inputTokens"]);
    (detail.value["ttl"].string() == "1h" ? written.one_hour : written.five_minutes) += tokens;
  }
  if (written.Total() == 0) written.five_minutes = Count(usage["cacheWriteInputTokens"]);
  return written;
}

}  // namespace

Usage ReadUsage(Value usage) {
  const auto read = Count(usage["cacheReadInputTokens"]);
  const auto total = Count(usage["totalTokens"]);
  const auto output = Count(usage["outputTokens"]);
  auto input = Count(usage["inputTokens"]);
  auto written = ReadWritten(usage);
  const auto cached = read + written.Total();
  if (total != 0 && cached != 0 && input >= cached && total == input + output) {
    input -= cached;
  } else if (total != 0 && written.one_hour == 0 && total == input + output + read + written.five_minutes / 2) {
    written.five_minutes /= 2;
  }
  return {.input = input,
          .cache_read = read,
          .cache_write_5m = written.five_minutes,
          .cache_write_1h = written.one_hour,
          .output = output,
          .source = UsageSource::kProvider};
}

void WriteUsage(codec::json::Writer& writer, const Usage& usage) {
  writer.BeginObject().Field("inputTokens", usage.input + usage.input_audio + usage.tool_input);
  writer.Field("outputTokens", usage.TotalOutput()).Field("totalTokens", usage.Total());
  writer.Field("cacheReadInputTokens", usage.cache_read).Field("cacheWriteInputTokens", usage.CacheWrite());
  writer.EndObject();
}

}  // namespace gatehouse::llm::dialect::bedrock
