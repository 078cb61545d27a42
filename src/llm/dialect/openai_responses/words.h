#pragma once

#include <string_view>

#include "llm/chat.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai/family.h"

// The words of the Responses API and ours.
namespace gatehouse::llm::dialect::openai_responses {

inline constexpr std::string_view kTarget = "OpenAI Responses";

inline constexpr common::Word<Role> kRoles[] = {
    {"user", Role::kUser}, {"assistant", Role::kAssistant}, {"system", Role::kSystem}, {"developer", Role::kDeveloper}};

inline constexpr common::Word<ToolChoice::Mode> kToolChoiceModes[] = {
    {"auto", ToolChoice::Mode::kAuto},
    {"none", ToolChoice::Mode::kNone},
    {"required", ToolChoice::Mode::kRequired},
};

inline constexpr common::Word<ResponseFormat::Kind> kFormats[] = {
    {"text", ResponseFormat::Kind::kText},
    {"json_object", ResponseFormat::Kind::kJsonObject},
    {"json_schema", ResponseFormat::Kind::kJsonSchema},
};

// Where the member `instructions` stood, as Message::source.
inline constexpr std::string_view kInstructions = "instructions";
inline constexpr std::string_view kEncryptedReasoning = "reasoning.encrypted_content";

using openai::IsOpenAi;

}  // namespace gatehouse::llm::dialect::openai_responses
