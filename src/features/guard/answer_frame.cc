#include "features/guard/answer_frame.h"

#include <utility>

namespace gatehouse::features::guard {
namespace {

using codec::json::Value;
using inspect::Channel;
using Kind = AnswerText::Kind;
using Seal = Passage::Seal;

// Parts of a choice: its texts first, then its calls by their index.
enum Part : std::int64_t { kContent, kRefusal, kReasoning, kReasoningContent, kLegacyCall, kFirstCall };

std::int64_t IndexOf(Value value, const char* name) { return value[name].AsInteger().value_or(0); }

void Add(Value text, DeltaPiece piece, FrameDeltas& deltas) {
  if (!text.IsString() || text.string().empty()) return;
  piece.text = text.string();
  piece.offset = text.offset();
  piece.length = text.raw().size();
  deltas.pieces.push_back(piece);
}

DeltaPiece Arguments(TextKey key) {
  return {.key = key, .kind = Kind::kArguments, .channel = Channel::kToolArguments, .text = {}};
}

DeltaPiece Output(TextKey key, Seal seal = Seal::kNone) { return {.key = key, .seal = seal, .text = {}}; }

void ReadOpenAiChat(Value root, FrameDeltas& deltas) {
  for (const auto choice : root["choices"]) {
    const std::int64_t index = IndexOf(choice.value, "index");
    const Value delta = choice.value["delta"];
    Add(choice.value["text"], Output({index, kContent}), deltas);
    Add(delta["content"], Output({index, kContent}), deltas);
    Add(delta["refusal"], Output({index, kRefusal}), deltas);
    Add(delta["reasoning"], Output({index, kReasoning}), deltas);
    Add(delta["reasoning_content"], Output({index, kReasoningContent}), deltas);
    for (const auto call : delta["tool_calls"]) {
      const TextKey key{index, kFirstCall + IndexOf(call.value, "index")};
      Add(call.value["function"]["arguments"], Arguments(key), deltas);
      DeltaPiece input = Output(key);
      input.channel = Channel::kToolArguments;
      Add(call.value["custom"]["input"], input, deltas);
    }
    Add(delta["function_call"]["arguments"], Arguments({index, kLegacyCall}), deltas);
    if (choice.value["finish_reason"].IsString()) deltas.ended.push_back({index, FrameDeltas::kAllParts});
  }
}

void ReadAnthropic(Value root, FrameDeltas& deltas) {
  const TextKey key{IndexOf(root, "index"), kContent};
  const std::string_view type = root["type"].string();
  if (type == "content_block_stop") deltas.ended.push_back(key);
  if (type != "content_block_delta") return;
  const Value delta = root["delta"];
  Add(delta["text"], Output(key), deltas);
  Add(delta["thinking"], Output(key, Seal::kSealed), deltas);
  Add(delta["partial_json"], Arguments(key), deltas);
}

void ReadOpenAiResponses(Value root, FrameDeltas& deltas) {
  const std::string_view type = root["type"].string();
  if (type.ends_with(".done")) {
    deltas.ended.push_back({IndexOf(root, "output_index"), FrameDeltas::kAllParts});
    return;
  }
  if (!type.ends_with(".delta")) return;
  constexpr std::int64_t kSummary = 1'000'000;  // apart from the parts of its content
  const bool is_summary = type.find("summary") != std::string_view::npos;
  const TextKey key{IndexOf(root, "output_index"),
                    is_summary ? kSummary + IndexOf(root, "summary_index") : IndexOf(root, "content_index")};
  if (type.find("_arguments") != std::string_view::npos) return Add(root["delta"], Arguments(key), deltas);
  DeltaPiece piece = Output(key);
  const bool is_call = type.find("_input") != std::string_view::npos || type.find("_code") != std::string_view::npos;
  if (is_call) piece.channel = Channel::kToolArguments;
  Add(root["delta"], piece, deltas);
}

void ReadGemini(Value root, FrameDeltas& deltas) {
  for (const auto candidate : root["candidates"]) {
    const std::int64_t index = IndexOf(candidate.value, "index");
    for (const auto part : candidate.value["content"]["parts"]) {
      const bool is_thought = part.value["thought"].AsBool().value_or(false);
      Add(part.value["text"], Output({index, is_thought ? kReasoning : kContent}), deltas);
    }
    if (candidate.value["finishReason"].IsString()) deltas.ended.push_back({index, FrameDeltas::kAllParts});
  }
}

}  // namespace

void ReadDeltas(llm::DialectId dialect, Value root, FrameDeltas& deltas) {
  switch (dialect) {
    case llm::DialectId::kOpenAiChat:
    case llm::DialectId::kOpenAiCompletions: return ReadOpenAiChat(root, deltas);
    case llm::DialectId::kOpenAiResponses: return ReadOpenAiResponses(root, deltas);
    case llm::DialectId::kAnthropic: return ReadAnthropic(root, deltas);
    case llm::DialectId::kGemini: return ReadGemini(root, deltas);
    case llm::DialectId::kBedrock:
    case llm::DialectId::kCohere: return;  // no client speaks them
  }
}

}  // namespace gatehouse::features::guard
