#include "codec/aws/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::codec::aws {
namespace {

using testing::HasSubstr;

// AWS's published "Signature Version 4 test suite": one key, one time, one service.
constexpr Credentials kKey{.access_key_id = "AKIDEXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                           .session_token = {}};
constexpr Scope kScope{.region = "us-east-1", .service = "service"};
constexpr std::int64_t kTime = 1440938160;  // 2015-08-30T12:36:00Z

std::string ValueOf(const std::vector<HeaderField>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &HeaderField::name);
  return found == headers.end() ? "(none)" : found->value;
}

std::string SignatureOf(const UnsignedRequest& request, const Credentials& key = kKey, const Scope& scope = kScope,
                        std::int64_t time = kTime) {
  const auto authorization = ValueOf(Sign(request, key, scope, time), "authorization");
  return authorization.substr(authorization.rfind('=') + 1);
}

struct Vector {
  const char* name;
  const char* method;
  const char* path;
  const char* query;
  std::vector<HeaderField> headers;  // beside host and x-amz-date
  const char* body;
  const char* signature;
};

class PublishedVector : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVector, SignsAsAwsDoes) {
  const auto& vector = GetParam();
  auto headers = vector.headers;
  headers.insert(headers.begin(), {"Host", "example.amazonaws.com"});
  EXPECT_EQ(SignatureOf({.method = vector.method,
                         .path = vector.path,
                         .query = vector.query,
                         .headers = headers,
                         .body = vector.body,
                         .body_hash = BodyHash::kNotSent}),
            vector.signature);
}

INSTANTIATE_TEST_SUITE_P(
    Suite, PublishedVector,
    testing::Values(
        Vector{
            "GetVanilla", "GET", "/", "", {}, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        Vector{"GetQueryOrder",
               "GET",
               "/",
               "Param2=value2&Param1=value1",
               {},
               "",
               "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        Vector{"GetHeaderValueTrim",
               "GET",
               "/",
               "",
               {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
               "",
               "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        Vector{
            "PostVanilla", "POST", "/", "", {}, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        Vector{"PostForm",
               "POST",
               "/",
               "",
               {{"Content-Type", "application/x-www-form-urlencoded"}},
               "Param1=value1",
               "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"}),
    [](const auto& param) { return param.param.name; });

TEST(SigV4, SignsTheExampleOfTheDocumentation) {
  const std::vector<HeaderField> headers{{"Host", "iam.amazonaws.com"},
                                         {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  EXPECT_EQ(SignatureOf({.method = "GET",
                         .path = "/",
                         .query = "Action=ListUsers&Version=2010-05-08",
                         .headers = headers,
                         .body = "",
                         .body_hash = BodyHash::kNotSent},
                        kKey, {.region = "us-east-1", .service = "iam"}),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST(SigV4, EncodesThePathTwice) {
  const std::vector<HeaderField> headers{{"host", "bedrock-runtime.us-east-1.amazonaws.com"}};
  const UnsignedRequest request{.method = "POST",
                                .path = "/model/anthropic.claude-3%3A0/converse",
                                .query = {},
                                .headers = headers,
                                .body = "{}"};
  EXPECT_THAT(CanonicalRequest(request, headers), HasSubstr("\n/model/anthropic.claude-3%253A0/converse\n"));
}

TEST(SigV4, SendsAndSignsBodyHashAndSessionToken) {
  const std::vector<HeaderField> headers{{"host", "h"}};
  auto key = kKey;
  key.session_token = "token";
  const auto added =
      Sign({.method = "POST", .path = "/", .query = {}, .headers = headers, .body = "{}"}, key, kScope, kTime);
  EXPECT_EQ(ValueOf(added, "x-amz-date"), "20150830T123600Z");
  EXPECT_EQ(ValueOf(added, "x-amz-content-sha256"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_EQ(ValueOf(added, "x-amz-security-token"), "token");
  EXPECT_THAT(ValueOf(added, "authorization"),
              HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "));
  EXPECT_THAT(ValueOf(added, "authorization"), testing::Not(HasSubstr("EXAMPLEKEY")));
}

// Whatever is signed changes the signature, and the order of what has no order does not.
TEST(SigV4, DependsOnEverythingItSigns) {
  const std::vector<HeaderField> headers{{"host", "h"}, {"content-type", "application/json"}};
  const std::vector<HeaderField> reversed{{"Content-Type", "  application/json "}, {"HOST", "h"}};
  const UnsignedRequest request{.method = "POST", .path = "/a", .query = "x=1&y=2", .headers = headers, .body = "{}"};
  const auto signature = SignatureOf(request);
  auto other = request;
  other.headers = reversed;
  EXPECT_EQ(SignatureOf(other), signature);
  other = request;
  other.query = "y=2&x=1";
  EXPECT_EQ(SignatureOf(other), signature);

  std::vector<std::string> changed;
  const auto with = [&](auto change) {
    auto copy = request;
    change(copy);
    changed.push_back(SignatureOf(copy));
  };
  with([](auto& r) { r.method = "PUT"; });
  with([](auto& r) { r.path = "/b"; });
  with([](auto& r) { r.query = "x=2&y=2"; });
  with([](auto& r) { r.body = "{ }"; });
  with([&](auto& r) { r.headers = r.headers.first(1); });
  auto key = kKey;
  key.secret_access_key = "another";
  changed.push_back(SignatureOf(request, key));
  changed.push_back(SignatureOf(request, kKey, {.region = "eu-west-1", .service = "service"}));
  changed.push_back(SignatureOf(request, kKey, kScope, kTime + 1));
  changed.push_back(signature);
  std::ranges::sort(changed);
  EXPECT_EQ(std::ranges::adjacent_find(changed), changed.end());
}

TEST(SigV4, KnowsTheCalendar) {
  const std::vector<HeaderField> headers{{"host", "h"}};
  const auto date = [&](std::int64_t time) {
    return ValueOf(Sign({.method = "GET", .path = {}, .query = {}, .headers = headers, .body = {}}, kKey, kScope, time),
                   "x-amz-date");
  };
  EXPECT_EQ(date(0), "19700101T000000Z");
  EXPECT_EQ(date(951782399), "20000228T235959Z");
  EXPECT_EQ(date(951782400), "20000229T000000Z");
}

}  // namespace
}  // namespace gatehouse::codec::aws
