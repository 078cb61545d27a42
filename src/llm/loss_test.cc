#include "llm/loss.h"

#include <gtest/gtest.h>

namespace gatehouse::llm {
namespace {

TEST(JudgeLosses, RefusesByKindAndPolicy) {
  const std::vector<Loss> hint = {{Loss::Kind::kHint, "cache", "no caching"}};
  const std::vector<Loss> parameter = {{Loss::Kind::kParameter, "top_k", "no top_k"}};
  const std::vector<Loss> content = {{Loss::Kind::kContent, "messages[0].content[0]", "no audio"}};
  EXPECT_TRUE(JudgeLosses(hint, LossPolicy::kRefuse, "x").ok());
  EXPECT_TRUE(JudgeLosses(parameter, LossPolicy::kDrop, "x").ok());
  const auto refused = JudgeLosses(parameter, LossPolicy::kRefuse, "openai.chat");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().param, "top_k");
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnsupported);
  EXPECT_FALSE(JudgeLosses(content, LossPolicy::kDrop, "x").ok());
}

}  // namespace
}  // namespace gatehouse::llm
