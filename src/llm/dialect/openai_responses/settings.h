#pragma once

#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/common/node.h"
#include "llm/loss.h"

// The members that a request says and its answer repeats: tools, tool_choice, text, reasoning.
namespace gatehouse::llm::dialect::openai_responses {

base::Status ReadTools(const common::Node& node, ChatRequest& request);
base::Status ReadToolChoice(const common::Node& node, ChatRequest& request);
base::Status ReadText(const common::Node& node, ChatRequest& request);
base::Status ReadReasoning(const common::Node& node, ChatRequest& request);

// The array of tools. Tools that this dialect cannot say become losses.
void WriteTools(codec::json::Writer& writer, const ChatRequest& request, std::vector<Loss>& losses);
// The value of tool_choice.
void WriteToolChoice(codec::json::Writer& writer, const ChatRequest& request, const ToolChoice& choice);

// The objects `text` and `reasoning`; "" where the request says nothing of them.
JsonText TextObject(const ChatRequest& request);
JsonText ReasoningObject(const ChatRequest& request);

// Writes our own extras under `prefix`, "text.", into the open object.
void WriteExtras(codec::json::Writer& writer, const ChatRequest& request, std::string_view prefix);

}  // namespace gatehouse::llm::dialect::openai_responses
