#include "inspect/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace gatehouse::inspect {
namespace {

using testing::ElementsAre;

Finding Pii(std::string entity, Span span, float confidence, View view = View::kRaw) {
  return {.entity = std::move(entity), .span = span, .confidence = confidence, .view = view};
}

Finding Of(Category category, std::string entity, Span span, float confidence) {
  return {.category = category, .entity = std::move(entity), .span = span, .confidence = confidence};
}

std::vector<Finding> Resolved(std::vector<Finding> findings, std::size_t first = 0) {
  ResolveOverlaps(findings, first);
  return findings;
}

TEST(ResolveOverlaps, OrdersByPosition) {
  const Finding a = Pii("A", {4, 6}, 0.5F);
  const Finding b = Pii("B", {0, 4}, 0.9F);
  EXPECT_THAT(Resolved({a, b}), ElementsAre(b, a));
}

TEST(ResolveOverlaps, JoinsWhatSeveralViewsShow) {
  EXPECT_THAT(Resolved({Pii("A", {0, 4}, 0.9F, View::kDecoded), Pii("A", {0, 4}, 0.5F, View::kRaw),
                        Pii("A", {0, 4}, 0.7F, View::kNormalised)}),
              ElementsAre(Pii("A", {0, 4}, 0.9F, View::kRaw)));
  EXPECT_THAT(Resolved({Pii("A", {0, 4}, 0.7F, View::kDecoded), Pii("A", {0, 4}, 0.7F, View::kNormalised)}),
              ElementsAre(Pii("A", {0, 4}, 0.7F, View::kNormalised)));
}

TEST(ResolveOverlaps, KeepsTheMoreConfidentThenTheLonger) {
  EXPECT_THAT(Resolved({Pii("A", {0, 9}, 0.5F), Pii("B", {4, 6}, 0.6F)}), ElementsAre(Pii("B", {4, 6}, 0.6F)));
  EXPECT_THAT(Resolved({Pii("A", {0, 5}, 0.5F), Pii("B", {4, 12}, 0.5F)}), ElementsAre(Pii("B", {4, 12}, 0.5F)));
  const Finding key = Of(Category::kSecret, "key", {2, 8}, 0.9F);
  EXPECT_THAT(Resolved({Pii("EMAIL_ADDRESS", {0, 9}, 0.8F), key}), ElementsAre(key));
}

TEST(ResolveOverlaps, FreesWhatOnlyALoserOverlapped) {
  const Finding a = Pii("A", {0, 4}, 0.9F);
  const Finding c = Pii("C", {6, 9}, 0.5F);
  EXPECT_THAT(Resolved({a, Pii("B", {3, 7}, 0.7F), c}), ElementsAre(a, c));
}

TEST(ResolveOverlaps, KeepsDifferentThingsSaidOfTheSameBytes) {
  const Finding hidden = Of(Category::kInjection, "HIDDEN_TEXT", {0, 20}, 0.9F);
  const Finding key = Of(Category::kSecret, "key", {4, 10}, 0.5F);
  const Finding rival = Of(Category::kContent, "rival", {4, 10}, 0.5F);
  EXPECT_THAT(Resolved({rival, key, hidden}), ElementsAre(hidden, key, rival));
  EXPECT_THAT(Resolved({hidden, Of(Category::kInjection, "HIDDEN_TEXT", {5, 9}, 0.4F)}), ElementsAre(hidden));
}

TEST(ResolveOverlaps, LeavesEarlierFindingsAlone) {
  const Finding before = Pii("A", {0, 9}, 0.1F);
  const Finding b = Pii("B", {2, 4}, 0.9F);
  const Finding c = Pii("C", {3, 4}, 0.2F);
  EXPECT_THAT(Resolved({before, c, b}, 1), ElementsAre(before, b));
}

}  // namespace
}  // namespace gatehouse::inspect
