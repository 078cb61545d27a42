#include "llm/dialect/gemini/seal.h"

#include <utility>

#include "codec/crypto/encoding.h"
#include "llm/dialect/common/seal.h"

namespace gatehouse::llm::dialect::gemini {

std::string ThoughtSignature(DialectId origin, std::string_view id, std::string_view signature,
                             std::string_view redacted) {
  auto seal = common::SealFor(DialectId::kGemini, origin, id, signature, redacted);
  return origin == DialectId::kGemini || seal.empty() ? seal : codec::crypto::Base64Encode(seal);
}

ReasoningBlock ReadThought(std::string_view text, std::string signature) {
  ReasoningBlock block{.text = std::string(text), .signature = {}, .redacted = {}, .origin = DialectId::kGemini};
  const auto envelope = codec::crypto::Base64Decode(signature);
  if (!envelope || !common::OpenSeal(*envelope, block)) block.signature = std::move(signature);
  return block;
}

Joined JoinThought(Block& thought, const Block& next) {
  auto* first = std::get_if<ReasoningBlock>(&thought);
  const auto* second = std::get_if<ReasoningBlock>(&next);
  if (first == nullptr || second == nullptr) return Joined::kNo;
  if (!first->signature.empty() || !first->redacted.empty()) return Joined::kNo;
  first->text += second->text;
  first->signature = second->signature;
  first->redacted = second->redacted;
  first->id = second->id;
  first->origin = second->origin;
  return Joined::kYes;
}

}  // namespace gatehouse::llm::dialect::gemini
