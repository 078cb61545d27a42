#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/common/node.h"
#include "llm/loss.h"

// `tools`, `tool_choice`, `response_format` and their retired forms, both ways.
namespace gatehouse::llm::dialect::openai_chat {

base::Status DecodeTools(const common::Node& node, std::vector<Tool>& tools);
base::Status DecodeFunctions(const common::Node& node, std::vector<Tool>& tools);
base::Status DecodeToolChoice(const common::Node& node, std::optional<ToolChoice>& choice);
base::Status DecodeFunctionCall(const common::Node& node, std::optional<ToolChoice>& choice);
base::Status DecodeResponseFormat(const common::Node& node, std::optional<ResponseFormat>& format);

// Writes `tools`, `tool_choice` and `parallel_tool_calls` (or their retired forms) as members of the open object.
void EncodeTools(codec::json::Writer& writer, const ChatRequest& request, std::vector<Loss>& losses);
void EncodeResponseFormat(codec::json::Writer& writer, const ResponseFormat& format);

}  // namespace gatehouse::llm::dialect::openai_chat
