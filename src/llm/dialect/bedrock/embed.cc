#include "llm/dialect/cohere/embed.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/bedrock/bedrock.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/vectors.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

using codec::json::Writer;
using Input = std::variant<std::string, TokenIds>;

constexpr std::size_t kMaxCohereTexts = 96;

bool IsCohere(std::string_view model) { return model.contains("cohere."); }
// The first Titan takes the text alone.
bool TakesDimensions(std::string_view model) { return !model.contains("embed-text-v1") && !model.contains("embed-g1"); }

void WriteTitan(Writer& writer, const EmbeddingRequest& request, std::span<const Input> inputs, std::string_view model,
                std::vector<Loss>& losses) {
  const auto lose = [&](Loss::Kind kind, std::string_view field) {
    losses.push_back({kind, std::string(field), common::NoEquivalent("Titan", field)});
  };
  const auto* text = inputs.size() == 1 ? std::get_if<std::string>(&inputs.front()) : nullptr;
  if (text == nullptr) {
    losses.push_back({Loss::Kind::kContent, "input", "Titan embeds one text a call, and no token ids"});
    return;
  }
  writer.Field("inputText", *text);
  if (request.dimensions && TakesDimensions(model)) {
    writer.Field("dimensions", *request.dimensions);
  } else if (request.dimensions) {
    lose(Loss::Kind::kParameter, "dimensions");
  }
  if (!request.task.empty()) lose(Loss::Kind::kParameter, "task");
  if (!request.title.empty()) lose(Loss::Kind::kParameter, "title");
  if (!request.user.empty()) lose(Loss::Kind::kHint, "user");
  for (const auto& extra : request.extra) lose(Loss::Kind::kParameter, extra.name);
}

class EmbedOfBedrock final : public EmbeddingDialect {
 public:
  DialectId id() const override { return DialectId::kBedrock; }
  std::size_t MaxInputs(const EncodeOptions& options) const override {
    return IsCohere(options.model) ? kMaxCohereTexts : 1;
  }

  base::Result<EmbeddingRequest> DecodeRequest(codec::json::Value, const RequestPath&) const override {
    return base::Error{.code = base::ErrorCode::kUnsupported,
                       .source = base::ErrorSource::kClient,
                       .public_message = "Embeddings are not offered in Bedrock's format. Use another one."};
  }

  base::Result<EncodedRequest> EncodeRequest(const EmbeddingRequest& request, std::span<const Input> inputs,
                                             const EncodeOptions& options) const override {
    EncodedRequest encoded;
    Writer writer(encoded.body);
    writer.BeginObject();
    if (IsCohere(options.model)) {
      cohere::WriteEmbedRequest(writer, request, inputs, "Cohere", encoded.losses);
    } else {
      WriteTitan(writer, request, inputs, options.model, encoded.losses);
    }
    writer.EndObject();
    return encoded;
  }

  // Titan: {"embedding":[...],"inputTextTokenCount"}; Cohere: {"embeddings":{"float":[[...]]}}, which tells no tokens.
  base::Result<EmbeddingAnswer> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    if (!document.Parse(body).ok()) return common::BadUpstream("an answer that is not JSON");
    const auto root = document.root();
    EmbeddingAnswer answer;
    if (root["embeddings"].IsMissing()) {
      GH_TRY(auto vector, common::ReadVector(root["embedding"]));
      answer.vectors.push_back(std::move(vector));
      answer.usage = Usage{.input = common::Count(root["inputTextTokenCount"]), .source = UsageSource::kProvider};
    } else {
      GH_CHECK_OK(cohere::ReadEmbeddings(root["embeddings"], answer));
    }
    return answer;
  }

  std::string EncodeAnswer(const EmbeddingAnswer& answer, const EmbeddingRequest&) const override {
    std::string body;
    Writer writer(body);
    writer.BeginObject().Key("embeddings").BeginObject().Key("float").BeginArray();
    for (const auto& vector : answer.vectors) common::WriteVector(writer, vector);
    writer.EndArray().EndObject().EndObject();
    return body;
  }
};

}  // namespace

const EmbeddingDialect& Embed() {
  static const EmbedOfBedrock dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::bedrock
