#include "codec/smtp/reply.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::codec::smtp {
namespace {

// The replies in `bytes`, given in pieces of at most `piece`; an error ends them, as one of its own.
std::vector<std::string> Decode(std::string_view bytes, std::size_t piece) {
  ReplyDecoder decoder;
  std::vector<std::string> replies;
  while (!bytes.empty()) {
    decoder.Feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto next = decoder.Next();
      if (!next.ok()) {
        replies.push_back(next.error().detail);
        return replies;
      }
      if (!next.value()) break;
      replies.push_back(next.value()->Text());
    }
  }
  if (decoder.buffered() > 0) replies.emplace_back("unfinished");
  return replies;
}

using Replies = std::vector<std::string>;

TEST(ReplyDecoder, ReadsAnyCutTheSame) {
  const struct {
    std::string bytes;
    Replies replies;
  } cases[] = {
      {"220 mail.example.com ESMTP\r\n", {"220 mail.example.com ESMTP"}},
      {"250-mail.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n", {"250 mail.example.com SIZE 1000 STARTTLS"}},
      {"250\r\n", {"250"}},
      {"250-\r\n250 \r\n", {"250"}},
      {"354 go\r\n250 2.0.0 taken\r\n221 2.0.0 bye\r\n", {"354 go", "250 2.0.0 taken", "221 2.0.0 bye"}},
      {"550-5.1.1 no such\r\n550 5.1.1 user\r\n", {"550 5.1.1 no such user"}},
      {"550 5.1 short\r\n", {"550 5.1 short"}},
      {"550 4.1.1 another class\r\n", {"550 4.1.1 another class"}},
      {"550 5.1.1.1 more\r\n", {"550 5.1.1.1 more"}},
      {"550 5.1234.1 more\r\n", {"550 5.1234.1 more"}},
      {"550 5.1.1\r\n", {"550 5.1.1"}},
      {"250 half", {"unfinished"}},
      {"250-half\r\n", {"unfinished"}},
      {"220 ok\r\n99 x\r\n", {"220 ok", "not a mail server's answer: a line does not begin with a code"}},
      {"HTTP/1.1 400 Bad\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"199 x\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"600 x\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"2x0 x\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"2500 x\r\n", {"not a mail server's answer: a line does not begin with a code"}},
      {"250-a\r\n251 b\r\n", {"not a mail server's answer: the lines of an answer have several codes"}},
      {"250 a\nb\r\n", {"not a mail server's answer: a line ends in one of CR and LF alone"}},
      {"250 a\rb\r\n", {"not a mail server's answer: a line ends in one of CR and LF alone"}},
      {"250 " + std::string(1996, 'x') + "\r\n", {"250 " + std::string(1996, 'x')}},
      {"250 " + std::string(1997, 'x') + "\r\n", {"not a mail server's answer: a line is too long"}},
      {std::string(5000, '2'), {"not a mail server's answer: a line is too long"}},
  };
  for (const auto& one : cases) {
    for (const std::size_t piece : {one.bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
      EXPECT_EQ(Decode(one.bytes, piece), one.replies) << one.bytes.substr(0, 80) << " by " << piece;
    }
  }
}

TEST(ReplyDecoder, LinesAreBounded) {
  std::string bytes;
  for (std::size_t i = 0; i < ReplyDecoder::kMostLines; ++i) bytes += "250-x\r\n";
  EXPECT_EQ(Decode(bytes, 1), Replies{"unfinished"});
  EXPECT_EQ(Decode(bytes + "250 x\r\n", bytes.size()), Replies{"not a mail server's answer: it has too many lines"});
}

TEST(Reply, KindsAreByTheFirstDigit) {
  EXPECT_TRUE((Reply{.code = 250, .lines = {""}}).done());
  EXPECT_TRUE((Reply{.code = 421, .lines = {""}}).transient());
  EXPECT_TRUE((Reply{.code = 599, .lines = {""}}).permanent());
  EXPECT_FALSE((Reply{.code = 354, .lines = {""}}).done());
}

TEST(ExtensionsOf, AreTheLinesBehindTheFirst) {
  const auto read = [](std::vector<std::string> lines) {
    return ExtensionsOf({.code = 250, .lines = std::move(lines)});
  };
  const Extensions all = read({"STARTTLS AUTH PLAIN", "size 1000", "starttls", "AUTH CRAM-MD5 login Plain"});
  EXPECT_TRUE(all.starttls && all.size && all.auth_plain && all.auth_login);
  const Extensions none = read({"STARTTLS SIZE AUTH PLAIN LOGIN"});
  EXPECT_FALSE(none.starttls || none.size || none.auth_plain || none.auth_login);
  const Extensions old = read({"x", "AUTH=LOGIN PLAIN"});
  EXPECT_TRUE(old.auth_plain && old.auth_login);
  const Extensions other = read({"x", "STARTTLSX", "XAUTH PLAIN", "AUTH", "", "AUTH PLAIN-CLIENTTOKEN"});
  EXPECT_FALSE(other.starttls || other.auth_plain || other.auth_login);
}

TEST(DataOf, DoublesDotsAtTheStartOfLines) {
  EXPECT_EQ(DataOf("a\r\n.\r\n..b\r\nc.d\r\n"), "a\r\n..\r\n...b\r\nc.d\r\n.\r\n");
  EXPECT_EQ(DataOf(""), ".\r\n");
  EXPECT_EQ(DataOf(".\r\n"), "..\r\n.\r\n");
}

// The example of RFC 4616, section 4.
TEST(PlainCredentials, AreTwoZeroesApart) {
  EXPECT_EQ(PlainCredentials("tim", "tanstaaftanstaaf"), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");
}

}  // namespace
}  // namespace gatehouse::codec::smtp
