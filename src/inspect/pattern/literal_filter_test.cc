#include "inspect/pattern/literal_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace gatehouse::inspect::pattern {
namespace {

TEST(LiteralFilter, SeesWhatWasAddedAnywhereInAnyCase) {
  LiteralFilter filter;
  EXPECT_FALSE(filter.MayHold("erongi"));
  filter.Add("erongi");
  filter.Add("moc.");
  for (std::size_t before = 0; before < 70; ++before) {
    const std::string text(before, 'x');
    EXPECT_TRUE(filter.MayHold(text + "eRongI all")) << before;
    EXPECT_TRUE(filter.MayHold(text + "MOC.")) << before;
    EXPECT_FALSE(filter.MayHold(text + "moc")) << before;
  }
  EXPECT_FALSE(filter.MayHold(""));
}

TEST(LiteralFilter, SeldomSeesWhatIsNotThere) {
  LiteralFilter filter;
  std::mt19937 random(3);
  const auto word = [&](std::size_t size) {
    std::string text;
    while (text.size() < size) text.push_back(static_cast<char>('a' + random() % 26));
    return text;
  };
  for (int i = 0; i < 200; ++i) filter.Add(word(6));
  int seen = 0;
  constexpr int kTexts = 1000;
  for (int i = 0; i < kTexts; ++i) seen += filter.MayHold(word(30)) ? 1 : 0;
  EXPECT_LT(seen, kTexts / 5);
}

}  // namespace
}  // namespace gatehouse::inspect::pattern
