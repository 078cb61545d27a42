#include "providers/azure_openai/azure_openai.h"

#include <optional>
#include <utility>

#include "base/secret.h"
#include "codec/text/percent.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::azure_openai {
namespace {

using codec::config::Node;
using llm::DialectId;

struct Settings {
  std::string base_path;
  std::string api_version;
  base::Secret api_key;
  base::Secret access_token;
};

class AzureVendor final : public common::Vendor {
 public:
  explicit AzureVendor(Settings settings) : settings_(std::move(settings)) {}

  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList(
        {kChat, kStreaming, kTools, kVision, kAudio, kJsonSchema, kReasoning, kEmbeddings, kPassThrough});
  }
  DialectId ChatDialectFor(DialectId asked) const override {
    return asked == DialectId::kOpenAiResponses || asked == DialectId::kOpenAiCompletions ? asked
                                                                                          : DialectId::kOpenAiChat;
  }
  std::string ChatTarget(DialectId dialect, std::string_view model, llm::Delivery) const override {
    switch (dialect) {
      case DialectId::kOpenAiResponses: return settings_.base_path + "/openai/responses" + Version();
      case DialectId::kOpenAiCompletions: return Deployment(model) + "/completions" + Version();
      default: return Deployment(model) + "/chat/completions" + Version();
    }
  }
  std::optional<std::string> EmbeddingTarget(std::string_view model) const override {
    return Deployment(model) + "/embeddings" + Version();
  }
  std::optional<std::string> PassThroughTarget(const pipeline::PassThroughCall& call) const override {
    const std::string path = call.path.substr(0, call.path.find('?'));
    if (call.model.empty()) return settings_.base_path + "/openai" + path + Version();
    return Deployment(call.model) + path + Version();
  }
  std::string ProbeTarget() const override { return settings_.base_path + "/openai/models" + Version(); }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime) const override {
    if (!settings_.access_token.empty()) {
      call.headers.Set("authorization", "Bearer " + std::string(settings_.access_token.Reveal()));
    } else {
      call.headers.Set("api-key", settings_.api_key.Reveal());
    }
    return base::Ok();
  }

 private:
  std::string Deployment(std::string_view model) const {
    return settings_.base_path + "/openai/deployments/" + codec::text::PercentEncode(model);
  }
  std::string Version() const { return "?api-version=" + settings_.api_version; }

  const Settings settings_;
};

}  // namespace

std::unique_ptr<const common::Blueprint> Read(const std::string& name, const Node& node) {
  common::Upstream upstream = common::ReadUpstream(node, "");
  Settings settings{.base_path = upstream.base_path,
                    .api_version = node["api_version"].AsString().value_or("2024-10-21"),
                    .api_key = node["api_key"].AsSecret().value_or(base::Secret()),
                    .access_token = node["access_token"].AsSecret().value_or(base::Secret())};
  if (settings.api_key.empty() && settings.access_token.empty()) node.AddProblem("needs `api_key` or `access_token`");
  return common::NewHttpBlueprint(name, std::make_shared<AzureVendor>(std::move(settings)), std::move(upstream));
}

}  // namespace gatehouse::providers::azure_openai
