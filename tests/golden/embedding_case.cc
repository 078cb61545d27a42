#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "case.h"
#include "codec/json/document.h"
#include "codec/json/writer.h"
#include "llm/dialect.h"
#include "llm/operation.h"
#include "render.h"

// A client's wish for embeddings, split and encoded for every provider; a provider's vectors, encoded for every client.
namespace gatehouse::golden {
namespace {

using codec::json::Writer;
using llm::DialectId;
using llm::EmbeddingRequest;

struct Target {
  std::string_view name;
  DialectId dialect;
  llm::EncodeOptions options;
};
const Target kTargets[] = {
    {"openai", DialectId::kOpenAiChat, {.model = "text-embedding-3-small"}},
    {"gemini", DialectId::kGemini, {.model = "gemini-embedding-001"}},
    {"vertex", DialectId::kGemini, {.model = "gemini-embedding-001", .version = "vertex"}},
    {"titan", DialectId::kBedrock, {.model = "amazon.titan-embed-text-v2:0"}},
    {"bedrock_cohere", DialectId::kBedrock, {.model = "cohere.embed-multilingual-v3"}},
    {"cohere", DialectId::kCohere, {.model = "embed-v4.0"}},
};

// What a client's request decides of its answer.
struct Client {
  std::string_view name;
  DialectId dialect;
  EmbeddingRequest::Encoding encoding = EmbeddingRequest::Encoding::kFloat;
  EmbeddingRequest::Shape shape = EmbeddingRequest::Shape::kMany;
};
constexpr Client kClients[] = {
    {"openai", DialectId::kOpenAiChat},
    {"openai_base64", DialectId::kOpenAiChat, EmbeddingRequest::Encoding::kBase64},
    {"gemini_batch", DialectId::kGemini},
    {"gemini_single", DialectId::kGemini, EmbeddingRequest::Encoding::kFloat, EmbeddingRequest::Shape::kSingle},
};

// One element for each call upstream.
std::string CallsTo(const Target& target, const EmbeddingRequest& request) {
  const llm::EmbeddingDialect& dialect = *llm::FindEmbeddingDialect(target.dialect);
  const std::size_t most = dialect.MaxInputs(target.options);
  std::span<const std::variant<std::string, llm::TokenIds>> rest(request.inputs);
  std::string text;
  Writer writer(text);
  writer.BeginArray();
  while (!rest.empty()) {
    const auto inputs = rest.first(std::min(most, rest.size()));
    const auto encoded = dialect.EncodeRequest(request, inputs, target.options);
    rest = rest.subspan(inputs.size());
    writer.BeginObject();
    if (encoded.ok()) {
      writer.RawField("body", encoded.value().body);
      WriteLosses(writer, encoded.value().losses);
    } else {
      writer.Field("error", Render(encoded.error()));
    }
    writer.EndObject();
  }
  writer.EndArray();
  return text;
}

}  // namespace

void RunEmbeddingRequestCase(const Case& golden_case) {
  const std::string body = ReadFile(golden_case.input);
  const llm::EmbeddingDialect* origin = llm::FindEmbeddingDialect(golden_case.origin);
  ASSERT_NE(origin, nullptr) << "no dialect for " << golden_case.input;
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(body).ok()) << golden_case.input;
  const bool in_path = golden_case.origin == DialectId::kGemini;
  const auto request = origin->DecodeRequest(
      document.root(), {.model = in_path ? "client-model" : "", .delivery = llm::Delivery::kWhole, .version = ""});
  if (!request.ok()) return ExpectGolden(golden_case, "error.txt", Render(request.error()));
  for (const Target& target : kTargets) {
    ExpectGolden(golden_case, std::string(target.name) + ".request.json", Pretty(CallsTo(target, request.value())));
  }
}

void RunEmbeddingAnswerCase(const Case& golden_case) {
  const llm::EmbeddingDialect* origin = llm::FindEmbeddingDialect(golden_case.origin);
  ASSERT_NE(origin, nullptr) << "no dialect for " << golden_case.input;
  const auto answer = origin->DecodeAnswer(ReadFile(golden_case.input));
  if (!answer.ok()) return ExpectGolden(golden_case, "error.txt", Render(answer.error()));
  ExpectGolden(golden_case, "usage.txt", Render(answer.value().usage) + "\n");
  for (const Client& client : kClients) {
    EmbeddingRequest request{.model = "public-model"};
    request.encoding = client.encoding;
    request.shape = client.shape;
    const std::string text = llm::FindEmbeddingDialect(client.dialect)->EncodeAnswer(answer.value(), request);
    ExpectGolden(golden_case, std::string(client.name) + ".json", Pretty(text));
  }
}

}  // namespace gatehouse::golden
