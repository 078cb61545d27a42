#include "ingress/challenge.h"

#include <gtest/gtest.h>

namespace gatehouse::ingress {
namespace {

TEST(BearerChallenge, SaysWhatFailedOnlyWhereSomethingWasSent) {
  EXPECT_EQ(BearerChallenge(Presented::kNothing, "x"), R"(Bearer realm="gatehouse")");
  EXPECT_EQ(BearerChallenge(Presented::kCredential, "The token has expired (exp)."),
            R"(Bearer realm="gatehouse", error="invalid_token", error_description="The token has expired (exp).")");
}

TEST(BearerChallenge, NothingBreaksOutOfTheQuotes) {
  EXPECT_EQ(BearerChallenge(Presented::kCredential, "a\"b\\c\r\nd\xC3\xA4"),
            R"(Bearer realm="gatehouse", error="invalid_token", error_description="a'b'c''d''")");
}

}  // namespace
}  // namespace gatehouse::ingress
