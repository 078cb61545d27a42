#include "codec/http1/head_writer.h"

#include <gtest/gtest.h>

namespace gatehouse::codec::http1 {
namespace {

TEST(HeadWriter, WritesLines) {
  std::string out;
  AppendStatusLine(out, 200);
  AppendContentLength(out, 12);
  AppendField(out, "x", "");
  AppendHeadEnd(out);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\ncontent-length: 12\r\nx: \r\n\r\n");
  out.clear();
  AppendStatusLine(out, 599);
  AppendRequestLine(out, "POST", "/v1");
  EXPECT_EQ(out, "HTTP/1.1 599 \r\nPOST /v1 HTTP/1.1\r\n");
}

TEST(HeadWriter, NoValueStartsALineOfItsOwn) {
  std::string out;
  AppendField(out, "x", std::string_view("a\r\nevil: 1\0b", 12));
  EXPECT_EQ(out, "x: a  evil: 1 b\r\n");
  out.clear();
  AppendField(out, "x\r\nevil", "1");
  AppendField(out, "", "1");
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace gatehouse::codec::http1
