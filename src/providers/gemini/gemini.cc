#include "providers/gemini/gemini.h"

#include <optional>
#include <utility>

#include "base/secret.h"
#include "codec/text/percent.h"
#include "llm/dialect/gemini/gemini.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::gemini {
namespace {

using codec::config::Node;

struct Settings {
  std::string name;
  std::string models_path;  // up to and including "/models/"
  std::string list_path;
  base::Secret api_key;
  base::Secret access_token;  // Vertex
};

class GeminiVendor final : public common::Vendor {
 public:
  explicit GeminiVendor(Settings settings) : settings_(std::move(settings)) {}

  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList(
        {kChat, kStreaming, kTools, kVision, kDocuments, kAudio, kJsonSchema, kReasoning, kEmbeddings, kTokenCount});
  }
  llm::DialectId ChatDialectFor(llm::DialectId) const override { return llm::DialectId::kGemini; }
  const llm::CountDialect* CountCodec() const override { return llm::FindCountDialect(llm::DialectId::kGemini); }
  const llm::EmbeddingDialect* EmbeddingCodec(std::string_view) const override {
    return llm::FindEmbeddingDialect(llm::DialectId::kGemini);
  }
  llm::EncodeOptions Options(const pipeline::CallContext& context) const override {
    return {.model = context.model,
            .version = IsVertex() ? llm::dialect::gemini::kVertex : std::string_view(),
            .provider = settings_.name};
  }
  bool ModelInBody() const override { return false; }
  // Clients embed one text or a batch and count in two shapes; each host takes one of them.
  bool ReencodesOperations() const override { return true; }

  std::string ChatTarget(llm::DialectId, std::string_view model, llm::Delivery delivery) const override {
    return Verb(model, delivery == llm::Delivery::kStream ? "streamGenerateContent?alt=sse" : "generateContent");
  }
  std::optional<std::string> CountTarget(std::string_view model) const override { return Verb(model, "countTokens"); }
  std::optional<std::string> EmbeddingTarget(std::string_view model) const override {
    return Verb(model, IsVertex() ? "predict" : "batchEmbedContents");
  }
  std::string ProbeTarget() const override { return settings_.list_path; }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime) const override {
    if (IsVertex()) {
      call.headers.Set("authorization", "Bearer " + std::string(settings_.access_token.Reveal()));
    } else {
      call.headers.Set("x-goog-api-key", settings_.api_key.Reveal());
    }
    return base::Ok();
  }

 private:
  bool IsVertex() const { return !settings_.access_token.empty(); }
  std::string Verb(std::string_view model, std::string_view verb) const {
    return settings_.models_path + codec::text::PercentEncode(model) + ":" + std::string(verb);
  }

  const Settings settings_;
};

}  // namespace

std::unique_ptr<const common::Blueprint> ReadGemini(const std::string& name, const Node& node) {
  common::Upstream upstream = common::ReadUpstream(node, "https://generativelanguage.googleapis.com");
  const std::string version = node["api_version"].AsString().value_or("v1beta");
  Settings settings{.name = name,
                    .models_path = upstream.base_path + "/" + version + "/models/",
                    .list_path = upstream.base_path + "/" + version + "/models?pageSize=1",
                    .api_key = node.Required("api_key").AsSecret().value_or(base::Secret()),
                    .access_token = {}};
  return common::NewHttpBlueprint(name, std::make_shared<GeminiVendor>(std::move(settings)), std::move(upstream));
}

std::unique_ptr<const common::Blueprint> ReadVertex(const std::string& name, const Node& node) {
  const std::string location = node.Required("location").AsString().value_or("global");
  const std::string project = node.Required("project").AsString().value_or("");
  const std::string host = location == "global" ? "aiplatform.googleapis.com" : location + "-aiplatform.googleapis.com";
  common::Upstream upstream = common::ReadUpstream(node, "https://" + host);
  const std::string version = node["api_version"].AsString().value_or("v1");
  const std::string models = upstream.base_path + "/" + version + "/projects/" + codec::text::PercentEncode(project) +
                             "/locations/" + codec::text::PercentEncode(location) + "/publishers/google/models";
  Settings settings{.name = name,
                    .models_path = models + "/",
                    .list_path = models,
                    .api_key = {},
                    .access_token = node.Required("access_token").AsSecret().value_or(base::Secret())};
  return common::NewHttpBlueprint(name, std::make_shared<GeminiVendor>(std::move(settings)), std::move(upstream));
}

}  // namespace gatehouse::providers::gemini
