#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/sse/sse.h"
#include "llm/dialect/openai_chat/dialect.h"
#include "llm/dialect/openai_completions/dialect.h"

namespace gatehouse::llm::dialect::openai_completions {
namespace {

using testing::HasSubstr;

base::Result<ChatRequest> Decode(std::string_view body) {
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(body));
  return Dialect().DecodeRequest(document.root(), {});
}

EncodedRequest Encode(const ChatDialect& target, std::string_view body) {
  const auto request = Decode(body);
  EXPECT_TRUE(request.ok());
  auto encoded = target.EncodeRequest(request.value(), {});
  EXPECT_TRUE(encoded.ok());
  return std::move(encoded).value();
}

TEST(OpenAiCompletionsRequest, ComesBackAsItWent) {
  const std::string_view bodies[] = {
      R"({"model":"m","prompt":"p","max_tokens":5,"temperature":0.1,"top_p":0.5,"n":2,"logprobs":3,"stop":["a"],)"
      R"("presence_penalty":1,"frequency_penalty":1,"logit_bias":{"1":1},"seed":3,"user":"u","stream":true,)"
      R"("stream_options":{"include_usage":true},"best_of":3,"echo":true,"suffix":"s","novel":1})",
      R"({"model":"m","prompt":["a","b"]})",
      R"({"model":"m","prompt":[1,2,3]})",
      R"({"model":"m","prompt":[[1,2],[3]]})",
  };
  for (const std::string_view body : bodies) EXPECT_EQ(Encode(Dialect(), body).body, body);
}

TEST(OpenAiCompletionsRequest, OnePromptIsAChat) {
  const auto encoded = Encode(openai_chat::Dialect(),
                              R"({"model":"m","prompt":["p"],"max_tokens":5,"logprobs":2,"echo":false,"best_of":1})");
  EXPECT_EQ(
      encoded.body,
      R"({"model":"m","messages":[{"role":"user","content":"p"}],"max_completion_tokens":5,"logprobs":true,"top_logprobs":2})");
  EXPECT_TRUE(encoded.losses.empty());
}

TEST(OpenAiCompletionsRequest, WhatNoChatCanSayIsALoss) {
  const auto several = Encode(openai_chat::Dialect(), R"({"model":"m","prompt":["a","b"],"suffix":"s"})");
  ASSERT_EQ(several.losses.size(), 2U);
  EXPECT_EQ(several.losses[0].kind, Loss::Kind::kContent);
  EXPECT_EQ(several.losses[0].field, "prompt[1].content[1]");
  EXPECT_EQ(several.losses[1].field, "suffix");
  const auto tokens = Encode(openai_chat::Dialect(), R"({"model":"m","prompt":[1,2]})");
  ASSERT_EQ(tokens.losses.size(), 1U);
  EXPECT_EQ(tokens.losses[0].kind, Loss::Kind::kContent);
}

TEST(OpenAiCompletionsRequest, NamesTheWrongMember) {
  EXPECT_EQ(Decode(R"({"model":"m"})").error().param, "prompt");
  EXPECT_EQ(Decode(R"({"model":"m","prompt":[]})").error().param, "prompt");
  EXPECT_EQ(Decode(R"({"model":"m","prompt":["a",{}]})").error().param, "prompt[1]");
  EXPECT_EQ(Decode(R"({"model":"m","prompt":7})").error().param, "prompt");
}

TEST(OpenAiCompletionsRequest, AChatOfOneQuestionIsAPrompt) {
  ChatRequest request{.origin = DialectId::kAnthropic, .model = "m"};
  request.messages = {{.role = Role::kSystem, .blocks = {TextBlock{"s"}}},
                      {.role = Role::kUser, .blocks = {TextBlock{"q"}}}};
  auto encoded = Dialect().EncodeRequest(request, {});
  EXPECT_EQ(encoded.value().body, R"({"model":"m","prompt":"s\n\nq"})");
  EXPECT_TRUE(encoded.value().losses.empty());
  request.messages.push_back({.role = Role::kAssistant, .blocks = {TextBlock{"a"}}, .source = "messages[2]"});
  encoded = Dialect().EncodeRequest(request, {});
  ASSERT_EQ(encoded.value().losses.size(), 1U);
  EXPECT_EQ(encoded.value().losses[0].field, "messages[2]");
}

TEST(OpenAiCompletionsAnswer, StreamsBothWays) {
  const auto decoder = Dialect().NewDecoder({});
  std::vector<Event> events;
  for (
      const char* chunk :
      {R"({"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"He","index":0,"logprobs":null,"finish_reason":null}]})",
       R"({"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"y","index":0,"logprobs":{"tokens":["y"]},"finish_reason":"length"}]})",
       R"({"id":"cmpl-1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
       "[DONE]"}) {
    ASSERT_TRUE(decoder->Decode("", chunk, Detail::kFull, events).ok());
  }
  ASSERT_TRUE(decoder->Finish(Detail::kFull, events).ok());
  const AnswerContext context{.id = "x", .model = "public", .include_usage = true};
  std::string out;
  const auto encoder = Dialect().NewEncoder(context);
  Collector collector;
  for (const Event& event : events) {
    encoder->Encode(event, out);
    collector.Add(event);
  }
  encoder->Finish(out);
  EXPECT_THAT(
      out,
      HasSubstr(
          R"(data: {"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"He","index":0,"logprobs":null,"finish_reason":null}],"usage":null})"));
  EXPECT_THAT(out, HasSubstr(R"("logprobs":{"tokens":["y"]})"));
  EXPECT_THAT(out, HasSubstr(R"({"text":"","index":0,"logprobs":null,"finish_reason":"length"})"));
  EXPECT_THAT(out, HasSubstr(R"("choices":[],"usage":{"prompt_tokens":1)"));
  EXPECT_THAT(out, testing::EndsWith("data: [DONE]\n\n"));
  EXPECT_THAT(
      Dialect().EncodeWhole(std::move(collector).Take(), context),
      HasSubstr(R"("choices":[{"text":"Hey","index":0,"logprobs":{"tokens":["y"]},"finish_reason":"length"}])"));
}

TEST(OpenAiCompletionsAnswer, TranslatesTheLogprobsOfAChat) {
  Answer answer;
  answer.choices.push_back(
      {.blocks = {TextBlock{"ab"}},
       .reason = FinishReason::kStop,
       .logprobs =
           R"([{"token":"a","logprob":-0.5,"top_logprobs":[{"token":"z","logprob":-1}]},{"token":"b","logprob":0}])"});
  EXPECT_THAT(
      Dialect().EncodeWhole(answer, {.id = "x", .model = "m"}),
      HasSubstr(
          R"("logprobs":{"tokens":["a","b"],"token_logprobs":[-0.5,0],"top_logprobs":[{"z":-1},{}],"text_offset":[0,1]})"));
}

}  // namespace
}  // namespace gatehouse::llm::dialect::openai_completions
