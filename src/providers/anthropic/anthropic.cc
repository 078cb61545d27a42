#include "providers/anthropic/anthropic.h"

#include <optional>
#include <utility>

#include "base/secret.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::anthropic {
namespace {

using codec::config::Node;

struct Settings {
  std::string name;
  std::string base_path;
  std::string version;
  base::Secret api_key;
};

class AnthropicVendor final : public common::Vendor {
 public:
  explicit AnthropicVendor(Settings settings) : settings_(std::move(settings)) {}

  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList(
        {kChat, kStreaming, kTools, kVision, kDocuments, kJsonSchema, kReasoning, kTokenCount, kPassThrough});
  }
  llm::DialectId ChatDialectFor(llm::DialectId) const override { return llm::DialectId::kAnthropic; }
  const llm::CountDialect* CountCodec() const override { return llm::FindCountDialect(llm::DialectId::kAnthropic); }
  llm::EncodeOptions Options(const pipeline::CallContext& context) const override {
    constexpr std::uint64_t kDefaultMaxTokens = 4096;  // the API demands a limit; the catalogue's is better
    return {.model = context.model,
            .version = settings_.version,
            .default_max_output_tokens = context.default_max_output_tokens.value_or(kDefaultMaxTokens),
            .provider = settings_.name};
  }

  std::string ChatTarget(llm::DialectId, std::string_view, llm::Delivery) const override {
    return settings_.base_path + "/v1/messages";
  }
  std::optional<std::string> CountTarget(std::string_view) const override {
    return settings_.base_path + "/v1/messages/count_tokens";
  }
  std::optional<std::string> PassThroughTarget(const pipeline::PassThroughCall& call) const override {
    return settings_.base_path + "/v1" + call.path;
  }
  std::string ProbeTarget() const override { return settings_.base_path + "/v1/models?limit=1"; }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime) const override {
    call.headers.Set("x-api-key", settings_.api_key.Reveal());
    if (!call.headers.Contains("anthropic-version")) call.headers.Set("anthropic-version", settings_.version);
    return base::Ok();
  }

 private:
  const Settings settings_;
};

}  // namespace

std::unique_ptr<const common::Blueprint> Read(const std::string& name, const Node& node) {
  common::Upstream upstream = common::ReadUpstream(node, "https://api.anthropic.com");
  Settings settings{.name = name,
                    .base_path = upstream.base_path,
                    .version = node["version"].AsString().value_or("2023-06-01"),
                    .api_key = node.Required("api_key").AsSecret().value_or(base::Secret())};
  return common::NewHttpBlueprint(name, std::make_shared<AnthropicVendor>(std::move(settings)), std::move(upstream));
}

}  // namespace gatehouse::providers::anthropic
