#include "llm/dialect/anthropic/generation.h"

#include <gtest/gtest.h>

namespace gatehouse::llm::dialect::anthropic {
namespace {

TEST(Generation, IsReadFromEveryFormOfName) {
  const std::pair<std::string_view, Generation> cases[] = {
      {"claude-2.1", {2, 1}},
      {"claude-3-opus-20240229", {3, 0}},
      {"claude-3-5-sonnet-20241022", {3, 5}},
      {"claude-3-7-sonnet-latest", {3, 7}},
      {"claude-opus-4-20250514", {4, 0}},
      {"claude-opus-4-5@20251101", {4, 5}},
      {"us.anthropic.claude-opus-4-6-v1:0", {4, 6}},
      {"anthropic.claude-sonnet-4-v1:0", {4, 0}},
      {"claude-sonnet-5", {5, 0}},
      {"claude-fable-5-2", {5, 2}},
  };
  for (const auto& [name, generation] : cases) EXPECT_EQ(GenerationOf(name), generation) << name;
}

TEST(Generation, ClaudeWithoutNumberIsTheNewestAndOthersAreUnknown) {
  EXPECT_GT(*GenerationOf("claude-mythos-preview"), (Generation{99, 0}));
  EXPECT_EQ(GenerationOf("glm-4.6"), std::nullopt);
}

TEST(Capabilities, SamplingGoesWithTheModelAndWithTheVersion) {
  using enum Capabilities::Sampling;
  EXPECT_EQ(CapabilitiesOf("claude-3-5-haiku", "2023-06-01").sampling, kFree);
  EXPECT_EQ(CapabilitiesOf("claude-sonnet-4-5", "2023-06-01").sampling, kOneOfBoth);
  EXPECT_EQ(CapabilitiesOf("claude-opus-4-6", "").sampling, kOneOfBoth);
  EXPECT_EQ(CapabilitiesOf("claude-opus-4-7", "2023-06-01").sampling, kRefused);
  EXPECT_EQ(CapabilitiesOf("claude-3-5-haiku", "2026-10-21").sampling, kRefused);
  EXPECT_EQ(CapabilitiesOf("glm-4.6", "2023-06-01").sampling, kFree);
  EXPECT_EQ(CapabilitiesOf("claude-3-5-haiku", "bedrock-2023-05-31").sampling, kFree);
}

TEST(Capabilities, ThinkingGoesWithTheModel) {
  using enum Capabilities::Thinking;
  EXPECT_EQ(CapabilitiesOf("claude-3-5-haiku", "").thinking, kNone);
  EXPECT_EQ(CapabilitiesOf("claude-3-7-sonnet-20250219", "").thinking, kBudget);
  EXPECT_EQ(CapabilitiesOf("claude-opus-4-6", "").thinking, kEither);
  EXPECT_EQ(CapabilitiesOf("claude-opus-4-7", "").thinking, kAdaptive);
  EXPECT_EQ(CapabilitiesOf("kimi-k2", "").thinking, kBudget);
}

}  // namespace
}  // namespace gatehouse::llm::dialect::anthropic
