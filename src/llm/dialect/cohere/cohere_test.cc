#include "llm/dialect/cohere/cohere.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace gatehouse::llm::dialect::cohere {
namespace {

base::Result<RerankRequest> Rerank(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return DecodeRerank(document.root());
}

base::Result<EmbeddingRequest> Embedding(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Embed().DecodeRequest(document.root(), {});
}

TEST(CohereEmbed, ARequestComesBackTheSame) {
  constexpr std::string_view kBody =
      R"({"model":"embed-v4.0","texts":["a","b"],"input_type":"search_query","embedding_types":["float"],)"
      R"("output_dimension":256,"truncate":"END"})";
  const auto request = Embedding(kBody);
  ASSERT_TRUE(request.ok()) << request.error().public_message;
  const auto encoded = Embed().EncodeRequest(request.value(), request.value().inputs,
                                             {.model = "embed-v4.0", .version = {}, .provider = {}});
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded.value().body, kBody);
  EXPECT_TRUE(encoded.value().losses.empty());
}

TEST(CohereEmbed, NamesWhatIsWrong) {
  EXPECT_EQ(Embedding(R"({"texts":["a"]})").error().param, "model");
  EXPECT_EQ(Embedding(R"({"model":"m"})").error().param, "texts");
  EXPECT_EQ(Embedding(R"({"model":"m","texts":[1]})").error().param, "texts[0]");
  EXPECT_EQ(Embedding(R"({"model":"m","texts":["a"],"embedding_types":["int8"]})").error().param, "embedding_types");
}

TEST(CohereEmbed, AnAnswerSurvivesTheTrip) {
  EmbeddingRequest request{.model = "m", .inputs = {"a"}};
  const EmbeddingAnswer answer{
      .model = {}, .vectors = {{0.1F, 2.0F}}, .usage = {.input = 4, .source = UsageSource::kProvider}};
  const auto body = Embed().EncodeAnswer(answer, request);
  const auto again = Embed().DecodeAnswer(body);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.value().vectors, answer.vectors);
  EXPECT_EQ(again.value().usage, answer.usage);
}

TEST(CohereRerank, ARequestComesBackTheSame) {
  constexpr std::string_view kBody =
      R"({"model":"rerank-v3.5","query":"q","documents":["a","b"],"top_n":1,"max_tokens_per_doc":100})";
  const auto request = Rerank(kBody);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(EncodeRerank(request.value(), {.model = "rerank-v3.5", .version = {}, .provider = {}}).body, kBody);
  const auto objects = Rerank(R"({"model":"m","query":"q","documents":[{"text":"a"}]})");
  ASSERT_TRUE(objects.ok());
  EXPECT_THAT(objects.value().documents, testing::ElementsAre("a"));
}

TEST(CohereRerank, NamesWhatIsWrong) {
  EXPECT_EQ(Rerank(R"({"query":"q","documents":["a"]})").error().param, "model");
  EXPECT_EQ(Rerank(R"({"model":"m","documents":["a"]})").error().param, "query");
  EXPECT_EQ(Rerank(R"({"model":"m","query":"q","documents":[]})").error().param, "documents");
  EXPECT_EQ(Rerank(R"({"model":"m","query":"q","documents":[{"title":"a"}]})").error().param, "documents[0].text");
}

TEST(CohereRerank, AnAnswerComesBackTheSame) {
  constexpr std::string_view kBody =
      R"({"id":"x","results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.1}],)"
      R"("meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}})";
  const auto answer = DecodeRerankAnswer(kBody);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer.value().items.at(0).index, 1U);
  EXPECT_EQ(answer.value().usage.server_tool_calls, 1U);
  EXPECT_EQ(EncodeRerankAnswer(answer.value()), kBody);
  EXPECT_FALSE(DecodeRerankAnswer("{}").ok());
  EXPECT_FALSE(DecodeRerankAnswer(R"({"results":[{}]})").ok());
}

TEST(CohereError, SpeaksBothWays) {
  const auto error = DecodeError(429, R"({"message":"You are using a Trial key"})");
  EXPECT_EQ(error.code, base::ErrorCode::kRateLimited);
  EXPECT_EQ(DecodeError(401, R"({"message":"invalid api token"})").code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(DecodeError(400, R"({"message":"too many tokens"})").code, base::ErrorCode::kContextLength);
  EXPECT_EQ(EncodeError({.code = base::ErrorCode::kNotFound, .public_message = "No."}, "r").body,
            R"({"id":"r","message":"No."})");
}

}  // namespace
}  // namespace gatehouse::llm::dialect::cohere
