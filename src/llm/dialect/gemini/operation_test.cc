#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "codec/json/document.h"
#include "llm/dialect/gemini/gemini.h"

namespace gatehouse::llm::dialect::gemini {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::Result<EmbeddingRequest> DecodeEmbed(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Embed().DecodeRequest(document.root(), {.model = "gemini-embedding-001", .version = {}});
}

base::Result<ChatRequest> DecodeCount(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Count().DecodeRequest(document.root(), {.model = "gemini-3-pro", .version = {}});
}

std::string EncodedEmbed(const EmbeddingRequest& request, std::string_view version) {
  auto encoded = Embed().EncodeRequest(request, request.inputs, {.model = "m", .version = version, .provider = {}});
  EXPECT_TRUE(encoded.ok());
  return encoded.ok() ? encoded.value().body : std::string();
}

TEST(GeminiEmbed, ReadsOneAndManyAndAnswersInKind) {
  const auto one = DecodeEmbed(R"({"content":{"parts":[{"text":"a"},{"text":"b"}]},"taskType":"RETRIEVAL_QUERY"})");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(std::get<std::string>(one.value().inputs.at(0)), "ab");
  EXPECT_EQ(one.value().task, "query");
  const auto many =
      DecodeEmbed(R"({"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]},"output_dimensionality":8},)"
                  R"({"content":{"parts":[{"text":"b"}]},"outputDimensionality":8}]})");
  ASSERT_TRUE(many.ok());
  EXPECT_EQ(many.value().inputs.size(), 2U);
  EXPECT_EQ(many.value().dimensions, 8U);
  const EmbeddingAnswer answer{.model = {}, .vectors = {{0.5F, -1.0F}}, .usage = {}};
  EXPECT_EQ(Embed().EncodeAnswer(answer, one.value()), R"({"embedding":{"values":[0.5,-1]}})");
  EXPECT_EQ(Embed().EncodeAnswer(answer, many.value()), R"({"embeddings":[{"values":[0.5,-1]}]})");
}

TEST(GeminiEmbed, RefusesWhatItCannotSay) {
  EXPECT_EQ(DecodeEmbed(R"({"requests":[]})").error().param, "requests");
  EXPECT_EQ(DecodeEmbed(R"({})").error().param, "content");
  EXPECT_EQ(DecodeEmbed(R"({"content":{"parts":[{"text":"a"}]},"taskType":"X"})").error().param, "taskType");
  const auto mixed = DecodeEmbed(R"({"requests":[{"content":{"parts":[{"text":"a"}]},"outputDimensionality":8},)"
                                 R"({"content":{"parts":[{"text":"b"}]}}]})");
  ASSERT_FALSE(mixed.ok());
  EXPECT_EQ(mixed.error().code, base::ErrorCode::kUnsupported);
}

TEST(GeminiEmbed, WritesABatchOrVertexInstances) {
  EmbeddingRequest request{.model = "x", .inputs = {"a", "b"}, .dimensions = 4};
  request.task = "document";
  request.title = "t";
  EXPECT_EQ(EncodedEmbed(request, ""),
            R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT",)"
            R"("title":"t","outputDimensionality":4},{"model":"models/m","content":{"parts":[{"text":"b"}]},)"
            R"("taskType":"RETRIEVAL_DOCUMENT","title":"t","outputDimensionality":4}]})");
  EXPECT_EQ(
      EncodedEmbed(request, kVertex),
      R"({"instances":[{"content":"a","task_type":"RETRIEVAL_DOCUMENT","title":"t"},)"
      R"({"content":"b","task_type":"RETRIEVAL_DOCUMENT","title":"t"}],"parameters":{"outputDimensionality":4}})");
}

TEST(GeminiEmbed, TokenIdsAreLostContent) {
  EmbeddingRequest request{.model = "x", .inputs = {TokenIds{1, 2}}};
  const auto encoded = Embed().EncodeRequest(request, request.inputs, {.model = "m", .version = {}, .provider = {}});
  ASSERT_TRUE(encoded.ok());
  ASSERT_EQ(encoded.value().losses.size(), 1U);
  EXPECT_EQ(encoded.value().losses[0].kind, Loss::Kind::kContent);
}

TEST(GeminiEmbed, ReadsEveryShapeOfAnswer) {
  const auto vectors = [](std::string_view body) {
    const auto answer = Embed().DecodeAnswer(body);
    return answer.ok() ? answer.value().vectors : std::vector<std::vector<float>>();
  };
  EXPECT_THAT(vectors(R"({"embedding":{"values":[1,2]}})"), ElementsAre(ElementsAre(1, 2)));
  EXPECT_THAT(vectors(R"({"embeddings":[{"values":[1]},{"values":[2]}]})"),
              ElementsAre(ElementsAre(1), ElementsAre(2)));
  const auto vertex = Embed().DecodeAnswer(
      R"({"predictions":[{"embeddings":{"values":[3],"statistics":{"token_count":7,"truncated":false}}}]})");
  ASSERT_TRUE(vertex.ok());
  EXPECT_EQ(vertex.value().usage.input, 7U);
  EXPECT_FALSE(Embed().DecodeAnswer("{}").ok());
  EXPECT_FALSE(Embed().DecodeAnswer(R"({"embedding":{"values":["x"]}})").ok());
}

TEST(GeminiCount, ReadsBothShapes) {
  const auto plain = DecodeCount(R"({"contents":[{"parts":[{"text":"x"}]}]})");
  ASSERT_TRUE(plain.ok());
  const auto wrapped =
      DecodeCount(R"({"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"x"}]}],)"
                  R"("systemInstruction":{"parts":[{"text":"s"}]}}})");
  ASSERT_TRUE(wrapped.ok());
  EXPECT_EQ(wrapped.value().messages.size(), 2U);
  EXPECT_EQ(DecodeCount(R"({"generateContentRequest":{"contents":[{"role":"x","parts":[]}]}})").error().param,
            "generateContentRequest.contents[0].role");
}

TEST(GeminiCount, WritesWhatEachHostWants) {
  const ChatRequest request{.model = "x", .messages = {{.blocks = {TextBlock{"hi"}}}}, .logit_bias = "{}"};
  const auto developer = Count().EncodeRequest(request, {.model = "m", .version = {}, .provider = {}});
  ASSERT_TRUE(developer.ok());
  EXPECT_EQ(developer.value().body,
            R"({"generateContentRequest":{"model":"models/m","contents":[{"role":"user","parts":[{"text":"hi"}]}]}})");
  EXPECT_TRUE(developer.value().losses.empty());
  const auto vertex = Count().EncodeRequest(request, {.model = "m", .version = kVertex, .provider = {}});
  ASSERT_TRUE(vertex.ok());
  EXPECT_EQ(vertex.value().body, R"({"contents":[{"role":"user","parts":[{"text":"hi"}]}]})");
  EXPECT_EQ(Count().EncodeAnswer(5), R"({"totalTokens":5})");
  EXPECT_EQ(Count().DecodeAnswer(R"({"totalTokens":5})").value(), 5U);
  EXPECT_FALSE(Count().DecodeAnswer("{}").ok());
}

}  // namespace
}  // namespace gatehouse::llm::dialect::gemini
