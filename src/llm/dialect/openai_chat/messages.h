#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/dialect/common/node.h"
#include "llm/loss.h"

// `messages` of a chat completion request, both ways.
namespace gatehouse::llm::dialect::openai_chat {

base::Status DecodeMessages(const common::Node& node, std::vector<Message>& messages);

// The blocks of an assistant message, of a request or of an answer: reasoning, text, refusal, tool calls. `seed` makes
// ids for calls that have none.
base::Status DecodeAssistant(const common::Node& message, std::string_view seed, std::vector<Block>& blocks);

// Writes the array. What a chat completion cannot say is added to `losses`.
void EncodeMessages(codec::json::Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                    std::vector<Loss>& losses);

// {"type":"image_url","image_url":{"url"}} of an image that a model made; nothing for a file stored elsewhere.
void WriteMadeImage(codec::json::Writer& writer, const ImageBlock& image);

// {"id","type":"function","function":{"name","arguments"}} without its braces, or the custom kind.
enum class Signatures : std::uint8_t { kDrop, kKeep };
void WriteToolCallMembers(codec::json::Writer& writer, const ToolCallBlock& call, Signatures signatures);

// "extra_content":{"google":{"thought_signature":...}}
void WriteThoughtSignature(codec::json::Writer& writer, std::string_view signature);
std::string_view ReadThoughtSignature(codec::json::Value value);

}  // namespace gatehouse::llm::dialect::openai_chat
