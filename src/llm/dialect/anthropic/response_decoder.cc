#include "llm/dialect/anthropic/response_decoder.h"

#include <utility>

#include "codec/json/writer.h"
#include "llm/dialect/anthropic/citation.h"
#include "llm/dialect/anthropic/errors.h"
#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxOpenBlocks = 64;  // they never overlap; a host that errs does so by a few

Started StartOf(Value message) {
  return {.id = std::string(message["id"].string()), .model = std::string(message["model"].string())};
}

// What ended the message; nothing while `stop_reason` is null.
void AppendFinish(Value holder, std::vector<Event>& events) {
  const Value reason = holder["stop_reason"];
  if (!reason.IsString()) return;
  const auto known = common::FindValue(kStopReasons, reason.string());
  ChoiceFinished finished{.reason = known.value_or(FinishReason::kOther),
                          .stop_sequence = std::string(holder["stop_sequence"].string())};
  if (!known) finished.detail = reason.string();
  if (known == FinishReason::kContentFilter) finished.detail = holder["stop_details"]["explanation"].string();
  events.emplace_back(std::move(finished));
}

// A block as it started, with the input that the stream brought after it.
OpaqueBlock OpaqueOf(std::string_view start, std::string_view input) {
  codec::json::Document block;
  codec::json::Document whole_input;
  static_cast<void>(block.Parse(start));
  OpaqueBlock opaque{.origin = DialectId::kAnthropic, .type = std::string(block.root()["type"].string()), .json = {}};
  if (input.empty() || !whole_input.Parse(input).ok()) {
    opaque.json = start;
    return opaque;
  }
  codec::json::Writer writer(opaque.json);
  writer.BeginObject();
  for (const auto member : block.root()) {
    writer.RawField(member.key, member.key == "input" ? input : member.value.raw());
  }
  writer.EndObject();
  return opaque;
}

}  // namespace

base::Status MessageDecoder::Decode(std::string_view event, std::string_view data, Detail detail,
                                    std::vector<Event>& events) {
  if (event == "ping") return base::Ok();
  if (!document_.Parse(data).ok() || !document_.root().IsObject()) {
    return common::BadUpstream("an event of the stream is not a JSON object");
  }
  // Metering looks no further into the bulk; that it is JSON is known, so that nothing broken is passed on.
  if (detail == Detail::kUsage && event.starts_with("content_block_")) return base::Ok();
  return Dispatch(event.empty() ? document_.root()["type"].string() : event, data, detail, events);
}

base::Status MessageDecoder::Dispatch(std::string_view type, std::string_view data, Detail detail,
                                      std::vector<Event>& events) {
  const Value root = document_.root();
  if (type == "error") return DecodeError(0, root, data);
  if (type == "message_start") return OnMessageStart(root, events);
  if (type == "message_delta") return OnMessageDelta(root, detail, events);
  if (type == "message_stop") {
    state_ = State::kStopped;
    if (const Value metrics = root["amazon-bedrock-invocationMetrics"]; metrics.IsObject()) {
      usage_.FillFromMetrics(metrics);
      events.emplace_back(UsageReported{usage_.Total()});
    }
    return base::Ok();
  }
  if (detail == Detail::kUsage || type == "ping") return base::Ok();
  if (type == "content_block_start") return OnBlockStart(root, events);
  if (type == "content_block_delta") return OnBlockDelta(root, events);
  if (type == "content_block_stop") return OnBlockStop(root, events);
  events.emplace_back(
      OpaqueEvent{.origin = DialectId::kAnthropic, .type = std::string(type), .json = std::string(data)});
  return base::Ok();
}

base::Status MessageDecoder::OnMessageStart(Value root, std::vector<Event>& events) {
  const Value message = root["message"];
  if (!message.IsObject()) return common::BadUpstream("message_start without a message");
  state_ = State::kMessage;
  id_ = message["id"].string();
  events.emplace_back(StartOf(message));
  usage_.Replace(message["usage"]);
  events.emplace_back(UsageReported{usage_.Total()});
  return base::Ok();
}

base::Status MessageDecoder::OnBlockStart(Value root, std::vector<Event>& events) {
  const auto index = root["index"].AsInteger();
  const Value block = root["content_block"];
  if (!index || !block.IsObject() || open_.size() >= kMaxOpenBlocks) {
    return common::BadUpstream("content_block_start without an index or a block, or too many open blocks");
  }
  const auto [place, fresh] = open_.try_emplace(*index);
  if (!fresh) return common::BadUpstream("content_block_start repeats the index of an open block");
  StartBlock(block, place->second, events);
  return base::Ok();
}

std::uint32_t MessageDecoder::NumberOf(OpenBlock& open) {
  if (!open.number) open.number = next_number_++;
  return *open.number;
}

void MessageDecoder::AddText(std::string_view text, OpenBlock& open, std::vector<Event>& events) {
  if (!text.empty()) events.emplace_back(TextDelta{.block = NumberOf(open), .text = std::string(text)});
}

void MessageDecoder::AddReasoning(std::string_view text, OpenBlock& open, std::vector<Event>& events) {
  if (!text.empty()) events.emplace_back(ReasoningDelta{.block = NumberOf(open), .text = std::string(text)});
}

void MessageDecoder::AddCitation(Value citation, OpenBlock& open, std::vector<Event>& events) {
  Annotated annotated{.block = NumberOf(open), .origin = DialectId::kAnthropic, .json = std::string(citation.raw())};
  if (auto url = ReadUrlCitation(citation)) annotated.urls.push_back(*std::move(url));
  events.emplace_back(std::move(annotated));
}

void MessageDecoder::AddCall(Value block, OpenBlock& open, std::vector<Event>& events) {
  ToolCallStarted call{
      .block = NumberOf(open), .id = std::string(block["id"].string()), .name = std::string(block["name"].string())};
  if (call.id.empty()) call.id = common::SyntheticCallId(id_ + exchange_, 0, call.block);
  if (!block["input"].empty()) open.input = block["input"].raw();
  events.emplace_back(std::move(call));
}

void MessageDecoder::StartBlock(Value block, OpenBlock& open, std::vector<Event>& events) {
  const auto type = block["type"].string();
  if (type == "text") {
    AddText(block["text"].string(), open, events);
    for (const auto citation : block["citations"]) AddCitation(citation.value, open, events);
  } else if (type == "tool_use") {
    open.kind = OpenBlock::Kind::kToolUse;
    AddCall(block, open, events);
  } else if (type == "thinking") {
    open.kind = OpenBlock::Kind::kThinking;
    open.signature = block["signature"].string();
    AddReasoning(block["thinking"].string(), open, events);
  } else if (type == "redacted_thinking") {
    events.emplace_back(ReasoningSeal{
        .block = NumberOf(open), .redacted = std::string(block["data"].string()), .origin = DialectId::kAnthropic});
  } else {
    open.kind = OpenBlock::Kind::kOpaque;
    open.start = block.raw();
  }
}

base::Status MessageDecoder::OnBlockDelta(Value root, std::vector<Event>& events) {
  const auto index = root["index"].AsInteger();
  const auto open = index ? open_.find(*index) : open_.end();
  if (open == open_.end()) return common::BadUpstream("content_block_delta of a block that is not open");
  AddDelta(root["delta"], open->second, events);
  return base::Ok();
}

void MessageDecoder::AddDelta(Value delta, OpenBlock& open, std::vector<Event>& events) {
  const auto type = delta["type"].string();
  const auto json = delta["partial_json"].string();
  if (type == "text_delta") {
    AddText(delta["text"].string(), open, events);
  } else if (type == "input_json_delta" && open.kind == OpenBlock::Kind::kOpaque) {
    open.input += json;
  } else if (type == "input_json_delta" && !json.empty()) {
    open.streamed = OpenBlock::Input::kStreamed;
    events.emplace_back(ToolCallDelta{.block = NumberOf(open), .arguments = std::string(json)});
  } else if (type == "thinking_delta") {
    AddReasoning(delta["thinking"].string(), open, events);
  } else if (type == "signature_delta") {
    open.signature += delta["signature"].string();
  } else if (type == "citations_delta") {
    AddCitation(delta["citation"], open, events);
  }
}

base::Status MessageDecoder::OnBlockStop(Value root, std::vector<Event>& events) {
  const auto index = root["index"].AsInteger();
  const auto open = index ? open_.find(*index) : open_.end();
  if (open == open_.end()) return common::BadUpstream("content_block_stop of a block that is not open");
  StopBlock(open->second, events);
  open_.erase(open);
  return base::Ok();
}

void MessageDecoder::StopBlock(OpenBlock& open, std::vector<Event>& events) {
  if (open.kind == OpenBlock::Kind::kToolUse && open.streamed == OpenBlock::Input::kNone && !open.input.empty()) {
    events.emplace_back(ToolCallDelta{.block = NumberOf(open), .arguments = std::move(open.input)});
  }
  if (open.kind == OpenBlock::Kind::kThinking && !open.signature.empty()) {
    events.emplace_back(ReasoningSeal{
        .block = NumberOf(open), .signature = std::move(open.signature), .origin = DialectId::kAnthropic});
  }
  if (open.kind == OpenBlock::Kind::kOpaque) {
    events.emplace_back(OpaqueBlockAdded{.block = NumberOf(open), .content = OpaqueOf(open.start, open.input)});
  }
  if (open.number) events.emplace_back(BlockFinished{.block = *open.number});
}

base::Status MessageDecoder::OnMessageDelta(Value root, Detail detail, std::vector<Event>& events) {
  if (state_ == State::kBegin) return common::BadUpstream("message_delta before message_start");
  const Value delta = root["delta"];
  if (detail == Detail::kFull && delta["stop_reason"].IsString()) {
    for (auto& [index, open] : open_) StopBlock(open, events);
    open_.clear();
  }
  usage_.Replace(root["usage"]);
  events.emplace_back(UsageReported{usage_.Total()});
  AppendFinish(delta, events);
  return base::Ok();
}

base::Status MessageDecoder::Finish(Detail, std::vector<Event>&) {
  if (state_ == State::kStopped) return base::Ok();
  return common::BadUpstream("the stream ended before message_stop");
}

base::Status MessageDecoder::DecodeBlocks(Value content, std::vector<Event>& events) {
  for (const auto element : content) {
    if (!element.value.IsObject()) return common::BadUpstream("a content block is not an object");
    OpenBlock open;
    StartBlock(element.value, open, events);
    StopBlock(open, events);
  }
  return base::Ok();
}

base::Status MessageDecoder::DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) {
  if (!document_.Parse(body).ok()) return common::BadUpstream("the answer is not JSON");
  const Value root = document_.root();
  if (root["type"].string() == "error") return DecodeError(0, root, body);
  if (!root["content"].IsArray()) return common::BadUpstream("the answer has no content");
  id_ = root["id"].string();
  events.emplace_back(StartOf(root));
  if (detail == Detail::kFull) GH_CHECK_OK(DecodeBlocks(root["content"], events));
  usage_.Replace(root["usage"]);
  events.emplace_back(UsageReported{usage_.Total()});
  AppendFinish(root, events);
  state_ = State::kStopped;
  return base::Ok();
}

}  // namespace gatehouse::llm::dialect::anthropic
