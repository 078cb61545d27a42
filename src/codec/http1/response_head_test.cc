#include "codec/http1/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::codec::http1 {
namespace {

struct Case {
  std::string_view bytes;
  std::string_view expected;  // "status kind:length keep|close" or the reason
  AnswerTo request = AnswerTo::kOther;
};

const Case kCases[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 1:5 keep"},
    {"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", "200 1:5 keep"},
    {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 0:0 keep"},
    {"HTTP/1.1 299 \xC3\xA4 b\tc\r\nTransfer-Encoding: chunked\r\n\r\n", "299 2:0 keep"},
    {"HTTP/1.1 200 OK\r\n\r\n", "200 3:0 close"},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n", "200 1:5 close"},
    {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "200 1:5 close"},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", "200 1:5 keep"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 0:0 keep", AnswerTo::kHead},
    {"HTTP/1.1 200 OK\r\n\r\n", "200 0:0 keep", AnswerTo::kHead},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 0:0 keep"},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 0:0 keep"},
    {"HTTP/1.1 100 Continue\r\n\r\n", "100 0:0 keep"},
    {"HTTP/1.1 200 OK\r\nExpect: x\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\n", "200 1:1 keep"},
    {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "unexpected protocol switch"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", "more than one Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "invalid Content-Length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
     "both Content-Length and Transfer-Encoding"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unsupported Transfer-Encoding"},
    {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding on HTTP/1.0"},
    {"HTTP/1.1 099 X\r\n\r\n", "invalid status line"},
    {"HTTP/1.1 2000 X\r\n\r\n", "invalid status line"},
    {"HTTP/1.1 20 X\r\n\r\n", "invalid status line"},
    {"HTTP/1.1  200 OK\r\n\r\n", "invalid status line"},
    {"HTTP/2.0 200 OK\r\n\r\n", "invalid status line"},
    {"HTTP/1.3 200 OK\r\n\r\n", "unsupported HTTP version"},
    {"HTTP/1.1 200 OK\nContent-Length: 5\n\n", "a line ends in LF without CR"},
    {"HTTP/1.1 200 O\rK\r\n\r\n", "CR without LF"},
    {"HTTP/1.1 200 O\x01K\r\n\r\n", "control character in the message head"},
    {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "folded header field"},
    {"<html>", "invalid status line"},
};

std::string Describe(ResponseHeadParser& parser, Progress progress, AnswerTo request) {
  if (progress == Progress::kNeedMore) return "incomplete";
  if (progress == Progress::kRejected) return std::string(ToString(parser.reason()));
  const BodyFraming body = parser.body(request);
  return std::to_string(parser.status()) + " " + std::to_string(static_cast<int>(body.kind)) + ":" +
         std::to_string(body.length) + (parser.keep_alive(request) ? " keep" : " close");
}

TEST(ResponseHead, ReadsFramingAsTheTableSays) {
  for (const Case& test : kCases) {
    ResponseHeadParser parser({});
    EXPECT_EQ(Describe(parser, parser.Feed(test.bytes), test.request), test.expected) << test.bytes;
  }
}

TEST(ResponseHead, IsTheSameHoweverCut) {
  for (const Case& test : kCases) {
    for (std::size_t cut = 0; cut <= test.bytes.size(); ++cut) {
      ResponseHeadParser parser({});
      const std::string first(test.bytes.substr(0, cut));
      Progress progress = parser.Feed(first);
      const std::string second(test.bytes);
      if (progress == Progress::kNeedMore) progress = parser.Feed(second);
      EXPECT_EQ(Describe(parser, progress, test.request), test.expected) << test.bytes << " cut at " << cut;
    }
  }
}

TEST(ResponseHead, BoundsTheHead) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: " + std::string(100, 'x') + "\r\n\r\n";
  ResponseHeadParser fits({.max_head_bytes = head.size()});
  EXPECT_EQ(fits.Feed(head), Progress::kDone);
  ResponseHeadParser too_small({.max_head_bytes = head.size() - 1});
  EXPECT_EQ(too_small.Feed(head), Progress::kRejected);
  EXPECT_EQ(too_small.reason(), Reason::kHeadTooLarge);
}

}  // namespace
}  // namespace gatehouse::codec::http1
