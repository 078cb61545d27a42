#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "llm/chat.h"

// Seals of reasoning that travel through a client of another dialect.
//
// A client of Anthropic's or of OpenAI's Responses API stores `signature`, `redacted_thinking.data` or
// `encrypted_content` without looking into it and sends it back. A seal of another dialect rides there inside an
// envelope that names its origin, so that it returns byte for byte to the family that made it and to no other:
//
//   gatehouse1:<origin dialect>:<signature | redacted | tool_call | citation>:<reasoning id>:<the seal>
//
// The envelope is no proof of anything: the provider that made the seal is the one to check it.
namespace gatehouse::llm::dialect::common {

struct Seal {
  DialectId origin = DialectId::kOpenAiChat;
  enum class Kind : std::uint8_t {
    kSignature,  // ReasoningBlock::signature
    kRedacted,   // ReasoningBlock::redacted
    kToolCall,   // ToolCallBlock::signature of the call that follows
    kCitation,   // none: marks a citation that its client's dialect seals, and that was made by another
  } kind = Kind::kSignature;
  std::string id;
  std::string payload;
};

std::string WrapSeal(const Seal& seal);
// nullopt for anything that is not an envelope: a seal of the client's own dialect.
std::optional<Seal> UnwrapSeal(std::string_view text);

// The seal of a reasoning block, in the envelope unless it is of the dialect that shows it; "" when the block has none.
// A block with both a signature and redacted content keeps the latter.
std::string SealFor(DialectId shown_in, DialectId origin, std::string_view id, std::string_view signature,
                    std::string_view redacted);

// Sets origin, id and signature or redacted content from an envelope; false when `text` is none.
bool OpenSeal(std::string_view text, ReasoningBlock& block);

}  // namespace gatehouse::llm::dialect::common
