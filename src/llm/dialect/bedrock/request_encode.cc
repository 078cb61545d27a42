#include "llm/dialect/bedrock/request_encode.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json/writer.h"
#include "llm/dialect/anthropic/sampling.h"
#include "llm/dialect/anthropic/thinking.h"
#include "llm/dialect/bedrock/tool_config.h"
#include "llm/dialect/bedrock/words.h"
#include "llm/dialect/bedrock/write_messages.h"
#include "llm/dialect/common/arrange.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/strict_schema.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Writer;

constexpr double kMaxTemperature = 1.0;
constexpr std::uint64_t kUsualMaxTokens = 8192;  // where a budget of thinking needs a limit and nobody gave one

class Encoder {
 public:
  Encoder(const ChatRequest& request, const EncodeOptions& options, Purpose purpose)
      : request_(request),
        options_(options),
        purpose_(purpose),
        own_(request.origin == DialectId::kBedrock),
        family_(FamilyOf(options.model)),
        can_(anthropic::CapabilitiesOf(options.model, {})),
        conversation_(common::Arrange(request.messages, common::MidSystem::kHoisted)),
        writer_(encoded_.body) {}

  base::Result<EncodedRequest> Run() {
    const bool count = purpose_ == Purpose::kCount;
    if (count) writer_.BeginObject().Key("input").BeginObject().Key("converse");
    writer_.BeginObject();
    PlanReasoning();
    GH_CHECK_OK(WriteConversation(writer_, request_, options_, conversation_.system, conversation_.turns, losses()));
    GH_CHECK_OK(WriteToolConfig(writer_, request_, losses()));
    if (!count) GH_CHECK_OK(WriteSettings());
    WriteAdditionalFields();
    writer_.EndObject();
    if (count) writer_.EndObject().EndObject();
    if (count) std::erase_if(losses(), [](const Loss& loss) { return loss.kind != Loss::Kind::kContent; });
    return std::move(encoded_);
  }

 private:
  std::vector<Loss>& losses() { return encoded_.losses; }
  void Lose(std::string_view field, std::string reason) {
    losses().push_back({Loss::Kind::kParameter, std::string(field), std::move(reason)});
  }
  void LoseIf(bool asked, std::string_view field, Loss::Kind kind = Loss::Kind::kParameter) {
    if (asked) losses().push_back({kind, std::string(field), common::NoEquivalent("Bedrock", field)});
  }

  // --- thinking ---

  // A limit is written where the client gave one, and where a budget of thinking needs one.
  void PlanReasoning() {
    max_tokens_ = request_.max_output_tokens;
    if (family_ != Family::kAnthropic) return;
    const auto limit = max_tokens_.value_or(options_.default_max_output_tokens.value_or(kUsualMaxTokens));
    thinking_ = anthropic::PlanThinking(request_, can_, limit, conversation_.turns, losses());
    if (thinking_.type == anthropic::Thinking::Type::kBudget) max_tokens_ = limit;
  }

  // --- settings ---

  base::Status WriteSettings() {
    WriteInference();
    GH_CHECK_OK(WriteFormat());
    WriteServiceTier();
    WriteMetadata();
    WriteExtras();
    LoseForeignSettings();
    return base::Ok();
  }

  anthropic::Sampling Sampling() {
    if (family_ == Family::kAnthropic) {
      const auto thought = thinking_.thinks() ? anthropic::Thought::kYes : anthropic::Thought::kNo;
      return anthropic::PlanSampling(request_, can_.sampling, thought, losses());
    }
    anthropic::Sampling sampling{request_.temperature, request_.top_p, request_.top_k};
    if (sampling.temperature.value_or(0) > kMaxTemperature) {
      Lose("temperature", "Bedrock's temperature ends at 1");
      sampling.temperature = kMaxTemperature;
    }
    return sampling;
  }

  void WriteInference() {
    sampling_ = Sampling();
    std::string config;
    Writer writer(config);
    writer.BeginObject();
    if (max_tokens_) writer.Field("maxTokens", *max_tokens_);
    if (sampling_.temperature) writer.Field("temperature", *sampling_.temperature);
    if (sampling_.top_p) writer.Field("topP", *sampling_.top_p);
    if (!request_.stop.empty()) {
      writer.Key("stopSequences").BeginArray();
      for (const auto& text : request_.stop) writer.String(text);
      writer.EndArray();
    }
    WriteNestedExtras(writer, "inferenceConfig.");
    writer.EndObject();
    if (config != "{}") writer_.RawField("inferenceConfig", config);
  }

  // {"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema": a STRING}}}}
  base::Status WriteFormat() {
    std::string config;
    Writer writer(config);
    writer.BeginObject();
    const auto& format = request_.response_format;
    if (format && format->kind == ResponseFormat::Kind::kJsonObject) {
      Lose("response_format", "Bedrock answers in JSON by a schema only");
    } else if (format && format->kind == ResponseFormat::Kind::kJsonSchema) {
      writer.Key("textFormat").BeginObject().Field("type", "json_schema").Key("structure").BeginObject();
      common::StrictSchema strict{.schema = format->schema};
      if (!own_) {
        GH_TRY(strict, common::ToStrictSchema(format->schema));
        common::NoteTold(strict, "response_format", "Bedrock", losses());
      }
      writer.Key("jsonSchema").BeginObject().Field("schema", strict.schema);
      if (!format->name.empty()) writer.Field("name", format->name);
      if (!format->description.empty()) writer.Field("description", format->description);
      writer.EndObject().EndObject().EndObject();
    }
    WriteNestedExtras(writer, "outputConfig.");
    writer.EndObject();
    if (config != "{}") writer_.RawField("outputConfig", config);
    return base::Ok();
  }

  void WriteServiceTier() {
    constexpr common::Word<std::string_view> kTiers[] = {
        {"default", "default"},   {"standard", "default"}, {"standard_only", "default"}, {"flex", "flex"},
        {"priority", "priority"}, {"fast", "priority"},    {"reserved", "reserved"},
    };
    const auto tier = common::FindValue(kTiers, request_.service_tier);
    if (tier) writer_.Key("serviceTier").BeginObject().Field("type", *tier).EndObject();
    LoseIf(!tier && !request_.service_tier.empty() && request_.service_tier != "auto", "service_tier",
           Loss::Kind::kHint);
  }

  void WriteMetadata() {
    if (own_ && !request_.metadata.empty()) writer_.RawField("requestMetadata", request_.metadata);
    LoseIf(!own_ && !request_.metadata.empty() && request_.metadata != "{}", "metadata", Loss::Kind::kHint);
    LoseIf(!request_.user.empty(), "user", Loss::Kind::kHint);
    LoseIf(!request_.prompt_cache_key.empty(), "prompt_cache_key", Loss::Kind::kHint);
  }

  void LoseForeignSettings() {
    LoseIf(request_.frequency_penalty.value_or(0) != 0, "frequency_penalty");
    LoseIf(request_.presence_penalty.value_or(0) != 0, "presence_penalty");
    LoseIf(request_.seed.has_value(), "seed");
    LoseIf(request_.choices.value_or(1) != 1, "choices");
    LoseIf(request_.logprobs.value_or(false), "logprobs");
    LoseIf(request_.top_logprobs.value_or(0) != 0, "top_logprobs");
    LoseIf(!request_.logit_bias.empty() && request_.logit_bias != "{}", "logit_bias");
    LoseIf(!request_.verbosity.empty(), "verbosity");
    LoseIf(request_.parallel_tool_calls == false && family_ != Family::kAnthropic, "parallel_tool_calls");
  }

  // --- what Converse itself has no member for ---

  void WriteAdditionalFields() {
    std::string fields;
    Writer writer(fields);
    writer.BeginObject();
    switch (family_) {
      case Family::kAnthropic: WriteClaudeFields(writer); break;
      case Family::kNova: WriteNovaFields(writer); break;
      case Family::kOpenAi:
        if (const auto effort = WantedEffort()) writer.Field("reasoning_effort", OpenAiEffort(*effort));
        if (sampling_.top_k) Lose("top_k", common::NoEquivalent("This model", "top_k"));
        break;
      case Family::kOther:
        if (sampling_.top_k) writer.Field("top_k", *sampling_.top_k);
        LoseIf(WantedEffort().has_value() && *WantedEffort() != Effort::kNone, "reasoning");
        break;
    }
    WriteNestedExtras(writer, "additionalModelRequestFields.");
    writer.EndObject();
    if (fields != "{}") writer_.RawField("additionalModelRequestFields", fields);
    // The stop sequence that matched is told on demand only.
    if (family_ == Family::kAnthropic && !request_.stop.empty() && purpose_ == Purpose::kAnswer && !own_) {
      writer_.RawField("additionalModelResponseFieldPaths", R"(["/stop_sequence"])");
    }
  }

  std::optional<Effort> WantedEffort() const {
    return request_.reasoning ? common::EffortOf(*request_.reasoning) : std::nullopt;
  }

  void WriteClaudeFields(Writer& writer) {
    if (sampling_.top_k) writer.Field("top_k", *sampling_.top_k);
    anthropic::WriteThinking(writer, thinking_);
    if (thinking_.effort) {
      writer.Key("output_config").BeginObject().Field("effort", anthropic::EffortWord(*thinking_.effort)).EndObject();
    }
    if (request_.parallel_tool_calls == false && !request_.tools.empty()) {
      writer.Key("tool_choice").BeginObject().Field("type", "auto");
      writer.Field("disable_parallel_tool_use", true).EndObject();
    }
  }

  void WriteNovaFields(Writer& writer) {
    if (sampling_.top_k) {
      writer.Key("inferenceConfig").BeginObject().Field("topK", *sampling_.top_k).EndObject();
    }
    const auto effort = WantedEffort();
    if (!effort) return;
    writer.Key("reasoningConfig").BeginObject().Field("type", *effort == Effort::kNone ? "disabled" : "enabled");
    if (*effort != Effort::kNone) writer.Field("maxReasoningEffort", OpenAiEffort(*effort));
    writer.EndObject();
  }

  // Both makers know three measures.
  static std::string_view OpenAiEffort(Effort effort) {
    if (effort <= Effort::kLow) return "low";
    return effort == Effort::kMedium ? "medium" : "high";
  }

  // --- members of Converse's own clients ---

  void WriteNestedExtras(Writer& writer, std::string_view prefix) {
    if (!own_) return;
    for (const auto& extra : request_.extra) {
      const std::string_view name = extra.name;
      if (name.starts_with(prefix)) writer.RawField(name.substr(prefix.size()), extra.json);
    }
  }

  void WriteExtras() {
    if (!own_) return common::AddForeignExtras(request_, "Bedrock", losses());
    for (const auto& extra : request_.extra) {
      if (!extra.name.contains('.')) writer_.RawField(extra.name, extra.json);
    }
  }

  const ChatRequest& request_;    // of the caller, for the length of Run
  const EncodeOptions& options_;  // the same
  Purpose purpose_;
  bool own_;  // the client speaks Converse
  Family family_;
  anthropic::Capabilities can_;  // where the model is a Claude
  common::Conversation conversation_;
  anthropic::Thinking thinking_;
  anthropic::Sampling sampling_;
  std::optional<std::uint64_t> max_tokens_;
  EncodedRequest encoded_;
  Writer writer_;
};

}  // namespace

base::Result<EncodedRequest> EncodeRequest(const ChatRequest& request, const EncodeOptions& options, Purpose purpose) {
  return Encoder(request, options, purpose).Run();
}

}  // namespace gatehouse::llm::dialect::bedrock
