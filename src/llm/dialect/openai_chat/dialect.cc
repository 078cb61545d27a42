#include "llm/dialect/openai_chat/dialect.h"

#include <algorithm>

#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai_chat/request.h"
#include "llm/dialect/openai_chat/response_decoder.h"
#include "llm/dialect/openai_chat/response_encoder.h"

namespace gatehouse::llm::dialect::openai_chat {
namespace {

struct SpellingOf {
  std::string_view neutral, spelled;
};
constexpr SpellingOf kSpellings[] = {
    {"max_output_tokens", "max_completion_tokens"}, {"choices", "n"}, {"reasoning", "reasoning_effort"}};

class ChatCompletions final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kOpenAiChat; }
  Framing framing() const override { return Framing::kSse; }
  std::string_view stream_content_type() const override { return "text/event-stream"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return openai_chat::DecodeRequest(body, path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return openai_chat::EncodeRequest(request, options);
  }
  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return std::make_unique<Decoder>(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const override {
    return std::make_unique<Encoder>(context);
  }
  std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const override {
    return openai_chat::EncodeWhole(answer, context);
  }
  std::string_view Spell(std::string_view neutral_field) const override {
    const auto* found = std::ranges::find(kSpellings, neutral_field, &SpellingOf::neutral);
    return found == std::end(kSpellings) ? neutral_field : found->spelled;
  }
  ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const override {
    return openai::EncodeError(error, request_id);
  }
  base::Error DecodeError(std::uint16_t status, std::string_view body) const override {
    return openai::DecodeError(status, body);
  }
};

}  // namespace

const ChatDialect& Dialect() {
  static const ChatCompletions kDialect;
  return kDialect;
}

}  // namespace gatehouse::llm::dialect::openai_chat
