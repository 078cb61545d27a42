#include "llm/dialect/bedrock/response_encode.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <variant>

#include "codec/eventstream/eventstream.h"
#include "codec/json/writer.h"
#include "llm/dialect/bedrock/error.h"
#include "llm/dialect/bedrock/usage.h"
#include "llm/dialect/bedrock/words.h"
#include "llm/dialect/common/custom_tool.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::eventstream::Header;
using codec::json::Writer;

enum class MessageType : std::uint8_t { kEvent, kException };

void AppendMessage(std::string& out, MessageType type, std::string_view name, std::string_view payload) {
  const bool event = type == MessageType::kEvent;
  const std::array<Header, 3> headers = {{
      {event ? ":event-type" : ":exception-type", name},
      {":content-type", std::string_view("application/json")},
      {":message-type", std::string_view(event ? "event" : "exception")},
  }};
  codec::eventstream::AppendMessage(out, headers, payload);
}

bool ShowsSeal(DialectId origin) { return origin == DialectId::kBedrock || origin == DialectId::kAnthropic; }

struct BlockToConverse {
  Writer& writer;

  void operator()(const TextBlock& text) const { writer.BeginObject().Field("text", text.text).EndObject(); }
  void operator()(const RefusalBlock& refusal) const { writer.BeginObject().Field("text", refusal.text).EndObject(); }
  void operator()(const ToolCallBlock& call) const {
    writer.BeginObject().Key("toolUse").BeginObject().Field("toolUseId", ToolUseId(call.id));
    writer.Field("name", call.name).RawField("input", common::CallInput(call)).EndObject().EndObject();
  }
  void operator()(const ReasoningBlock& reasoning) const {
    writer.BeginObject().Key("reasoningContent").BeginObject();
    if (!reasoning.redacted.empty() && ShowsSeal(reasoning.origin)) {
      writer.Field("redactedContent", reasoning.redacted);
    } else {
      writer.Key("reasoningText").BeginObject().Field("text", reasoning.text);
      if (!reasoning.signature.empty() && ShowsSeal(reasoning.origin)) writer.Field("signature", reasoning.signature);
      writer.EndObject();
    }
    writer.EndObject().EndObject();
  }
  void operator()(const ImageBlock& image) const {
    const auto* media = std::get_if<InlineMedia>(&image.source);
    if (media == nullptr) return;
    writer.BeginObject().Key("image").BeginObject().Field("format", ImageFormat(media->media_type)).Key("source");
    writer.BeginObject().Field("bytes", media->base64).EndObject().EndObject().EndObject();
  }
  void operator()(const OpaqueBlock& opaque) const {
    if (opaque.origin == DialectId::kBedrock) writer.Raw(opaque.json);
  }
  void operator()(const auto&) const {}  // a model sends no others
};

// One choice: Converse knows no others.
class Encoder final : public ResponseEncoder {
 public:
  void Encode(const Event& event, std::string& out) override {
    out_ = &out;
    std::visit([this](const auto& e) { On(e); }, event);
    out_ = nullptr;
  }

  void Finish(std::string& out) override {
    std::string payload;
    Writer writer(payload);
    writer.BeginObject().Key("usage");
    WriteUsage(writer, usage_);
    writer.EndObject();
    AppendMessage(out, MessageType::kEvent, "metadata", payload);
  }

  void Fail(const base::Error& error, std::string_view, std::string& out) override {
    std::string payload;
    Writer(payload).BeginObject().Field("message", error.public_message).EndObject();
    AppendMessage(out, MessageType::kException, ExceptionInStream(error.code), payload);
  }

 private:
  // A stream knows five exceptions.
  static std::string_view ExceptionInStream(base::ErrorCode code) {
    const auto name = ExceptionName(code);
    if (name == "ThrottlingException") return "throttlingException";
    if (name == "ValidationException") return "validationException";
    if (name == "ServiceUnavailableException") return "serviceUnavailableException";
    if (name == "InternalServerException") return "internalServerException";
    return "modelStreamErrorException";
  }

  void Send(std::string_view event, std::string_view payload) {
    AppendMessage(*out_, MessageType::kEvent, event, payload);
  }

  template <class Fill>
  void SendDelta(std::uint32_t block, Fill fill) {
    std::string payload;
    Writer writer(payload);
    writer.BeginObject().Field("contentBlockIndex", block).Key("delta").BeginObject();
    fill(writer);
    writer.EndObject().EndObject();
    Send("contentBlockDelta", payload);
  }

  void On(const Started&) { Send("messageStart", R"({"role":"assistant"})"); }
  void On(const TextDelta& e) {
    if (e.choice == 0) SendDelta(e.block, [&](Writer& w) { w.Field("text", e.text); });
  }
  void On(const RefusalDelta& e) {
    if (e.choice == 0) SendDelta(e.block, [&](Writer& w) { w.Field("text", e.text); });
  }
  void On(const ReasoningDelta& e) {
    if (e.choice != 0) return;
    SendDelta(e.block, [&](Writer& w) { w.Key("reasoningContent").BeginObject().Field("text", e.text).EndObject(); });
  }
  void On(const ReasoningSeal& e) {
    if (e.choice != 0 || !ShowsSeal(e.origin)) return;
    const bool redacted = !e.redacted.empty();
    SendDelta(e.block, [&](Writer& w) {
      w.Key("reasoningContent").BeginObject();
      w.Field(redacted ? "redactedContent" : "signature", redacted ? e.redacted : e.signature).EndObject();
    });
  }
  void On(const ToolCallStarted& e) {
    if (e.choice != 0) return;
    std::string payload;
    Writer writer(payload);
    writer.BeginObject().Field("contentBlockIndex", e.block).Key("start").BeginObject().Key("toolUse").BeginObject();
    writer.Field("toolUseId", ToolUseId(e.id)).Field("name", e.name).EndObject().EndObject().EndObject();
    Send("contentBlockStart", payload);
  }
  void On(const ToolCallDelta& e) {
    if (e.choice != 0) return;
    SendDelta(e.block, [&](Writer& w) { w.Key("toolUse").BeginObject().Field("input", e.arguments).EndObject(); });
  }
  void On(const BlockFinished& e) {
    if (e.choice != 0) return;
    std::string payload;
    Writer(payload).BeginObject().Field("contentBlockIndex", e.block).EndObject();
    Send("contentBlockStop", payload);
  }
  void On(const UsageReported& e) { usage_ = e.usage; }
  void On(const ChoiceFinished& e) {
    if (e.choice != 0) return;
    std::string payload;
    Writer(payload).BeginObject().Field("stopReason", StopReason(e.reason, e.detail)).EndObject();
    Send("messageStop", payload);
  }
  void On(const auto&) {}  // of other dialects

  std::string* out_ = nullptr;  // of the Encode that is running
  Usage usage_;
};

}  // namespace

std::unique_ptr<ResponseEncoder> NewEncoder() { return std::make_unique<Encoder>(); }

std::string EncodeWhole(const Answer& answer) {
  const Choice empty;
  const Choice& first = answer.choices.empty() ? empty : answer.choices.front();
  std::string body;
  Writer writer(body);
  writer.BeginObject().Key("output").BeginObject().Key("message").BeginObject().Field("role", "assistant");
  writer.Key("content").BeginArray();
  for (const auto& block : first.blocks) std::visit(BlockToConverse{writer}, block);
  writer.EndArray().EndObject().EndObject().Field("stopReason", StopReason(first.reason, first.detail)).Key("usage");
  WriteUsage(writer, answer.usage);
  writer.EndObject();
  return body;
}

}  // namespace gatehouse::llm::dialect::bedrock
