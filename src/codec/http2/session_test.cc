#include "codec/http2/session.h"

#include <gtest/gtest.h>

#include <set>

#include "codec/http2/frame_bytes.h"
#include "codec/http2/preface.h"
#include "codec/http2/recording.h"

namespace gatehouse::codec::http2 {
namespace {

const std::vector<Field> kPost{
    {":method", "POST"}, {":scheme", "https"}, {":path", "/v1/chat"}, {":authority", "gate"}, {"x-tag", "1"}};
const std::vector<Field> kOk{{":status", "200"}, {"content-type", "text/plain"}};

struct Pair {
  explicit Pair(const SessionLimits& limits = {}) : client(Role::kClient), server(Role::kServer, limits) {}

  // Carries bytes both ways, `chunk` at a time, until both are silent. False when one end broke off.
  bool Run(std::size_t chunk = RecordingPeer::kEverything) {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto [from, to] : {std::pair{&client, &server}, std::pair{&server, &client}}) {
        std::string_view bytes = wire.emplace_back(from->Output());
        moved |= !bytes.empty();
        for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size()))) {
          if (!to->session.Receive(bytes.substr(0, chunk), now).ok()) return false;
        }
      }
    }
    return true;
  }

  RecordingPeer client;
  RecordingPeer server;
  std::vector<std::string> wire;
  base::TimePoint now{};
};

TEST(Http2Session, CarriesRequestAndAnswerAndClosesTheStreamOnBothSides) {
  Pair pair;
  auto& request = pair.client.Open(kPost, End::kMore);
  request.Supply("hello", End::kEnd);
  ASSERT_TRUE(pair.Run());
  ASSERT_EQ(pair.server.streams.size(), 1U);
  auto& served = *pair.server.streams[0];
  EXPECT_EQ(served.log, ":method=POST\n:scheme=https\n:path=/v1/chat\n:authority=gate\nx-tag=1\n--\n");
  EXPECT_EQ(served.body, "hello");
  EXPECT_TRUE(served.ended);
  served.Respond(kOk, End::kMore);
  served.Supply("world", End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(request.log, ":status=200\ncontent-type=text/plain\n--\n");
  EXPECT_EQ(request.body, "world");
  EXPECT_TRUE(request.closed && served.closed);
  EXPECT_EQ(request.code, ErrorCode::kNoError);
  EXPECT_EQ(pair.client.session.open_streams() + pair.server.session.open_streams(), 0U);
}

// An id that entered the peer's table at every answer would push the rest of the head out of it, to be sent again.
TEST(Http2Session, ValuesThatNeverRepeatLeaveTheTableToThoseThatDo) {
  Pair pair;
  std::set<std::size_t> sizes;
  for (int i = 0; i < 200; ++i) {
    pair.client.Open(kPost, End::kEnd);
    ASSERT_TRUE(pair.Run());
    const std::string id = "req_0123456789-" + std::to_string(1000 + i);
    const std::vector<Field> head{{":status", "200"}, {"content-type", "text/plain"}, {"x-request-id", id}};
    pair.server.streams.back()->Respond(head, End::kEnd);
    const std::string bytes = pair.server.Output();
    if (i > 0) sizes.insert(bytes.size());
    ASSERT_TRUE(pair.client.session.Receive(bytes, pair.now).ok());
  }
  EXPECT_LE(*sizes.rbegin() - *sizes.begin(), 3U) << "the digits of the ids differ in their length in Huffman's code";
}

TEST(Http2Session, ResultDoesNotDependOnHowTheBytesAreCut) {
  std::string whole;
  for (const std::size_t chunk :
       {RecordingPeer::kEverything, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{9}}) {
    Pair pair;
    auto& first = pair.client.Open(kPost, End::kMore);
    auto& second = pair.client.Open(kPost, End::kEnd);
    const std::string large(40'000, 'x');
    first.Supply(large, End::kEnd);
    ASSERT_TRUE(pair.Run(chunk));
    pair.server.streams[0]->Respond(kOk, End::kMore);
    pair.server.streams[0]->Supply(large, End::kEnd);
    pair.server.streams[1]->Respond(kOk, End::kEnd);
    ASSERT_TRUE(pair.Run(chunk));
    const auto seen = first.log + first.body + second.log + pair.server.streams[0]->log + pair.server.streams[0]->body;
    if (whole.empty()) whole = seen;
    EXPECT_EQ(seen, whole) << chunk;
    EXPECT_TRUE(first.closed && second.closed);
  }
}

TEST(Http2Session, ContinuationsDoNotDependOnHowTheBytesAreCut) {
  const std::string bytes = std::string(kClientPreface) + Frame(FrameType::kSettings, 0, 0, "") +
                            Frame(FrameType::kHeaders, kEndStream, 1, FieldBlock({{":method", "GET"}})) +
                            Frame(FrameType::kContinuation, 0, 1, FieldBlock({{":scheme", "http"}, {":path", "/"}})) +
                            Frame(FrameType::kContinuation, kEndHeaders, 1, FieldBlock({{":authority", "a"}}));
  for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
    RecordingPeer server(Role::kServer);
    for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size()))) {
      ASSERT_TRUE(server.session.Receive(rest.substr(0, chunk), {}).ok()) << chunk;
    }
    ASSERT_EQ(server.streams.size(), 1U) << chunk;
    EXPECT_EQ(server.streams[0]->log, ":method=GET\n:scheme=http\n:path=/\n:authority=a\n--\n") << chunk;
  }
}

TEST(Http2Session, InterimHeadsAndTrailersAreToldApart) {
  Pair pair;
  auto& request = pair.client.Open(kPost, End::kMore);
  ASSERT_TRUE(pair.Run());
  pair.server.streams[0]->SendInterim(std::vector<Field>{{":status", "100"}});
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(request.log, "interim :status=100\n--\n");
  EXPECT_FALSE(request.headed);
  pair.server.streams[0]->Respond(kOk, End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_TRUE(request.headed && request.ended);
}

TEST(Http2Session, BodyStopsAtTheWindowUntilItIsConsumed) {
  SessionLimits limits;
  limits.stream_window = 1000;
  Pair pair(limits);
  ASSERT_TRUE(pair.Run());  // the client learns the window
  auto& request = pair.client.Open(kPost, End::kMore);
  const std::string body(2500, 'b');
  request.Supply(body, End::kEnd);
  ASSERT_TRUE(pair.Run());
  auto& served = *pair.server.streams[0];
  EXPECT_EQ(served.body.size(), 1000U);
  EXPECT_TRUE(request.sending());
  served.Consume(1000);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(served.body.size(), 2000U);
  served.Consume(1000);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(served.body, body);
  EXPECT_FALSE(request.sending());
}

TEST(Http2Session, UnreadBodyOfADroppedStreamDoesNotEatTheConnectionWindow) {
  SessionLimits limits;
  limits.stream_window = limits.connection_window = 100'000;
  Pair pair(limits);
  ASSERT_TRUE(pair.Run());
  const std::string body(60'000, 'b');
  for (int round = 0; round < 5; ++round) {
    auto& request = pair.client.Open(kPost, End::kMore);
    request.Supply(body, End::kEnd);
    ASSERT_TRUE(pair.Run());
    EXPECT_EQ(pair.server.streams.back()->body.size(), 60'000U) << round;
    pair.server.streams.back().reset();
    pair.server.streams.pop_back();
    ASSERT_TRUE(pair.Run());
    EXPECT_TRUE(request.closed);
    EXPECT_EQ(request.code, ErrorCode::kCancel);
  }
}

TEST(Http2Session, DroppingAClientStreamResetsItAtTheServer) {
  Pair pair;
  pair.client.Open(kPost, End::kMore);
  ASSERT_TRUE(pair.Run());
  pair.client.streams.clear();
  ASSERT_TRUE(pair.Run());
  EXPECT_TRUE(pair.server.streams[0]->closed);
  EXPECT_EQ(pair.server.streams[0]->code, ErrorCode::kCancel);
}

TEST(Http2Session, DroppingAStreamBeforeItsHeadIsSentSendsNothingOfIt) {
  Pair pair;
  ASSERT_TRUE(pair.Run());
  pair.client.Open(kPost, End::kMore).Supply("x", End::kEnd);
  pair.client.streams.clear();
  ASSERT_TRUE(pair.Run());
  EXPECT_TRUE(pair.server.streams.empty());
}

TEST(Http2Session, StreamsMayOutliveTheirSession) {
  auto peer = std::make_unique<RecordingPeer>(Role::kClient);
  auto& stream = peer->Open(kPost, End::kMore);
  const auto kept = std::move(peer->streams);
  peer.reset();
  EXPECT_FALSE(stream.open());
  stream.Supply("x", End::kEnd);
  stream.Consume(0);
  stream.Reset(ErrorCode::kCancel);
}

TEST(Http2Session, RoomFollowsWhatTheServerAllows) {
  SessionLimits limits;
  limits.max_streams = 2;
  Pair pair(limits);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(pair.client.session.room(), 2U);
  pair.client.Open(kPost, End::kEnd);
  pair.client.Open(kPost, End::kEnd);
  EXPECT_EQ(pair.client.session.room(), 0U);
  ASSERT_TRUE(pair.Run());
  pair.server.streams[0]->Respond(kOk, End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(pair.client.session.room(), 1U);
}

TEST(Http2Session, GoawayRefusesWhatTheServerNeverSaw) {
  Pair pair;
  auto& seen = pair.client.Open(kPost, End::kEnd);
  ASSERT_TRUE(pair.Run());
  pair.server.session.Goaway(ErrorCode::kNoError);
  auto& late = pair.client.Open(kPost, End::kEnd);
  const auto crossing = pair.client.Output();  // on its way while the GOAWAY comes
  ASSERT_TRUE(pair.client.session.Receive(pair.server.Output(), pair.now).ok());
  EXPECT_TRUE(late.closed);
  EXPECT_EQ(late.code, ErrorCode::kRefusedStream);
  EXPECT_EQ(pair.client.session.room(), 0U);
  ASSERT_TRUE(pair.server.session.Receive(crossing, pair.now).ok());
  EXPECT_EQ(pair.server.streams.size(), 1U);
  pair.server.streams[0]->Respond(kOk, End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_TRUE(seen.closed);
  EXPECT_EQ(seen.code, ErrorCode::kNoError);
  EXPECT_TRUE(pair.server.session.finished());
}

TEST(Http2Session, AnnouncedShutdownStillTakesStreamsThatCross) {
  Pair pair;
  ASSERT_TRUE(pair.Run());
  pair.server.session.AnnounceShutdown();
  auto& crossing = pair.client.Open(kPost, End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(pair.client.goaways, 1);
  EXPECT_EQ(pair.client.session.room(), 0U);
  ASSERT_EQ(pair.server.streams.size(), 1U);
  pair.server.session.Goaway(ErrorCode::kNoError);
  pair.server.streams[0]->Respond(kOk, End::kEnd);
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(crossing.code, ErrorCode::kNoError);
  EXPECT_TRUE(crossing.headed);
}

TEST(Http2Session, PingIsAnswered) {
  Pair pair;
  pair.client.session.Ping();
  ASSERT_TRUE(pair.Run());
  EXPECT_EQ(pair.client.pongs, 1);
}

TEST(Http2Preface, IsToldFromHttp1ByItsFirstBytes) {
  EXPECT_EQ(MatchPreface(""), PrefaceMatch::kPartly);
  EXPECT_EQ(MatchPreface("PRI * HT"), PrefaceMatch::kPartly);
  EXPECT_EQ(MatchPreface("POST /"), PrefaceMatch::kNo);
  EXPECT_EQ(MatchPreface(std::string(kClientPreface) + "x"), PrefaceMatch::kWhole);
  EXPECT_EQ(MatchPreface("PRI * HTTP/1.1\r\n\r\nSM\r\n\r\nxx"), PrefaceMatch::kNo);
}

}  // namespace
}  // namespace gatehouse::codec::http2
