#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/loss.h"
#include "llm/usage.h"

// The operations beside chat: embeddings, token counts, reranking. Same idea: neutral values, and per dialect pure
// functions.
namespace gatehouse::llm {

using TokenIds = std::vector<std::uint32_t>;

struct EmbeddingRequest {
  DialectId origin = DialectId::kOpenAiChat;
  std::string model;
  std::vector<std::variant<std::string, TokenIds>> inputs;
  std::optional<std::uint32_t> dimensions = {};
  enum class Encoding : std::uint8_t { kFloat, kBase64 } encoding = Encoding::kFloat;  // base64: little-endian float32
  std::string task =
      {};  // Gemini taskType / Cohere input_type in neutral words: "query", "document", "classification", ...
  std::string title = {};
  std::string user = {};
  enum class Shape : std::uint8_t { kMany, kSingle } shape = Shape::kMany;  // Gemini embedContent answers one
  std::vector<ExtraField> extra = {};
};

struct EmbeddingAnswer {
  std::string model;
  std::vector<std::vector<float>> vectors;
  Usage usage;
};

class EmbeddingDialect {
 public:
  virtual ~EmbeddingDialect() = default;
  virtual DialectId id() const = 0;
  virtual base::Result<EmbeddingRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const = 0;
  // How many inputs one upstream call takes; the provider splits longer lists.
  virtual std::size_t MaxInputs(const EncodeOptions& options) const = 0;
  virtual base::Result<EncodedRequest> EncodeRequest(const EmbeddingRequest& request,
                                                     std::span<const std::variant<std::string, TokenIds>> inputs,
                                                     const EncodeOptions& options) const = 0;
  virtual base::Result<EmbeddingAnswer> DecodeAnswer(std::string_view body) const = 0;
  virtual std::string EncodeAnswer(const EmbeddingAnswer& answer, const EmbeddingRequest& request) const = 0;
};

// Token counts: the request is a chat request (or what the dialect wraps around one), the answer a number.
class CountDialect {
 public:
  virtual ~CountDialect() = default;
  virtual DialectId id() const = 0;
  virtual base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const = 0;
  virtual base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request,
                                                     const EncodeOptions& options) const = 0;
  virtual base::Result<std::uint64_t> DecodeAnswer(std::string_view body) const = 0;
  virtual std::string EncodeAnswer(std::uint64_t input_tokens) const = 0;
};

struct RerankRequest {
  std::string model;
  std::string query;
  std::vector<std::string> documents;
  std::optional<std::uint32_t> top_n = {};
  std::vector<ExtraField> extra = {};
};

struct RerankAnswer {
  std::string id;
  struct Item {
    std::uint32_t index = 0;
    double relevance = 0;
  };
  std::vector<Item> items;
  Usage usage;
};

// Ownerless and immutable; nullptr for a dialect without the operation.
const EmbeddingDialect* FindEmbeddingDialect(DialectId id);
const CountDialect* FindCountDialect(DialectId id);

}  // namespace gatehouse::llm
