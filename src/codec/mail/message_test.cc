#include "codec/mail/message.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "codec/crypto/encoding.h"
#include "codec/text/utf8.h"

namespace gatehouse::codec::mail {
namespace {

Message Plain() {
  return {.id = "alert_77@example.com",
          .date = 1'763'000'000,
          .from = *Mailbox::Parse("gatehouse@example.com"),
          .to = {*Mailbox::Parse("ops@example.com")},
          .subject = "80 % is spent",
          .text = "Words.\n",
          .fields = {}};
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    EXPECT_NE(end, std::string_view::npos) << "no CR LF at the end of: " << text;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return lines;
}

// As a reader of mail understands a field: unfolded, encoded words decoded, blanks between them gone (RFC 2047, 6.2).
std::string Understood(std::string_view field) {
  std::string text;
  for (const std::string& line : LinesOf(field)) text += line;
  text.erase(0, text.find(':') + 2);
  std::string out;
  bool word_before = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find("=?utf-8?B?", at);
    const std::string between = text.substr(at, begin - at);
    const bool blank = between.find_first_not_of(' ') == std::string::npos;
    if (!(word_before && blank && begin != std::string::npos)) out += between;
    if (begin == std::string::npos) break;
    const std::size_t end = text.find("?=", begin + 10);
    out += crypto::Base64Decode(text.substr(begin + 10, end - begin - 10)).value();
    word_before = true;
    at = end + 2;
  }
  return out;
}

// RFC 2045, 6.7, as a reader decodes it.
std::string Decoded(std::string_view quoted) {
  std::string out;
  for (std::string line : LinesOf(quoted)) {
    const bool soft = line.ends_with('=');
    if (soft) line.pop_back();
    for (std::size_t at = 0; at < line.size(); ++at) {
      if (line[at] != '=') {
        out.push_back(line[at]);
      } else {
        out += crypto::HexDecode(line.substr(at + 1, 2)).value();
        at += 2;
      }
    }
    if (!soft) out.push_back('\n');
  }
  return out;
}

TEST(Format, IsWhatItWas) {
  EXPECT_EQ(Format(Plain()),
            "Date: Thu, 13 Nov 2025 02:13:20 +0000\r\n"
            "From: gatehouse@example.com\r\n"
            "To: ops@example.com\r\n"
            "Message-ID: <alert_77@example.com>\r\n"
            "Subject: 80 % is spent\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "Words.\r\n");
}

TEST(Format, HasNoFieldThatATextBrought) {
  Message message = Plain();
  message.subject = "x\r\nBcc: thief@evil.example\r\n\r\nbody\n.\n\rY";
  message.fields = {{"X-Kind", "a\r\nX-Other: b"}};
  message.text = ".\r\n.\r\nBcc: thief\n";
  message.to.push_back(*Mailbox::Parse("second@example.com"));
  const std::string formatted = Format(message);
  const std::size_t body = formatted.find("\r\n\r\n");
  std::string names;
  for (const std::string& line : LinesOf(formatted.substr(0, body + 2))) {
    if (!line.starts_with(' ')) names += line.substr(0, line.find(':')) + " ";
  }
  EXPECT_EQ(
      names,
      "Date From To Message-ID Subject X-Kind Auto-Submitted MIME-Version Content-Type Content-Transfer-Encoding ");
  EXPECT_NE(formatted.find("To: ops@example.com,\r\n second@example.com\r\n"), std::string::npos);
  EXPECT_EQ(Decoded(formatted.substr(body + 4)), ".\r\n.\r\nBcc: thief\n");
}

TEST(Format, IsAsciiInShortLinesWhateverItSays) {
  Message message = Plain();
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  message.subject = all + std::string(3000, 'x');
  message.text = all + std::string(5000, '.') + "\n\n" + std::string(200, ' ') + "\n\t\n\xC3\xBC";
  for (const std::string& line : LinesOf(Format(message))) {
    EXPECT_LE(line.size(), 78U);
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(HeaderField, PlainTextStaysPlain) {
  EXPECT_EQ(HeaderField("Subject", "The budget 'monthly' of acme is used up"),
            "Subject: The budget 'monthly' of acme is used up\r\n");
  EXPECT_EQ(HeaderField("Subject", ""), "Subject: \r\n");
  EXPECT_EQ(HeaderField("Subject", "  a  "), "Subject: a\r\n");
}

TEST(HeaderField, FoldsWhereItCanBeUnfolded) {
  std::string text = "80";
  for (int i = 0; i < 60; ++i) text += i % 7 == 0 ? "  of" : " words-" + std::to_string(i);
  const std::string field = HeaderField("Subject", text);
  for (const std::string& line : LinesOf(field)) EXPECT_LE(line.size(), 78U);
  EXPECT_EQ(Understood(field), text);
  EXPECT_EQ(field.find("=?"), std::string::npos);
}

TEST(HeaderField, WhatIsNotAsciiIsEncodedByWholeCharacters) {
  std::string text = "Das Budget \xC2\xBBM\xC3\xBCnchen\xC2\xAB";
  for (int i = 0; i < 40; ++i) text += "\xF0\x9F\x94\xA5\xE2\x82\xAC";
  const std::string field = HeaderField("Subject", text);
  for (const std::string& line : LinesOf(field)) {
    EXPECT_LE(line.size(), 76U);
    const std::size_t begin = line.find("=?utf-8?B?") + 10;
    const std::string piece = crypto::Base64Decode(line.substr(begin, line.rfind("?=") - begin)).value();
    EXPECT_TRUE(text::IsValidUtf8(piece)) << line;
  }
  EXPECT_EQ(Understood(field), text);
}

TEST(HeaderField, WhatLooksEncodedIsNotTakenForIt) {
  const std::string text = "=?utf-8?B?ZXZpbA==?=";
  const std::string field = HeaderField("Subject", text);
  EXPECT_EQ(field.find(text), std::string::npos);
  EXPECT_EQ(Understood(field), text);
}

TEST(HeaderField, AWordLongerThanALineIsEncoded) {
  const std::string text = "see " + std::string(1500, 'w');
  const std::string field = HeaderField("Subject", text);
  for (const std::string& line : LinesOf(field)) EXPECT_LE(line.size(), 76U);
  EXPECT_EQ(Understood(field), text);
}

TEST(QuotedPrintable, GivesBackWhatWasPutIn) {
  for (const std::string text :
       {"", "a\n", "a\n\nb\n", "100 % = 1\n", "\xC3\xBC\n", "end \n", "tab\t\n", "=3D\n", ".\n..\n", "\r\n"}) {
    EXPECT_EQ(Decoded(QuotedPrintable(text)), text);
  }
  EXPECT_EQ(QuotedPrintable("no end"), "no end\r\n");
}

TEST(QuotedPrintable, BreaksAtEveryLength) {
  for (const std::string unit : {"x", "=", " ", "\xC3\xBC"}) {
    std::string text;
    for (int i = 0; i < 160; ++i) {
      text += unit;
      const std::string quoted = QuotedPrintable(text + "\n");
      for (const std::string& line : LinesOf(quoted)) EXPECT_LE(line.size(), 76U);
      EXPECT_EQ(Decoded(quoted), text + "\n");
    }
  }
}

TEST(DateText, IsOfTheStandard) {
  EXPECT_EQ(DateText(0), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(DateText(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 +0000");
  EXPECT_EQ(DateText(1'795'425'175), "Mon, 23 Nov 2026 09:12:55 +0000");
  EXPECT_EQ(DateText(std::numeric_limits<std::int64_t>::max()), "Fri, 31 Dec 9999 23:59:59 +0000");
  EXPECT_EQ(DateText(std::numeric_limits<std::int64_t>::min()), "Sat, 01 Jan 0000 00:00:00 +0000");
}

}  // namespace
}  // namespace gatehouse::codec::mail
