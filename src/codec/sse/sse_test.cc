#include "codec/sse/sse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "codec/sse/comment.h"

namespace gatehouse::codec::sse {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Seen {
  std::string event, data, id, raw;
  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  *out << "{" << ::testing::PrintToString(seen.event) << ", " << ::testing::PrintToString(seen.data) << ", "
       << ::testing::PrintToString(seen.id) << ", " << ::testing::PrintToString(seen.raw) << "}";
}

Seen Copy(const Frame& frame) {
  return {std::string(frame.event), std::string(frame.data), std::string(frame.id), std::string(frame.raw)};
}

struct Session {
  std::vector<Seen> frames;
  std::vector<Seen> leftover;
  bool failed = false;
  bool operator==(const Session&) const = default;
};

// Each piece lives in memory of its own that is gone before the next, so that a view kept too long is caught.
Session Parse(const std::vector<std::string_view>& pieces, std::size_t limit = 1 << 20) {
  Session session;
  Parser parser(limit);
  Frame frame;
  for (const auto piece : pieces) {
    const std::vector<char> memory(piece.begin(), piece.end());
    parser.Feed(std::string_view(memory.data(), memory.size()));
    while (true) {
      const auto next = parser.Next(frame);
      session.failed = !next.ok();
      if (!next.ok()) return session;
      if (next.value() == Parser::Outcome::kNeedMore) break;
      session.frames.push_back(Copy(frame));
    }
  }
  const auto last = parser.Finish(frame);
  if (last.ok() && last.value() == Parser::Outcome::kFrame) session.leftover.push_back(Copy(frame));
  return session;
}

std::vector<Seen> Frames(std::string_view text) { return Parse({text}).frames; }

const std::vector<std::string>& Samples() {
  static const std::vector<std::string> samples = {
      "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n",
      "event: message_start\ndata: {\"type\":\"message_start\"}\n\nevent: ping\ndata: {}\n\n",
      "data: {\"candidates\":[]}\r\n\r\ndata: {\"x\":\"y\"}\r\n\r\n",
      "data: one\rdata: two\r\rdata: three\r\r",
      "data: a\r\ndata: b\r\r\ndata: c\n\r\ndata: d\r\n\n",
      "\xEF\xBB\xBF"
      "data: bom\n\n\xEF\xBB\xBF"
      "data: not a bom\n\n",
      ": hello\n\n:\n\n: in\ndata: x\n: side\n\n",
      "\n\n\r\n\r\n\r\rdata: after blank lines\n\n\n\n",
      "id: 7\nretry: 10\nevent: e\ndata\ndata:\ndata: \ndata:  two\n\n",
      "event: only\n\nid: lonely\n\nretry: 1\n\n",
      "data: unterminated",
      "data: one line end\n",
      "data: carriage\r",
      "data: both\r\n\r",
      "",
  };
  return samples;
}

TEST(SseParser, OpenAiSendsDataOnly) {
  EXPECT_THAT(
      Frames("data: {\"a\":1}\n\ndata: [DONE]\n\n"),
      ElementsAre(Seen{"", "{\"a\":1}", "", "data: {\"a\":1}\n\n"}, Seen{"", "[DONE]", "", "data: [DONE]\n\n"}));
}

TEST(SseParser, AnthropicNamesItsEvents) {
  EXPECT_THAT(Frames("event: ping\ndata: {\"type\": \"ping\"}\n\n"),
              ElementsAre(Seen{"ping", "{\"type\": \"ping\"}", "", "event: ping\ndata: {\"type\": \"ping\"}\n\n"}));
}

TEST(SseParser, GeminiEndsLinesWithBoth) {
  EXPECT_THAT(Frames("data: {\"a\":1}\r\n\r\ndata: 2\r\n\r\n"),
              ElementsAre(Seen{"", "{\"a\":1}", "", "data: {\"a\":1}\r\n\r\n"}, Seen{"", "2", "", "data: 2\r\n\r\n"}));
}

TEST(SseParser, LinesOfDataAreJoined) {
  EXPECT_THAT(Frames("id: 7\ndata\ndata:\ndata: x\ndata:  y\n\n"),
              ElementsAre(Seen{"", "\n\nx\n y", "7", "id: 7\ndata\ndata:\ndata: x\ndata:  y\n\n"}));
}

TEST(SseParser, CommentsAndEmptyFramesAreSkipped) {
  EXPECT_THAT(Frames(": keep-alive\n\n\n\nretry: 3\n\nid: 9\n\n"), IsEmpty());
  EXPECT_THAT(Frames(": note\ndata: x\n\n"), ElementsAre(Seen{"", "x", "", ": note\ndata: x\n\n"}));
}

TEST(SseParser, AnEmptyDataLineIsAFrame) {
  EXPECT_THAT(Frames("data\n\n"), ElementsAre(Seen{"", "", "", "data\n\n"}));
  EXPECT_THAT(Frames("event: e\n\n"), ElementsAre(Seen{"e", "", "", "event: e\n\n"}));
}

TEST(SseParser, OnlyTheFirstByteOrderMarkIsDropped) {
  EXPECT_THAT(Frames("\xEF\xBB\xBF"
                     "data: x\n\n\xEF\xBB\xBF"
                     "data: y\n\n"),
              ElementsAre(Seen{"", "x", "", "data: x\n\n"}));
}

TEST(SseParser, AnIdWithANulIsIgnored) {
  const std::string text("id: a\0b\ndata: x\n\n", 17);
  EXPECT_THAT(Frames(text), ElementsAre(Seen{"", "x", "", text}));
}

TEST(SseParser, UnknownFieldsAreIgnored) {
  EXPECT_THAT(Frames("Data: no\ndatas: no\n data: no\ndata: yes\n\n"),
              ElementsAre(Seen{"", "yes", "", "Data: no\ndatas: no\n data: no\ndata: yes\n\n"}));
}

TEST(SseParser, FinishReturnsAFrameWithoutItsBlankLine) {
  for (const std::string text :
       {"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n", "data: [DONE]\r", "data: [DONE]\r\n\r"}) {
    EXPECT_THAT(Parse({text}).frames, IsEmpty()) << text;
    EXPECT_THAT(Parse({text}).leftover, ElementsAre(Seen{"", "[DONE]", "", text})) << text;
  }
  EXPECT_THAT(Parse({"data: x\n\n"}).leftover, IsEmpty());
  EXPECT_THAT(Parse({": comment"}).leftover, IsEmpty());
}

TEST(SseParser, EveryCutOfTheBytesGivesTheSameFrames) {
  for (const auto& text : Samples()) {
    const Session whole = Parse({text});
    const std::string_view view = text;
    for (std::size_t i = 0; i <= view.size(); ++i) {
      EXPECT_EQ(Parse({view.substr(0, i), view.substr(i)}), whole) << ::testing::PrintToString(text) << " cut at " << i;
      for (std::size_t j = i; j <= view.size(); ++j) {
        ASSERT_EQ(Parse({view.substr(0, i), view.substr(i, j - i), view.substr(j)}), whole)
            << ::testing::PrintToString(text) << " cut at " << i << " and " << j;
      }
    }
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < view.size(); ++i) bytes.push_back(view.substr(i, 1));
    EXPECT_EQ(Parse(bytes), whole) << ::testing::PrintToString(text);
  }
}

TEST(SseParser, TheRawBytesAddUpToTheStream) {
  for (const auto& text : Samples()) {
    if (text.find(':') == 0 || text.find("\xEF") == 0 || text.find("only") != std::string::npos || text[0] == '\n')
      continue;
    const Session session = Parse({text});
    std::string sum;
    for (const auto& frame : session.frames) sum += frame.raw;
    for (const auto& frame : session.leftover) sum += frame.raw;
    EXPECT_EQ(sum, text);
  }
}

TEST(SseParser, TheRawBytesOfAllFramesOfOneFeedStayValidTogether) {
  const std::string stream =
      "data: a\n\ndata: [DONE]\n\ndata: a longer one, beyond any small string\n\nid: 3\ndata: c\n\n";
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Parser parser;
    Frame frame;
    std::string seen;
    for (const std::string_view piece :
         {std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}) {
      parser.Feed(piece);
      std::vector<std::string_view> raws;
      while (parser.Next(frame).value() == Parser::Outcome::kFrame) raws.push_back(frame.raw);
      for (const std::string_view raw : raws) seen.append(raw);
    }
    EXPECT_EQ(seen, stream) << "cut at " << cut;
  }
}

TEST(SseParser, AFrameOverTheLimitIsAnError) {
  const std::string fits = "data: 0123456789\n\n";
  EXPECT_FALSE(Parse({fits}, fits.size()).failed);
  EXPECT_TRUE(Parse({fits}, fits.size() - 1).failed);
  EXPECT_TRUE(Parse({std::string_view(fits).substr(0, 8), std::string_view(fits).substr(8)}, fits.size() - 1).failed);
  EXPECT_TRUE(Parse({": an endless comment without a line end"}, 16).failed);
}

TEST(SseParser, AFailureIsFinal) {
  Parser parser(8);
  Frame frame;
  parser.Feed("data: 0123456789\n\n");
  EXPECT_EQ(parser.Next(frame).error().code, base::ErrorCode::kBadUpstream);
  parser.Feed("data\n\n");
  EXPECT_FALSE(parser.Next(frame).ok());
  EXPECT_FALSE(parser.Finish(frame).ok());
}

TEST(SseParser, AWholeFrameIsNotCopied) {
  const std::string text = "data: x\n\n";
  Parser parser;
  Frame frame;
  parser.Feed(text);
  ASSERT_TRUE(parser.Next(frame).ok());
  EXPECT_EQ(frame.data.data(), text.data() + 6);
  EXPECT_EQ(frame.raw.data(), text.data());
}

TEST(SseWriter, WhatIsAppendedIsParsed) {
  std::mt19937 random(7);
  const std::string alphabet = "ab:\n \t,{}";
  for (int round = 0; round < 2000; ++round) {
    std::string data;
    for (std::size_t n = random() % 12; n > 0; --n) data += alphabet[random() % alphabet.size()];
    std::string stream;
    AppendFrame(stream, "tick", data);
    AppendFrame(stream, "", "next");
    const auto frames = Frames(stream);
    ASSERT_EQ(frames.size(), 2U) << ::testing::PrintToString(data);
    EXPECT_EQ(frames[0].event, "tick");
    EXPECT_EQ(frames[0].data, data);
    EXPECT_EQ(frames[1].data, "next");
  }
}

TEST(SseWriter, LineBreaksNeverEscapeTheirField) {
  std::string stream;
  AppendFrame(stream, "a\ndata: forged", "x\r\ny\rz");
  EXPECT_THAT(Frames(stream), ElementsAre(Seen{"a", "x\ny\nz", "", "event: a\ndata: x\ndata: y\ndata: z\n\n"}));
}

TEST(SseComment, IsSkippedBetweenFrames) {
  std::string stream;
  AppendFrame(stream, "a", "1");
  AppendComment(stream, "one\r\ntwo");
  AppendFrame(stream, "b", "2");
  EXPECT_NE(stream.find("\n\n: one  two\n\n"), std::string::npos);
  Parser parser;
  parser.Feed(stream);
  Frame frame;
  std::string events;
  while (parser.Next(frame).value() == Parser::Outcome::kFrame) events += frame.event;
  EXPECT_EQ(events, "ab");
}

}  // namespace
}  // namespace gatehouse::codec::sse
