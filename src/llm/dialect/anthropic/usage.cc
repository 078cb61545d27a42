#include "llm/dialect/anthropic/usage.h"

#include <algorithm>

#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Value;

void ReplaceCount(Value value, std::uint64_t& count) {
  if (!value.IsNullish()) count = common::Count(value);
}

}  // namespace

void UsageTally::ReplaceInput(Value usage) {
  const Value input = usage["input_tokens"];
  const Value read = usage["cache_read_input_tokens"];
  const Value write = usage["cache_creation_input_tokens"];
  if (common::Count(input) + common::Count(read) + common::Count(write) == 0) return;
  ReplaceCount(input, input_);
  ReplaceCount(read, cache_read_);
  ReplaceCount(write, cache_write_);
}

void UsageTally::Replace(Value usage) {
  if (!usage.IsObject()) return;
  source_ = UsageSource::kProvider;
  ReplaceInput(usage);
  if (const Value lifetimes = usage["cache_creation"]; lifetimes.IsObject()) {
    cache_write_1h_ = common::Count(lifetimes["ephemeral_1h_input_tokens"]);
    cache_write_ = std::max(cache_write_, cache_write_1h_ + common::Count(lifetimes["ephemeral_5m_input_tokens"]));
  }
  ReplaceCount(usage["output_tokens"], output_);
  ReplaceCount(usage["output_tokens_details"]["thinking_tokens"], thinking_);
  if (const Value tools = usage["server_tool_use"]; tools.IsObject()) {
    server_tool_calls_ = common::Count(tools["web_search_requests"]) + common::Count(tools["web_fetch_requests"]);
  }
}

void UsageTally::FillFromMetrics(Value metrics) {
  if (!metrics.IsObject()) return;
  source_ = UsageSource::kProvider;
  const auto fill = [&](std::uint64_t& count, std::string_view name) {
    if (count == 0) count = common::Count(metrics[name]);
  };
  fill(input_, "inputTokenCount");
  fill(cache_read_, "cacheReadInputTokenCount");
  fill(cache_write_, "cacheWriteInputTokenCount");
  fill(output_, "outputTokenCount");
}

Usage UsageTally::Total() const {
  const std::uint64_t write_1h = std::min(cache_write_1h_, cache_write_);
  const std::uint64_t thinking = std::min(thinking_, output_);
  return Usage{.input = input_,
               .cache_read = cache_read_,
               .cache_write_5m = cache_write_ - write_1h,
               .cache_write_1h = write_1h,
               .output = output_ - thinking,
               .reasoning = thinking,
               .server_tool_calls = server_tool_calls_,
               .source = source_};
}

void WriteUsage(codec::json::Writer& writer, const Usage& usage) {
  writer.BeginObject();
  writer.Field("input_tokens", usage.input + usage.input_audio + usage.tool_input);
  writer.Field("cache_creation_input_tokens", usage.CacheWrite());
  writer.Field("cache_read_input_tokens", usage.cache_read);
  writer.Key("cache_creation").BeginObject();
  writer.Field("ephemeral_5m_input_tokens", usage.cache_write_5m + usage.cache_write_30m);
  writer.Field("ephemeral_1h_input_tokens", usage.cache_write_1h + usage.cache_write_12h).EndObject();
  writer.Field("output_tokens", usage.TotalOutput());
  writer.Key("output_tokens_details").BeginObject().Field("thinking_tokens", usage.reasoning).EndObject();
  if (usage.server_tool_calls != 0) {
    writer.Key("server_tool_use").BeginObject().Field("web_search_requests", usage.server_tool_calls).EndObject();
  }
  writer.EndObject();
}

}  // namespace gatehouse::llm::dialect::anthropic
