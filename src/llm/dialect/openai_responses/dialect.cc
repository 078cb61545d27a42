#include "llm/dialect/openai_responses/dialect.h"

#include <array>
#include <memory>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/common/token_count.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai_responses/ladder.h"
#include "llm/dialect/openai_responses/request.h"
#include "llm/dialect/openai_responses/response_decoder.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

// Neutral fields that this dialect spells in another way.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSpelling = {{
    {"messages", "input"},
    {"response_format", "text.format"},
    {"verbosity", "text.verbosity"},
    {"user", "safety_identifier"},
}};

class Responses final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kOpenAiResponses; }
  Framing framing() const override { return Framing::kSse; }
  std::string_view stream_content_type() const override { return "text/event-stream; charset=utf-8"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return openai_responses::DecodeRequest(body, path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return openai_responses::EncodeRequest(request, options, Purpose::kAnswer);
  }
  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return std::make_unique<ResponsesDecoder>(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const override {
    return std::make_unique<Ladder>(context);
  }
  std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const override {
    return openai_responses::EncodeWhole(answer, context);
  }
  std::string_view Spell(std::string_view neutral_field) const override {
    for (const auto& [neutral, ours] : kSpelling) {
      if (neutral == neutral_field) return ours;
    }
    return neutral_field;
  }
  ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const override {
    return openai::EncodeError(error, request_id);
  }
  base::Error DecodeError(std::uint16_t status, std::string_view body) const override {
    return openai::DecodeError(status, body);
  }
};

class InputTokens final : public CountDialect {
 public:
  DialectId id() const override { return DialectId::kOpenAiResponses; }
  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return openai_responses::DecodeRequest(body, path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return openai_responses::EncodeRequest(request, options, Purpose::kCount);
  }
  base::Result<std::uint64_t> DecodeAnswer(std::string_view body) const override {
    return common::DecodeTokenCount(body, "input_tokens");
  }
  std::string EncodeAnswer(std::uint64_t input_tokens) const override {
    std::string body;
    codec::json::Writer writer(body);
    writer.BeginObject().Field("object", "response.input_tokens").Field("input_tokens", input_tokens).EndObject();
    return body;
  }
};

}  // namespace

const ChatDialect& Chat() {
  static const Responses responses;
  return responses;
}

const CountDialect& Count() {
  static const InputTokens count;
  return count;
}

}  // namespace gatehouse::llm::dialect::openai_responses
