#include "llm/dialect/anthropic/dialect.h"

#include <array>
#include <memory>
#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/anthropic/errors.h"
#include "llm/dialect/anthropic/message.h"
#include "llm/dialect/anthropic/request.h"
#include "llm/dialect/anthropic/response_decoder.h"
#include "llm/dialect/anthropic/stream_encoder.h"
#include "llm/dialect/common/token_count.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

// Neutral fields that this dialect spells in another way.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kSpelling = {{
    {"max_output_tokens", "max_tokens"},
    {"stop", "stop_sequences"},
    {"response_format", "output_config.format"},
    {"reasoning", "thinking"},
    {"reasoning.effort", "output_config.effort"},
    {"user", "metadata.user_id"},
    {"parallel_tool_calls", "tool_choice.disable_parallel_tool_use"},
    {"tools.parameters", "tools.input_schema"},
}};

class ChatOfAnthropic final : public ChatDialect {
 public:
  DialectId id() const override { return DialectId::kAnthropic; }
  Framing framing() const override { return Framing::kSse; }
  std::string_view stream_content_type() const override { return "text/event-stream; charset=utf-8"; }

  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return anthropic::DecodeRequest(body, path, Purpose::kAnswer);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return anthropic::EncodeRequest(request, options, Purpose::kAnswer);
  }
  std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) const override {
    return std::make_unique<MessageDecoder>(exchange);
  }
  std::unique_ptr<ResponseEncoder> NewEncoder(const AnswerContext& context) const override {
    return std::make_unique<MessageEncoder>(context);
  }
  std::string EncodeWhole(const Answer& answer, const AnswerContext& context) const override {
    return EncodeMessage(answer, context);
  }
  std::string_view Spell(std::string_view neutral_field) const override {
    for (const auto& [neutral, ours] : kSpelling) {
      if (neutral == neutral_field) return ours;
    }
    return neutral_field;
  }
  ErrorReply EncodeError(const base::Error& error, std::string_view request_id) const override {
    return anthropic::EncodeError(error, request_id);
  }
  base::Error DecodeError(std::uint16_t status, std::string_view body) const override {
    return anthropic::DecodeError(status, body);
  }
};

class CountOfAnthropic final : public CountDialect {
 public:
  DialectId id() const override { return DialectId::kAnthropic; }
  base::Result<ChatRequest> DecodeRequest(codec::json::Value body, const RequestPath& path) const override {
    return anthropic::DecodeRequest(body, path, Purpose::kCount);
  }
  base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options) const override {
    return anthropic::EncodeRequest(request, options, Purpose::kCount);
  }
  base::Result<std::uint64_t> DecodeAnswer(std::string_view body) const override {
    return common::DecodeTokenCount(body, "input_tokens");
  }
  std::string EncodeAnswer(std::uint64_t input_tokens) const override {
    std::string body;
    codec::json::Writer(body).BeginObject().Field("input_tokens", input_tokens).EndObject();
    return body;
  }
};

}  // namespace

const ChatDialect& Chat() {
  static const ChatOfAnthropic chat;
  return chat;
}

const CountDialect& Count() {
  static const CountOfAnthropic count;
  return count;
}

}  // namespace gatehouse::llm::dialect::anthropic
