#include "llm/dialect/openai/usage.h"

#include <algorithm>
#include <string_view>

#include "llm/dialect/common/node.h"

namespace gatehouse::llm::dialect::openai {
namespace {

using codec::json::Value;
using common::Count;

// Takes what it can of `part` out of `whole`, so that the buckets never add up to more than the provider's total.
std::uint64_t Take(std::uint64_t& whole, std::uint64_t part) {
  const std::uint64_t taken = std::min(whole, part);
  whole -= taken;
  return taken;
}

Value Either(Value usage, std::string_view one, std::string_view other) {
  const Value first = usage[one];
  return first.IsMissing() ? usage[other] : first;
}

void TakeCacheWrites(Value details, std::uint64_t& input, Usage& usage) {
  const Value lifetimes = details["cache_write_tokens_details"];
  std::uint64_t writes = Take(input, Count(details["cache_write_tokens"]));
  usage.cache_write_30m = Take(writes, Count(lifetimes["ttl_30m_tokens"]));
  usage.cache_write_12h = Take(writes, Count(lifetimes["ttl_12h_tokens"]));
  usage.cache_write_5m = writes;
}

void DecodeInput(Value json, std::uint64_t input, Usage& usage) {
  const Value details = Either(json, "prompt_tokens_details", "input_tokens_details");
  const std::uint64_t cached = std::max(Count(details["cached_tokens"]), Count(json["prompt_cache_hit_tokens"]));
  usage.cache_read = Take(input, cached);
  TakeCacheWrites(details, input, usage);
  usage.input_audio = Take(input, Count(details["audio_tokens"]));
  usage.input = input;
}

}  // namespace

Usage DecodeUsage(Value json) {
  Usage usage;
  if (!json.IsObject()) return usage;
  usage.source = UsageSource::kProvider;
  const std::uint64_t input = Count(Either(json, "prompt_tokens", "input_tokens"));
  std::uint64_t output = Count(Either(json, "completion_tokens", "output_tokens"));
  DecodeInput(json, input, usage);

  const Value details = Either(json, "completion_tokens_details", "output_tokens_details");
  const std::uint64_t reasoning = Count(details["reasoning_tokens"]);
  if (reasoning > 0 && Count(json["total_tokens"]) == input + output + reasoning) output += reasoning;
  usage.reasoning = Take(output, reasoning);
  usage.output_audio = Take(output, Count(details["audio_tokens"]));
  usage.output = output;
  return usage;
}

void WriteUsage(codec::json::Writer& writer, const Usage& usage) {
  writer.BeginObject();
  writer.Field("prompt_tokens", usage.TotalInput());
  writer.Field("completion_tokens", usage.TotalOutput());
  writer.Field("total_tokens", usage.Total());
  writer.Key("prompt_tokens_details").BeginObject();
  writer.Field("cached_tokens", usage.cache_read).Field("audio_tokens", usage.input_audio);
  if (usage.CacheWrite() > 0) writer.Field("cache_write_tokens", usage.CacheWrite());
  writer.EndObject();
  writer.Key("completion_tokens_details").BeginObject();
  writer.Field("reasoning_tokens", usage.reasoning).Field("audio_tokens", usage.output_audio);
  writer.EndObject().EndObject();
}

}  // namespace gatehouse::llm::dialect::openai
