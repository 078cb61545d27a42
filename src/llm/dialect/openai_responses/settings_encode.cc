#include <algorithm>
#include <array>
#include <string>

#include "codec/json/document.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/openai_responses/settings.h"
#include "llm/dialect/openai_responses/words.h"

namespace gatehouse::llm::dialect::openai_responses {
namespace {

using codec::json::Value;
using codec::json::Writer;

constexpr std::array<std::string_view, 5> kNeutralMembers = {"type", "name", "description", "parameters", "strict"};
constexpr std::string_view kEmpty = "{}";

void WriteFunction(Writer& writer, const Tool& tool, const std::string& parameters) {
  writer.BeginObject().Field("type", "function").Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  writer.Key("parameters");
  if (parameters.empty()) {
    writer.Null();
  } else {
    writer.Raw(parameters);
  }
  writer.Key("strict");
  if (tool.strict) {
    writer.Bool(*tool.strict);
  } else if (tool.origin == DialectId::kOpenAiResponses) {
    writer.Null();
  } else {
    writer.Bool(false);  // what silence means in every other dialect; here it would mean strict
  }
  codec::json::Document document;
  if (tool.origin == DialectId::kOpenAiResponses && document.Parse(tool.original).ok()) {
    for (const auto member : document.root()) {
      const bool neutral = std::ranges::find(kNeutralMembers, member.key) != kNeutralMembers.end();
      if (!neutral) writer.RawField(member.key, member.value.raw());
    }
  }
  writer.EndObject();
}

// Chat nests the grammar of a custom tool; here it is flat.
void WriteCustomFormat(Writer& writer, Value format) {
  const Value grammar = format["grammar"];
  writer.Key("format");
  if (!grammar.IsObject()) {
    writer.Raw(format.raw());
    return;
  }
  writer.BeginObject().Field("type", "grammar").Field("syntax", grammar["syntax"].string());
  writer.Field("definition", grammar["definition"].string()).EndObject();
}

void WriteCustom(Writer& writer, const Tool& tool) {
  if (tool.origin == DialectId::kOpenAiResponses && !tool.original.empty()) {
    writer.Raw(tool.original);
    return;
  }
  codec::json::Document document;
  static_cast<void>(document.Parse(tool.original));
  writer.BeginObject().Field("type", "custom").Field("name", tool.name);
  if (!tool.description.empty()) writer.Field("description", tool.description);
  if (const Value format = document.root()["custom"]["format"]; format.IsObject()) WriteCustomFormat(writer, format);
  writer.EndObject();
}

void WriteNamed(Writer& writer, const ChatRequest& request, std::string_view name) {
  const auto tool = std::ranges::find(request.tools, name, &Tool::name);
  const bool custom = tool != request.tools.end() && tool->kind == ToolKind::kCustom;
  writer.BeginObject().Field("type", custom ? "custom" : "function").Field("name", name).EndObject();
}

void WriteFormat(Writer& writer, const ResponseFormat& format) {
  writer.Key("format").BeginObject().Field("type", common::FindText(kFormats, format.kind));
  if (format.kind == ResponseFormat::Kind::kJsonSchema) {
    writer.Field("name", format.name.empty() ? common::kUnnamedSchema : std::string_view(format.name));
    if (!format.description.empty()) writer.Field("description", format.description);
    writer.RawField("schema", format.schema.empty() ? std::string_view("{}") : std::string_view(format.schema));
    if (format.strict) writer.Field("strict", *format.strict);
  }
  writer.EndObject();
}

std::string_view SummaryOf(const ReasoningConfig& config) {
  if (!config.summary.empty()) return config.summary;
  return config.include_text == true ? std::string_view("auto") : std::string_view();
}

}  // namespace

void WriteTools(Writer& writer, const ChatRequest& request, std::vector<Loss>& losses) {
  writer.BeginArray();
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    const Tool& tool = request.tools[i];
    const std::string path = "tools[" + std::to_string(i) + "]";
    if (tool.kind == ToolKind::kCustom && IsOpenAi(tool.origin)) {
      WriteCustom(writer, tool);
    } else if (tool.kind == ToolKind::kFunction) {
      const bool complete = tool.origin == DialectId::kOpenAiResponses;
      auto schema = complete ? base::Result<JsonText>(tool.parameters)
                             : common::ArgumentsSchema(tool.parameters, path + ".parameters", kTarget, losses);
      if (!schema.ok()) losses.push_back({Loss::Kind::kContent, path, "Its schema is not a JSON object."});
      if (schema.ok()) WriteFunction(writer, tool, schema.value());
    } else if (tool.origin == DialectId::kOpenAiResponses && !tool.original.empty()) {
      writer.Raw(tool.original);
    } else {
      losses.push_back({Loss::Kind::kContent, path, common::NoEquivalent(kTarget, tool.name)});
    }
  }
  writer.EndArray();
}

void WriteToolChoice(Writer& writer, const ChatRequest& request, const ToolChoice& choice) {
  if (choice.mode == ToolChoice::Mode::kNamed && !choice.names.empty()) {
    return WriteNamed(writer, request, choice.names.front());
  }
  if (choice.mode != ToolChoice::Mode::kAllowed) {
    writer.String(common::FindText(kToolChoiceModes, choice.mode));
    return;
  }
  writer.BeginObject().Field("type", "allowed_tools");
  writer.Field("mode", choice.allowed == ToolChoice::Strength::kRequired ? "required" : "auto");
  writer.Key("tools").BeginArray();
  for (const std::string& name : choice.names) WriteNamed(writer, request, name);
  writer.EndArray().EndObject();
}

void WriteExtras(Writer& writer, const ChatRequest& request, std::string_view prefix) {
  if (request.origin != DialectId::kOpenAiResponses) return;
  for (const ExtraField& extra : request.extra) {
    const std::string_view name = extra.name;
    if (name.starts_with(prefix)) writer.RawField(name.substr(prefix.size()), extra.json);
  }
}

JsonText TextObject(const ChatRequest& request) {
  JsonText text;
  Writer writer(text);
  writer.BeginObject();
  if (request.response_format) WriteFormat(writer, *request.response_format);
  if (!request.verbosity.empty()) writer.Field("verbosity", request.verbosity);
  WriteExtras(writer, request, "text.");
  writer.EndObject();
  return text == kEmpty ? JsonText() : text;
}

JsonText ReasoningObject(const ChatRequest& request) {
  JsonText text;
  Writer writer(text);
  writer.BeginObject();
  const bool foreign = request.origin != DialectId::kOpenAiResponses;
  const bool off = foreign && common::ThinkingSwitchedOff(request) == common::SwitchedOff::kYes;
  if (request.reasoning && !off) {
    if (const auto effort = common::EffortOf(*request.reasoning)) writer.Field("effort", common::ToString(*effort));
    if (const auto summary = SummaryOf(*request.reasoning); !summary.empty()) writer.Field("summary", summary);
  }
  WriteExtras(writer, request, "reasoning.");
  writer.EndObject();
  return text == kEmpty ? JsonText() : text;
}

}  // namespace gatehouse::llm::dialect::openai_responses
