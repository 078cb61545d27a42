#include "ingress/chat/json_array.h"

#include <gtest/gtest.h>

namespace gatehouse::ingress::chat {
namespace {

TEST(JsonArrayFramer, MakesOneArrayOfAllEvents) {
  JsonArrayFramer framer;
  EXPECT_EQ(framer.Frame("data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\n\n"), "[{\"a\":1},\r\n{\"b\":2}");
  EXPECT_EQ(framer.Frame(""), "");
  EXPECT_EQ(framer.Close("data: {\"c\":3}\r\n\r\n"), ",\r\n{\"c\":3}]");
}

TEST(JsonArrayFramer, AnEmptyAnswerIsAnEmptyArray) {
  JsonArrayFramer framer;
  EXPECT_EQ(framer.Close(""), "[]");
}

TEST(JsonArrayFramer, KeepsALastEventWithoutItsEmptyLine) {
  JsonArrayFramer framer;
  EXPECT_EQ(framer.Frame("data: {\"a\":1}\r\n\r\n"), "[{\"a\":1}");
  EXPECT_EQ(framer.Frame("data: {\"b\":2}\r\n"), ",\r\n{\"b\":2}");
  EXPECT_EQ(framer.Close(""), "]");
}

}  // namespace
}  // namespace gatehouse::ingress::chat
