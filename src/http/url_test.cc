#include "http/url.h"

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

TEST(ParseUrl, TakesUrlsApart) {
  const auto plain = ParseUrl("https://login.example.com/realms/a?p=b");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->scheme, Origin::Scheme::kHttps);
  EXPECT_EQ(plain->endpoint, (net::Endpoint{.host = "login.example.com", .port = 443}));
  EXPECT_EQ(plain->target, "/realms/a?p=b");
  EXPECT_EQ(plain->path(), "/realms/a");
  EXPECT_TRUE(plain->HasQuery());
  EXPECT_EQ(ParseUrl("http://h")->endpoint.port, 80);
  EXPECT_EQ(ParseUrl("http://h")->target, "");
  EXPECT_EQ(ParseUrl("http://h?q")->target, "?q");
  EXPECT_EQ(ParseUrl("http://u:p@h:8080/")->user_info, "u:p");
  EXPECT_EQ(ParseUrl("http://[::1]:8080/x")->endpoint, (net::Endpoint{.host = "::1", .port = 8080}));
  EXPECT_EQ(ParseUrl("https://[2001:db8::1]")->endpoint.port, 443);
}

TEST(ParseUrl, RefusesWhatIsNone) {
  for (const char* bad : {"",
                          "h",
                          "ftp://h",
                          "HTTPS://h",
                          "https://",
                          "https:///x",
                          "https://:80",
                          "https://h:",
                          "https://h:0",
                          "https://h:65536",
                          "https://h:8x",
                          "https://h:1:2",
                          "https://[::1",
                          "https://[::1]x",
                          "https://[]",
                          "https://h/#f",
                          "https://h /",
                          "https://h/\n",
                          "https://h\\@x/",
                          " https://h"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

TEST(IsLoopback, ByItsVeryName) {
  for (const char* host : {"localhost", "127.0.0.1", "127.8.9.1", "::1"}) EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"127.evil.example", "localhost.example", "10.0.0.1", "::2", ""}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
  EXPECT_TRUE(IsAddress("10.0.0.1"));
  EXPECT_FALSE(IsAddress("example.com"));
}

}  // namespace
}  // namespace gatehouse::http
