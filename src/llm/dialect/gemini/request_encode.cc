#include "llm/dialect/gemini/request_encode.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "codec/json/document.h"
#include "llm/dialect/common/custom_tool.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/generation_config.h"
#include "llm/dialect/gemini/parts.h"
#include "llm/dialect/gemini/write_contents.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Writer;

std::string ToolPath(std::size_t index) { return "tools[" + std::to_string(index) + "]"; }

constexpr std::string_view kMode = "mode";

class RequestWriter {
 public:
  RequestWriter(Writer& writer, const ChatRequest& request, const EncodeOptions& options, std::vector<Loss>& losses)
      : writer_(writer),
        request_(request),
        options_(options),
        losses_(losses),
        own_(request.origin == DialectId::kGemini) {}

  base::Status Write() {
    GH_CHECK_OK(WriteConversation(writer_, request_, options_, losses_));
    GH_CHECK_OK(WriteTools());
    WriteToolConfig();
    GH_TRY(const auto generation, GenerationConfig(request_, options_, losses_));
    if (generation != "{}") writer_.RawField("generationConfig", generation);
    WriteAccount();
    WriteExtra(writer_, request_, "");
    if (!own_) LoseExtra();
    return base::Ok();
  }

 private:
  void Lose(std::string_view field, std::string reason) {
    losses_.push_back({Loss::Kind::kParameter, std::string(field), std::move(reason)});
  }
  void Hint(std::string_view field, std::string reason) {
    losses_.push_back({Loss::Kind::kHint, std::string(field), std::move(reason)});
  }

  // --- tools ---

  base::Status WriteTools() {
    const auto is_declared = [](const Tool& tool) { return tool.kind != ToolKind::kProviderDefined; };
    if (request_.tools.empty()) return base::Ok();
    writer_.Key("tools").BeginArray();
    if (std::ranges::any_of(request_.tools, is_declared)) {
      writer_.BeginObject().Key("functionDeclarations").BeginArray();
      for (std::size_t i = 0; i < request_.tools.size(); ++i) {
        if (is_declared(request_.tools[i])) GH_CHECK_OK(WriteDeclared(request_.tools[i], i));
      }
      writer_.EndArray().EndObject();
    }
    for (std::size_t i = 0; i < request_.tools.size(); ++i) {
      if (!is_declared(request_.tools[i])) WriteProviderTool(request_.tools[i], i);
    }
    writer_.EndArray();
    return base::Ok();
  }

  base::Status WriteDeclared(const Tool& tool, std::size_t index) {
    if (tool.kind == ToolKind::kFunction) return WriteDeclaration(tool);
    return WriteDeclaration(common::AsFunction(tool, ToolPath(index), "Gemini", losses_));
  }

  base::Status WriteDeclaration(const Tool& tool) {
    if (tool.cache) Hint("cache_control", "Gemini caches prefixes by itself and takes no marks");
    writer_.BeginObject().Field("name", tool.name);
    if (!tool.description.empty()) writer_.Field("description", tool.description);
    if (!tool.parameters.empty()) {
      GH_TRY(const auto schema, common::ObjectSchema(tool.parameters));
      GH_TRY(const auto inlined, common::InlineReferences(schema));
      writer_.RawField("parametersJsonSchema", inlined);
    }
    if (own_ && !tool.original.empty()) GH_CHECK_OK(WriteBeside(tool.original));
    writer_.EndObject();
    return base::Ok();
  }

  // What a Gemini client's declaration has beside name, description and parameters.
  base::Status WriteBeside(std::string_view declaration) {
    codec::json::Document document;
    GH_CHECK_OK(document.Parse(declaration));
    for (const auto member : document.root()) {
      const auto name = CamelCase(member.key);
      if (name == "name" || name == "description" || name.starts_with("parameters")) continue;
      writer_.RawField(name, member.value.raw());
    }
    return base::Ok();
  }

  void WriteProviderTool(const Tool& tool, std::size_t index) {
    if (tool.origin == DialectId::kGemini) {
      writer_.Raw(tool.original);
    } else {
      losses_.push_back(
          {Loss::Kind::kContent, ToolPath(index), common::NoEquivalent("Gemini", "the tool " + tool.name)});
    }
  }

  std::string_view ModeWord() const {
    switch (request_.tool_choice->mode) {
      case ToolChoice::Mode::kAuto: return "AUTO";
      case ToolChoice::Mode::kNone: return "NONE";
      case ToolChoice::Mode::kRequired:
      case ToolChoice::Mode::kNamed: return "ANY";
      case ToolChoice::Mode::kAllowed:  // names may stand beside ANY and VALIDATED only
        return request_.tool_choice->allowed == ToolChoice::Strength::kRequired ? "ANY" : "VALIDATED";
    }
    return "AUTO";
  }

  void WriteToolConfig() {
    constexpr std::string_view kPrefix = "toolConfig.";
    constexpr std::string_view kCallingPrefix = "toolConfig.functionCallingConfig.";
    if (request_.parallel_tool_calls == false) {
      Lose("parallel_tool_calls", "Gemini always may call several functions at once");
    }
    const bool calling = request_.tool_choice || HasExtra(request_, kCallingPrefix);
    if (!calling && !HasExtra(request_, kPrefix)) return;
    writer_.Key("toolConfig").BeginObject();
    if (calling) {
      writer_.Key("functionCallingConfig").BeginObject();
      if (request_.tool_choice) WriteToolChoice();
      WriteExtra(writer_, request_, kCallingPrefix, kMode);
      writer_.EndObject();
    }
    WriteExtra(writer_, request_, kPrefix);
    writer_.EndObject();
  }

  void WriteToolChoice() {
    writer_.Field(kMode, HasExtra(request_, "toolConfig.functionCallingConfig.mode") ? "VALIDATED" : ModeWord());
    if (!request_.tool_choice->names.empty())
      WriteStrings(writer_, "allowedFunctionNames", request_.tool_choice->names);
  }

  // --- everything else ---

  std::string_view TierWord() const {
    constexpr common::Word<std::string_view> kTiers[] = {
        {"flex", "flex"},        {"priority", "priority"},      {"fast", "priority"},
        {"default", "standard"}, {"standard_only", "standard"}, {"standard", "standard"},
    };
    if (own_) return request_.service_tier;
    return common::FindValue(kTiers, request_.service_tier).value_or("");
  }

  void WriteAccount() {
    if (const auto tier = TierWord(); !tier.empty()) writer_.Field("serviceTier", tier);
    if (own_ && !request_.metadata.empty()) writer_.RawField("labels", request_.metadata);
    if (!own_ && !request_.metadata.empty()) Hint("metadata", "Gemini keeps no metadata of a request");
    if (!request_.user.empty()) Hint("user", "Gemini takes no end-user id");
    if (!request_.prompt_cache_key.empty()) Hint("prompt_cache_key", "Gemini caches prefixes by itself");
  }

  void LoseExtra() { common::AddForeignExtras(request_, "Gemini", losses_); }

  Writer& writer_;
  const ChatRequest& request_;
  const EncodeOptions& options_;
  std::vector<Loss>& losses_;
  bool own_;  // the client speaks Gemini
};

}  // namespace

base::Status WriteRequest(Writer& writer, const ChatRequest& request, const EncodeOptions& options,
                          std::vector<Loss>& losses) {
  return RequestWriter(writer, request, options, losses).Write();
}

}  // namespace gatehouse::llm::dialect::gemini
