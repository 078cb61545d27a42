#include "base/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::base {
namespace {

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, KeepsTheTraceAndTakesANewSpan) {
  Random random(1);
  const auto parent = ParseTraceParent(kParent);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->ToHeader(), kParent);
  const auto child = NextSpan(parent, random);
  EXPECT_EQ(child.trace(), parent->trace());
  EXPECT_NE(child.span(), parent->span());
  EXPECT_TRUE(ParseTraceParent(child.ToHeader()).has_value());
}

TEST(TraceContext, RejectsWhatIsNotATraceParent) {
  for (const std::string_view bad : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                                     "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                     "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                     "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                     "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                     "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}) {
    EXPECT_FALSE(ParseTraceParent(bad).has_value()) << bad;
  }
}

TEST(RequestId, SortsByTimeAndIsAcceptable) {
  Random random(7);
  const FakeClock clock;
  const auto first = NewRequestId(clock.Wall(), random);
  const auto second = NewRequestId(clock.Wall() + std::chrono::seconds(1), random);
  EXPECT_LT(first, second);
  EXPECT_EQ(first.size(), 30U);
  EXPECT_TRUE(IsAcceptableRequestId(first));
  EXPECT_FALSE(IsAcceptableRequestId("a b"));
  EXPECT_FALSE(IsAcceptableRequestId(std::string(129, 'a')));
}

}  // namespace
}  // namespace gatehouse::base
