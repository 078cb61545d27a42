#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json/writer.h"
#include "llm/chat.h"
#include "llm/dialect/anthropic/generation.h"
#include "llm/dialect/common/node.h"
#include "llm/loss.h"

// Content blocks of the Messages API, both ways (providers.md, 1.5).
namespace gatehouse::llm::dialect::anthropic {

// A string, or an array of blocks.
base::Status DecodeContent(const common::Node& content, std::vector<Block>& blocks);
// `cache_control`; absent and null leave `out`.
base::Status ReadCacheMark(const common::Node& node, std::optional<CacheMark>& out);

void WriteCacheMark(codec::json::Writer& writer, const std::optional<CacheMark>& mark);

// What decides how a block of a request is written.
struct ContentTarget {
  DialectId origin;           // of the request
  Capabilities can;           // of the model and version
  std::string_view provider;  // to match ReasoningBlock::signer
};

// Whether the target can read the seal of that reasoning.
bool IsOurs(const ReasoningBlock& reasoning, std::string_view provider);

// Writes blocks into the open array of `writer`. Blocks that cannot be said become losses, except reasoning of another
// family and empty texts, which are left out.
class ContentWriter {
 public:
  ContentWriter(codec::json::Writer& writer, ContentTarget target, std::vector<Loss>& losses)
      : writer_(&writer), target_(target), losses_(&losses) {}

  void Write(const Block& block, Role role, std::string_view path);

 private:
  void Write(const TextBlock& text);
  void Write(const ImageBlock& image);
  void Write(const DocumentBlock& document);
  void Write(const AudioBlock& audio);
  void Write(const ToolCallBlock& call);
  void Write(const ToolResultBlock& result);
  void Write(const ReasoningBlock& reasoning);
  void Write(const RefusalBlock& refusal);
  void Write(const OpaqueBlock& opaque);
  bool WriteDocumentSource(const DocumentBlock& document);
  void Lose(std::string_view reason);

  codec::json::Writer* writer_;
  ContentTarget target_;
  std::vector<Loss>* losses_;
  Role role_ = Role::kUser;  // of the message being written
  std::string_view path_;    // of the block being written
};

}  // namespace gatehouse::llm::dialect::anthropic
