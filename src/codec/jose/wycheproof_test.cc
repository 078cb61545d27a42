#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "codec/crypto/encoding.h"
#include "codec/jose/jws.h"
#include "codec/jose/key_set.h"
#include "codec/json/document.h"

namespace gatehouse::codec::jose {
namespace {

bool Accepts(json::Value group, std::string_view token) {
  const auto jws = ParseJws(token);
  if (!jws.ok()) return false;
  if (const auto published = group["public"]; !published.IsMissing()) {
    const auto set = KeySet::Parse(R"({"keys":[)" + std::string(published.raw()) + "]}");
    const auto choice = set.value().Choose(jws.value().header);
    return choice.kind == KeySet::Choice::Kind::kFound && Verifies(jws.value(), choice.key->key);
  }
  const json::Value shared = group["private"];
  const auto secret = crypto::Base64Decode(shared["k"].string(), crypto::Base64::kUrl);
  return secret && shared["alg"].string() == ToString(jws.value().header.algorithm) &&
         VerifiesWithSecret(jws.value(), *secret);
}

// Where the file expects something else than RFC 7515 to 7518 and this project's strictness give.
std::set<std::int64_t> Deviations() {
  return {
      346, 350,  // PS384 with a key that says it is for PS256 only
      347, 351,  // ES512 with a key that says it is for "ES521", which is no algorithm
      367, 370,  // the same text as case 357, which is valid
      372, 373,  // characters foreign to base64url, which the file lets a reader skip
  };
}

// The signatures of Project Wycheproof (github.com/C2SP/wycheproof, testvectors_v1/json_web_signature_test.json), which
// no package carries: GH_WYCHEPROOF_JWS names a copy.
TEST(Wycheproof, JsonWebSignatures) {
  const char* const path = std::getenv("GH_WYCHEPROOF_JWS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (path == nullptr) GTEST_SKIP() << "GH_WYCHEPROOF_JWS does not name a copy of json_web_signature_test.json";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  json::Document document;
  ASSERT_TRUE(document.Parse(text).ok());
  const std::set<std::int64_t> deviations = Deviations();
  int cases = 0;
  for (const auto& group : document.root()["testGroups"]) {
    for (const auto& test : group.value["tests"]) {
      ++cases;
      const bool deviates = deviations.contains(test.value["tcId"].AsInteger().value_or(0));
      EXPECT_EQ(Accepts(group.value, test.value["jws"].string()) != deviates, test.value["result"].string() == "valid")
          << test.value.raw() << " " << group.value["public"].raw();
    }
  }
  EXPECT_EQ(cases, document.root()["numberOfTests"].AsInteger());
  RecordProperty("cases", cases);
}

}  // namespace
}  // namespace gatehouse::codec::jose
