#include "ingress/rate_headers.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::ingress {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::WallTime kNow{seconds(1'700'000'000)};

pipeline::RateStanding Standing() {
  return {.requests = {{.limit = 60, .left = 59, .full_in = milliseconds(1500)}},
          .tokens = {{.limit = 1000, .left = 0, .full_in = seconds(372)}}};
}

std::string Of(const http::HeaderMap& headers, std::string_view name) {
  return std::string(headers.Find(name).value_or("none"));
}

TEST(RateHeaders, AreOpenAisWhereTheClientIs) {
  http::HeaderMap headers;
  headers.Add("x-ratelimit-remaining-requests", "the upstream's");
  headers.Add("x-ratelimit-remaining-tokens", "the upstream's");
  SetRateHeaders(llm::DialectId::kOpenAiChat, Standing(), kNow, headers);
  EXPECT_EQ(headers.size(), 6U);
  EXPECT_EQ(Of(headers, "x-ratelimit-limit-requests"), "60");
  EXPECT_EQ(Of(headers, "x-ratelimit-remaining-requests"), "59");
  EXPECT_EQ(Of(headers, "x-ratelimit-reset-requests"), "1.5s");
  EXPECT_EQ(Of(headers, "x-ratelimit-limit-tokens"), "1000");
  EXPECT_EQ(Of(headers, "x-ratelimit-remaining-tokens"), "0");
  EXPECT_EQ(Of(headers, "x-ratelimit-reset-tokens"), "6m12s");
}

TEST(RateHeaders, AreAnthropicsWhereTheClientIs) {
  http::HeaderMap headers;
  SetRateHeaders(llm::DialectId::kAnthropic, Standing(), kNow, headers);
  EXPECT_EQ(headers.size(), 6U);
  EXPECT_EQ(Of(headers, "anthropic-ratelimit-requests-limit"), "60");
  EXPECT_EQ(Of(headers, "anthropic-ratelimit-requests-remaining"), "59");
  EXPECT_EQ(Of(headers, "anthropic-ratelimit-requests-reset"), "2023-11-14T22:13:22Z");
  EXPECT_EQ(Of(headers, "anthropic-ratelimit-tokens-reset"), "2023-11-14T22:19:32Z");
}

TEST(RateHeaders, SayNothingOfLimitsThatAreNotThere) {
  http::HeaderMap headers;
  headers.Add("x-ratelimit-remaining-tokens", "the upstream's");
  pipeline::RateStanding standing = Standing();
  standing.tokens.reset();
  SetRateHeaders(llm::DialectId::kOpenAiResponses, standing, kNow, headers);
  EXPECT_EQ(Of(headers, "x-ratelimit-remaining-tokens"), "the upstream's");
  EXPECT_EQ(headers.size(), 4U);
  SetRateHeaders(llm::DialectId::kGemini, Standing(), kNow, headers);
  EXPECT_EQ(headers.size(), 4U);
}

TEST(RateHeaders, DurationsAreWrittenAsGoDoes) {
  EXPECT_EQ(DurationText(seconds(0)), "0s");
  EXPECT_EQ(DurationText(base::Duration(1)), "1ms");
  EXPECT_EQ(DurationText(milliseconds(999)), "999ms");
  EXPECT_EQ(DurationText(milliseconds(1020)), "1.02s");
  EXPECT_EQ(DurationText(seconds(60)), "1m0s");
  EXPECT_EQ(DurationText(seconds(3600)), "1h0m0s");
  EXPECT_EQ(DurationText(milliseconds(3'661'250)), "1h1m1.25s");
}

}  // namespace
}  // namespace gatehouse::ingress
