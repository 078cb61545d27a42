#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/node.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/vectors.h"
#include "llm/dialect/common/words.h"
#include "llm/dialect/gemini/gemini.h"
#include "llm/dialect/gemini/parts.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using codec::json::Value;
using codec::json::Writer;
using common::Field;
using common::Node;
using Input = std::variant<std::string, TokenIds>;

constexpr std::size_t kMaxRequests = 100;  // of one batchEmbedContents
constexpr std::size_t kMaxInstances = 1;   // of one :predict to the gemini-embedding models

constexpr common::Word<std::string_view> kTasks[] = {
    {"RETRIEVAL_QUERY", "query"},
    {"RETRIEVAL_DOCUMENT", "document"},
    {"SEMANTIC_SIMILARITY", "similarity"},
    {"CLASSIFICATION", "classification"},
    {"CLUSTERING", "clustering"},
    {"QUESTION_ANSWERING", "question_answering"},
    {"FACT_VERIFICATION", "fact_verification"},
    {"CODE_RETRIEVAL_QUERY", "code_query"},
};

base::Status ReadTask(const Node& node, EmbeddingRequest& request) {
  std::string word;
  GH_CHECK_OK(common::Read(node, word));
  if (word.empty() || word == "TASK_TYPE_UNSPECIFIED") return base::Ok();
  const auto task = common::FindValue(kTasks, word);
  if (!task) return common::Invalid(node, "is not a task type");
  request.task = std::string(*task);
  return base::Ok();
}

base::Status ReadContent(const Node& node, EmbeddingRequest& request) {
  GH_CHECK_OK(common::RequireObject(node));
  CallLedger calls;
  std::vector<Block> blocks;
  GH_CHECK_OK(ReadParts(node, calls, blocks));
  std::string text;
  for (const auto& block : blocks) {
    const auto* part = std::get_if<TextBlock>(&block);
    if (part == nullptr) return common::Unsupported(node, "only text can be embedded here");
    text += part->text;
  }
  request.inputs.emplace_back(std::move(text));
  return base::Ok();
}

constexpr Field<EmbeddingRequest> kContentFields[] = {
    {"content", ReadContent},
    {"taskType", ReadTask},
    {"title", [](const Node& n, EmbeddingRequest& r) { return common::Read(n, r.title); }},
    {"outputDimensionality", [](const Node& n, EmbeddingRequest& r) { return common::Read(n, r.dimensions); }},
    {"model", [](const Node&, EmbeddingRequest&) { return base::Ok(); }},  // the path says it
};

bool SameSettings(const EmbeddingRequest& a, const EmbeddingRequest& b) {
  return a.task == b.task && a.title == b.title && a.dimensions == b.dimensions &&
         std::ranges::equal(a.extra, b.extra, [](const ExtraField& x, const ExtraField& y) {
           return x.name == y.name && x.json == y.json;
         });
}

base::Status ReadOne(const Node& node, EmbeddingRequest& request) {
  GH_CHECK_OK(ReadMembers<EmbeddingRequest>(node, kContentFields, request, &request.extra));
  if (request.inputs.empty()) return common::WrongType(node["content"], "an object");
  return base::Ok();
}

// Every request of a batch repeats the settings; the neutral vocabulary has them once.
base::Status ReadBatch(const Node& requests, EmbeddingRequest& request) {
  GH_CHECK_OK(common::RequireArray(requests));
  if (requests.value().empty()) return common::Invalid(requests, "must not be empty");
  std::size_t index = 0;
  for (const auto element : requests.value()) {
    const auto node = requests.Element(element.value, index++);
    EmbeddingRequest one;
    GH_CHECK_OK(ReadOne(node, one));
    if (index == 1) {
      request.task = one.task;
      request.title = one.title;
      request.dimensions = one.dimensions;
      request.extra = one.extra;
    } else if (!SameSettings(request, one)) {
      return common::Unsupported(node, "all requests of a batch must have the same settings");
    }
    request.inputs.push_back(std::move(one.inputs.front()));
  }
  return base::Ok();
}

void WriteText(Writer& writer, const Input& input) {
  writer.Key("content").BeginObject().Key("parts").BeginArray();
  writer.BeginObject().Field("text", std::get<std::string>(input)).EndObject().EndArray().EndObject();
}

void WriteBatch(Writer& writer, const EmbeddingRequest& request, std::span<const Input> inputs,
                std::string_view model) {
  const auto task = common::FindText(kTasks, std::string_view(request.task));
  writer.Key("requests").BeginArray();
  for (const auto& input : inputs) {
    writer.BeginObject().Field("model", "models/" + std::string(model));
    WriteText(writer, input);
    if (!task.empty()) writer.Field("taskType", task);
    if (!request.title.empty()) writer.Field("title", request.title);
    if (request.dimensions) writer.Field("outputDimensionality", *request.dimensions);
    if (request.origin == DialectId::kGemini) {
      for (const auto& extra : request.extra) writer.RawField(extra.name, extra.json);
    }
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteInstances(Writer& writer, const EmbeddingRequest& request, std::span<const Input> inputs) {
  const auto task = common::FindText(kTasks, std::string_view(request.task));
  writer.Key("instances").BeginArray();
  for (const auto& input : inputs) {
    writer.BeginObject().Field("content", std::get<std::string>(input));
    if (!task.empty()) writer.Field("task_type", task);
    if (!request.title.empty()) writer.Field("title", request.title);
    writer.EndObject();
  }
  writer.EndArray();
  if (request.dimensions) {
    writer.Key("parameters").BeginObject().Field("outputDimensionality", *request.dimensions).EndObject();
  }
}

void Judge(const EmbeddingRequest& request, std::span<const Input> inputs, const EncodeOptions& options,
           std::vector<Loss>& losses) {
  for (const auto& input : inputs) {
    if (std::holds_alternative<std::string>(input)) continue;
    losses.push_back({Loss::Kind::kContent, "input", "Gemini embeds text, not token ids"});
    break;
  }
  if (!request.task.empty() && common::FindText(kTasks, std::string_view(request.task)).empty()) {
    losses.push_back({Loss::Kind::kParameter, "task", common::NoEquivalent("Gemini", "this task")});
  }
  if (!request.user.empty()) losses.push_back({Loss::Kind::kHint, "user", "Gemini takes no end-user id"});
  if (request.origin == DialectId::kGemini && options.version != kVertex) return;
  for (const auto& extra : request.extra) {
    losses.push_back({Loss::Kind::kParameter, extra.name, common::NoEquivalent("Gemini", extra.name)});
  }
}

// {"embedding":{...}}, {"embeddings":[{"values"}]} or {"predictions":[{"embeddings":{"values","statistics"}}]}
base::Status ReadVectors(Value root, EmbeddingAnswer& answer) {
  std::vector<Value> found;
  if (root["embedding"].IsObject()) found.push_back(root["embedding"]);
  for (const auto element : root["embeddings"]) found.push_back(element.value);
  for (const auto element : root["predictions"]) found.push_back(element.value["embeddings"]);
  if (found.empty()) return common::BadUpstream("an answer without embeddings");
  for (const auto embedding : found) {
    GH_TRY(auto vector, common::ReadVector(embedding["values"]));
    answer.vectors.push_back(std::move(vector));
    const auto tokens = embedding["statistics"]["token_count"];
    if (tokens.IsMissing()) continue;
    answer.usage.input += common::Count(tokens);
    answer.usage.source = UsageSource::kProvider;
  }
  return base::Ok();
}

class EmbedOfGemini final : public EmbeddingDialect {
 public:
  DialectId id() const override { return DialectId::kGemini; }

  // :predict to the Gemini models takes one text; the models before them are named text-embedding-*, and take many.
  std::size_t MaxInputs(const EncodeOptions& options) const override {
    return options.version == kVertex && options.model.contains("gemini-embedding") ? kMaxInstances : kMaxRequests;
  }

  base::Result<EmbeddingRequest> DecodeRequest(Value body, const RequestPath& path) const override {
    const Node root(body);
    EmbeddingRequest request;
    request.origin = DialectId::kGemini;
    request.model = std::string(path.model);
    const auto requests = root["requests"];
    if (requests.present()) {
      GH_CHECK_OK(ReadBatch(requests, request));
    } else {
      request.shape = EmbeddingRequest::Shape::kSingle;
      GH_CHECK_OK(ReadOne(root, request));
    }
    return request;
  }

  base::Result<EncodedRequest> EncodeRequest(const EmbeddingRequest& request, std::span<const Input> inputs,
                                             const EncodeOptions& options) const override {
    EncodedRequest encoded;
    Judge(request, inputs, options, encoded.losses);
    std::vector<Input> texts;
    for (const auto& input : inputs) {
      if (std::holds_alternative<std::string>(input)) texts.push_back(input);
    }
    Writer writer(encoded.body);
    writer.BeginObject();
    if (options.version == kVertex) {
      WriteInstances(writer, request, texts);
    } else {
      WriteBatch(writer, request, texts, options.model);
    }
    writer.EndObject();
    return encoded;
  }

  base::Result<EmbeddingAnswer> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    if (!document.Parse(body).ok()) return common::BadUpstream("an answer that is not JSON");
    EmbeddingAnswer answer;
    GH_CHECK_OK(ReadVectors(document.root(), answer));
    if (const auto metadata = document.root()["usageMetadata"]; metadata.IsObject()) {
      answer.usage = Usage{.input = common::Count(metadata["promptTokenCount"]), .source = UsageSource::kProvider};
    }
    return answer;
  }

  std::string EncodeAnswer(const EmbeddingAnswer& answer, const EmbeddingRequest& request) const override {
    std::string body;
    Writer writer(body);
    writer.BeginObject();
    if (request.shape == EmbeddingRequest::Shape::kSingle && !answer.vectors.empty()) {
      writer.Key("embedding");
      WriteEmbedding(writer, answer.vectors.front());
    } else {
      writer.Key("embeddings").BeginArray();
      for (const auto& vector : answer.vectors) WriteEmbedding(writer, vector);
      writer.EndArray();
    }
    if (answer.usage.source != UsageSource::kNone) {
      writer.Key("usageMetadata").BeginObject().Field("promptTokenCount", answer.usage.TotalInput()).EndObject();
    }
    writer.EndObject();
    return body;
  }

 private:
  static void WriteEmbedding(Writer& writer, const std::vector<float>& vector) {
    writer.BeginObject().Key("values");
    common::WriteVector(writer, vector);
    writer.EndObject();
  }
};

}  // namespace

const EmbeddingDialect& Embed() {
  static const EmbedOfGemini dialect;
  return dialect;
}

}  // namespace gatehouse::llm::dialect::gemini
