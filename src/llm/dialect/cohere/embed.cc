#include "llm/dialect/cohere/embed.h"

#include <string>
#include <string_view>
#include <utility>

#include "llm/dialect/cohere/cohere.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/vectors.h"
#include "llm/dialect/common/words.h"

namespace gatehouse::llm::dialect::cohere {
namespace {

using codec::json::Value;
using codec::json::Writer;
using common::Field;
using common::Node;
using Input = std::variant<std::string, TokenIds>;

constexpr std::size_t kMaxTexts = 96;

constexpr common::Word<std::string_view> kTasks[] = {{"search_document", "document"},
                                                     {"search_query", "query"},
                                                     {"classification", "classification"},
                                                     {"clustering", "clustering"}};

base::Status ReadTexts(const Node& node, EmbeddingRequest& request) {
  GH_CHECK_OK(common::RequireArray(node));
  std::size_t index = 0;
  for (const auto element : node.value()) {
    const auto text_node = node.Element(element.value, index++);
    GH_TRY(const auto text, common::RequireString(text_node));
    request.inputs.emplace_back(std::string(text));
  }
  return base::Ok();
}

base::Status ReadTask(const Node& node, EmbeddingRequest& request) {
  std::string word;
  GH_CHECK_OK(common::Read(node, word));
  const auto task = common::FindValue(kTasks, word);
  if (!task) return common::Invalid(node, "must be search_document, search_query, classification or clustering");
  request.task = std::string(*task);
  return base::Ok();
}

base::Status ReadTypes(const Node& node, EmbeddingRequest&) {
  std::vector<std::string> types;
  GH_CHECK_OK(common::ReadStrings(node, types));
  if (types.empty() || (types.size() == 1 && types.front() == "float")) return base::Ok();
  return common::Unsupported(node, "only float embeddings are offered here");
}

constexpr Field<EmbeddingRequest> kFields[] = {
    {"model", [](const Node& n, EmbeddingRequest& r) { return common::Read(n, r.model); }},
    {"texts", ReadTexts},
    {"input_type", ReadTask},
    {"embedding_types", ReadTypes},
    {"output_dimension", [](const Node& n, EmbeddingRequest& r) { return common::Read(n, r.dimensions); }},
};

class EmbedOfCohere final : public EmbeddingDialect {
 public:
  DialectId id() const override { return DialectId::kCohere; }
  std::size_t MaxInputs(const EncodeOptions&) const override { return kMaxTexts; }

  base::Result<EmbeddingRequest> DecodeRequest(Value body, const RequestPath&) const override {
    const Node root(body);
    EmbeddingRequest request;
    request.origin = DialectId::kCohere;
    GH_CHECK_OK(common::ReadFields<EmbeddingRequest>(root, kFields, request, &request.extra));
    if (request.model.empty()) return common::WrongType(root["model"], "a string");
    if (request.inputs.empty()) return common::WrongType(root["texts"], "an array of strings");
    return request;
  }

  base::Result<EncodedRequest> EncodeRequest(const EmbeddingRequest& request, std::span<const Input> inputs,
                                             const EncodeOptions& options) const override {
    EncodedRequest encoded;
    Writer writer(encoded.body);
    writer.BeginObject().Field("model", options.model);
    WriteEmbedRequest(writer, request, inputs, "Cohere", encoded.losses);
    if (request.origin == DialectId::kCohere) {
      for (const auto& extra : request.extra) writer.RawField(extra.name, extra.json);
    }
    writer.EndObject();
    return encoded;
  }

  base::Result<EmbeddingAnswer> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    if (!document.Parse(body).ok()) return common::BadUpstream("an answer that is not JSON");
    EmbeddingAnswer answer;
    GH_CHECK_OK(ReadEmbeddings(document.root()["embeddings"], answer));
    if (const auto units = document.root()["meta"]["billed_units"]; units.IsObject()) {
      answer.usage = Usage{.input = common::Count(units["input_tokens"]), .source = UsageSource::kProvider};
    }
    return answer;
  }

  std::string EncodeAnswer(const EmbeddingAnswer& answer, const EmbeddingRequest& request) const override {
    std::string body;
    Writer writer(body);
    writer.BeginObject().Key("embeddings").BeginObject().Key("float").BeginArray();
    for (const auto& vector : answer.vectors) common::WriteVector(writer, vector);
    writer.EndArray().EndObject().Key("texts").BeginArray();
    for (const auto& input : request.inputs) {
      if (const auto* text = std::get_if<std::string>(&input)) writer.String(*text);
    }
    writer.EndArray().Key("meta").BeginObject().Key("api_version").BeginObject().Field("version", "2").EndObject();
    writer.Key("billed_units").BeginObject().Field("input_tokens", answer.usage.TotalInput()).EndObject();
    writer.EndObject().EndObject();
    return body;
  }
};

}  // namespace

// Cohere wants to be told what the texts are for; documents are what is embedded most.
void WriteEmbedRequest(Writer& writer, const EmbeddingRequest& request, std::span<const Input> inputs,
                       std::string_view target, std::vector<Loss>& losses) {
  const auto task = common::FindText(kTasks, std::string_view(request.task));
  const auto lose = [&](Loss::Kind kind, std::string_view field) {
    losses.push_back({kind, std::string(field), common::NoEquivalent(target, field)});
  };
  bool tokens = false;
  writer.Key("texts").BeginArray();
  for (const auto& input : inputs) {
    const auto* text = std::get_if<std::string>(&input);
    tokens = tokens || text == nullptr;
    if (text != nullptr) writer.String(*text);
  }
  writer.EndArray().Field("input_type", task.empty() ? "search_document" : task);
  writer.Key("embedding_types").BeginArray().String("float").EndArray();
  if (request.dimensions) writer.Field("output_dimension", *request.dimensions);
  if (tokens) losses.push_back({Loss::Kind::kContent, "input", std::string(target) + " embeds text, not token ids"});
  if (!request.task.empty() && task.empty()) lose(Loss::Kind::kParameter, "task");
  if (!request.title.empty()) lose(Loss::Kind::kParameter, "title");
  if (!request.user.empty()) lose(Loss::Kind::kHint, "user");
  if (request.origin == DialectId::kCohere) return;
  for (const auto& extra : request.extra) lose(Loss::Kind::kParameter, extra.name);
}

base::Status ReadEmbeddings(Value embeddings, EmbeddingAnswer& answer) {
  const auto vectors = embeddings.IsArray() ? embeddings : embeddings["float"];
  if (!vectors.IsArray()) return common::BadUpstream("an answer without float embeddings");
  for (const auto element : vectors) {
    GH_TRY(auto vector, common::ReadVector(element.value));
    answer.vectors.push_back(std::move(vector));
  }
  return base::Ok();
}

const EmbeddingDialect& Embed() {
  static const EmbedOfCohere dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::cohere
