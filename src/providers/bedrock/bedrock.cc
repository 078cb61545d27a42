#include "providers/bedrock/bedrock.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "codec/aws/sigv4.h"
#include "codec/text/percent.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::bedrock {
namespace {

using codec::config::Node;

struct Settings {
  std::string name;
  std::string base_path;
  std::string region;
  base::Secret access_key_id;
  base::Secret secret_access_key;
  base::Secret session_token;
  base::Secret api_key;  // instead of the three above
};

class BedrockVendor final : public common::Vendor {
 public:
  explicit BedrockVendor(Settings settings) : settings_(std::move(settings)) {}

  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList(
        {kChat, kStreaming, kTools, kVision, kDocuments, kJsonSchema, kReasoning, kEmbeddings, kTokenCount});
  }
  llm::DialectId ChatDialectFor(llm::DialectId) const override { return llm::DialectId::kBedrock; }
  const llm::CountDialect* CountCodec() const override { return llm::FindCountDialect(llm::DialectId::kBedrock); }
  const llm::EmbeddingDialect* EmbeddingCodec(std::string_view) const override {
    return llm::FindEmbeddingDialect(llm::DialectId::kBedrock);
  }
  llm::EncodeOptions Options(const pipeline::CallContext& context) const override {
    return {.model = context.model,
            .default_max_output_tokens = context.default_max_output_tokens,
            .provider = settings_.name};
  }
  bool ModelInBody() const override { return false; }

  std::string ChatTarget(llm::DialectId, std::string_view model, llm::Delivery delivery) const override {
    return Model(model, delivery == llm::Delivery::kStream ? "converse-stream" : "converse");
  }
  std::optional<std::string> CountTarget(std::string_view model) const override { return Model(model, "count-tokens"); }
  std::optional<std::string> EmbeddingTarget(std::string_view model) const override { return Model(model, "invoke"); }
  // The runtime has no list of models; any answer shows that it is there.
  std::string ProbeTarget() const override { return settings_.base_path + "/ping"; }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime now) const override {
    if (!settings_.api_key.empty()) {
      call.headers.Set("authorization", "Bearer " + std::string(settings_.api_key.Reveal()));
      return base::Ok();
    }
    const std::vector<codec::aws::HeaderField> signed_headers = {
        {"content-type", std::string(call.headers.Find("content-type").value_or(""))}, {"host", call.authority}};
    const auto question = call.target.find('?');
    const codec::aws::UnsignedRequest request{.method = call.method,
                                              .path = std::string_view(call.target).substr(0, question),
                                              .query = question == std::string::npos
                                                           ? std::string_view()
                                                           : std::string_view(call.target).substr(question + 1),
                                              .headers = signed_headers,
                                              .body = call.body};
    const codec::aws::Credentials credentials{.access_key_id = settings_.access_key_id.Reveal(),
                                              .secret_access_key = settings_.secret_access_key.Reveal(),
                                              .session_token = settings_.session_token.Reveal()};
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    for (const auto& field :
         codec::aws::Sign(request, credentials, {.region = settings_.region, .service = "bedrock"}, seconds)) {
      call.headers.Set(field.name, field.value);
    }
    return base::Ok();
  }

 private:
  std::string Model(std::string_view model, std::string_view operation) const {
    return settings_.base_path + "/model/" + codec::text::PercentEncode(model) + "/" + std::string(operation);
  }

  const Settings settings_;
};

base::Secret ReadSecret(const Node& node) { return node.AsSecret().value_or(base::Secret()); }

}  // namespace

std::unique_ptr<const common::Blueprint> Read(const std::string& name, const Node& node) {
  Settings settings{.name = name,
                    .base_path = {},
                    .region = node.Required("region").AsString().value_or("us-east-1"),
                    .access_key_id = ReadSecret(node["access_key_id"]),
                    .secret_access_key = ReadSecret(node["secret_access_key"]),
                    .session_token = ReadSecret(node["session_token"]),
                    .api_key = ReadSecret(node["api_key"])};
  if (settings.api_key.empty() && (settings.access_key_id.empty() || settings.secret_access_key.empty())) {
    node.AddProblem("needs `access_key_id` and `secret_access_key`, or `api_key`");
  }
  common::Upstream upstream =
      common::ReadUpstream(node, "https://bedrock-runtime." + settings.region + ".amazonaws.com");
  settings.base_path = upstream.base_path;
  return common::NewHttpBlueprint(name, std::make_shared<BedrockVendor>(std::move(settings)), std::move(upstream));
}

}  // namespace gatehouse::providers::bedrock
