#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json/document.h"
#include "llm/chat.h"
#include "llm/dialect.h"
#include "llm/event.h"
#include "llm/operation.h"

// What an exchange asks for and what comes back, for each kind of operation. A request keeps the client's own bytes
// beside the neutral values, so that a provider of the same dialect passes them on and changes only what must change.
namespace gatehouse::pipeline {

// A JSON body and its parse. Pinned in memory, because the parse points into the text.
class JsonBody {
 public:
  static base::Result<std::unique_ptr<const JsonBody>> Parse(std::string text);
  JsonBody(const JsonBody&) = delete;
  JsonBody& operator=(const JsonBody&) = delete;

  const std::string& text() const { return text_; }
  codec::json::Value root() const { return document_.root(); }

 private:
  explicit JsonBody(std::string text) : text_(std::move(text)) {}

  std::string text_;
  codec::json::Document document_;
};

struct ChatCall {
  llm::DialectId dialect;
  std::unique_ptr<const JsonBody> body;       // null once its answer is being streamed: nobody will send it again
  std::unique_ptr<llm::ChatRequest> request;  // never null
  llm::Delivery delivery = llm::Delivery::kWhole;
  std::string version;  // anthropic-version, api-version: as the client said it
  // False once a stage changed `request`: the client's bytes then no longer say the same.
  bool body_is_current = true;
  // An answer longer than that must not be paid for: a stage set it, in `request` too. The client's bytes get it
  // spliced in and stay current.
  std::optional<std::uint64_t> output_limit;
  // What stages need to see of the answer.
  llm::Detail detail = llm::Detail::kUsage;
};

struct EmbeddingCall {
  llm::DialectId dialect;
  std::unique_ptr<const JsonBody> body;
  llm::EmbeddingRequest request;
  bool body_is_current = true;
};

struct CountCall {
  llm::DialectId dialect;
  std::unique_ptr<const JsonBody> body;
  std::unique_ptr<llm::ChatRequest> request;  // never null
  std::string version;
};

struct RerankCall {
  std::unique_ptr<const JsonBody> body;
  llm::RerankRequest request;
};

// An endpoint whose content is not looked into. Recorded as not scanned.
struct PassThroughCall {
  std::string method;
  std::string path;  // below the provider's base, "/images/generations?x=y"
  std::string content_type;
  std::string accept;
  std::string body;
  std::string model;  // when a JSON body names one
};

// Which models there are; answered by the gateway itself.
struct ModelsCall {
  std::string id;  // one model, or "" for all
};

using Operation = std::variant<ChatCall, EmbeddingCall, CountCall, RerankCall, PassThroughCall, ModelsCall>;

std::string_view OperationName(const Operation& operation);  // gen_ai.operation.name: "chat", "embeddings", ...

struct ChatReply {
  llm::DialectId dialect;  // of the raw frames
  // kWhole: all of it is there; pulling neither waits nor fails.
  llm::Delivery delivery = llm::Delivery::kWhole;
  std::unique_ptr<llm::EventSource> events;
};

struct EmbeddingReply {
  llm::DialectId dialect;
  std::string raw;  // the upstream's body; "" where several calls were joined
  llm::EmbeddingAnswer answer;
};

struct CountReply {
  std::uint64_t input_tokens = 0;
  enum class Source : std::uint8_t { kProvider, kLocal } source = Source::kProvider;
};

struct RerankReply {
  std::string raw;
  llm::RerankAnswer answer;
};

// Bytes to pull: an opaque body.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next piece, "" at the end; valid until the next call.
  virtual net::Task<base::Result<std::string_view>> Read() = 0;
};

struct PassThroughReply {
  std::uint16_t status = 200;
  std::string content_type;
  std::string content_disposition;
  std::unique_ptr<ByteSource> body;
};

struct ModelEntry {
  std::string name;
  std::uint64_t context_tokens = 0;  // 0: unknown
  std::uint64_t max_output_tokens = 0;
};
struct ModelsReply {
  std::vector<ModelEntry> models;
};

using Answer = std::variant<ChatReply, EmbeddingReply, CountReply, RerankReply, PassThroughReply, ModelsReply>;

struct HeaderField {
  std::string name;  // lower case
  std::string value;
};

struct Reply {
  Answer answer;
  std::vector<HeaderField> headers;  // for the client: rate-limit figures and the like, by allow-list
};

}  // namespace gatehouse::pipeline
