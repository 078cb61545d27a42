#include "llm/dialect/gemini/gemini.h"

#include "codec/json/writer.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/error.h"
#include "llm/dialect/gemini/request_decode.h"
#include "llm/dialect/gemini/request_encode.h"
#include "llm/dialect/gemini/response_decode.h"
#include "llm/dialect/gemini/response_encode.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

constexpr common::Word<std::string_view> kSpellings[] = {
    {"messages", "contents"},
    {"tool_choice", "toolConfig.functionCallingConfig"},
    {"max_output_tokens", "generationConfig.maxOutputTokens"},
    {"temperature", "generationConfig.temperature"},
    {"top_p", "generationConfig.topP"},
    {"top_k", "generationConfig.topK"},
    {"frequency_penalty", "generationConfig.frequencyPenalty"},
    {"presence_penalty", "generationConfig.presencePenalty"},
    {"seed", "generationConfig.seed"},
    {"choices", "generationConfig.candidateCount"},
    {"stop", "generationConfig.stopSequences"},
    {"logprobs", "generationConfig.responseLogprobs"},
    {"top_logprobs", "generationConfig.logprobs"},
    {"response_format", "generationConfig.responseJsonSchema"},
    {"reasoning", "generationConfig.thinkingConfig"},
    {"metadata", "labels"},
    {"service_tier", "serviceTier"},
};

class ChatDialectOfGemini final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kGemini; }
  Framing framing() const override { return Framing::kSse; }
  std::string_view stream_content_type() const override { return "text/event-stream"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return ReadRequest(common::Node(body), path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    EncodedRequest encoded;
    codec::json::Writer writer(encoded.body);
    writer.BeginObject();
    GH_CHECK_OK(WriteRequest(writer, request, options, encoded.losses));
    writer.EndObject();
    return encoded;
  }

  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return gemini::NewDecoder(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const override {
    return gemini::NewEncoder(context);
  }
  std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const override {
    return gemini::EncodeWhole(answer, context);
  }

  std::string_view Spell(std::string_view neutral_field) const override {
    return common::FindValue(kSpellings, neutral_field).value_or(neutral_field);
  }
  ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const override {
    return gemini::EncodeError(error, request_id);
  }
  base::Error DecodeError(std::uint16_t status, std::string_view body) const override {
    return gemini::DecodeError(status, body);
  }
};

}  // namespace

const ChatDialect& Chat() {
  static const ChatDialectOfGemini dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::gemini
