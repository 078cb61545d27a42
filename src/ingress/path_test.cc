#include "ingress/path.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::ingress {
namespace {

using llm::Delivery;
using llm::DialectId;

http::RequestHead Head(std::string method, std::string target,
                       std::vector<std::pair<std::string, std::string>> fields = {}) {
  http::RequestHead head{.method = std::move(method), .target = std::move(target)};
  for (const auto& [name, value] : fields) head.headers.Add(name, value);
  return head;
}

struct Case {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  Endpoint endpoint;
  DialectId dialect;
  std::string model;
};

TEST(MatchPath, TellsTheSurfacesApart) {
  const std::vector<Case> cases = {
      {"POST", "/v1/chat/completions", {}, Endpoint::kChat, DialectId::kOpenAiChat, ""},
      {"POST", "/v1/responses", {}, Endpoint::kChat, DialectId::kOpenAiResponses, ""},
      {"POST", "/v1/responses/input_tokens", {}, Endpoint::kCount, DialectId::kOpenAiResponses, ""},
      {"POST", "/v1/completions", {}, Endpoint::kChat, DialectId::kOpenAiCompletions, ""},
      {"POST", "/v1/embeddings", {}, Endpoint::kEmbeddings, DialectId::kOpenAiChat, ""},
      {"POST", "/v1/messages?beta=true", {}, Endpoint::kChat, DialectId::kAnthropic, ""},
      {"POST", "/v1/messages/count_tokens", {}, Endpoint::kCount, DialectId::kAnthropic, ""},
      {"POST", "/v1/models/gem:generateContent", {}, Endpoint::kChat, DialectId::kGemini, "gem"},
      {"POST", "/v1beta/models/a%2Fb:streamGenerateContent?alt=sse", {}, Endpoint::kChat, DialectId::kGemini, "a/b"},
      {"POST",
       "/v1beta1/projects/p/locations/l/publishers/google/models/m:countTokens",
       {},
       Endpoint::kCount,
       DialectId::kGemini,
       "m"},
      {"POST", "/v1beta/models/e:batchEmbedContents", {}, Endpoint::kEmbeddings, DialectId::kGemini, "e"},
      {"POST",
       "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
       {},
       Endpoint::kChat,
       DialectId::kOpenAiChat,
       "my-gpt"},
      {"GET", "/v1/models", {}, Endpoint::kModels, DialectId::kOpenAiChat, ""},
      {"GET", "/v1/models/x", {}, Endpoint::kModels, DialectId::kOpenAiChat, "x"},
      {"GET", "/v1/models", {{"anthropic-version", "2023-06-01"}}, Endpoint::kModels, DialectId::kAnthropic, ""},
      {"GET", "/v1/models", {{"x-goog-api-key", "k"}}, Endpoint::kModels, DialectId::kGemini, ""},
      {"GET", "/v1beta/models", {}, Endpoint::kModels, DialectId::kGemini, ""},
      {"POST", "/v1/images/generations", {}, Endpoint::kPassThrough, DialectId::kOpenAiChat, ""},
      {"GET", "/v1/files/file-1/content", {}, Endpoint::kPassThrough, DialectId::kOpenAiChat, ""},
      {"POST", "/v2/rerank", {}, Endpoint::kRerank, DialectId::kCohere, ""},
  };
  for (const Case& one : cases) {
    const auto result = MatchPath(Head(one.method, one.target, one.fields));
    ASSERT_TRUE(result.match.has_value()) << one.target;
    EXPECT_EQ(result.match->endpoint, one.endpoint) << one.target;
    EXPECT_EQ(result.match->dialect, one.dialect) << one.target;
    EXPECT_EQ(result.match->model, one.model) << one.target;
  }
}

TEST(MatchPath, SaysWhichMethodAPathTakes) {
  const auto result = MatchPath(Head("GET", "/v1/chat/completions"));
  EXPECT_FALSE(result.match.has_value());
  EXPECT_EQ(result.allow, "POST");
  EXPECT_FALSE(MatchPath(Head("POST", "/v1/nothing")).match.has_value());
  EXPECT_FALSE(MatchPath(Head("POST", "/v1beta/models/m:unknownVerb")).match.has_value());
}

TEST(MatchPath, GeminiStreamsAnArrayUnlessAskedForEvents) {
  const auto events = MatchPath(Head("POST", "/v1/models/m:streamGenerateContent?alt=sse"));
  const auto array = MatchPath(Head("POST", "/v1/models/m:streamGenerateContent"));
  EXPECT_EQ(events.match->delivery, Delivery::kStream);
  EXPECT_EQ(events.match->wire, PathMatch::Wire::kEvents);
  EXPECT_EQ(array.match->wire, PathMatch::Wire::kJsonArray);
}

TEST(MatchPath, TheKeyInTheQueryGoesNoFurther) {
  const auto result = MatchPath(Head("GET", "/v1/files?limit=2&key=secret&after=x"));
  EXPECT_EQ(result.match->upstream_path, "/files?limit=2&after=x");
}

TEST(CredentialOf, FindsTheKeyWhereEachSdkPutsIt) {
  EXPECT_EQ(CredentialOf(Head("POST", "/", {{"authorization", "bearer a"}}), DialectId::kOpenAiChat), "a");
  EXPECT_EQ(CredentialOf(Head("POST", "/", {{"api-key", "b"}}), DialectId::kOpenAiChat), "b");
  EXPECT_EQ(CredentialOf(Head("POST", "/", {{"x-goog-api-key", "c"}}), DialectId::kGemini), "c");
  EXPECT_EQ(CredentialOf(Head("POST", "/x?key=d%2B"), DialectId::kGemini), "d+");
  EXPECT_EQ(CredentialOf(Head("POST", "/"), DialectId::kGemini), "");
  // Anthropic takes x-api-key where both are sent.
  EXPECT_EQ(CredentialOf(Head("POST", "/", {{"authorization", "Bearer a"}, {"x-api-key", "e"}}), DialectId::kAnthropic),
            "e");
}

TEST(RepeatedCredential, NamesTheHeaderThatCameTwice) {
  EXPECT_EQ(RepeatedCredential(Head("POST", "/v1/x", {{"Authorization", "Bearer a"}, {"x-api-key", "b"}})), "");
  EXPECT_EQ(RepeatedCredential(Head("POST", "/v1/x", {{"Authorization", "Bearer a"}, {"authorization", "Bearer a"}})),
            "authorization");
  EXPECT_EQ(
      RepeatedCredential(Head("POST", "/v1/x", {{"x-goog-api-key", "a"}, {"accept", "*/*"}, {"x-goog-api-key", ""}})),
      "x-goog-api-key");
}

}  // namespace
}  // namespace gatehouse::ingress
