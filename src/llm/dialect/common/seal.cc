#include "llm/dialect/common/seal.h"

#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::common {
namespace {

constexpr std::string_view kPrefix = "gatehouse1:";
constexpr Word<Seal::Kind> kKinds[] = {
    {"signature", Seal::Kind::kSignature},
    {"redacted", Seal::Kind::kRedacted},
    {"tool_call", Seal::Kind::kToolCall},
    {"citation", Seal::Kind::kCitation},
};
constexpr DialectId kOrigins[] = {DialectId::kOpenAiChat, DialectId::kOpenAiResponses, DialectId::kOpenAiCompletions,
                                  DialectId::kAnthropic,  DialectId::kGemini,          DialectId::kBedrock,
                                  DialectId::kCohere};

std::optional<DialectId> FindOrigin(std::string_view name) {
  for (const DialectId id : kOrigins) {
    if (ToString(id) == name) return id;
  }
  return std::nullopt;
}

// Cuts the part before the next colon off `text`.
std::optional<std::string_view> TakePart(std::string_view& text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  return part;
}

}  // namespace

std::string WrapSeal(const Seal& seal) {
  std::string text(kPrefix);
  text.append(ToString(seal.origin)).append(":").append(FindText(kKinds, seal.kind)).append(":");
  return text.append(seal.id).append(":").append(seal.payload);
}

std::optional<Seal> UnwrapSeal(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto origin_name = TakePart(text);
  const auto kind_name = origin_name ? TakePart(text) : std::nullopt;
  const auto id = kind_name ? TakePart(text) : std::nullopt;
  if (!id) return std::nullopt;
  const auto origin = FindOrigin(*origin_name);
  const auto kind = FindValue(kKinds, *kind_name);
  if (!origin || !kind) return std::nullopt;
  return Seal{.origin = *origin, .kind = *kind, .id = std::string(*id), .payload = std::string(text)};
}

std::string SealFor(DialectId shown_in, DialectId origin, std::string_view id, std::string_view signature,
                    std::string_view redacted) {
  const std::string_view payload = redacted.empty() ? signature : redacted;
  if (payload.empty() || origin == shown_in) return std::string(payload);
  const auto kind = redacted.empty() ? Seal::Kind::kSignature : Seal::Kind::kRedacted;
  return WrapSeal({.origin = origin, .kind = kind, .id = std::string(id), .payload = std::string(payload)});
}

bool OpenSeal(std::string_view text, ReasoningBlock& block) {
  auto seal = UnwrapSeal(text);
  if (!seal || (seal->kind != Seal::Kind::kSignature && seal->kind != Seal::Kind::kRedacted)) return false;
  block.origin = seal->origin;
  block.id = std::move(seal->id);
  (seal->kind == Seal::Kind::kSignature ? block.signature : block.redacted) = std::move(seal->payload);
  return true;
}

}  // namespace gatehouse::llm::dialect::common
