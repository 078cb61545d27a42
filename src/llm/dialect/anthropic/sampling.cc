#include "llm/dialect/anthropic/sampling.h"

#include <algorithm>
#include <string>

#include "llm/dialect/anthropic/words.h"
#include "llm/dialect/common/losses.h"

namespace gatehouse::llm::dialect::anthropic {
namespace {

constexpr double kMaxTemperature = 1.0;
constexpr double kLeastTopPWithThinking = 0.95;

void Lose(std::vector<Loss>& losses, std::string field, std::string reason) {
  losses.push_back({Loss::Kind::kParameter, std::move(field), std::move(reason)});
}

void LoseAll(const ChatRequest& request, std::vector<Loss>& losses) {
  constexpr const char* kReason = "This Claude model, or this version of its API, takes no sampling parameters.";
  if (request.temperature && *request.temperature != kMaxTemperature) Lose(losses, "temperature", kReason);
  if (request.top_p && *request.top_p != 1.0) Lose(losses, "top_p", kReason);
  if (request.top_k) Lose(losses, "top_k", kReason);
}

std::optional<double> PlanTemperature(double temperature, Thought thought, std::vector<Loss>& losses) {
  if (thought == Thought::kYes && temperature != kMaxTemperature) {
    Lose(losses, "temperature", "Anthropic takes no temperature beside thinking.");
    return std::nullopt;
  }
  if (temperature > kMaxTemperature) Lose(losses, "temperature", "Anthropic's temperature ends at 1.");
  return std::min(temperature, kMaxTemperature);
}

}  // namespace

Sampling PlanSampling(const ChatRequest& request, Capabilities::Sampling can, Thought thought,
                      std::vector<Loss>& losses) {
  Sampling plan;
  if (can == Capabilities::Sampling::kRefused) {
    LoseAll(request, losses);
    return plan;
  }
  if (request.temperature) plan.temperature = PlanTemperature(*request.temperature, thought, losses);
  if (request.top_p && request.temperature && can == Capabilities::Sampling::kOneOfBoth) {
    Lose(losses, "top_p", "This Claude model takes temperature or top_p, not both.");
  } else if (request.top_p && thought == Thought::kYes && *request.top_p < kLeastTopPWithThinking) {
    Lose(losses, "top_p", "Beside thinking Anthropic takes no top_p under 0.95.");
  } else {
    plan.top_p = request.top_p;
  }
  if (request.top_k && thought == Thought::kYes) {
    Lose(losses, "top_k", "Anthropic takes no top_k beside thinking.");
  } else {
    plan.top_k = request.top_k;
  }
  return plan;
}

void WriteSampling(codec::json::Writer& writer, const Sampling& sampling) {
  if (sampling.temperature) writer.Field("temperature", *sampling.temperature);
  if (sampling.top_p) writer.Field("top_p", *sampling.top_p);
  if (sampling.top_k) writer.Field("top_k", *sampling.top_k);
}

void LoseForeignSettings(const ChatRequest& request, std::vector<Loss>& losses) {
  const auto lose = [&losses](bool asked, const char* field, Loss::Kind kind = Loss::Kind::kParameter) {
    if (asked) losses.push_back({kind, field, common::NoEquivalent(kTarget, field)});
  };
  lose(request.frequency_penalty.value_or(0) != 0, "frequency_penalty");
  lose(request.presence_penalty.value_or(0) != 0, "presence_penalty");
  lose(request.seed.has_value(), "seed");
  lose(request.choices.value_or(1) != 1, "choices");
  lose(request.logprobs.value_or(false), "logprobs");
  lose(request.top_logprobs.value_or(0) != 0, "top_logprobs");
  lose(!request.logit_bias.empty() && request.logit_bias != "{}", "logit_bias");
  lose(!request.verbosity.empty(), "verbosity");
  lose(!request.metadata.empty() && request.metadata != "{}", "metadata", Loss::Kind::kHint);
  lose(!request.prompt_cache_key.empty(), "prompt_cache_key", Loss::Kind::kHint);
}

}  // namespace gatehouse::llm::dialect::anthropic
