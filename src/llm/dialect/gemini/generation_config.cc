#include "llm/dialect/gemini/generation_config.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "llm/dialect/common/schema.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/words.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Writer;

constexpr std::size_t kMaxStopSequences = 5;
constexpr std::uint32_t kLeastBudgetOfPro = 128;  // gemini-2.5-pro cannot stop thinking

class ConfigWriter {
 public:
  ConfigWriter(Writer& writer, const ChatRequest& request, const EncodeOptions& options, std::vector<Loss>& losses)
      : writer_(writer),
        request_(request),
        options_(options),
        losses_(losses),
        own_(request.origin == DialectId::kGemini) {}

  base::Status Write() {
    writer_.BeginObject();
    WriteSampling();
    WriteStop();
    GH_CHECK_OK(WriteFormat());
    WriteThinking();
    WriteExtra(writer_, request_, "generationConfig.");
    writer_.EndObject();
    return base::Ok();
  }

 private:
  void Lose(std::string_view field, std::string reason) {
    losses_.push_back({Loss::Kind::kParameter, std::string(field), std::move(reason)});
  }

  template <class T>
  void WriteOptional(std::string_view name, const std::optional<T>& value) {
    if (value) writer_.Field(name, *value);
  }

  void WriteSampling() {
    WriteOptional("temperature", request_.temperature);
    WriteOptional("topP", request_.top_p);
    WriteOptional("topK", request_.top_k);
    WriteOptional("candidateCount", request_.choices);
    WriteOptional("maxOutputTokens", request_.max_output_tokens);
    WriteOptional("presencePenalty", request_.presence_penalty);
    WriteOptional("frequencyPenalty", request_.frequency_penalty);
    WriteOptional("seed", request_.seed);
    WriteOptional("responseLogprobs", request_.logprobs);
    WriteOptional("logprobs", request_.top_logprobs);
    if (!request_.logit_bias.empty()) Lose("logit_bias", "Gemini has no equivalent of logit_bias");
    if (!request_.verbosity.empty()) Lose("verbosity", "Gemini has no equivalent of verbosity");
  }

  void WriteStop() {
    if (request_.stop.empty()) return;
    const std::span all(request_.stop);
    WriteStrings(writer_, "stopSequences", all.first(std::min(all.size(), kMaxStopSequences)));
    if (all.size() > kMaxStopSequences) Lose("stop", "Gemini takes at most five stop sequences");
  }

  base::Status WriteFormat() {
    if (!request_.response_format || request_.response_format->kind == ResponseFormat::Kind::kText) return base::Ok();
    // A Gemini client may have asked for another type than JSON, which travels as it came.
    if (!HasExtra(request_, "generationConfig.responseMimeType")) {
      writer_.Field("responseMimeType", "application/json");
    }
    if (request_.response_format->schema.empty()) return base::Ok();
    GH_TRY(const auto schema, common::InlineReferences(request_.response_format->schema));
    writer_.RawField("responseJsonSchema", schema);
    return base::Ok();
  }

  void WriteThinking() {
    constexpr std::string_view kPrefix = "generationConfig.thinkingConfig.";
    if (!request_.reasoning && !HasExtra(request_, kPrefix)) return;
    writer_.Key("thinkingConfig").BeginObject();
    if (request_.reasoning) WriteReasoning(*request_.reasoning);
    WriteExtra(writer_, request_, kPrefix);
    writer_.EndObject();
  }

  // Level and budget exclude each other; Gemini 3 still takes a budget, 2.5 knows nothing else.
  void WriteReasoning(const ReasoningConfig& config) {
    const auto effort = common::EffortOf(config);
    const bool off = effort == Effort::kNone;
    if (config.include_text) {
      writer_.Field("includeThoughts", *config.include_text);
    } else if (!own_ && !off) {
      writer_.Field("includeThoughts", true);
    }
    if (MeasureOf(options_.model) == ThinkingMeasure::kBudget) {
      WriteBudget(config, off);
    } else if (off && own_) {
      writer_.Field("thinkingBudget", 0);
    } else if (config.budget_tokens && !config.effort) {
      writer_.Field("thinkingBudget", BudgetOf(config));
    } else if (effort) {
      writer_.Field("thinkingLevel", LevelFor(*effort));
    } else if (config.mode == ReasoningConfig::Mode::kAdaptive && own_) {
      writer_.Field("thinkingBudget", -1);
    }
  }

  void WriteBudget(const ReasoningConfig& config, bool off) {
    if (off) {
      writer_.Field("thinkingBudget", options_.model.contains("-pro") ? kLeastBudgetOfPro : 0);
    } else if (config.mode == ReasoningConfig::Mode::kAdaptive && !config.effort) {
      writer_.Field("thinkingBudget", -1);
    } else if (const auto budget = BudgetOf(config); budget != 0) {
      writer_.Field("thinkingBudget", budget);
    }
  }

  // A Gemini client's own number stays what it is.
  std::uint32_t BudgetOf(const ReasoningConfig& config) const {
    return own_ && config.budget_tokens ? *config.budget_tokens : common::BudgetOf(config, request_.max_output_tokens);
  }

  Writer& writer_;
  const ChatRequest& request_;
  const EncodeOptions& options_;
  std::vector<Loss>& losses_;
  bool own_;  // the client speaks Gemini
};

}  // namespace

bool HasExtra(const ChatRequest& request, std::string_view prefix) {
  return request.origin == DialectId::kGemini &&
         std::ranges::any_of(request.extra, [&](const auto& extra) { return extra.name.starts_with(prefix); });
}

void WriteExtra(Writer& writer, const ChatRequest& request, std::string_view prefix, std::string_view except) {
  if (request.origin != DialectId::kGemini) return;
  for (const auto& extra : request.extra) {
    if (!extra.name.starts_with(prefix)) continue;
    const auto name = std::string_view(extra.name).substr(prefix.size());
    if (!name.contains('.') && (except.empty() || name != except)) writer.RawField(name, extra.json);
  }
}

void WriteStrings(Writer& writer, std::string_view name, std::span<const std::string> strings) {
  writer.Key(name).BeginArray();
  for (const auto& text : strings) writer.String(text);
  writer.EndArray();
}

base::Result<JsonText> GenerationConfig(const ChatRequest& request, const EncodeOptions& options,
                                        std::vector<Loss>& losses) {
  JsonText config;
  Writer writer(config);
  GH_CHECK_OK(ConfigWriter(writer, request, options, losses).Write());
  return config;
}

}  // namespace gatehouse::llm::dialect::gemini
