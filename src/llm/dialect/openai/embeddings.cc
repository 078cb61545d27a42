#include "llm/dialect/openai/embeddings.h"

#include <bit>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/json/writer.h"
#include "llm/dialect/common/fields.h"
#include "llm/dialect/common/losses.h"
#include "llm/dialect/common/upstream_error.h"
#include "llm/dialect/common/vectors.h"
#include "llm/dialect/openai/error.h"
#include "llm/dialect/openai/usage.h"

namespace gatehouse::llm::dialect::openai {
namespace {

using base::Ok;
using base::Status;
using codec::json::Value;
using codec::json::Writer;
using common::Field;
using common::Node;
using common::Read;
using Input = std::variant<std::string, TokenIds>;
using Vector = std::vector<float>;

constexpr std::string_view kTarget = "OpenAI embeddings";
constexpr std::size_t kMaxInputs = 2048;  // per request, by OpenAI's reference
constexpr std::int64_t kMaxTokenId = 0xFFFF'FFFF;

base::Result<TokenIds> ReadTokens(const Node& node) {
  TokenIds tokens;
  std::size_t index = 0;
  for (const auto element : node.value()) {
    const auto id = element.value.AsInteger();
    if (!id || *id < 0 || *id > kMaxTokenId) return common::WrongType(node.Element(element.value, index), "a token id");
    tokens.push_back(static_cast<std::uint32_t>(*id));
    ++index;
  }
  return tokens;
}

bool IsTokens(Value array) { return array.IsArray() && !array.empty() && array.at(0).IsNumber(); }

Status AddInput(const Node& node, std::vector<Input>& inputs) {
  if (node.value().IsString()) {
    inputs.emplace_back(std::string(node.value().string()));
    return Ok();
  }
  if (!IsTokens(node.value())) return common::WrongType(node, "a string or an array of token ids");
  GH_TRY(TokenIds tokens, ReadTokens(node));
  inputs.emplace_back(std::move(tokens));
  return Ok();
}

Status DecodeInput(const Node& node, EmbeddingRequest& request) {
  if (!node.value().IsArray() || IsTokens(node.value())) return AddInput(node, request.inputs);
  if (node.value().empty()) return common::Invalid(node, "must hold at least one input");
  if (node.value().size() > kMaxInputs) return common::Invalid(node, "holds more than 2048 inputs");
  std::size_t index = 0;
  for (const auto element : node.value()) GH_CHECK_OK(AddInput(node.Element(element.value, index++), request.inputs));
  return Ok();
}

Status DecodeEncoding(const Node& node, EmbeddingRequest& request) {
  std::string word = "float";
  GH_CHECK_OK(Read(node, word));
  if (word != "float" && word != "base64") return common::Invalid(node, "must be float or base64");
  request.encoding = word == "float" ? EmbeddingRequest::Encoding::kFloat : EmbeddingRequest::Encoding::kBase64;
  return Ok();
}

constexpr Field<EmbeddingRequest> kFields[] = {
    {"model", [](const Node& n, EmbeddingRequest& r) { return Read(n, r.model); }},
    {"input", DecodeInput},
    {"dimensions", [](const Node& n, EmbeddingRequest& r) { return Read(n, r.dimensions); }},
    {"encoding_format", DecodeEncoding},
    {"user", [](const Node& n, EmbeddingRequest& r) { return Read(n, r.user); }},
};

void WriteInput(Writer& writer, const Input& input) {
  if (const auto* text = std::get_if<std::string>(&input)) {
    writer.String(*text);
    return;
  }
  writer.BeginArray();
  for (const std::uint32_t token : std::get<TokenIds>(input)) writer.Number(token);
  writer.EndArray();
}

std::string ToBytes(const Vector& vector) {
  std::string bytes;
  bytes.reserve(vector.size() * 4);
  for (const float number : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(number);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 0xFFU);
  }
  return bytes;
}

base::Result<Vector> FromBase64(std::string_view text) {
  const auto bytes = codec::crypto::Base64Decode(text);
  if (!bytes || bytes->size() % 4 != 0) return common::BadUpstream("an embedding that is not base64 of float32");
  Vector vector;
  vector.reserve(bytes->size() / 4);
  for (std::size_t i = 0; i < bytes->size(); i += 4) {
    std::uint32_t bits = 0;
    for (unsigned k = 0; k < 4; ++k) bits |= std::uint32_t{static_cast<unsigned char>((*bytes)[i + k])} << (8 * k);
    vector.push_back(std::bit_cast<float>(bits));
  }
  return vector;
}

base::Result<Vector> DecodeVector(Value embedding) {
  return embedding.IsString() ? FromBase64(embedding.string()) : common::ReadVector(embedding);
}

// The vectors in the order of their inputs, each exactly once.
Status DecodeData(Value data, std::vector<Vector>& vectors) {
  if (!data.IsArray()) return common::BadUpstream("an answer without data");
  vectors.resize(data.size());
  std::size_t position = 0;
  for (const auto element : data) {
    const auto index = element.value["index"].AsInteger().value_or(static_cast<std::int64_t>(position++));
    const bool valid = index >= 0 && static_cast<std::size_t>(index) < vectors.size();
    if (!valid || !vectors[static_cast<std::size_t>(index)].empty()) return common::BadUpstream("a wrong index");
    GH_TRY(vectors[static_cast<std::size_t>(index)], DecodeVector(element.value["embedding"]));
  }
  return Ok();
}

class EmbeddingsDialect final : public EmbeddingDialect {
 public:
  DialectId id() const override { return DialectId::kOpenAiChat; }
  std::size_t MaxInputs(const EncodeOptions&) const override { return kMaxInputs; }

  base::Result<EmbeddingRequest> DecodeRequest(Value body, const RequestPath& path) const override {
    const Node root(body);
    EmbeddingRequest request;
    GH_CHECK_OK(common::ReadFields<EmbeddingRequest>(root, kFields, request, &request.extra));
    if (!path.model.empty()) request.model = path.model;
    if (request.model.empty()) return common::Invalid(root["model"], "is required");
    if (request.inputs.empty()) return common::Invalid(root["input"], "is required");
    return request;
  }

  base::Result<EncodedRequest> EncodeRequest(const EmbeddingRequest& request, std::span<const Input> inputs,
                                             const EncodeOptions& options) const override {
    EncodedRequest encoded;
    Writer writer(encoded.body);
    writer.BeginObject().Field("model", options.model.empty() ? std::string_view(request.model) : options.model);
    writer.Key("input").BeginArray();
    for (const Input& input : inputs) WriteInput(writer, input);
    writer.EndArray();
    if (request.dimensions) writer.Field("dimensions", *request.dimensions);
    if (request.encoding == EmbeddingRequest::Encoding::kBase64) writer.Field("encoding_format", "base64");
    if (!request.user.empty()) writer.Field("user", request.user);
    WriteRest(writer, request, encoded.losses);
    writer.EndObject();
    return encoded;
  }

  base::Result<EmbeddingAnswer> DecodeAnswer(std::string_view body) const override {
    codec::json::Document document;
    if (!document.Parse(body).ok()) return common::BadUpstream(body);
    const Value root = document.root();
    if (!FindInBand(root).IsMissing()) return DecodeInBand(root);
    EmbeddingAnswer answer;
    answer.model = root["model"].string();
    GH_CHECK_OK(DecodeData(root["data"], answer.vectors));
    answer.usage = DecodeUsage(root["usage"]);
    return answer;
  }

  std::string EncodeAnswer(const EmbeddingAnswer& answer, const EmbeddingRequest& request) const override {
    std::string body;
    Writer writer(body);
    writer.BeginObject().Field("object", "list").Key("data").BeginArray();
    std::size_t index = 0;
    for (const Vector& vector : answer.vectors) {
      writer.BeginObject().Field("object", "embedding").Field("index", index++).Key("embedding");
      WriteVector(writer, vector, request.encoding);
      writer.EndObject();
    }
    writer.EndArray().Field("model", answer.model.empty() ? request.model : answer.model);
    writer.Key("usage").BeginObject().Field("prompt_tokens", answer.usage.TotalInput());
    writer.Field("total_tokens", answer.usage.Total()).EndObject().EndObject();
    return body;
  }

 private:
  static void WriteVector(Writer& writer, const Vector& vector, EmbeddingRequest::Encoding encoding) {
    if (encoding == EmbeddingRequest::Encoding::kBase64) {
      writer.String(codec::crypto::Base64Encode(ToBytes(vector)));
      return;
    }
    common::WriteVector(writer, vector);
  }

  static void WriteRest(Writer& writer, const EmbeddingRequest& request, std::vector<Loss>& losses) {
    const auto lose = [&](const std::string& field) {
      losses.push_back({Loss::Kind::kParameter, field, common::NoEquivalent(kTarget, field)});
    };
    if (!request.task.empty()) lose("task");
    if (!request.title.empty()) lose("title");
    for (const ExtraField& field : request.extra) {
      request.origin == DialectId::kOpenAiChat ? void(writer.RawField(field.name, field.json)) : lose(field.name);
    }
  }
};

}  // namespace

const EmbeddingDialect& Embeddings() {
  static const EmbeddingsDialect kDialect;
  return kDialect;
}

}  // namespace gatehouse::llm::dialect::openai
