#include "llm/dialect/openai_responses/response_decoder.h"

#include <algorithm>
#include <array>

#include "llm/dialect/common/tool_call.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/url_citation.h"
#include "llm/dialect/openai/usage.h"
#include "llm/dialect/openai_responses/items.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Value;

constexpr std::int64_t kMaxItems = 4096;
constexpr std::int64_t kMaxParts = 1024;
// What metering reads; the bulk is skipped without a look inside.
constexpr std::array<std::string_view, 6> kFraming = {"response.created", "response.completed", "response.incomplete",
                                                      "response.failed",  "response.cancelled", "error"};

// Events that repeat what others said, or that an encoder writes by itself.
constexpr std::array<std::string_view, 12> kRepeated = {"response.in_progress",
                                                        "response.queued",
                                                        "response.content_part.added",
                                                        "response.content_part.done",
                                                        "response.output_text.done",
                                                        "response.refusal.done",
                                                        "response.function_call_arguments.done",
                                                        "response.custom_tool_call_input.done",
                                                        "response.reasoning_summary_part.added",
                                                        "response.reasoning_summary_part.done",
                                                        "response.reasoning_summary_text.done",
                                                        "response.reasoning_text.done"};

// How far a hosted tool has come ("response.web_search_call.searching"), and whatever comes to be.
bool IsProgress(std::string_view type) {
  return type.starts_with("response.") && std::ranges::find(kRepeated, type) == kRepeated.end();
}

std::int64_t Index(Value value, std::int64_t limit) {
  return std::clamp<std::int64_t>(value.AsInteger().value_or(0), 0, limit - 1);
}

bool IsCall(std::string_view type) { return type == "function_call" || type == "custom_tool_call"; }

bool HoldsCall(Value output) {
  return std::any_of(output.begin(), output.end(), [](auto item) { return IsCall(item.value["type"].string()); });
}

// An annotation, or an array of them.
Annotated AnnotatedBy(Value annotations, std::uint32_t block) {
  Annotated event{.block = block, .origin = DialectId::kOpenAiResponses, .json = std::string(annotations.raw())};
  const auto add = [&](Value annotation) {
    if (auto url = openai::ReadUrlCitation(annotation)) event.urls.push_back(*std::move(url));
  };
  if (annotations.IsObject()) add(annotations);
  for (const auto element : annotations.IsArray() ? annotations : Value()) add(element.value);
  return event;
}

ChoiceFinished FinishOf(Value response, bool calls) {
  const auto reason = response["incomplete_details"]["reason"].string();
  if (response["status"].string() != "incomplete") {
    return {.reason = calls ? FinishReason::kToolCalls : FinishReason::kStop};
  }
  if (reason == "max_output_tokens") return {.reason = FinishReason::kLength};
  if (reason == "content_filter") return {.reason = FinishReason::kContentFilter};
  return {.reason = FinishReason::kOther, .stop_sequence = {}, .detail = std::string(reason)};
}

}  // namespace

const ResponsesDecoder::EventKind ResponsesDecoder::kKinds[] = {
    {"response.created", &ResponsesDecoder::Start},
    {"response.output_item.added", &ResponsesDecoder::OnItemAdded},
    {"response.output_item.done", &ResponsesDecoder::OnItemDone},
    {"response.output_text.delta", &ResponsesDecoder::OnText},
    {"response.refusal.delta", &ResponsesDecoder::OnRefusal},
    {"response.output_text.annotation.added", &ResponsesDecoder::OnAnnotation},
    {"response.function_call_arguments.delta", &ResponsesDecoder::OnArguments},
    {"response.custom_tool_call_input.delta", &ResponsesDecoder::OnArguments},
    {"response.reasoning_summary_text.delta", &ResponsesDecoder::OnReasoning},
    {"response.reasoning_text.delta", &ResponsesDecoder::OnReasoning},
};

base::Status ResponsesDecoder::Decode(std::string_view event, std::string_view data, Detail detail,
                                      std::vector<Event>& events) {
  if (data == "[DONE]") return base::Ok();
  if (!document_.Parse(data).ok() || !document_.root().IsObject()) {
    return common::BadUpstream("an event of the stream is not a JSON object");
  }
  // Metering looks no further into the bulk; that it is JSON is known, so that nothing broken is passed on.
  if (detail == Detail::kUsage && !event.empty() && std::ranges::find(kFraming, event) == kFraming.end()) {
    return base::Ok();
  }
  const Value root = document_.root();
  const auto type = event.empty() ? root["type"].string() : event;
  if (type == "error" || (type.empty() && !root["error"].IsNullish())) return openai::DecodeInBand(root);
  if (type == "response.failed" || type == "response.cancelled") return openai::DecodeInBand(root["response"]);
  if (type == "response.completed" || type == "response.incomplete") {
    return OnTerminal(root["response"], detail, events);
  }
  const auto* const kind = std::ranges::find(kKinds, type, &EventKind::type);
  if (kind == std::end(kKinds)) {
    if (detail == Detail::kFull && IsProgress(type)) {
      events.emplace_back(OpaqueEvent{
          .origin = DialectId::kOpenAiResponses, .type = std::string(type), .json = std::string(root.raw())});
    }
    return base::Ok();
  }
  if (type == "response.created" || detail == Detail::kFull) (this->*kind->handle)(root, events);
  return base::Ok();
}

void ResponsesDecoder::Start(Value root, std::vector<Event>& events) {
  if (state_ != State::kBegin) return;
  state_ = State::kRunning;
  const Value response = root["response"].IsObject() ? root["response"] : root;
  id_ = response["id"].string();
  events.emplace_back(Started{.id = id_,
                              .model = std::string(response["model"].string()),
                              .created_seconds = response["created_at"].AsInteger().value_or(0)});
}

ResponsesDecoder::Item& ResponsesDecoder::ItemOf(Value root) { return items_[Index(root["output_index"], kMaxItems)]; }

std::uint32_t ResponsesDecoder::BlockOf(Item& item, std::int64_t content_index) {
  const auto [place, fresh] = item.blocks.try_emplace(content_index, next_block_);
  if (fresh) ++next_block_;
  return place->second;
}

void ResponsesDecoder::OnItemAdded(Value root, std::vector<Event>& events) {
  const Value json = root["item"];
  if (IsCall(json["type"].string())) StartCall(json, ItemOf(root), events);
}

void ResponsesDecoder::StartCall(Value json, Item& item, std::vector<Event>& events) {
  if (!item.blocks.empty()) return;
  const bool custom = json["type"].string() == "custom_tool_call";
  ToolCallStarted call{.block = BlockOf(item, 0),
                       .id = std::string(json["call_id"].string()),
                       .name = std::string(json["name"].string()),
                       .kind = custom ? ToolKind::kCustom : ToolKind::kFunction};
  if (call.id.empty()) call.id = common::SyntheticCallId(id_ + exchange_, 0, call.block);
  ++calls_;
  events.emplace_back(std::move(call));
}

void ResponsesDecoder::OnText(Value root, std::vector<Event>& events) {
  const std::uint32_t block = BlockOf(ItemOf(root), Index(root["content_index"], kMaxParts));
  events.emplace_back(TextDelta{.block = block, .text = std::string(root["delta"].string())});
  if (root["logprobs"].empty()) return;
  events.emplace_back(
      LogprobsReported{.origin = DialectId::kOpenAiResponses, .json = std::string(root["logprobs"].raw())});
}

void ResponsesDecoder::OnRefusal(Value root, std::vector<Event>& events) {
  const std::uint32_t block = BlockOf(ItemOf(root), Index(root["content_index"], kMaxParts));
  events.emplace_back(RefusalDelta{.block = block, .text = std::string(root["delta"].string())});
}

void ResponsesDecoder::OnAnnotation(Value root, std::vector<Event>& events) {
  if (!root["annotation"].IsObject()) return;
  events.emplace_back(AnnotatedBy(root["annotation"], BlockOf(ItemOf(root), Index(root["content_index"], kMaxParts))));
}

void ResponsesDecoder::OnArguments(Value root, std::vector<Event>& events) {
  Item& item = ItemOf(root);
  if (item.blocks.empty() || root["delta"].string().empty()) return;  // of a call that never began
  item.text = Item::Text::kStreamed;
  events.emplace_back(ToolCallDelta{.block = BlockOf(item, 0), .arguments = std::string(root["delta"].string())});
}

void ResponsesDecoder::OnReasoning(Value root, std::vector<Event>& events) {
  Item& item = ItemOf(root);
  const std::int64_t part = Index(root["summary_index"], kMaxParts);
  std::string text;
  if (part != std::exchange(item.summary, part)) text = "\n\n";
  text += root["delta"].string();
  if (text.empty()) return;
  item.text = Item::Text::kStreamed;
  events.emplace_back(ReasoningDelta{.block = BlockOf(item, 0), .text = std::move(text)});
}

void ResponsesDecoder::OnItemDone(Value root, std::vector<Event>& events) {
  FinishItem(root["item"], ItemOf(root), events);
}

void ResponsesDecoder::FinishItem(Value json, Item& item, std::vector<Event>& events) {
  if (std::exchange(item.state, Item::State::kDone) == Item::State::kDone) return;
  const auto type = json["type"].string();
  if (type == "message") {
    FinishMessage(json, item, events);
  } else if (IsCall(type)) {
    FinishCall(json, item, events);
  } else if (type == "reasoning") {
    FinishReasoning(json, item, events);
  } else if (json.IsObject()) {
    events.emplace_back(OpaqueBlockAdded{
        .block = BlockOf(item, 0),
        .content = {
            .origin = DialectId::kOpenAiResponses, .type = std::string(type), .json = std::string(json.raw())}});
  }
  for (const auto& [index, block] : item.blocks) events.emplace_back(BlockFinished{.block = block});
}

// Parts that brought no delta bring their text now.
void ResponsesDecoder::FinishMessage(Value json, Item& item, std::vector<Event>& events) {
  std::int64_t index = -1;
  for (const auto element : json["content"]) {
    const Value part = element.value;
    if (item.blocks.contains(++index) || index >= kMaxParts) continue;
    if (!part["refusal"].string().empty()) {
      events.emplace_back(RefusalDelta{.block = BlockOf(item, index), .text = std::string(part["refusal"].string())});
    }
    if (part["text"].string().empty()) continue;
    events.emplace_back(TextDelta{.block = BlockOf(item, index), .text = std::string(part["text"].string())});
    if (!part["annotations"].empty()) {
      events.emplace_back(AnnotatedBy(part["annotations"], BlockOf(item, index)));
    }
    if (!part["logprobs"].empty()) {
      events.emplace_back(
          LogprobsReported{.origin = DialectId::kOpenAiResponses, .json = std::string(part["logprobs"].raw())});
    }
  }
}

void ResponsesDecoder::FinishCall(Value json, Item& item, std::vector<Event>& events) {
  StartCall(json, item, events);
  const auto text = json[json["type"].string() == "custom_tool_call" ? "input" : "arguments"].string();
  if (item.text == Item::Text::kStreamed || text.empty()) return;
  events.emplace_back(ToolCallDelta{.block = BlockOf(item, 0), .arguments = std::string(text)});
}

void ResponsesDecoder::FinishReasoning(Value json, Item& item, std::vector<Event>& events) {
  if (item.text == Item::Text::kNone) {
    std::string text = JoinTexts(json["summary"]);
    if (text.empty()) text = JoinTexts(json["content"]);
    if (!text.empty()) events.emplace_back(ReasoningDelta{.block = BlockOf(item, 0), .text = std::move(text)});
  }
  ReasoningSeal seal{.block = BlockOf(item, 0),
                     .signature = {},
                     .redacted = std::string(json["encrypted_content"].string()),
                     .id = std::string(json["id"].string()),
                     .origin = DialectId::kOpenAiResponses};
  events.emplace_back(std::move(seal));
}

base::Status ResponsesDecoder::OnTerminal(Value response, Detail detail, std::vector<Event>& events) {
  if (!response.IsObject()) return common::BadUpstream("the terminal event has no response");
  Start(response, events);
  const Value output = response["output"];
  if (detail == Detail::kFull) {
    std::int64_t index = 0;
    for (const auto item : output) FinishItem(item.value, items_[std::min(index++, kMaxItems - 1)], events);
  }
  events.emplace_back(UsageReported{openai::DecodeUsage(response["usage"])});
  events.emplace_back(FinishOf(response, calls_ != 0 || HoldsCall(output)));
  state_ = State::kEnded;
  return base::Ok();
}

base::Status ResponsesDecoder::Finish(Detail, std::vector<Event>&) {
  if (state_ == State::kEnded) return base::Ok();
  return common::BadUpstream("the stream ended before its terminal event");
}

base::Status ResponsesDecoder::DecodeWhole(std::string_view body, Detail detail, std::vector<Event>& events) {
  if (!document_.Parse(body).ok()) return common::BadUpstream("the answer is not JSON");
  const Value root = document_.root();
  const auto status = root["status"].string();
  if (status == "failed" || status == "cancelled" || !root["error"].IsNullish()) return openai::DecodeInBand(root);
  if (!root["output"].IsArray()) return common::BadUpstream("the answer has no output");
  return OnTerminal(root, detail, events);
}

}  // namespace gatehouse::llm::dialect::openai_responses
