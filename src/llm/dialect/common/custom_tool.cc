#include "llm/dialect/common/custom_tool.h"

#include <algorithm>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/tool_call.h"

namespace gatehouse::llm::dialect::common {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxHeldBytes = 8 * 1024 * 1024;  // of one call
constexpr std::string_view kInput = "input";
constexpr std::string_view kInputSchema =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false})";

// {"syntax","definition"} of a tool as it came: flat in the Responses API, nested in chat completions.
Value GrammarOf(Value tool) {
  const Value flat = tool["format"];
  const Value format = flat.IsObject() ? flat : tool["custom"]["format"];
  if (format["type"].string() != "grammar") return {};
  return format["grammar"].IsObject() ? format["grammar"] : format;
}

// The input in the arguments that the model wrote for the function; the arguments themselves where they are anything
// else.
std::string InputText(std::string arguments) {
  codec::json::Document document;
  if (!document.Parse(arguments).ok() || !document.root()[kInput].IsString()) return arguments;
  return std::string(document.root()[kInput].string());
}

}  // namespace

Tool AsFunction(const Tool& tool, std::string_view field, std::string_view target, std::vector<Loss>& losses) {
  Tool function{.name = tool.name,
                .description = tool.description,
                .parameters = JsonText(kInputSchema),
                .cache = tool.cache,
                .origin = tool.origin};
  codec::json::Document document;
  const Value grammar = document.Parse(tool.original).ok() ? GrammarOf(document.root()) : Value();
  if (!grammar.IsObject()) return function;
  if (!function.description.empty()) function.description += "\n\n";
  function.description.append("The input is a text of this grammar (").append(grammar["syntax"].string());
  function.description.append("):\n").append(grammar["definition"].string());
  losses.push_back({Loss::Kind::kHint, std::string(field),
                    std::string(target) + " does not enforce the grammar of the input; the model is told in words"});
  return function;
}

JsonText CallInput(const ToolCallBlock& call) {
  if (call.kind != ToolKind::kCustom) return InputObject(call.arguments);
  JsonText object;
  codec::json::Writer(object).BeginObject().Field(kInput, call.arguments).EndObject();
  return object;
}

CustomCalls::CustomCalls(const ChatRequest* request) {
  if (request == nullptr) return;
  for (const Tool& tool : request->tools) {
    if (tool.kind == ToolKind::kCustom) names_.push_back(tool.name);
  }
}

bool CustomCalls::IsCustom(std::string_view name) const { return std::ranges::find(names_, name) != names_.end(); }

std::vector<Event> CustomCalls::Translate(const Event& event) {
  if (const auto* started = std::get_if<ToolCallStarted>(&event)) {
    if (started->kind != ToolKind::kFunction || !IsCustom(started->name)) return {event};
    held_.try_emplace({started->choice, started->block});
    ToolCallStarted custom = *started;
    custom.kind = ToolKind::kCustom;
    return {std::move(custom)};
  }
  if (const auto* delta = std::get_if<ToolCallDelta>(&event)) {
    const auto held = held_.find({delta->choice, delta->block});
    if (held == held_.end()) return {event};
    held->second += delta->arguments;
    if (held->second.size() <= kMaxHeldBytes) return {};
    // Too much to hold: from here on the client gets the arguments as the model writes them, and nothing is lost.
    auto all = held_.extract(held);
    return {ToolCallDelta{delta->choice, delta->block, std::move(all.mapped())}};
  }
  const auto* finished = std::get_if<BlockFinished>(&event);
  if (finished == nullptr) return {event};
  auto held = held_.extract({finished->choice, finished->block});
  if (held.empty()) return {event};
  return {ToolCallDelta{finished->choice, finished->block, InputText(std::move(held.mapped()))}, event};
}

Answer CustomCalls::Translate(Answer answer) const {
  for (Choice& choice : answer.choices) {
    for (Block& block : choice.blocks) {
      auto* call = std::get_if<ToolCallBlock>(&block);
      if (call == nullptr || call->kind != ToolKind::kFunction || !IsCustom(call->name)) continue;
      call->kind = ToolKind::kCustom;
      call->arguments = InputText(std::move(call->arguments));
    }
  }
  return answer;
}

}  // namespace gatehouse::llm::dialect::common
