#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/chat.h"

// `reasoning_details`, the de-facto extension of chat completions that carries what reasoning text alone cannot: who
// signed it, the signature, and content that is only for the provider. An array of
//   {"type":"reasoning.text","text","signature"?,"format","id"?,"index","block"?}
//   {"type":"reasoning.summary","summary",...}
//   {"type":"reasoning.encrypted","data",...}
// Entries of one `index` describe one block. `block` is ours: the block's place among those of the message; an entry
// that has it is complete, others may be fragments to be joined.
namespace gatehouse::llm::dialect::openai_chat {

struct DetailedBlock {
  ReasoningBlock reasoning;
  std::optional<std::size_t> place;  // among the blocks of the message
};

// The blocks that an array of details describes, in order. Entries of unknown type are ignored. Fragments of one index
// are joined, so that a client may send back the concatenation of what it was streamed.
std::vector<DetailedBlock> DecodeDetails(codec::json::Value array);

// One entry.
struct ReasoningDetail {
  enum class Kind : std::uint8_t { kUnknown, kText, kSummary, kEncrypted } kind = Kind::kUnknown;
  std::string_view text;  // text, summary or data
  std::string_view signature;
  std::string_view id;
  std::optional<std::int64_t> index;
  std::optional<std::int64_t> place;
  DialectId origin = DialectId::kOpenAiChat;
};
ReasoningDetail ReadDetail(codec::json::Value entry);

// The entries of one block, `index` for the first number free in this message; returns how many numbers it used (0 for
// a block without seal: its text alone travels in the plain field).
enum class Unsealed : std::uint8_t { kOmit, kWrite };
std::size_t WriteDetails(codec::json::Writer& writer, const ReasoningBlock& block, std::size_t index, std::size_t place,
                         Unsealed unsealed);

bool IsSealed(const ReasoningBlock& block);

}  // namespace gatehouse::llm::dialect::openai_chat
