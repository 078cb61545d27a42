#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "llm/chat.h"

// thoughtSignature as a client of Gemini holds it: base64, which its SDKs decode. A signature of Gemini's own stands
// as it is; a seal of another family rides in the shared envelope (common/seal.h), encoded once more.
namespace gatehouse::llm::dialect::gemini {

// "" when there is nothing to carry.
std::string ThoughtSignature(DialectId origin, std::string_view id, std::string_view signature,
                             std::string_view redacted);

// A thought part of a client, with its signature back in the block's own terms.
ReasoningBlock ReadThought(std::string_view text, std::string signature);

// A thought that was streamed comes back in several parts, the last of which is signed. Adds `next` to `thought` when
// the latter is still unsigned; false otherwise.
enum class Joined : std::uint8_t { kNo, kYes };
Joined JoinThought(Block& thought, const Block& next);

}  // namespace gatehouse::llm::dialect::gemini
