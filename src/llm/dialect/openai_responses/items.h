#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/common/node.h"
#include "llm/loss.h"

// Input items and their content parts, both ways.
namespace gatehouse::llm::dialect::openai_responses {

// `input`: a string, or items, each of which becomes a message with its place as source.
base::Status DecodeInput(const common::Node& node, std::vector<Message>& messages);

// The texts of a reasoning item's `summary` or `content`, a blank line between them.
std::string JoinTexts(codec::json::Value parts);

// Writes the conversation as items into the open array of `writer`; what cannot be said becomes losses.
class ItemWriter {
 public:
  ItemWriter(codec::json::Writer& writer, const ChatRequest& request, std::string_view provider,
             std::vector<Loss>& losses);

  void Write(const Message& message);
  // Whether the target knows that reasoning.
  bool IsOurs(const ReasoningBlock& reasoning) const;

 private:
  struct Parts;
  void WriteRun(const Message& message, std::size_t begin, std::size_t end);
  void WriteItem(const Message& message, std::size_t index);
  void WriteCall(const ToolCallBlock& call);
  void WriteResult(const ToolResultBlock& result, std::string_view path);
  void WriteReasoning(const ReasoningBlock& reasoning);
  void WriteImage(const ImageBlock& image);
  // The members of an item that only our own clients have words for.
  void WriteFurther(const JsonText& item);
  void Lose(std::string_view path, std::string_view what);

  codec::json::Writer* writer_;
  const ChatRequest* request_;  // of the caller
  std::string_view provider_;
  std::vector<Loss>* losses_;
  std::vector<std::string_view> custom_calls_;  // ids of calls of custom tools, whose results are items of their own
};

}  // namespace gatehouse::llm::dialect::openai_responses
