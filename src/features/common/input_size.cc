#include "features/common/input_size.h"

#include <string>
#include <type_traits>
#include <variant>

namespace gatehouse::features::common {
namespace {

// Adds up what of a message is read.
struct BlockSize {
  InputSize& size;

  void Add(const llm::InlineMedia& media) const { size.inline_bytes += media.base64.size(); }
  void Add(const llm::MediaUrl&) const { ++size.media; }
  void Add(const llm::MediaFile&) const { ++size.media; }
  void Add(const std::string& text) const { size.text_bytes += text.size(); }

  void operator()(const llm::TextBlock& block) const { size.text_bytes += block.text.size(); }
  void operator()(const llm::RefusalBlock& block) const { size.text_bytes += block.text.size(); }
  void operator()(const llm::ReasoningBlock& block) const {
    size.text_bytes += block.text.size() + block.signature.size() + block.redacted.size();
  }
  void operator()(const llm::ImageBlock&) const { ++size.media; }
  void operator()(const llm::AudioBlock& block) const { Add(block.source); }
  void operator()(const llm::OpaqueBlock& block) const { size.text_bytes += block.json.size(); }
  void operator()(const llm::DocumentBlock& block) const {
    size.text_bytes += block.name.size() + block.context.size();
    std::visit([this](const auto& source) { Add(source); }, block.source);
  }
  void operator()(const llm::ToolCallBlock& block) const {
    size.text_bytes += block.name.size() + block.arguments.size();
  }
  void operator()(const llm::ToolResultBlock& block) const {
    size.text_bytes += block.structured.size();
    for (const auto& part : block.content) std::visit(*this, part);
  }
};

struct OperationSize {
  InputSize operator()(const pipeline::ChatCall& call) const { return InputSizeOf(*call.request); }
  InputSize operator()(const pipeline::EmbeddingCall& call) const {
    InputSize size;
    for (const auto& input : call.request.inputs) {
      std::visit(
          [&size](const auto& one) {
            if constexpr (std::is_same_v<std::decay_t<decltype(one)>, std::string>) {
              size.text_bytes += one.size();
            } else {
              size.tokens += one.size();
            }
          },
          input);
    }
    return size;
  }
  InputSize operator()(const pipeline::RerankCall& call) const {
    InputSize size;
    // The query is read beside every document.
    for (const auto& document : call.request.documents) size.text_bytes += call.request.query.size() + document.size();
    return size;
  }
  InputSize operator()(const pipeline::CountCall&) const { return {}; }  // nothing is generated from it
  InputSize operator()(const pipeline::PassThroughCall&) const { return {}; }
  InputSize operator()(const pipeline::ModelsCall&) const { return {}; }
};

}  // namespace

InputSize InputSizeOf(const llm::ChatRequest& request) {
  InputSize size;
  for (const auto& message : request.messages) {
    ++size.parts;
    size.text_bytes += message.name.size();
    for (const auto& block : message.blocks) std::visit(BlockSize{size}, block);
  }
  for (const auto& tool : request.tools) {
    ++size.parts;
    size.text_bytes += tool.name.size() + tool.description.size() + tool.parameters.size() + tool.original.size();
  }
  if (request.response_format) size.text_bytes += request.response_format->schema.size();
  return size;
}

InputSize InputSizeOf(const pipeline::Operation& operation) { return std::visit(OperationSize{}, operation); }

}  // namespace gatehouse::features::common
