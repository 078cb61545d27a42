#include "features/alerts/said.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::features::alerts {
namespace {

constexpr std::string_view kUrl = "https://hooks.example.com/services/T0/B0/chat-pass%2Fword?token=hook-password&v=1";

TEST(Confidential, NothingOfAnAddressIsSaid) {
  const auto confidential = Confidential::OfUrl(kUrl);
  EXPECT_EQ(confidential.Said("ok"), "ok");
  EXPECT_EQ(confidential.Said("no service at " + std::string(kUrl) + "!"), "no service at [...]!");
  EXPECT_EQ(confidential.Said("Cannot POST /services/T0/B0/chat-pass%2Fword?token=hook-password&v=1"),
            "Cannot POST [...]");
  EXPECT_EQ(confidential.Said("<pre>/services/T0/B0/chat-pass%2Fword</pre>"), "<pre>/[...]/T0/B0/[...]</pre>");
  EXPECT_EQ(confidential.Said("{\"path\":\"\\/services\\/T0\\/B0\\/chat-pass/word\"}"),
            "{\"path\":\"\\/[...]\\/T0\\/B0\\/[...]\"}");
  EXPECT_EQ(confidential.Said("wrong token hook-password, v=1"), "wrong token [...], v=1");
}

TEST(Confidential, NorOfOneThatIsCut) {
  Confidential confidential;
  confidential.Add("0123456789");
  for (std::size_t length = 4; length < 10; ++length) {
    const std::string begin = std::string(kMostRead - length, ' ') + "0123456789 and more";
    const std::string said = confidential.Said(begin);
    EXPECT_EQ(said.find("0123"), std::string::npos);
  }
  // What comes close when something before it goes.
  const std::string echoes = std::string(400, '.') + "0123456789" + std::string(100, '.');
  EXPECT_EQ(confidential.Said(echoes), std::string(400, '.') + "[...]" + std::string(95, '.'));
}

TEST(Confidential, TheLongestGoesFirst) {
  Confidential confidential;
  confidential.Add("word");
  confidential.Add("password");
  confidential.Add("abc");
  EXPECT_EQ(confidential.Said("password, word, abc"), "[...], [...], abc");
}

TEST(Confidential, WhatIsSaidIsPrintableAndBounded) {
  EXPECT_EQ(Confidential().Said("a\r\n\x1b[31m\xff" + std::string(5000, 'x')).size(), kMostSaid + 2);
  EXPECT_EQ(Confidential::OfUrl("").Said("line\nline"), "line line");
}

}  // namespace
}  // namespace gatehouse::features::alerts
