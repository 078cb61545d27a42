#include "llm/output_limit.h"

#include <string>
#include <string_view>

namespace gatehouse::llm {
namespace {

using codec::json::MemberChange;
using codec::json::Value;

// Where a dialect keeps the limit: a member, perhaps of an object within the body.
struct Place {
  std::string_view object;
  std::string_view member;
};

std::string_view ChatMember(Value root, EncodeOptions::MaxTokensField field) {
  const bool completion = root["max_completion_tokens"].type() != codec::json::Type::kMissing;
  const bool old = root["max_tokens"].type() != codec::json::Type::kMissing;
  if (completion != old) return completion ? "max_completion_tokens" : "max_tokens";
  return field == EncodeOptions::MaxTokensField::kMaxTokens ? "max_tokens" : "max_completion_tokens";
}

Place PlaceOf(DialectId dialect, Value root, EncodeOptions::MaxTokensField field) {
  switch (dialect) {
    case DialectId::kOpenAiChat: return {"", ChatMember(root, field)};
    case DialectId::kOpenAiResponses: return {"", "max_output_tokens"};
    case DialectId::kGemini:
      return {root["generation_config"].IsObject() ? "generation_config" : "generationConfig", "maxOutputTokens"};
    case DialectId::kBedrock: return {"inferenceConfig", "maxTokens"};
    case DialectId::kOpenAiCompletions:
    case DialectId::kAnthropic:
    case DialectId::kCohere: break;
  }
  return {"", "max_tokens"};
}

}  // namespace

OutputLimit LimitOutput(DialectId dialect, Value root, std::uint64_t tokens, EncodeOptions::MaxTokensField field) {
  const Place place = PlaceOf(dialect, root, field);
  const std::string number = std::to_string(tokens);
  OutputLimit limit;
  if (place.object.empty()) {
    limit.members.push_back({.name = place.member, .json = number});
  } else if (root[place.object].IsObject()) {
    const MemberChange inner{.name = place.member, .json = number};
    limit.edits = codec::json::ChangeMembers(root[place.object], {&inner, 1});
  } else {
    limit.members.push_back({.name = place.object, .json = "{\"" + std::string(place.member) + "\":" + number + "}"});
  }
  return limit;
}

}  // namespace gatehouse::llm
