#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codec/json/document.h"
#include "llm/dialect/bedrock/bedrock.h"

namespace gatehouse::llm::dialect::bedrock {
namespace {

TEST(BedrockEmbed, TitanTakesOneText) {
  EmbeddingRequest request{.model = "x", .inputs = {"hello"}, .dimensions = 256};
  const auto encode = [&](std::string_view model) {
    return Embed().EncodeRequest(request, request.inputs, {.model = model, .version = {}, .provider = {}}).value();
  };
  EXPECT_EQ(encode("amazon.titan-embed-text-v2:0").body, R"({"inputText":"hello","dimensions":256})");
  EXPECT_EQ(encode("amazon.titan-embed-text-v1").body, R"({"inputText":"hello"})");
  EXPECT_EQ(encode("amazon.titan-embed-text-v1").losses.size(), 1U);
  EXPECT_EQ(Embed().MaxInputs({.model = "amazon.titan-embed-text-v2:0"}), 1U);
  request.inputs = {"a", "b"};
  EXPECT_EQ(encode("amazon.titan-embed-text-v2:0").losses.at(0).kind, Loss::Kind::kContent);
}

TEST(BedrockEmbed, CohereTakesMany) {
  EmbeddingRequest request{.model = "x", .inputs = {"a", "b"}};
  request.task = "query";
  EXPECT_EQ(Embed()
                .EncodeRequest(request, request.inputs, {.model = "cohere.embed-v4:0", .version = {}, .provider = {}})
                .value()
                .body,
            R"({"texts":["a","b"],"input_type":"search_query","embedding_types":["float"]})");
  EXPECT_EQ(Embed().MaxInputs({.model = "cohere.embed-v4:0"}), 96U);
}

TEST(BedrockEmbed, ReadsBothAnswers) {
  const auto titan = Embed().DecodeAnswer(R"({"embedding":[1,2],"inputTextTokenCount":3})");
  ASSERT_TRUE(titan.ok());
  EXPECT_EQ(titan.value().usage.input, 3U);
  EXPECT_EQ(titan.value().vectors.size(), 1U);
  for (const auto* body : {R"({"embeddings":{"float":[[1],[2]]}})", R"({"embeddings":[[1],[2]]})"}) {
    const auto cohere = Embed().DecodeAnswer(body);
    ASSERT_TRUE(cohere.ok());
    EXPECT_EQ(cohere.value().vectors.size(), 2U);
    EXPECT_EQ(cohere.value().usage.source, UsageSource::kNone);
  }
  EXPECT_FALSE(Embed().DecodeAnswer("{}").ok());
}

TEST(BedrockCount, WrapsAConverseRequest) {
  const ChatRequest request{.model = "x", .messages = {{.blocks = {TextBlock{"hi"}}}}, .seed = 1};
  const auto encoded = Count().EncodeRequest(request, {.model = "anthropic.claude-x", .version = {}, .provider = {}});
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(encoded.value().body, R"({"input":{"converse":{"messages":[{"role":"user","content":[{"text":"hi"}]}]}}})");
  EXPECT_TRUE(encoded.value().losses.empty());
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(encoded.value().body).ok());
  EXPECT_TRUE(Count().DecodeRequest(document.root(), {}).ok());
  EXPECT_EQ(Count().DecodeAnswer(Count().EncodeAnswer(9)).value(), 9U);
  EXPECT_FALSE(Count().DecodeAnswer("[]").ok());
}

}  // namespace
}  // namespace gatehouse::llm::dialect::bedrock
