#include "codec/http1/request_head.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatehouse::codec::http1 {
namespace {

struct Outcome {
  Progress progress;
  Reason reason;
  std::size_t head_bytes = 0;
  std::string summary;
  bool operator==(const Outcome&) const = default;
};

std::string Summary(const RequestHeadParser& parser) {
  std::string text(parser.method());
  text.append(" ").append(parser.path_query()).append(" @").append(parser.authority());
  text.append(parser.http10() ? " 1.0" : " 1.1").append(parser.keep_alive() ? " keep" : " close");
  text.append(parser.expect_continue() ? " expect" : "");
  text.append(" body=").append(std::to_string(static_cast<int>(parser.body().kind)));
  text.append(":").append(std::to_string(parser.body().length));
  for (std::size_t i = 0; i < parser.fields().size(); ++i) {
    const Field field = parser.fields().at(i);
    text.append("|").append(field.name).append("=").append(field.value);
  }
  return text;
}

Outcome OutcomeOf(const RequestHeadParser& parser, Progress progress) {
  if (progress != Progress::kDone) return {progress, parser.reason(), 0, {}};
  return {progress, parser.reason(), parser.head_bytes(), Summary(parser)};
}

Outcome ParseWhole(std::string_view bytes, HeadLimits limits = {}) {
  RequestHeadParser parser(limits);
  const Progress progress = parser.Feed(bytes);
  return OutcomeOf(parser, progress);
}

// Feeds a copy of the bytes up to each of `cuts` and then all of them, from a new buffer each time.
Outcome ParseCut(std::string_view bytes, const std::vector<std::size_t>& cuts, HeadLimits limits = {}) {
  RequestHeadParser parser(limits);
  for (const std::size_t cut : cuts) {
    const std::string copy(bytes.substr(0, cut));
    const Progress progress = parser.Feed(copy);
    if (progress != Progress::kNeedMore) return OutcomeOf(parser, progress);
  }
  const std::string copy(bytes);
  const Progress progress = parser.Feed(copy);
  return OutcomeOf(parser, progress);
}

std::vector<std::size_t> EveryOffset(std::size_t size) {
  std::vector<std::size_t> cuts(size);
  for (std::size_t i = 0; i < size; ++i) cuts[i] = i;
  return cuts;
}

void ExpectSameHoweverCut(std::string_view bytes, HeadLimits limits = {}) {
  const Outcome whole = ParseWhole(bytes, limits);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(ParseCut(bytes, {cut}, limits), whole) << "cut at " << cut << " of " << bytes;
  }
  EXPECT_EQ(ParseCut(bytes, EveryOffset(bytes.size()), limits), whole) << bytes;
}

struct Accepted {
  std::string_view bytes;
  std::string_view summary;
};

const Accepted kAccepted[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a 1.1 keep body=0:0|Host=a"},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / @a 1.1 keep body=0:0|Host=a"},
    {"POST /v1/x?y=%20z HTTP/1.1\r\nhost:api.test:8080\r\nContent-Length: 12\r\n\r\n",
     "POST /v1/x?y=%20z @api.test:8080 1.1 keep body=1:12|host=api.test:8080|Content-Length=12"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
     "POST / @a 1.1 keep body=2:0|Host=a|Transfer-Encoding=Chunked"},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
     "POST / @a 1.1 keep expect body=1:1|Host=a|Expect=100-Continue|Content-Length=1"},
    {"GET / HTTP/1.1\r\nHost: [::1]:443\r\nConnection: Upgrade, Close\r\n\r\n",
     "GET / @[::1]:443 1.1 close body=0:0|Host=[::1]:443|Connection=Upgrade, Close"},
    {"GET / HTTP/1.0\r\n\r\n", "GET / @ 1.0 close body=0:0"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / @ 1.0 keep body=0:0|Connection=keep-alive"},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * @a 1.1 keep body=0:0|Host=a"},
    {"GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?q @b:81 1.1 keep body=0:0|Host=a"},
    {"GET HTTPS://b HTTP/1.1\r\nHost: b\r\n\r\n", "GET  @b 1.1 keep body=0:0|Host=b"},
    {"GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Tab:\ta \t b\t\r\nX-High: \xC3\xA9\r\n\r\n",
     "GET / @a 1.1 keep body=0:0|Host=a|X-Empty=|X-Tab=a \t b|X-High=\xC3\xA9"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "GET / @a 1.1 keep body=0:0|Host=a|Content-Length=0"},
};

TEST(RequestHead, AcceptsWhatIsSound) {
  for (const Accepted& test : kAccepted) {
    const Outcome outcome = ParseWhole(test.bytes);
    EXPECT_EQ(outcome.progress, Progress::kDone) << test.bytes << ToString(outcome.reason);
    EXPECT_EQ(outcome.summary, test.summary);
    EXPECT_EQ(outcome.head_bytes, test.bytes.size());
    EXPECT_EQ(ParseWhole(std::string(test.bytes) + "GET /next").head_bytes, test.bytes.size());
    ExpectSameHoweverCut(test.bytes);
  }
}

struct Refused {
  std::string bytes;
  Reason reason;
};

std::string WithField(std::string_view field) {
  return std::string("POST / HTTP/1.1\r\nHost: a\r\n").append(field).append("\r\n\r\n");
}
std::string WithHost(std::string_view host) {
  return std::string("GET / HTTP/1.1\r\nHost: ").append(host).append("\r\n\r\n");
}
std::string WithTarget(std::string_view target) {
  return std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
}

std::vector<Refused> RefusedRequestLines() {
  return {
      {"GET / HTTP/1.1\nHost: a\n\n", Reason::kBareLf},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBareLf},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadMethod},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", Reason::kBareCr},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadMethod},
      {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadMethod},
      {std::string(33, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadMethod},
      {"\x16\x03\x01", Reason::kBadMethod},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadTarget},
      {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadVersion},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kBadMethod},
      {"GET /\r\n\r\n", Reason::kBadRequestLine},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Reason::kBadVersion},
      {"GET / HTTP/1.\r\nHost: a\r\n\r\n", Reason::kBadVersion},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", Reason::kBadVersion},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", Reason::kBadVersion},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", Reason::kUnsupportedVersion},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", Reason::kUnsupportedVersion},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", Reason::kUnsupportedVersion},
      {WithTarget("a"), Reason::kBadTarget},
      {WithTarget("*"), Reason::kBadTarget},
      {WithTarget("/#f"), Reason::kBadTarget},
      {WithTarget("/\x7F"), Reason::kBadTarget},
      {WithTarget("/\xC3\xA9"), Reason::kBadTarget},
      {WithTarget("/a\\b"), Reason::kBadTarget},
      {WithTarget(std::string_view("/a\0b", 4)), Reason::kBadTarget},
      {WithTarget("ftp://a/"), Reason::kBadTarget},
      {WithTarget("http://"), Reason::kBadTarget},
      {WithTarget("http:///p"), Reason::kBadTarget},
      {WithTarget("http://u@a/"), Reason::kBadTarget},
      {WithTarget("http://a:99999/"), Reason::kBadTarget},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Reason::kConnectRefused},
      {WithTarget("/" + std::string(8192, 'a')), Reason::kTargetTooLong},
  };
}

std::vector<Refused> RefusedFields() {
  return {
      {"GET / HTTP/1.1\r\n\r\n", Reason::kMissingHost},
      {WithField("Host: a"), Reason::kDuplicateHost},
      {WithHost(""), Reason::kBadHost},
      {WithHost("a b"), Reason::kBadHost},
      {WithHost("a/b"), Reason::kBadHost},
      {WithHost("a,b"), Reason::kBadHost},
      {WithHost("u@a"), Reason::kBadHost},
      {WithHost("a:"), Reason::kNone},
      {WithHost("a:x"), Reason::kBadHost},
      {WithHost("a:123456"), Reason::kBadHost},
      {WithHost("[::1"), Reason::kBadHost},
      {WithHost("[::g]"), Reason::kBadHost},
      {WithHost("[::1]x"), Reason::kBadHost},
      {WithField("Content-Length: 5, 5"), Reason::kBadContentLength},
      {WithField("Content-Length: 5\r\nContent-Length: 5"), Reason::kDuplicateContentLength},
      {WithField("Content-Length: 5\r\nContent-Length: 6"), Reason::kDuplicateContentLength},
      {WithField("Content-Length:"), Reason::kBadContentLength},
      {WithField("Content-Length: +5"), Reason::kBadContentLength},
      {WithField("Content-Length: -1"), Reason::kBadContentLength},
      {WithField("Content-Length: 0x5"), Reason::kBadContentLength},
      {WithField("Content-Length: 5 5"), Reason::kBadContentLength},
      {WithField("Content-Length: 9223372036854775808"), Reason::kContentLengthOverflow},
      {WithField("Content-Length: 99999999999999999999999"), Reason::kContentLengthOverflow},
      {WithField("Content-Length: 5\r\nTransfer-Encoding: chunked"), Reason::kLengthAndTransferEncoding},
      {WithField("Transfer-Encoding: chunked\r\nContent-Length: 5"), Reason::kLengthAndTransferEncoding},
      {WithField("Transfer-Encoding: gzip, chunked"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding: chunked, gzip"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding: chunked, chunked"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding: xchunked"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding: identity"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding:"), Reason::kBadTransferEncoding},
      {WithField("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), Reason::kBadTransferEncoding},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Reason::kTransferEncodingOnHttp10},
      {WithField("Expect: 200-ok"), Reason::kBadExpectation},
      {WithField("X: a\r\n b"), Reason::kObsoleteFold},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Reason::kObsoleteFold},
      {WithField("X : a"), Reason::kSpaceBeforeColon},
      {WithField("X\t: a"), Reason::kSpaceBeforeColon},
      {WithField(": a"), Reason::kEmptyFieldName},
      {WithField("X@Y: a"), Reason::kBadFieldName},
      {WithField("X"), Reason::kBadFieldName},
      {WithField("X\xC3: a"), Reason::kBadFieldName},
      {WithField(std::string_view("X\0: a", 5)), Reason::kControlCharacter},
      {WithField(std::string_view("X: a\0b", 6)), Reason::kControlCharacter},
      {WithField("X: a\x01"), Reason::kControlCharacter},
      {WithField("X: a\x7F"), Reason::kControlCharacter},
      {WithField("X: a\nY: b"), Reason::kBareLf},
      {WithField("X: a\rY: b"), Reason::kBareCr},
      {WithField("X: a\r\r"), Reason::kBareCr},
  };
}

void ExpectRefused(const std::vector<Refused>& tests) {
  for (const Refused& test : tests) {
    const Outcome outcome = ParseWhole(test.bytes);
    EXPECT_EQ(ToString(outcome.reason), ToString(test.reason)) << test.bytes;
    EXPECT_EQ(outcome.progress, test.reason == Reason::kNone ? Progress::kDone : Progress::kRejected) << test.bytes;
    if (test.bytes.size() < 1000) ExpectSameHoweverCut(test.bytes);
  }
}

TEST(RequestHead, RefusesUnsoundRequestLines) { ExpectRefused(RefusedRequestLines()); }
TEST(RequestHead, RefusesUnsoundFields) { ExpectRefused(RefusedFields()); }

TEST(RequestHead, AnIncompleteHeadNeedsMore) {
  const std::string_view bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseWhole(bytes.substr(0, size)).progress, Progress::kNeedMore) << size;
  }
}

TEST(RequestHead, BoundsAreKeptToTheByteHoweverCut) {
  const std::string head = WithField("X-Filler: " + std::string(100, 'x'));
  EXPECT_EQ(ParseWhole(head, {.max_head_bytes = head.size()}).progress, Progress::kDone);
  const HeadLimits too_small{.max_head_bytes = head.size() - 1};
  EXPECT_EQ(ParseWhole(head, too_small).reason, Reason::kHeadTooLarge);
  ExpectSameHoweverCut(head, too_small);

  EXPECT_EQ(ParseWhole(head, {.max_fields = 2}).progress, Progress::kDone);
  EXPECT_EQ(ParseWhole(head, {.max_fields = 1}).reason, Reason::kTooManyFields);
  ExpectSameHoweverCut(head, {.max_fields = 1});

  const std::string target = WithTarget("/" + std::string(99, 'a'));
  EXPECT_EQ(ParseWhole(target, {.max_target_bytes = 100}).progress, Progress::kDone);
  EXPECT_EQ(ParseWhole(target, {.max_target_bytes = 99}).reason, Reason::kTargetTooLong);
  ExpectSameHoweverCut(target, {.max_target_bytes = 99});
}

TEST(RequestHead, EveryForbiddenByteInAValueIsFoundAtEveryPosition) {
  for (std::size_t position = 0; position < 40; ++position) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string value(40, 'v');
      value[position] = static_cast<char>(byte);
      const bool allowed = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
      EXPECT_EQ(ParseWhole(WithField("X: " + value)).progress == Progress::kDone, allowed) << byte << "@" << position;
    }
  }
}

TEST(RequestHead, IsReusableAfterReset) {
  RequestHeadParser parser({});
  const std::string bad = "GET / HTTP/9.9\r\n\r\n";
  const std::string good = "GET /b HTTP/1.1\r\nHost: b\r\n\r\n";
  EXPECT_EQ(parser.Feed(bad), Progress::kRejected);
  parser.Reset();
  ASSERT_EQ(parser.Feed(good), Progress::kDone);
  EXPECT_EQ(Summary(parser), "GET /b @b 1.1 keep body=0:0|Host=b");
}

}  // namespace
}  // namespace gatehouse::codec::http1
