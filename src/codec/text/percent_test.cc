#include "codec/text/percent.h"

#include <gtest/gtest.h>

namespace gatehouse::codec::text {
namespace {

TEST(PercentEncode, LeavesUnreservedCharactersAndWhatIsKept) {
  EXPECT_EQ(PercentEncode("arn:aws:bedrock/x~1"), "arn%3Aaws%3Abedrock%2Fx~1");
  EXPECT_EQ(PercentEncode("/a b/%3A", "/"), "/a%20b/%253A");
  EXPECT_EQ(PercentEncode("\xC3\xB8-._"), "%C3%B8-._");
  EXPECT_EQ(PercentEncode(""), "");
}

TEST(PercentDecode, IsTheOppositeOrNothing) {
  EXPECT_EQ(PercentDecode("a%20b+c%2f%2F"), "a b+c//");
  EXPECT_EQ(PercentDecode("%C3%b8"), "\xC3\xB8");
  EXPECT_EQ(PercentDecode(""), "");
  for (const std::string_view text : {"%", "%4", "a%4", "%4g", "%zz", "%%41"})
    EXPECT_FALSE(PercentDecode(text)) << text;
}

}  // namespace
}  // namespace gatehouse::codec::text
