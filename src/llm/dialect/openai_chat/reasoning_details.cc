#include "llm/dialect/openai_chat/reasoning_details.h"

#include <utility>

#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

using codec::json::Value;

constexpr common::Word<ReasoningDetail::Kind> kTypes[] = {
    {"reasoning.text", ReasoningDetail::Kind::kText},
    {"reasoning.summary", ReasoningDetail::Kind::kSummary},
    {"reasoning.encrypted", ReasoningDetail::Kind::kEncrypted},
};

constexpr common::Word<DialectId> kFormats[] = {
    {"anthropic-claude-v1", DialectId::kAnthropic},
    {"google-gemini-v1", DialectId::kGemini},
    {"openai-responses-v1", DialectId::kOpenAiResponses},
    {"bedrock-converse-v1", DialectId::kBedrock},
    {"cohere-chat-v2", DialectId::kCohere},
    {"unknown", DialectId::kOpenAiChat},
};

void Merge(const ReasoningDetail& detail, ReasoningBlock& block) {
  if (detail.kind == ReasoningDetail::Kind::kEncrypted) {
    block.redacted += detail.text;
  } else if (!detail.place || block.text != detail.text) {  // a complete entry may repeat its fragments
    block.text += detail.text;
  }
  block.signature += detail.signature;
  if (!detail.id.empty()) block.id = detail.id;
  block.origin = detail.origin;
}

bool SameBlock(const ReasoningDetail& detail, std::optional<std::int64_t> last_index, bool any) {
  return any && detail.index && last_index == detail.index;
}

struct Common {
  const ReasoningBlock& block;
  std::size_t index, place;

  void Write(codec::json::Writer& writer) const {
    if (!block.id.empty()) writer.Field("id", block.id);
    writer.Field("format", common::FindText(kFormats, block.origin));
    writer.Field("index", index).Field("block", place).EndObject();
  }
};

}  // namespace

ReasoningDetail ReadDetail(Value entry) {
  ReasoningDetail detail;
  detail.kind = common::FindValue(kTypes, entry["type"].string()).value_or(ReasoningDetail::Kind::kUnknown);
  switch (detail.kind) {
    case ReasoningDetail::Kind::kText: detail.text = entry["text"].string(); break;
    case ReasoningDetail::Kind::kSummary: detail.text = entry["summary"].string(); break;
    case ReasoningDetail::Kind::kEncrypted: detail.text = entry["data"].string(); break;
    case ReasoningDetail::Kind::kUnknown: break;
  }
  detail.signature = entry["signature"].string();
  detail.id = entry["id"].string();
  detail.index = entry["index"].AsInteger();
  const auto place = entry["block"].AsInteger();
  if (place && *place >= 0) detail.place = place;
  detail.origin = common::FindValue(kFormats, entry["format"].string()).value_or(DialectId::kOpenAiChat);
  return detail;
}

std::vector<DetailedBlock> DecodeDetails(Value array) {
  std::vector<DetailedBlock> blocks;
  std::optional<std::int64_t> last_index;
  for (const auto member : array) {
    const ReasoningDetail detail = ReadDetail(member.value);
    if (detail.kind == ReasoningDetail::Kind::kUnknown) continue;
    if (!SameBlock(detail, last_index, !blocks.empty())) blocks.emplace_back();
    last_index = detail.index;
    Merge(detail, blocks.back().reasoning);
    if (detail.place) blocks.back().place = static_cast<std::size_t>(*detail.place);
  }
  return blocks;
}

bool IsSealed(const ReasoningBlock& block) {
  return !block.signature.empty() || !block.redacted.empty() || !block.id.empty();
}

std::size_t WriteDetails(codec::json::Writer& writer, const ReasoningBlock& block, std::size_t index, std::size_t place,
                         Unsealed unsealed) {
  if (!IsSealed(block) && unsealed == Unsealed::kOmit) return 0;
  const Common shared{block, index, place};
  const bool encrypted = !block.redacted.empty();
  if (!block.text.empty() || !block.signature.empty() || !encrypted) {
    const bool summary = encrypted && block.signature.empty();
    writer.BeginObject();
    writer.Field("type", summary ? "reasoning.summary" : "reasoning.text");
    writer.Field(summary ? "summary" : "text", block.text);
    if (!block.signature.empty()) writer.Field("signature", block.signature);
    shared.Write(writer);
  }
  if (encrypted) {
    writer.BeginObject().Field("type", "reasoning.encrypted").Field("data", block.redacted);
    shared.Write(writer);
  }
  return 1;
}

}  // namespace gatehouse::llm::dialect::openai_chat
