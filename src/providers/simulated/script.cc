#include "providers/simulated/script.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "codec/json/document.h"
#include "codec/json/writer.h"

namespace gatehouse::providers::simulated {
namespace {

namespace json = codec::json;
constexpr int kMaxSchemaDepth = 16;

struct Turn {
  std::string text;         // of the last user message
  std::string tool_result;  // of the last tool result in it
  std::size_t images = 0;
  std::size_t documents = 0;
};

std::string TextOf(const std::vector<llm::Block>& blocks) {
  std::string text;
  for (const auto& block : blocks) {
    if (const auto* part = std::get_if<llm::TextBlock>(&block)) text.append(text.empty() ? "" : " ").append(part->text);
  }
  return text;
}

Turn LastTurn(const llm::ChatRequest& request) {
  Turn turn;
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    if (message->role != llm::Role::kUser) continue;
    turn.text = TextOf(message->blocks);
    for (const auto& block : message->blocks) {
      if (std::holds_alternative<llm::ImageBlock>(block)) ++turn.images;
      if (std::holds_alternative<llm::DocumentBlock>(block)) ++turn.documents;
      if (const auto* result = std::get_if<llm::ToolResultBlock>(&block)) {
        turn.tool_result = result->structured.empty() ? TextOf(result->content) : result->structured;
      }
    }
    break;
  }
  return turn;
}

// Tools are called until their results come back, unless the caller forbids it.
std::vector<const llm::Tool*> ToolsToCall(const llm::ChatRequest& request, const Turn& turn) {
  using Mode = llm::ToolChoice::Mode;
  const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::kAuto;
  std::vector<const llm::Tool*> tools;
  if (mode == Mode::kNone || !turn.tool_result.empty()) return tools;
  for (const auto& tool : request.tools) {
    const bool named = request.tool_choice &&
                       std::ranges::find(request.tool_choice->names, tool.name) != request.tool_choice->names.end();
    if (mode == Mode::kNamed && !named) continue;
    if (tool.kind == llm::ToolKind::kProviderDefined) continue;
    // By itself it calls a tool that the user speaks of; one that must be called is called anyway.
    if (mode == Mode::kAuto && turn.text.find(tool.name) == std::string::npos && request.tools.size() > 1) continue;
    tools.push_back(&tool);
  }
  const bool one_only = mode == Mode::kNamed || (request.parallel_tool_calls && !*request.parallel_tool_calls);
  if (one_only && tools.size() > 1) tools.resize(1);
  return tools;
}

std::string Prose(const Turn& turn, std::string_view model) {
  if (!turn.tool_result.empty()) return "The tool answered: " + turn.tool_result;
  std::string text = "This is " + std::string(model) + ", a simulated model. You said: " + turn.text;
  if (turn.images > 0) text += " (and showed " + std::to_string(turn.images) + " image(s))";
  if (turn.documents > 0) text += " (and gave " + std::to_string(turn.documents) + " document(s))";
  return text;
}

// Word by word, spaces with the word that follows, as models do.
void AppendWords(std::vector<llm::Event>& events, const std::string& text, std::uint32_t block) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(' ', begin + 1), text.size());
    events.emplace_back(llm::TextDelta{.block = block, .text = text.substr(begin, end - begin)});
    begin = end;
  }
  events.emplace_back(llm::BlockFinished{.block = block});
}

void AppendToolCall(std::vector<llm::Event>& events, const llm::Tool& tool, std::uint32_t block, std::string_view id) {
  const std::string call_id = "call_" + std::string(id) + "_" + std::to_string(block);
  events.emplace_back(llm::ToolCallStarted{.block = block, .id = call_id, .name = tool.name, .kind = tool.kind});
  const std::string arguments = tool.kind == llm::ToolKind::kCustom ? "simulated input" : InstanceOf(tool.parameters);
  const std::size_t half = arguments.size() / 2;
  events.emplace_back(llm::ToolCallDelta{.block = block, .arguments = arguments.substr(0, half)});
  events.emplace_back(llm::ToolCallDelta{.block = block, .arguments = arguments.substr(half)});
  events.emplace_back(llm::BlockFinished{.block = block});
}

bool WantsReasoning(const llm::ChatRequest& request) {
  using Mode = llm::ReasoningConfig::Mode;
  return request.reasoning && request.reasoning->mode != Mode::kDisabled &&
         request.reasoning->effort != llm::Effort::kNone;
}

void WriteInstance(json::Writer& writer, json::Value schema, int depth);

void WriteObject(json::Writer& writer, json::Value schema, int depth) {
  writer.BeginObject();
  const json::Value properties = schema["properties"];
  const json::Value required = schema["required"];
  for (const auto property : properties) {
    const bool needed =
        std::ranges::any_of(required, [&](const auto& item) { return item.value.string() == property.key; });
    if (!needed && !required.IsMissing()) continue;
    writer.Key(property.key);
    WriteInstance(writer, property.value, depth + 1);
  }
  writer.EndObject();
}

void WriteInstance(json::Writer& writer, json::Value schema, int depth) {
  if (depth > kMaxSchemaDepth) {
    writer.Null();
    return;
  }
  if (const auto chosen = schema["enum"].at(0); !chosen.IsMissing()) {
    writer.Raw(chosen.raw());
    return;
  }
  const json::Value declared = schema["type"];
  const std::string_view type = declared.IsArray() ? declared.at(0).string() : declared.string();
  if (type == "object" || schema["properties"].IsObject()) {
    WriteObject(writer, schema, depth);
  } else if (type == "array") {
    writer.BeginArray();
    if (schema["items"].IsObject()) WriteInstance(writer, schema["items"], depth + 1);
    writer.EndArray();
  } else if (type == "integer" || type == "number") {
    writer.Number(schema["minimum"].AsInteger().value_or(1));
  } else if (type == "boolean") {
    writer.Bool(true);
  } else if (type == "null") {
    writer.Null();
  } else {
    writer.String("simulated");
  }
}

llm::Usage UsageOf(const llm::ChatRequest& request, const std::vector<llm::Event>& events) {
  llm::Usage usage{.input = EstimateTokens(request), .source = llm::UsageSource::kProvider};
  for (const auto& event : events) {
    if (const auto* text = std::get_if<llm::TextDelta>(&event)) usage.output += EstimateTokens(text->text);
    if (const auto* call = std::get_if<llm::ToolCallDelta>(&event)) usage.output += EstimateTokens(call->arguments);
    if (const auto* thought = std::get_if<llm::ReasoningDelta>(&event))
      usage.reasoning += EstimateTokens(thought->text);
  }
  return usage;
}

}  // namespace

std::string InstanceOf(std::string_view schema) {
  json::Document document;
  if (schema.empty() || !document.Parse(schema).ok()) return "{}";
  std::string out;
  json::Writer writer(out);
  WriteInstance(writer, document.root(), 0);
  return out;
}

std::vector<llm::Event> AnswerTo(const llm::ChatRequest& request, std::string_view model, std::string_view id) {
  const Turn turn = LastTurn(request);
  std::vector<llm::Event> events;
  events.emplace_back(llm::Started{.id = "sim_" + std::string(id), .model = std::string(model)});
  std::uint32_t block = 0;
  if (WantsReasoning(request)) {
    events.emplace_back(llm::ReasoningDelta{.block = block, .text = "The user expects an answer."});
    events.emplace_back(llm::BlockFinished{.block = block});
    ++block;
  }
  const auto tools = ToolsToCall(request, turn);
  for (const llm::Tool* tool : tools) AppendToolCall(events, *tool, block++, id);
  if (tools.empty()) {
    using Kind = llm::ResponseFormat::Kind;
    const Kind kind = request.response_format ? request.response_format->kind : Kind::kText;
    std::string text = Prose(turn, model);
    if (kind == Kind::kJsonSchema) text = InstanceOf(request.response_format->schema);
    if (kind == Kind::kJsonObject) text = R"({"answer":"simulated"})";
    AppendWords(events, text, block);
  }
  const llm::Usage usage = UsageOf(request, events);
  const auto reason = tools.empty() ? llm::FinishReason::kStop : llm::FinishReason::kToolCalls;
  events.emplace_back(llm::ChoiceFinished{.reason = reason});
  events.emplace_back(llm::UsageReported{usage});
  return events;
}

std::vector<float> Embed(std::string_view text, std::size_t dimensions) {
  std::vector<float> vector(dimensions, 0.0F);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find_first_of(" \n\t.,;", begin), text.size());
    if (end > begin) {
      const std::size_t hash = std::hash<std::string_view>()(text.substr(begin, end - begin));
      vector[hash % dimensions] += (hash >> 32U) % 2 == 0 ? 1.0F : -1.0F;
    }
    begin = end + 1;
  }
  float norm = 0;
  for (const float value : vector) norm += value * value;
  if (norm == 0) {
    vector[0] = 1;
    return vector;
  }
  for (float& value : vector) value /= std::sqrt(norm);
  return vector;
}

std::uint64_t EstimateTokens(std::string_view text) { return std::max<std::uint64_t>(1, text.size() / 4); }

std::uint64_t EstimateTokens(const llm::ChatRequest& request) {
  constexpr std::uint64_t kPerMessage = 4;
  std::uint64_t tokens = 3;
  for (const auto& message : request.messages) tokens += kPerMessage + EstimateTokens(TextOf(message.blocks));
  for (const auto& tool : request.tools) tokens += EstimateTokens(tool.description) + EstimateTokens(tool.parameters);
  return tokens;
}

}  // namespace gatehouse::providers::simulated
