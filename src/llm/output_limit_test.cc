#include "llm/output_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::llm {
namespace {

using Field = EncodeOptions::MaxTokensField;

std::string Limited(DialectId dialect, std::string_view body, Field field = Field::kMaxCompletionTokens) {
  codec::json::Document document;
  EXPECT_TRUE(document.Parse(body).ok());
  OutputLimit limit = LimitOutput(dialect, document.root(), 50, field);
  if (!limit.members.empty()) {
    for (auto& edit : codec::json::ChangeMembers(document.root(), limit.members)) limit.edits.push_back(edit);
  }
  return codec::json::Apply(body, limit.edits);
}

TEST(OutputLimit, StandsWhereTheDialectLooksForIt) {
  EXPECT_EQ(Limited(DialectId::kOpenAiChat, R"({"a":1})"), R"({"a":1,"max_completion_tokens":50})");
  EXPECT_EQ(Limited(DialectId::kOpenAiChat, R"({"a":1})", Field::kMaxTokens), R"({"a":1,"max_tokens":50})");
  EXPECT_EQ(Limited(DialectId::kOpenAiChat, R"({"max_tokens":9999,"a":1})"), R"({"max_tokens":50,"a":1})");
  EXPECT_EQ(Limited(DialectId::kOpenAiChat, R"({"max_completion_tokens":9999})", Field::kMaxTokens),
            R"({"max_completion_tokens":50})");
  EXPECT_EQ(Limited(DialectId::kOpenAiResponses, R"({})"), R"({"max_output_tokens":50})");
  EXPECT_EQ(Limited(DialectId::kOpenAiCompletions, R"({"a":1})"), R"({"a":1,"max_tokens":50})");
  EXPECT_EQ(Limited(DialectId::kAnthropic, R"({"max_tokens":9,"a":1})"), R"({"max_tokens":50,"a":1})");
  EXPECT_EQ(Limited(DialectId::kGemini, R"({"a":1})"), R"({"a":1,"generationConfig":{"maxOutputTokens":50}})");
  EXPECT_EQ(Limited(DialectId::kGemini, R"({"generationConfig":{"topK":1,"maxOutputTokens":7}})"),
            R"({"generationConfig":{"topK":1,"maxOutputTokens":50}})");
  EXPECT_EQ(Limited(DialectId::kGemini, R"({"generation_config":{"topK":1}})"),
            R"({"generation_config":{"topK":1,"maxOutputTokens":50}})");
  EXPECT_EQ(Limited(DialectId::kBedrock, R"({"inferenceConfig":{}})"), R"({"inferenceConfig":{"maxTokens":50}})");
}

}  // namespace
}  // namespace gatehouse::llm
