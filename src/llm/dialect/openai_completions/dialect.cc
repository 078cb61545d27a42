#include "llm/dialect/openai_completions/dialect.h"

#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai_chat/response_decoder.h"
#include "llm/dialect/openai_completions/request.h"
#include "llm/dialect/openai_completions/response.h"

namespace gatehouse::llm::dialect::openai_completions {
namespace {

class Completions final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kOpenAiCompletions; }
  Framing framing() const override { return Framing::kSse; }
  std::string_view stream_content_type() const override { return "text/event-stream"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return openai_completions::DecodeRequest(body, path);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return openai_completions::EncodeRequest(request, options);
  }
  // The chunks are those of a chat, but for `text` in place of the delta.
  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return std::make_unique<openai_chat::Decoder>(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const override {
    return std::make_unique<Encoder>(context);
  }
  std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const override {
    return openai_completions::EncodeWhole(answer, context);
  }
  std::string_view Spell(std::string_view neutral_field) const override {
    if (neutral_field == "max_output_tokens") return "max_tokens";
    return neutral_field == "choices" ? "n" : neutral_field;
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
  static const Completions kDialect;
  return kDialect;
}

}  // namespace gatehouse::llm::dialect::openai_completions
