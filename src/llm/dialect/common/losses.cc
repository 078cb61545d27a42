#include "llm/dialect/common/losses.h"

#include <algorithm>
#include <array>

namespace gatehouse::llm::dialect::common {
namespace {

// Members that never change what the model answers.
constexpr std::array<std::string_view, 11> kHints = {
    "store",
    "include",
    "client_metadata",
    "prompt_cache_options",
    "prompt_cache_retention",
    "stream_options.include_obfuscation",
    "diagnostics",
    "speed",
    "labels",
    "performanceConfig",
    "cache_control",
};

// Members that stand for content which the provider keeps.
constexpr std::array<std::string_view, 5> kStoredContent = {"previous_response_id", "conversation", "prompt",
                                                            "cachedContent", "continuationToken"};

template <std::size_t n>
bool IsOneOf(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Loss::Kind KindOf(std::string_view name) {
  if (IsOneOf(kStoredContent, name)) return Loss::Kind::kContent;
  return IsOneOf(kHints, name) ? Loss::Kind::kHint : Loss::Kind::kParameter;
}

}  // namespace

std::string NoEquivalent(std::string_view target, std::string_view what) {
  return std::string(target).append(" has no equivalent of ").append(what);
}

void AddForeignExtras(const ChatRequest& request, std::string_view target, std::vector<Loss>& losses) {
  for (const ExtraField& field : request.extra) {
    losses.push_back({KindOf(field.name), field.name, NoEquivalent(target, field.name)});
  }
}

namespace {

bool HasCacheMark(const Block& block) {
  return std::visit(
      [](const auto& b) {
        if constexpr (requires { b.cache; }) return b.cache.has_value();
        return false;
      },
      block);
}

template <class Matches>
bool AnyBlock(const ChatRequest& request, Matches matches) {
  return std::ranges::any_of(request.messages,
                             [&](const Message& message) { return std::ranges::any_of(message.blocks, matches); });
}

}  // namespace

void NoteCacheMarks(const ChatRequest& request, std::string_view target, std::vector<Loss>& losses) {
  const bool tools = std::ranges::any_of(request.tools, [](const Tool& tool) { return tool.cache.has_value(); });
  if (!tools && !AnyBlock(request, HasCacheMark)) return;
  losses.push_back({Loss::Kind::kHint, "cache_control", std::string(target) + " caches prompts by itself"});
}

void NoteReasoning(const ChatRequest& request, std::string_view target,
                   const std::function<bool(const ReasoningBlock&)>& keeps, std::vector<Loss>& losses) {
  const bool stripped = AnyBlock(request, [&](const Block& block) {
    const auto* reasoning = std::get_if<ReasoningBlock>(&block);
    return reasoning != nullptr && !keeps(*reasoning);
  });
  if (!stripped) return;
  losses.push_back({Loss::Kind::kHint, "reasoning", std::string("earlier reasoning is not sent to ").append(target)});
}

SwitchedOff ThinkingSwitchedOff(const ChatRequest& request) {
  if (!request.reasoning || request.reasoning->effort) return SwitchedOff::kNo;
  return request.reasoning->mode == ReasoningConfig::Mode::kDisabled ? SwitchedOff::kYes : SwitchedOff::kNo;
}

base::Status RequireTurns(std::size_t turns, std::string_view target, const std::vector<Loss>& losses) {
  const bool lost = std::ranges::find(losses, Loss::Kind::kContent, &Loss::kind) != losses.end();
  if (turns != 0 || lost) return base::Ok();
  return base::InvalidRequest(
      std::string("messages: ").append(target).append(" needs at least one message of the user with content."),
      "messages");
}

void KeepContentLosses(std::vector<Loss>& losses) {
  std::erase_if(losses, [](const Loss& loss) { return loss.kind != Loss::Kind::kContent; });
}

}  // namespace gatehouse::llm::dialect::common
