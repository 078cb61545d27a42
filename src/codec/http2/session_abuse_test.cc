#include <gtest/gtest.h>

#include "codec/http2/frame_bytes.h"
#include "codec/http2/preface.h"
#include "codec/http2/recording.h"

namespace gatehouse::codec::http2 {
namespace {

const std::vector<Field> kGet{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};

std::vector<Field> GetWith(std::initializer_list<Field> more) {
  auto fields = kGet;
  fields.insert(fields.end(), more);
  return fields;
}

std::string Head(StreamId id, const std::vector<Field>& fields, std::uint8_t flags = kEndHeaders | kEndStream) {
  return Frame(FrameType::kHeaders, flags, id, FieldBlock(fields));
}

// A server that has shaken hands with a peer which the test plays frame by frame.
struct Attacked : RecordingPeer {
  explicit Attacked(const SessionLimits& limits = {}) : RecordingPeer(Role::kServer, limits) {
    EXPECT_TRUE(Feed(std::string(kClientPreface) + Frame(FrameType::kSettings, 0, 0, "")));
    Output();
    EXPECT_TRUE(Feed(Frame(FrameType::kSettings, 1, 0, "")));
  }
  bool Feed(std::string_view bytes) { return session.Receive(bytes, now).ok(); }
  // Feeds the same kind of bytes until the session breaks off; how often that took.
  template <class Make>
  int FeedUntilCut(Make make, int limit = 100'000) {
    for (int round = 0; round < limit; ++round) {
      if (!Feed(make(round))) return round + 1;
      Output();
      if (session.finished()) return round + 1;
    }
    return limit;
  }
  base::TimePoint now{};
};

bool ContainsGoaway(const std::string& output, ErrorCode code) {
  return output.find(FourBytes(static_cast<std::uint32_t>(code)), output.find(std::string("\x07\0\0\0\0\0", 6))) !=
         std::string::npos;
}

bool ResetsStream(std::string_view output, StreamId id, ErrorCode code) {
  return output.find(Frame(FrameType::kResetStream, 0, id, FourBytes(static_cast<std::uint32_t>(code)))) !=
         std::string_view::npos;
}

TEST(Http2Abuse, RapidResetIsCutOffAfterTheBurstWhateverItsCode) {
  for (const std::uint32_t code : {8U, 0U}) {
    Attacked server;
    const auto rounds = server.FeedUntilCut([&](int round) {
      const StreamId id = 2 * round + 1;
      return Head(id, kGet) + Frame(FrameType::kResetStream, 0, id, FourBytes(code));
    });
    EXPECT_EQ(rounds, 201);
    EXPECT_TRUE(ContainsGoaway(server.Output(), ErrorCode::kEnhanceYourCalm));
  }
}

TEST(Http2Abuse, ResetsProvokedByBadFramesCountAsMuchAsSentOnes) {
  Attacked server;
  const auto rounds = server.FeedUntilCut([](int round) {
    const StreamId id = 2 * round + 1;
    return Head(id, kGet, kEndHeaders) + Frame(FrameType::kWindowUpdate, 0, id, FourBytes(0x7fffffff));
  });
  EXPECT_LE(rounds, 202);  // seen when the reset is sent, told with the next bytes
  EXPECT_TRUE(ContainsGoaway(server.Output(), ErrorCode::kEnhanceYourCalm));
}

TEST(Http2Abuse, ResetsAtAModestRateAreAllowedForever) {
  Attacked server;
  for (int round = 0; round < 2000; ++round) {
    server.now += std::chrono::milliseconds(25);
    const StreamId id = 2 * round + 1;
    ASSERT_TRUE(server.Feed(Head(id, kGet) + Frame(FrameType::kResetStream, 0, id, FourBytes(8)))) << round;
    server.Output();
  }
}

TEST(Http2Abuse, ContinuationFloodIsCutOff) {
  Attacked server;
  std::string flood = Frame(FrameType::kHeaders, kEndStream, 1, FieldBlock(kGet));
  for (int i = 0; i < 9; ++i) flood += Frame(FrameType::kContinuation, 0, 1, FieldBlock({{"x", "y"}}));
  EXPECT_FALSE(server.Feed(flood));
  EXPECT_FALSE(server.streams[0]->headed);
}

TEST(Http2Abuse, EndlessHeadIsNotKeptAndIsCutOff) {
  SessionLimits limits;
  limits.max_block_bytes = 1000;
  Attacked server(limits);
  const std::string value(100, 'v');
  std::string block;
  for (int i = 0; i < 40; ++i) block += FieldBlock({{"x", value}});
  EXPECT_FALSE(server.Feed(Frame(FrameType::kHeaders, kEndHeaders | kEndStream, 1, FieldBlock(kGet) + block)));
  EXPECT_LT(server.streams[0]->log.size(), 1000U);
}

TEST(Http2Abuse, HeadBeyondTheLimitIsToldToTheOwnerAndTheConnectionGoesOn) {
  SessionLimits limits;
  limits.max_block_fields = 10;
  Attacked server(limits);
  std::string block = FieldBlock(kGet);
  for (int i = 0; i < 7; ++i) block += FieldBlock({{"x", "y"}});
  ASSERT_TRUE(server.Feed(Frame(FrameType::kHeaders, kEndHeaders | kEndStream, 1, block)));
  EXPECT_TRUE(server.streams[0]->too_large);
  EXPECT_FALSE(server.streams[0]->headed);
  ASSERT_TRUE(server.Feed(Head(3, kGet)));
  EXPECT_TRUE(server.streams[1]->headed);
}

TEST(Http2Abuse, ControlFramesAreCutOffAfterTheBurst) {
  const std::string ping(8, 'p');
  for (const auto& [flood, burst] : {std::pair{Frame(FrameType::kPing, 0, 0, ping), 500},
                                     std::pair{Frame(FrameType::kSettings, 0, 0, ""), 499},  // the handshake took one
                                     std::pair{Frame(FrameType::kPriority, 0, 5, std::string(5, '\0')), 500}}) {
    Attacked server;
    const auto rounds = server.FeedUntilCut([&](int) { return flood; });
    EXPECT_GE(rounds, 499);
    EXPECT_LE(rounds, burst + 1);
  }
}

TEST(Http2Abuse, EmptyDataFramesAreCutOffAfterTheBurst) {
  Attacked server;
  ASSERT_TRUE(server.Feed(Head(1, kGet, kEndHeaders)));
  const auto rounds = server.FeedUntilCut([&](int) { return Frame(FrameType::kData, 0, 1, ""); });
  EXPECT_LE(rounds, 501);
}

TEST(Http2Abuse, StreamsBeyondTheAllowedEndTheConnection) {
  SessionLimits limits;
  limits.max_streams = 2;
  Attacked server(limits);
  ASSERT_TRUE(server.Feed(Head(1, kGet) + Head(3, kGet) + Head(5, kGet)));
  EXPECT_EQ(server.streams.size(), 2U);
  EXPECT_TRUE(ContainsGoaway(server.Output(), ErrorCode::kProtocolError));
}

TEST(Http2Abuse, MalformedRequestsAreResetAndNeverReachTheOwner) {
  const std::vector<std::pair<const char*, std::vector<Field>>> malformed{
      {"no path", {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}}},
      {"empty path", {{":method", "GET"}, {":scheme", "http"}, {":path", ""}, {":authority", "a"}}},
      {"two methods", GetWith({{":method", "GET"}})},
      {"pseudo after regular", {{":method", "GET"}, {"x", "y"}, {":scheme", "http"}, {":path", "/"}}},
      {"unknown pseudo", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":what", "x"}}},
      {"status in a request", GetWith({{":status", "200"}})},
      {"upper case name", GetWith({{"X-Tag", "1"}})},
      {"connection", GetWith({{"connection", "close"}})},
      {"transfer-encoding", GetWith({{"transfer-encoding", "chunked"}})},
      {"keep-alive", GetWith({{"keep-alive", "1"}})},
      {"upgrade", GetWith({{"upgrade", "h2c"}})},
      {"te other than trailers", GetWith({{"te", "gzip"}})},
      {"line feed in a value", GetWith({{"x", "a\nb: c"}})},
      {"carriage return in a value", GetWith({{"x", "a\rb"}})},
      {"space in a name", GetWith({{"a b", "c"}})},
      {"colon in a name", GetWith({{"a:b", "c"}})},
      {"two lengths", GetWith({{"content-length", "0"}, {"content-length", "0"}})},
      {"length without a body", GetWith({{"content-length", "5"}})},
      {"length that is no number", GetWith({{"content-length", "5x"}})},
  };
  for (const auto& [what, fields] : malformed) {
    Attacked server;
    ASSERT_TRUE(server.Feed(Head(1, fields))) << what;
    ASSERT_EQ(server.streams.size(), 1U);
    EXPECT_FALSE(server.streams[0]->ended) << what;
    EXPECT_NE(server.Output().find(std::string("\x03\0\0\0\0\x01", 6)), std::string::npos) << what;
    EXPECT_TRUE(server.streams[0]->closed) << what;
  }
}

TEST(Http2Abuse, BodyThatContradictsItsLengthIsReset) {
  for (const auto& body : {"abc", "abcdef"}) {
    Attacked server;
    ASSERT_TRUE(server.Feed(Head(1, GetWith({{"content-length", "5"}}), kEndHeaders)));
    ASSERT_TRUE(server.Feed(Frame(FrameType::kData, kEndStream, 1, body)));
    EXPECT_FALSE(server.streams[0]->ended);
    EXPECT_TRUE(ResetsStream(server.Output(), 1, ErrorCode::kProtocolError));
  }
}

TEST(Http2Abuse, DataBeyondTheWindowResetsItsStream) {
  SessionLimits limits;
  limits.stream_window = 100;
  Attacked server(limits);
  ASSERT_TRUE(server.Feed(Head(1, kGet, kEndHeaders)));
  ASSERT_TRUE(server.Feed(Frame(FrameType::kData, 0, 1, std::string(101, 'x'))));
  EXPECT_TRUE(ResetsStream(server.Output(), 1, ErrorCode::kFlowControlError));
  EXPECT_TRUE(server.streams[0]->closed);
}

TEST(Http2Abuse, AnythingButThePrefaceIsRefused) {
  RecordingPeer server(Role::kServer);
  EXPECT_FALSE(server.session.Receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n", {}).ok());
}

TEST(Http2Abuse, AcknowledgementsForAPeerThatNeverReadsAreBounded) {
  Attacked server;
  int rounds = 0;
  for (; rounds < 1000 && server.Feed(Frame(FrameType::kPing, 0, 0, "12345678")); ++rounds) {
    server.now += std::chrono::seconds(1);  // so slowly that the rate is fine
  }
  EXPECT_LE(rounds, 201);
}

TEST(Http2Abuse, ClientSurvivesAServerThatSendsNonsense) {
  RecordingPeer client(Role::kClient);
  client.Open(kGet, End::kEnd);
  client.Output();
  const auto settings = Frame(FrameType::kSettings, 0, 0, "");
  ASSERT_TRUE(client.session.Receive(settings + Head(1, {{":status", "2x0"}}, kEndHeaders), {}).ok());
  client.Output();
  EXPECT_TRUE(client.streams[0]->closed);
  EXPECT_FALSE(client.streams[0]->headed);
}

}  // namespace
}  // namespace gatehouse::codec::http2
