#include "providers/cohere/cohere.h"

#include <optional>
#include <utility>

#include "base/secret.h"
#include "providers/common/capability_list.h"

namespace gatehouse::providers::cohere {
namespace {

using codec::config::Node;

class CohereVendor final : public common::Vendor {
 public:
  CohereVendor(std::string base_path, base::Secret api_key)
      : base_path_(std::move(base_path)), api_key_(std::move(api_key)) {}

  pipeline::Capabilities capabilities() const override {
    using enum pipeline::Capability;
    return common::CapabilityList({kChat, kStreaming, kTools, kJsonSchema, kEmbeddings, kRerank});
  }
  llm::DialectId ChatDialectFor(llm::DialectId) const override { return llm::DialectId::kOpenAiChat; }
  const llm::EmbeddingDialect* EmbeddingCodec(std::string_view) const override {
    return llm::FindEmbeddingDialect(llm::DialectId::kCohere);
  }
  llm::EncodeOptions Options(const pipeline::CallContext& context) const override {
    return {.model = context.model, .max_tokens_field = llm::EncodeOptions::MaxTokensField::kMaxTokens};
  }

  std::string ChatTarget(llm::DialectId, std::string_view, llm::Delivery) const override {
    return base_path_ + "/compatibility/v1/chat/completions";
  }
  std::optional<std::string> EmbeddingTarget(std::string_view) const override { return base_path_ + "/v2/embed"; }
  std::optional<std::string> RerankTarget() const override { return base_path_ + "/v2/rerank"; }
  std::string ProbeTarget() const override { return base_path_ + "/v1/models?page_size=1"; }

  base::Status Authorize(common::UpstreamCall& call, base::WallTime) const override {
    call.headers.Set("authorization", "Bearer " + std::string(api_key_.Reveal()));
    return base::Ok();
  }

 private:
  const std::string base_path_;
  const base::Secret api_key_;
};

}  // namespace

std::unique_ptr<const common::Blueprint> Read(const std::string& name, const Node& node) {
  common::Upstream upstream = common::ReadUpstream(node, "https://api.cohere.com");
  auto vendor =
      std::make_shared<CohereVendor>(upstream.base_path, node.Required("api_key").AsSecret().value_or(base::Secret()));
  return common::NewHttpBlueprint(name, std::move(vendor), std::move(upstream));
}

}  // namespace gatehouse::providers::cohere
