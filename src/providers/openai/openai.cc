#include "providers/openai/openai.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::openai {
namespace {

using codec::config::Choice;
using codec::config::Node;
using llm::DialectId;

struct Settings {
  std::string base_path;
  base::Secret api_key;
  std::string organization;
  std::string project;
  pipeline::Capabilities capabilities;
  std::vector<DialectId> dialects;  // besides chat completions
  llm::EncodeOptions::MaxTokensField max_tokens_field = llm::EncodeOptions::MaxTokensField::kMaxCompletionTokens;
  std::string reasoning_field;  // takes earlier reasoning back; "" where the upstream refuses it
};

class OpenAiVendor final : public common::Vendor {
 public:
  explicit OpenAiVendor(Settings settings) : settings_(std::move(settings)) {}

  pipeline::Capabilities capabilities() const override { return settings_.capabilities; }

  DialectId ChatDialectFor(DialectId asked) const override {
    return std::ranges::find(settings_.dialects, asked) != settings_.dialects.end() ? asked : DialectId::kOpenAiChat;
  }
  llm::EncodeOptions Options(const pipeline::CallContext& context) const override {
    return {.model = context.model,
            .max_tokens_field = settings_.max_tokens_field,
            .reasoning_field = settings_.reasoning_field};
  }

  std::string ChatTarget(DialectId dialect, std::string_view, llm::Delivery) const override {
    switch (dialect) {
      case DialectId::kOpenAiResponses: return settings_.base_path + "/responses";
      case DialectId::kOpenAiCompletions: return settings_.base_path + "/completions";
      default: return settings_.base_path + "/chat/completions";
    }
  }
  std::optional<std::string> CountTarget(std::string_view) const override {
    if (!capabilities().test(static_cast<std::size_t>(pipeline::Capability::kTokenCount))) return {};
    return settings_.base_path + "/responses/input_tokens";
  }
  const llm::CountDialect* CountCodec() const override {
    return llm::FindCountDialect(llm::DialectId::kOpenAiResponses);
  }
  std::optional<std::string> EmbeddingTarget(std::string_view) const override {
    return settings_.base_path + "/embeddings";
  }
  std::optional<std::string> RerankTarget() const override {
    if (!capabilities().test(static_cast<std::size_t>(pipeline::Capability::kRerank))) return {};
    return settings_.base_path + "/rerank";
  }
  std::optional<std::string> PassThroughTarget(const pipeline::PassThroughCall& call) const override {
    return settings_.base_path + call.path;
  }
  std::string ProbeTarget() const override { return settings_.base_path + "/models"; }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime) const override {
    if (!settings_.api_key.empty()) {
      call.headers.Set("authorization", "Bearer " + std::string(settings_.api_key.Reveal()));
    }
    if (!settings_.organization.empty()) call.headers.Set("openai-organization", settings_.organization);
    if (!settings_.project.empty()) call.headers.Set("openai-project", settings_.project);
    return base::Ok();
  }

 private:
  const Settings settings_;
};

constexpr std::array<Choice<DialectId>, 3> kDialects = {{{"openai.chat", DialectId::kOpenAiChat},
                                                         {"openai.responses", DialectId::kOpenAiResponses},
                                                         {"openai.completions", DialectId::kOpenAiCompletions}}};
constexpr std::array<Choice<llm::EncodeOptions::MaxTokensField>, 2> kMaxTokensFields = {
    {{"max_completion_tokens", llm::EncodeOptions::MaxTokensField::kMaxCompletionTokens},
     {"max_tokens", llm::EncodeOptions::MaxTokensField::kMaxTokens}}};

std::unique_ptr<const common::Blueprint> Finish(const std::string& name, const Node& node, Settings settings,
                                                std::string_view base_url) {
  common::Upstream upstream = common::ReadUpstream(node, base_url);
  settings.base_path = upstream.base_path;
  settings.organization = node["organization"].AsString().value_or("");
  settings.project = node["project"].AsString().value_or("");
  if (const auto field = node["max_tokens_field"].AsEnum<llm::EncodeOptions::MaxTokensField>(kMaxTokensFields)) {
    settings.max_tokens_field = *field;
  }
  return common::NewHttpBlueprint(name, std::make_shared<OpenAiVendor>(std::move(settings)), std::move(upstream));
}

}  // namespace

std::unique_ptr<const common::Blueprint> ReadOpenAi(const std::string& name, const Node& node) {
  Settings settings;
  settings.api_key = node.Required("api_key").AsSecret().value_or(base::Secret());
  settings.dialects = {DialectId::kOpenAiResponses, DialectId::kOpenAiCompletions};
  using enum pipeline::Capability;
  settings.capabilities = common::CapabilityList({kChat, kStreaming, kTools, kVision, kDocuments, kAudio, kJsonSchema,
                                                  kReasoning, kEmbeddings, kTokenCount, kPassThrough});
  return Finish(name, node, std::move(settings), "https://api.openai.com/v1");
}

std::unique_ptr<const common::Blueprint> ReadCompatible(const std::string& name, const Node& node) {
  Settings settings;
  settings.api_key = node["api_key"].AsSecret().value_or(base::Secret());
  settings.max_tokens_field = llm::EncodeOptions::MaxTokensField::kMaxTokens;
  settings.dialects = {DialectId::kOpenAiCompletions};
  if (node["dialects"].IsPresent()) {
    settings.dialects.clear();
    for (const Node& element : node["dialects"].Elements()) {
      if (const auto dialect = element.AsEnum<DialectId>(kDialects)) settings.dialects.push_back(*dialect);
    }
  }
  settings.reasoning_field = node["reasoning_field"].AsString().value_or("");
  using enum pipeline::Capability;
  settings.capabilities = common::ReadCapabilities(
      node["capabilities"],
      common::CapabilityList({kChat, kStreaming, kTools, kVision, kJsonSchema, kReasoning, kEmbeddings, kPassThrough}));
  return Finish(name, node, std::move(settings), "");
}

}  // namespace gatehouse::providers::openai
