#include "llm/dialect/bedrock/response_decode.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json/document.h"
#include "llm/dialect/bedrock/error.h"
#include "llm/dialect/bedrock/usage.h"
#include "llm/dialect/bedrock/words.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxOpenBlocks = 4096;

// A signature is Claude's, wherever Claude runs; what was redacted can be read by Bedrock alone.
DialectId OriginOf(std::string_view signature) {
  return signature.empty() ? DialectId::kBedrock : DialectId::kAnthropic;
}

class Decoder final : public ResponseDecoder {
 public:
  explicit Decoder(std::string_view exchange) : exchange_(exchange) {}

  base::Status Decode(std::string_view event, std::string_view data, Detail detail,
                      std::vector<Event>& events) override {
    events_ = &events;
    detail_ = detail;
    if (event.ends_with("xception") || event.ends_with("Error") || event.ends_with("Failure")) {
      return ToError(0, event, data);
    }
    if (auto parsed = document_.Parse(data); !parsed.ok()) {
      return common::BadUpstream("a payload that is not JSON: " + parsed.error().public_message);
    }
    return On(event, document_.root());
  }

  base::Status Finish(Detail, std::vector<Event>&) override {
    if (!stopped_) return common::BadUpstream("the stream ended before messageStop");
    if (!malformed_.empty()) return common::MalformedOutput(malformed_);
    return base::Ok();
  }

  base::Status DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) override {
    events_ = &events;
    detail_ = detail;
    if (auto parsed = document_.Parse(body); !parsed.ok()) {
      return common::BadUpstream("an answer that is not JSON: " + parsed.error().public_message);
    }
    const auto root = document_.root();
    const auto content = root["output"]["message"]["content"];
    if (!content.IsArray()) return common::BadUpstream("an answer without output.message.content");
    Start();
    std::int64_t index = 0;
    for (const auto block : content) WholeBlock(index++, block.value);
    Usage(root["usage"]);
    Stop(root);
    return Finish(detail, events);
  }
  codec::json::Document TakeDocument() override { return std::move(document_); }

 private:
  struct Open {
    std::uint32_t number = 0;
    enum class Kind : std::uint8_t { kUnknown, kText, kReasoning, kTool, kOther } kind = Kind::kUnknown;
    std::string signature;
    std::string image_format = {};  // an image comes as its format and, after that, its bytes
  };

  template <class E>
  void Emit(E event) {
    if (detail_ == Detail::kFull) events_->push_back(std::move(event));
  }

  base::Status On(std::string_view event, Value payload) {
    if (event == "messageStart") {
      Start();
    } else if (event == "contentBlockStart") {
      return BlockStart(payload);
    } else if (event == "contentBlockDelta") {
      return BlockDelta(payload);
    } else if (event == "contentBlockStop") {
      BlockStop(payload);
    } else if (event == "messageStop") {
      Stop(payload);
    } else if (event == "metadata") {
      Usage(payload["usage"]);
    } else {
      Emit(OpaqueEvent{DialectId::kBedrock, std::string(event), std::string(payload.raw())});
    }
    return base::Ok();
  }

  void Start() {
    if (!std::exchange(started_, true)) Emit(Started{});
  }

  // Blocks are opened by their first event, whichever it is: text comes without a contentBlockStart.
  base::Result<Open*> OpenAt(Value payload, Open::Kind kind) {
    Start();
    const auto index = payload["contentBlockIndex"].AsInteger().value_or(0);
    if (!open_.contains(index) && open_.size() >= kMaxOpenBlocks) return common::BadUpstream("too many open blocks");
    auto [found, fresh] = open_.try_emplace(index);
    if (fresh || (found->second.kind != kind && found->second.kind != Open::Kind::kUnknown)) {
      if (!fresh) Close(found->second);
      found->second = Open{.number = next_number_++, .kind = kind, .signature = {}};
    }
    found->second.kind = kind;
    return &found->second;
  }

  base::Status BlockStart(Value payload) {
    const auto start = payload["start"];
    if (const auto tool = start["toolUse"]; tool.IsObject()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kTool));
      StartCall(block->number, tool);
    } else if (const auto image = start["image"]; image.IsObject()) {
      GH_TRY(auto* block, OpenAt(payload, Open::Kind::kOther));
      block->image_format = image["format"].string();
    } else if (!start.empty()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kOther));
      Emit(OpaqueBlockAdded{0, block->number, Opaque(start)});
    }
    return base::Ok();
  }

  base::Status BlockDelta(Value payload) {
    const auto delta = payload["delta"];
    if (const auto text = delta["text"]; text.IsString()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kText));
      Emit(TextDelta{0, block->number, std::string(text.string())});
    } else if (const auto tool = delta["toolUse"]; tool.IsObject()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kTool));
      Emit(ToolCallDelta{0, block->number, std::string(tool["input"].string())});
    } else if (const auto reasoning = delta["reasoningContent"]; reasoning.IsObject()) {
      GH_TRY(auto* block, OpenAt(payload, Open::Kind::kReasoning));
      ReasoningPiece(*block, reasoning);
    } else if (const auto citation = delta["citation"]; citation.IsObject()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kText));
      Cite(block->number, citation);
    } else if (const auto image = delta["image"]["source"]["bytes"]; image.IsString()) {
      GH_TRY(const auto* block, OpenAt(payload, Open::Kind::kOther));
      Image(block->number, block->image_format, image.string());
    }
    return base::Ok();
  }

  // One citation, or an array of them.
  void Cite(std::uint32_t number, Value citations) {
    Annotated annotated{0, number, DialectId::kBedrock, std::string(citations.raw())};
    const auto add = [&](Value citation) {
      const auto url = citation["location"]["web"]["url"].string();
      if (url.empty()) return;
      annotated.urls.push_back({.url = std::string(url),
                                .title = std::string(citation["title"].string()),
                                .quote = std::string(citation["sourceContent"].at(0)["text"].string())});
    };
    if (citations.IsObject()) add(citations);
    for (const auto citation : citations.IsArray() ? citations : Value()) add(citation.value);
    Emit(std::move(annotated));
  }

  void Image(std::uint32_t number, std::string_view format, std::string_view base64) {
    std::string type(MediaTypeOf(format));
    if (type.empty()) type = std::string("image/").append(format);
    Emit(ImageAdded{0, number, {.source = InlineMedia{std::move(type), std::string(base64)}}});
  }

  // A signature may come in pieces; it is one seal.
  void ReasoningPiece(Open& block, Value piece) {
    if (const auto text = piece["text"]; text.IsString()) {
      Emit(ReasoningDelta{0, block.number, std::string(text.string())});
    }
    block.signature += piece["signature"].string();
    if (const auto redacted = piece["redactedContent"]; redacted.IsString()) {
      Emit(ReasoningSeal{0, block.number, {}, std::string(redacted.string()), {}, DialectId::kBedrock});
    }
  }

  void Close(const Open& block) {
    if (!block.signature.empty()) {
      Emit(ReasoningSeal{0, block.number, block.signature, {}, {}, OriginOf(block.signature)});
    }
    Emit(BlockFinished{0, block.number});
  }

  void BlockStop(Value payload) {
    const auto found = open_.find(payload["contentBlockIndex"].AsInteger().value_or(0));
    if (found == open_.end()) return;
    Close(found->second);
    open_.erase(found);
  }

  // The usage comes after this.
  void Stop(Value payload) {
    for (const auto& [index, block] : std::exchange(open_, {})) Close(block);
    if (std::exchange(stopped_, true)) return;
    const auto word = payload["stopReason"].string();
    // To Converse's own clients the word passes as it is.
    if (detail_ == Detail::kFull && word.starts_with("malformed_")) {
      malformed_ = word;
      return;
    }
    const auto reason = ToFinishReason(word, calls_);
    const bool plain = reason == FinishReason::kStop || reason == FinishReason::kToolCalls ||
                       reason == FinishReason::kStopSequence || reason == FinishReason::kLength;
    events_->push_back(
        ChoiceFinished{.reason = reason,
                       .stop_sequence = std::string(payload["additionalModelResponseFields"]["stop_sequence"].string()),
                       .detail = plain ? std::string() : std::string(word)});
  }

  void Usage(Value usage) {
    if (usage.IsObject()) events_->push_back(UsageReported{ReadUsage(usage)});
  }

  void WholeBlock(std::int64_t index, Value block) {
    const auto number = static_cast<std::uint32_t>(index);
    if (const auto text = block["text"]; text.IsString()) {
      Emit(TextDelta{0, number, std::string(text.string())});
    } else if (const auto tool = block["toolUse"]; tool.IsObject()) {
      WholeCall(number, tool);
    } else if (const auto reasoning = block["reasoningContent"]; reasoning.IsObject()) {
      WholeReasoning(number, reasoning);
    } else if (const auto cited = block["citationsContent"]; cited.IsObject()) {
      for (const auto part : cited["content"]) Emit(TextDelta{0, number, std::string(part.value["text"].string())});
      if (!cited["citations"].empty()) Cite(number, cited["citations"]);
    } else if (const auto bytes = block["image"]["source"]["bytes"]; bytes.IsString()) {
      Image(number, block["image"]["format"].string(), bytes.string());
    } else {
      Emit(OpaqueBlockAdded{0, number, Opaque(block)});
    }
    Emit(BlockFinished{0, number});
  }

  void StartCall(std::uint32_t number, Value tool) {
    calls_ = ToolCalls::kSome;
    std::string id(tool["toolUseId"].string());
    if (id.empty()) id = common::SyntheticCallId(exchange_, 0, number);
    Emit(ToolCallStarted{.block = number, .id = std::move(id), .name = std::string(tool["name"].string())});
  }

  void WholeCall(std::uint32_t number, Value tool) {
    StartCall(number, tool);
    Emit(ToolCallDelta{0, number, std::string(tool["input"].IsMissing() ? "{}" : tool["input"].raw())});
  }

  void WholeReasoning(std::uint32_t number, Value reasoning) {
    const auto text = reasoning["reasoningText"];
    const auto signature = text["signature"].string();
    const auto redacted = reasoning["redactedContent"].string();
    if (!text["text"].string().empty()) Emit(ReasoningDelta{0, number, std::string(text["text"].string())});
    if (signature.empty() && redacted.empty()) return;
    Emit(ReasoningSeal{0, number, std::string(signature), std::string(redacted), {}, OriginOf(signature)});
  }

  static OpaqueBlock Opaque(Value block) {
    const auto type = block.begin() == block.end() ? std::string_view("block") : (*block.begin()).key;
    return {DialectId::kBedrock, std::string(type), std::string(block.raw())};
  }

  codec::json::Document document_;
  std::string exchange_;
  std::vector<Event>* events_ = nullptr;  // of the call that is running
  Detail detail_ = Detail::kFull;
  bool started_ = false;
  bool stopped_ = false;
  std::string malformed_;  // the stop reason, told at the end: the usage comes in between
  ToolCalls calls_ = ToolCalls::kNone;
  std::uint32_t next_number_ = 0;
  std::map<std::int64_t, Open> open_;  // by contentBlockIndex
};

}  // namespace

std::unique_ptr<ResponseDecoder> NewDecoder(std::string_view exchange) { return std::make_unique<Decoder>(exchange); }

}  // namespace gatehouse::llm::dialect::bedrock
