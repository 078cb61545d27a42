#include "http/header_map.h"

#include <gtest/gtest.h>

#include "codec/http1/characters.h"

namespace gatehouse::http {
namespace {

std::string Text(const HeaderMap& map) {
  std::string text;
  for (const auto field : map) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

TEST(HeaderMap, KeepsOrderAndLowersNames) {
  HeaderMap map;
  map.Add("Content-Type", "Text/Plain");
  map.Add("X", "1");
  map.Add("x", "2");
  EXPECT_EQ(Text(map), "content-type=Text/Plain;x=1;x=2;");
  EXPECT_EQ(map.Find("x"), "1");
  EXPECT_EQ(map.Count("x"), 2U);
  EXPECT_FALSE(map.Contains("y"));
}

TEST(HeaderMap, SetReplacesAllAndRemoveIgnoresCase) {
  HeaderMap map;
  map.Add("a", "1");
  map.Add("b", "2");
  map.Add("A", "3");
  map.Set("A", "4");
  EXPECT_EQ(Text(map), "b=2;a=4;");
  map.Remove("B");
  EXPECT_EQ(Text(map), "a=4;");
  map.Clear();
  EXPECT_TRUE(map.empty());
}

TEST(HeaderMap, CopiesAreTheirOwn) {
  HeaderMap map;
  map.Add("a", "1");
  HeaderMap copy = map;
  map.Set("a", "2");
  EXPECT_EQ(Text(copy), "a=1;");
}

TEST(Characters, LowersEveryByteAtEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(size, static_cast<char>(byte));
      std::string expected = text;
      for (char& c : expected) c = codec::http1::ToLower(c);
      codec::http1::LowerInPlace(text.data(), text.size());
      ASSERT_EQ(text, expected) << byte;
    }
  }
}

TEST(Characters, FindsTheEndOfATokenAtEveryPosition) {
  for (std::size_t position = 0; position < 40; ++position) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text(40, 't');
      text[position] = static_cast<char>(byte);
      const bool token = codec::http1::IsClass(text[position], codec::http1::internal::kTokenCharacter);
      const char* const end = text.data() + text.size();
      ASSERT_EQ(codec::http1::SkipToken(text.data(), end), token ? end : text.data() + position) << byte;
    }
  }
}

TEST(HopByHop, NamesTheFieldsOfOneConnection) {
  for (const auto* name : {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
                           "proxy-connection", "proxy-authorization", "proxy-authenticate"}) {
    EXPECT_TRUE(IsHopByHop(name)) << name;
  }
  EXPECT_FALSE(IsHopByHop("content-type"));
  EXPECT_FALSE(IsHopByHop("tea"));
}

}  // namespace
}  // namespace gatehouse::http
