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

}  // namespace
}  // namespace gatehouse::codec::text
