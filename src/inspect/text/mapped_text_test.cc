#include "inspect/text/mapped_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace gatehouse::inspect::text {
namespace {

constexpr std::string_view kRaw = "say %41%42 now";

// "say AB now", the two escapes as one byte each.
MappedText Decoded() {
  MappedText text;
  text.Copy(kRaw.substr(0, 4), 0);
  text.Replace("A", {.begin = 4, .end = 7});
  text.Replace("B", {.begin = 7, .end = 10});
  text.Copy(kRaw.substr(10), 10);
  return text;
}

TEST(MappedText, TellsWhereItsPartsCameFrom) {
  const MappedText text = Decoded();
  EXPECT_EQ(text.text(), "say AB now");
  EXPECT_EQ(text.From({.begin = 0, .end = 3}), (Span{.begin = 0, .end = 3}));
  EXPECT_EQ(text.From({.begin = 4, .end = 5}), (Span{.begin = 4, .end = 7}));
  EXPECT_EQ(text.From({.begin = 2, .end = 8}), (Span{.begin = 2, .end = 12}));
  EXPECT_EQ(text.From({.begin = 0, .end = 10}), (Span{.begin = 0, .end = kRaw.size()}));
}

TEST(MappedText, TellsWhereItGoesOnBehindAPlace) {
  const MappedText text = Decoded();
  EXPECT_EQ(text.Behind(0), 0U);
  EXPECT_EQ(text.Behind(2), 2U);
  EXPECT_EQ(text.Behind(4), 4U);
  EXPECT_EQ(text.Behind(5), 4U) << "in the middle of what was replaced";
  EXPECT_EQ(text.Behind(7), 5U);
  EXPECT_EQ(text.Behind(11), 7U);
  EXPECT_EQ(text.Behind(kRaw.size()), text.text().size());
}

TEST(MappedText, JoinsWhatIsCopiedInOneGo) {
  MappedText text;
  text.Copy("ab", 10);
  text.Copy("cd", 12);
  text.Copy("x", 20);
  EXPECT_EQ(text.segments().size(), 2U);
  text.Clear();
  EXPECT_TRUE(text.empty());
  EXPECT_TRUE(text.segments().empty());
}

TEST(Rewriting, MapsThroughTheTextBefore) {
  const MappedText source = Decoded();
  MappedText result;
  Rewriting rewriting(source, result, 100);
  rewriting.Keep(4, 5);
  rewriting.Replace({.begin = 5, .end = 7}, "b_");
  rewriting.Keep(7, 10);
  EXPECT_EQ(result.text(), "Ab_now");
  EXPECT_TRUE(rewriting.changed());
  EXPECT_EQ(result.From({.begin = 0, .end = 1}), (Span{.begin = 4, .end = 7}));
  EXPECT_EQ(result.From({.begin = 1, .end = 2}), (Span{.begin = 7, .end = 11}));
  EXPECT_EQ(result.From({.begin = 4, .end = 5}), (Span{.begin = 12, .end = 13}));
}

TEST(Rewriting, MirrorsCharactersWhole) {
  MappedText source;
  source.Copy("ab\u00E9c", 5);
  MappedText result;
  Rewriting(source, result, 100).Mirror(0, 5);
  EXPECT_EQ(result.text(), "c\u00E9ba");
  EXPECT_EQ(result.From({.begin = 0, .end = 1}), (Span{.begin = 9, .end = 10}));
  EXPECT_EQ(result.From({.begin = 1, .end = 3}), (Span{.begin = 7, .end = 9}));
  EXPECT_EQ(result.From({.begin = 3, .end = 4}), (Span{.begin = 6, .end = 7}));
  EXPECT_EQ(result.From({.begin = 0, .end = 5}), (Span{.begin = 5, .end = 10}));
}

TEST(Rewriting, KeepsPartsOfWhatIsMirrored) {
  MappedText source;
  source.Mirror("abcdef", 0);
  MappedText result;
  Rewriting(source, result, 100).Keep(1, 4);
  EXPECT_EQ(result.text(), "edc");
  EXPECT_EQ(result.From({.begin = 0, .end = 1}), (Span{.begin = 4, .end = 5}));
  EXPECT_EQ(result.From({.begin = 2, .end = 3}), (Span{.begin = 2, .end = 3}));
}

TEST(Rewriting, StopsAtItsLimit) {
  const MappedText source = Decoded();
  MappedText result;
  Rewriting rewriting(source, result, 5);
  rewriting.Keep(0, 4);
  EXPECT_FALSE(rewriting.full());
  rewriting.Replace({.begin = 4, .end = 5}, "three");
  EXPECT_TRUE(rewriting.full());
  EXPECT_EQ(result.text(), "say ");
}

TEST(MappedText, SaysWhatStandsBefore) {
  MappedText text;
  text.Copy("ab ", 10);
  text.Replace(" ", {.begin = 14, .end = 16});
  text.Copy("c", 16);
  text.Replace("\n", {.begin = 30, .end = 30});
  text.Copy("d", 30);
  EXPECT_TRUE(text.Keeps(3, 13));
  EXPECT_FALSE(text.Keeps(3, 14)) << "a byte was left out";
  EXPECT_FALSE(text.Keeps(4, 16)) << "it stands for others";
  EXPECT_TRUE(text.Keeps(5, 17));
  EXPECT_TRUE(text.Keeps(5, 20)) << "the part ends there";
  EXPECT_TRUE(text.Keeps(6, 30));
}

}  // namespace
}  // namespace gatehouse::inspect::text
