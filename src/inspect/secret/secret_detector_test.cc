#include "inspect/secret/secret_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inspect/in_pieces.h"
#include "inspect/inspector.h"

namespace gatehouse::inspect::secret {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const Inspector> Built(std::string_view more = "") {
  auto detector = MakeSecretDetector(more);
  EXPECT_TRUE(detector.ok());
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::move(detector).value());
  auto inspector = Inspector::Build(std::move(detectors));
  EXPECT_TRUE(inspector.ok());
  return std::move(inspector).value();
}

const Inspector& Default() {
  static const std::shared_ptr<const Inspector> inspector = Built();
  return *inspector;
}

std::vector<Finding> Found(std::string_view text, const Inspector& inspector = Default()) {
  return InPieces(inspector, text, {});
}

// Random characters of the same kind every time, so that no source has a credential in it.
std::string Random(std::size_t size, std::string_view alphabet, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  for (std::size_t at = 0; at < size; ++at) text += alphabet[random() % alphabet.size()];
  return text;
}
constexpr std::string_view kAlnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kUpper = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Case {
  std::string entity;
  std::string text;
  std::string secret;  // what of it
};

std::vector<Case> Cases() {
  const std::string h32 = Random(32, kHex);
  const std::string a20 = Random(20, kAlnum);
  const std::string a40 = Random(40, kAlnum);
  const std::string pat = "ghp_" + Random(36, kAlnum);
  const std::string aws = "AKIA" + Random(16, kUpper);
  const std::string openai = "sk-proj-" + Random(74, kAlnum) + "T3Blbk" + "FJ" + Random(74, kAlnum);
  const std::string azure = Random(3, kAlnum) + "8Q" + "~" + Random(34, kAlnum);
  const std::string slack =
      "xoxb-" + Random(11, "123456789") + "-" + Random(12, "123456789") + "-" + Random(24, kAlnum);
  const std::string terraform = Random(14, kAlnum) + ".atlas" + "v1." + Random(64, kAlnum);
  return {
      {"github-pat", "the token " + pat + " is", pat},
      {"github-pat", "{\"a\":\"x\\n" + pat + "\"}", pat},
      {"aws-access-token", "AWS_KEY=" + aws + "\n", aws},
      {"aws-secret-access-key", "aws_secret_access_key = " + a40, a40},
      {"openai-api-key", "use " + openai + ".", openai},
      {"azure-ad-client-secret", "client_secret: " + azure, azure},
      {"slack-bot-token", "SLACK=" + slack, slack},
      {"hashicorp-tf-api-token", "token=\"" + terraform + "\"", terraform},
      {"groq-api-key", "GROQ gsk" + ("_" + Random(52, kAlnum)), "gsk_" + Random(52, kAlnum)},
      {"etsy-access-token", "etsyToken: '" + Random(24, kAlnum) + "'", Random(24, kAlnum)},
      {"mistral-api-key", "MISTRAL_API_KEY=" + Random(32, kAlnum), Random(32, kAlnum)},
      {"azure-storage-account-key", "AccountKey=" + Random(86, kAlnum) + "==;", Random(86, kAlnum) + "=="},
      {"generic-api-key", "\"internal_token\": \"" + a20 + "\"", a20},
      {"generic-api-key", "curl -H 'Api-Token: Sk94HG7f6KB'", "Sk94HG7f6KB"},
      {"generic-api-key", "Authorization: Bearer " + h32, h32},
      {"password", "DB_PASSWORD=kU7#pQ2!x", "kU7#pQ2!x"},
      {"database-url-password", "redis://app:kU7pQ2x9@cache/0", "kU7pQ2x9"},
      {"curl-auth-user", "curl -s \\\n  -u dev:yqDVtkqPECri https://x", "dev:yqDVtkqPECri"},
      {"gatehouse-key", std::string("key gh_app_") + "0123456789abcdefghijklmnopqrstuv2Uqt44",
       std::string("gh_app_") + "0123456789abcdefghijklmnopqrstuv2Uqt44"},
      {"facebook-access-token", "facebook " + Random(16, "123456789") + "|" + Random(27, kAlnum),
       Random(16, "123456789") + "|" + Random(27, kAlnum)},
  };
}

TEST(SecretDetector, FindsCredentialsOfEachKind) {
  for (const Case& expected : Cases()) {
    const auto findings = Found(expected.text);
    ASSERT_EQ(findings.size(), 1U) << expected.text;
    EXPECT_EQ(findings[0].entity, expected.entity) << expected.text;
    EXPECT_EQ(expected.text.substr(findings[0].span.begin, findings[0].span.size()), expected.secret);
    EXPECT_EQ(findings[0].category, Category::kSecret);
  }
}

TEST(SecretDetector, IsSurerWhereAChecksumHolds) {
  const auto right = Found(std::string("gh_app_") + "0123456789abcdefghijklmnopqrstuv2Uqt44");
  const auto wrong = Found(std::string("gh_app_") + Random(38, kAlnum));
  ASSERT_EQ(right.size(), 1U);
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_GT(right[0].confidence, 0.98F);
  EXPECT_LT(wrong[0].confidence, 0.8F);
}

TEST(SecretDetector, LeavesAloneWhatIsNone) {
  const std::string hex = Random(40, kHex);
  for (const std::string& text : std::vector<std::string>{
           "ghp_" + std::string(36, 'x'), "AKIAIOSFODNN7EXAMPLE", "commit " + hex, "TODAYINASIAASACKOFRICEFELLOVER",
           "rookTable = 00" + Random(40, kAlnum), "https://host/video.ico-" + Random(32, kHex) + ".png",
           "a key is what opens a door", "The password must have 8 characters.",
           "glc_CreateLightmapTextureArrayOfTheScene(void)", "sha256:" + Random(64, kHex),
           "token = your-token-here-12345", "discord=000000000000000000", "postgres://user:password@localhost/db"}) {
    EXPECT_THAT(Found(text), IsEmpty()) << text;
  }
}

TEST(SecretDetector, TakesRulesOfTheOperator) {
  const auto inspector = Built(R"(tokens:
  - { id: acme-key, shape: "acme_<hex 12>", entropy: 2, confidence: 0.9 }
assignments:
  - { id: acme-pin, names: [acme_pin], shape: "<digit 6>x" }
)");
  const auto findings = Found("acme_1a2b3c4d5e6f and ACME_PIN = 493817x", *inspector);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].entity, "acme-key");
  EXPECT_FLOAT_EQ(findings[0].confidence, 0.9F);
  EXPECT_EQ(findings[1].entity, "acme-pin");
}

TEST(ParseRules, SaysAllThatIsWrongWithAFile) {
  const auto rules =
      ParseRules("tokens:\n  - { id: a, shape: \"x<bytes 3>\" }\n  - { shape: \"abc<digit 3>\", entropie: 3 }\n");
  ASSERT_FALSE(rules.ok());
  EXPECT_THAT(rules.error().public_message, HasSubstr("line 2"));
  EXPECT_THAT(rules.error().public_message, HasSubstr("bytes 3"));
  EXPECT_THAT(rules.error().public_message, HasSubstr("entropie"));
  EXPECT_FALSE(ParseRules("tokens:\n  - { id: a, shape: \"<digit 3-4>x\" }\n").ok());
  EXPECT_FALSE(
      ParseRules("tokens:\n  - { id: a, shape: \"abc<digit 3>\" }\n  - { id: a, shape: \"abd<digit 3>\" }\n").ok());
}

TEST(ParseRules, ReadsTheRulesOfTheProgram) {
  const auto rules = ParseRules(DefaultRulesText());
  ASSERT_TRUE(rules.ok()) << rules.error().public_message;
  EXPECT_GT(rules.value().size(), 240U);
  for (const Rule& rule : rules.value()) EXPECT_FALSE(rule.shapes.empty()) << rule.id;
}

// What says "kind:" behind it does not close what a manifest has opened.
TEST(SecretDetector, HoldsAManifestOpenWhateverKindsItNames) {
  const std::string text = "kind: Secret\nof a kind: Sec\ndata:\n  a: " + Random(24, kAlnum, 5) + "\n";
  const std::string whole = Described(Found(text));
  ASSERT_EQ(Found(text).size(), 1U);
  for (std::size_t cut = 1; cut <= text.size(); ++cut)
    ASSERT_EQ(Described(InPieces(Default(), text, std::array{cut})), whole) << cut;
}

TEST(SecretDetector, FindsTheSameHoweverATextIsCut) {
  std::string text = "Some words before. ";
  for (const Case& one : Cases()) text += one.text + " and more\nof it, ";
  text += "\n-----BEGIN PRIVATE KEY-----\n" + Random(64, kAlnum) + "\n" + Random(40, kAlnum) +
          "\n-----END PRIVATE KEY-----\n";
  text += "kind: Secret\nmetadata:\n  name: db\ndata:\n  password: " + Random(24, kAlnum, 5) + "\n\nthe end of a token";
  ASSERT_GE(Found(text).size(), Cases().size() + 2);
  const std::string whole = Described(Found(text));
  for (std::size_t cut = 1; cut < text.size(); ++cut)
    ASSERT_EQ(Described(InPieces(Default(), text, std::array{cut})), whole) << cut;
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    std::set<std::size_t> cuts;
    for (int cut = 0; cut < 200; ++cut) cuts.insert(1 + random() % (text.size() - 1));
    ASSERT_EQ(Described(InPieces(Default(), text, std::vector<std::size_t>(cuts.begin(), cuts.end()))), whole) << round;
  }
}

}  // namespace
}  // namespace gatehouse::inspect::secret
