#include "llm/dialect/openai/embeddings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace gatehouse::llm::dialect::openai {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

base::Result<EmbeddingRequest> Decode(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Embeddings().DecodeRequest(document.root(), {});
}

TEST(OpenAiEmbeddings, RequestsComeBackAsTheyWent) {
  for (const std::string_view body :
       {R"({"model":"m","input":["a","b"],"dimensions":8,"encoding_format":"base64","user":"u","input_type":"query"})",
        R"({"model":"m","input":[[1,2],[4294967295]]})"}) {
    const auto request = Decode(body);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(Embeddings().EncodeRequest(request.value(), request.value().inputs, {}).value().body, body);
  }
}

TEST(OpenAiEmbeddings, OneInputMayStandAlone) {
  EXPECT_EQ(std::get<std::string>(Decode(R"({"model":"m","input":"a"})").value().inputs.at(0)), "a");
  EXPECT_THAT(std::get<TokenIds>(Decode(R"({"model":"m","input":[7,8]})").value().inputs.at(0)), ElementsAre(7, 8));
}

TEST(OpenAiEmbeddings, NamesTheWrongMember) {
  EXPECT_EQ(Decode(R"({"model":"m"})").error().param, "input");
  EXPECT_EQ(Decode(R"({"input":"x"})").error().param, "model");
  EXPECT_EQ(Decode(R"({"model":"m","input":[]})").error().param, "input");
  EXPECT_EQ(Decode(R"({"model":"m","input":["a",7]})").error().param, "input[1]");
  EXPECT_EQ(Decode(R"({"model":"m","input":[1,-7]})").error().param, "input[1]");
  EXPECT_EQ(Decode(R"({"model":"m","input":"x","encoding_format":"hex"})").error().param, "encoding_format");
}

TEST(OpenAiEmbeddings, AnswersInEitherEncodingAndAnyOrder) {
  const auto answer = Embeddings().DecodeAnswer(
      R"({"object":"list","data":[{"index":1,"embedding":"AACAPwAAAMA="},{"index":0,"embedding":[0.1,3e-7]}],)"
      R"("model":"m","usage":{"prompt_tokens":4,"total_tokens":4}})");
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(answer.value().vectors, ElementsAre(ElementsAre(0.1F, 3e-7F), ElementsAre(1.0F, -2.0F)));
  EXPECT_EQ(answer.value().usage.input, 4U);
  EmbeddingRequest request;
  EXPECT_EQ(
      Embeddings().EncodeAnswer(answer.value(), request),
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,3e-07]},)"
      R"({"object":"embedding","index":1,"embedding":[1,-2]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4}})");
  request.encoding = EmbeddingRequest::Encoding::kBase64;
  EXPECT_THAT(Embeddings().EncodeAnswer(answer.value(), request), HasSubstr(R"("embedding":"AACAPwAAAMA=")"));
}

TEST(OpenAiEmbeddings, WritesNoNumberThatJsonDoesNotHave) {
  EmbeddingAnswer answer{.model = "m", .vectors = {{std::numeric_limits<float>::quiet_NaN()}}, .usage = {}};
  EXPECT_THAT(Embeddings().EncodeAnswer(answer, {}), HasSubstr("[null]"));
}

TEST(OpenAiEmbeddings, RefusesWhatIsNoAnswer) {
  for (const std::string_view body :
       {R"({"error":{"message":"x"}})", R"({"data":7})", "<html>", R"({"data":[{"index":3,"embedding":[1]}]})",
        R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", R"({"data":[{"embedding":"AAA="}]})",
        R"({"data":[{"embedding":["x"]}]})"}) {
    EXPECT_FALSE(Embeddings().DecodeAnswer(body).ok()) << body;
  }
}

TEST(OpenAiEmbeddings, WhatOthersAskForIsALoss) {
  const EmbeddingRequest request{
      .origin = DialectId::kGemini, .model = "m", .inputs = {std::string("a")}, .task = "query", .extra = {{"x", "1"}}};
  const auto encoded = Embeddings().EncodeRequest(request, request.inputs, {});
  ASSERT_EQ(encoded.value().losses.size(), 2U);
  EXPECT_EQ(encoded.value().losses[0].field, "task");
  EXPECT_EQ(encoded.value().body, R"({"model":"m","input":["a"]})");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai
