#include "llm/dialect/bedrock/bedrock.h"

#include "llm/dialect/bedrock/error.h"
#include "llm/dialect/bedrock/request_decode.h"
#include "llm/dialect/bedrock/request_encode.h"
#include "llm/dialect/bedrock/response_decode.h"
#include "llm/dialect/bedrock/response_encode.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

constexpr common::Word<std::string_view> kSpellings[] = {
    {"tools", "toolConfig.tools"},
    {"tool_choice", "toolConfig.toolChoice"},
    {"max_output_tokens", "inferenceConfig.maxTokens"},
    {"temperature", "inferenceConfig.temperature"},
    {"top_p", "inferenceConfig.topP"},
    {"top_k", "additionalModelRequestFields.top_k"},
    {"stop", "inferenceConfig.stopSequences"},
    {"response_format", "outputConfig.textFormat"},
    {"reasoning", "additionalModelRequestFields.thinking"},
    {"metadata", "requestMetadata"},
    {"service_tier", "serviceTier"},
};

class ConverseDialect final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kBedrock; }
  Framing framing() const override { return Framing::kEventStream; }
  std::string_view stream_content_type() const override { return "application/vnd.amazon.eventstream"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return ReadRequest(common::Node(body), path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return bedrock::EncodeRequest(request, options, Purpose::kAnswer);
  }

  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return bedrock::NewDecoder(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext&) const override { return bedrock::NewEncoder(); }
  std::string EncodeWhole(const Answer& answer, const AnswerContext&) const override {
    return bedrock::EncodeWhole(answer);
  }

  std::string_view Spell(std::string_view neutral_field) const override {
    return common::FindValue(kSpellings, neutral_field).value_or(neutral_field);
  }
  ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const override {
    return bedrock::EncodeError(error, request_id);
  }
  base::Error DecodeError(std::uint16_t status, std::string_view body) const override {
    return ToError(status, {}, body);
  }
  base::Error DecodeTypedError(std::uint16_t status, std::string_view type, std::string_view body) const override {
    return ToError(status, type, body);
  }
};

}  // namespace

const ChatDialect& Chat() {
  static const ConverseDialect dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::bedrock
