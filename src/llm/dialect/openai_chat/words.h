#pragma once

#include <string_view>

namespace gatehouse::llm::dialect::openai_chat {

inline constexpr std::string_view kTarget = "OpenAI chat";

}  // namespace gatehouse::llm::dialect::openai_chat
