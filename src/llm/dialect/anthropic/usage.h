#pragma once

#include <cstdint>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/usage.h"

// Usage of the Messages API: input_tokens is without what was read from and written to the cache; output_tokens is with
// the thinking.
namespace gatehouse::llm::dialect::anthropic {

// Collects the usage of one answer from message_start and the message_deltas, whose figures are cumulative: they
// replace. A delta that says nothing of the input, or only zeroes, leaves the input of message_start; one that does
// replaces all of it, since some hosts report the cache at the end only.
class UsageTally {
 public:
  void Replace(codec::json::Value usage);
  // `amazon-bedrock-invocationMetrics`, which Bedrock puts beside the last event of InvokeModel's streams: fills what
  // the message itself left out.
  void FillFromMetrics(codec::json::Value metrics);
  Usage Total() const;

 private:
  void ReplaceInput(codec::json::Value usage);

  std::uint64_t input_ = 0;
  std::uint64_t cache_read_ = 0;
  std::uint64_t cache_write_ = 0;
  std::uint64_t cache_write_1h_ = 0;  // part of cache_write_
  std::uint64_t output_ = 0;
  std::uint64_t thinking_ = 0;  // part of output_
  std::uint64_t server_tool_calls_ = 0;
  UsageSource source_ = UsageSource::kNone;
};

// The object `usage` of a message.
void WriteUsage(codec::json::Writer& writer, const Usage& usage);

}  // namespace gatehouse::llm::dialect::anthropic
