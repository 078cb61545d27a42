#include "inspect/secret/structure.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/crypto/encoding.h"
#include "inspect/secret/kubernetes.h"

namespace gatehouse::inspect::secret {
namespace {

using codec::crypto::Base64;
using codec::crypto::Base64Encode;

std::string Jwt(std::string_view header) {
  return Base64Encode(header, Base64::kUrl) + "." + Base64Encode(R"({"sub":"someone","n":12})", Base64::kUrl) + "." +
         Base64Encode("a signature of no key", Base64::kUrl);
}

std::string Of(std::string_view text, const std::optional<Span>& span) {
  return span ? std::string(text.substr(span->begin, span->size())) : "";
}

TEST(TokenAt, WantsAHeader) {
  const std::string token = Jwt(R"({"alg":"HS256","typ":"JWT"})");
  EXPECT_EQ(Of(token + ", and", TokenAt(token + ", and", 0)), token);
  const std::string other = Jwt(R"({"name":"a long name"})");
  EXPECT_EQ(TokenAt(other, 0), std::nullopt);
  EXPECT_EQ(TokenAt("eyJhbGciOiJIUzI1NiJ9 and no more", 0), std::nullopt);
  EXPECT_EQ(TokenAt("eyJ.eyJ.eyJ", 0), std::nullopt);
}

TEST(TokenAt, TakesAllPartsOfAnEncryptedOne) {
  const std::string token = Jwt(R"({"alg":"dir","enc":"A256GCM"})") + ".c2Vjb25kIHBhcnQ.dGhpcmQgcGFydA";
  EXPECT_EQ(Of(token, TokenAt(token, 0)), token);
}

TEST(EncodedTokenAt, DecodesOnce) {
  const std::string token = Base64Encode(Jwt(R"({"alg":"HS256"})"));
  EXPECT_EQ(Of("x " + token + " y", EncodedTokenAt("x " + token + " y", 2)), token);
  EXPECT_EQ(EncodedTokenAt(Base64Encode("eyJ no token at all, only text"), 0), std::nullopt);
}

std::string KeyBlock(std::string_view line_end) {
  std::string body;
  for (int line = 0; line < 3; ++line) {
    body += Base64Encode("line " + std::to_string(line) + " 7f3Kq0 of what is no key at all, zx81..") +
            std::string(line_end);
  }
  return "-----BEGIN RSA PRIVATE KEY-----" + std::string(line_end) + body + "-----END RSA PRIVATE KEY-----";
}

TEST(PrivateKeyAt, FindsBlocksWithLineEndsOfEitherKind) {
  for (const char* line_end : {"\n", "\r\n", "\\n"}) {
    const std::string text = "key: " + KeyBlock(line_end) + "\nnext";
    EXPECT_EQ(Of(text, PrivateKeyAt(text, 5)), KeyBlock(line_end));
  }
}

TEST(PrivateKeyAt, FindsWhatWasCutOff) {
  const std::string block = KeyBlock("\n");
  const std::string part = block.substr(0, block.size() - 40);
  EXPECT_EQ(Of(part, PrivateKeyAt(part, 0)), part);
}

TEST(PrivateKeyAt, LeavesOtherBlocksAlone) {
  std::string block = KeyBlock("\n");
  block.replace(block.find("RSA PRIVATE"), 11, "RSA PUBLIC");
  EXPECT_EQ(PrivateKeyAt(block, 0), std::nullopt);
  EXPECT_EQ(PrivateKeyAt("-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----", 0), std::nullopt);
  EXPECT_EQ(PrivateKeyAt("-----BEGIN", 0), std::nullopt);
}

TEST(OpenKeyBlock, IsOpenToItsEndAndNoLongerThanABlock) {
  const std::string text = "see " + KeyBlock("\n");
  for (std::size_t size = 14; size <= text.size(); ++size)
    EXPECT_EQ(OpenKeyBlock(text.substr(0, size), size - 1), 4U) << size;
  EXPECT_EQ(OpenKeyBlock(text + " x", text.size() + 1), text.size() + 1);
  const std::string endless = "-----BEGIN PRIVATE KEY-----" + std::string(kLongestKeyBlock, 'a');
  EXPECT_EQ(OpenKeyBlock(endless, endless.size()), endless.size());
}

TEST(UrlPasswordAt, FindsThePassword) {
  const std::string text = "postgres://app:kU7pQ2x9@db.internal:5432/app";
  const auto url = UrlPasswordAt(text, 11);
  ASSERT_TRUE(url);
  EXPECT_EQ(Of(text, url->password), "kU7pQ2x9");
  EXPECT_EQ(url->scheme, "postgres");
  EXPECT_EQ(url->host, "db.internal:5432");
}

TEST(UrlPasswordAt, LeavesAloneWhatIsNone) {
  for (const char* rest : {"host/path@x:y", "user@host", "user:password@host", "user:${PW}@host", "user:<pass>@host",
                           "postgres:postgres@host", "host:8080/", "", "user:x@host"}) {
    const std::string text = "http://" + std::string(rest);
    EXPECT_FALSE(UrlPasswordAt(text, 7)) << text;
  }
}

TEST(CurlUserAt, ReadsAWordOfTheShell) {
  const auto found = [](std::string_view text) {
    const std::size_t at = text.find("-u ") + 3;
    return Of(text, CurlUserAt(text, at + 1));
  };
  EXPECT_EQ(found("curl -u kevin:'pRf7vG2h1L8n' https://x"), "kevin:'pRf7vG2h1L8n'");
  EXPECT_EQ(found("curl -u \":d2LkV78zLx!t\" https://x"), "\":d2LkV78zLx!t\"");
  EXPECT_EQ(found("curl -u user:password https://x"), "");
  EXPECT_EQ(found("curl -u \"${USER}:${PASS}\" https://x"), "");
  EXPECT_EQ(found("curl -u kevin https://x"), "");
}

TEST(IsStandInBasic, LooksAtThePassword) {
  EXPECT_TRUE(IsStandInBasic(Base64Encode("user:password")));
  EXPECT_TRUE(IsStandInBasic(Base64Encode("no colon at all")));
  EXPECT_FALSE(IsStandInBasic(Base64Encode("app:kU7pQ2x9")));
}

TEST(KubernetesSecretAt, FindsTheValuesOfData) {
  const std::string value = Base64Encode("kU7pQ2x9-kU7pQ3y8");
  const std::string text =
      "kind: Secret\nmetadata:\n  name: db\ndata:\n  user: \"\"\n  password: " + value + "\nstringData: {}\n";
  const auto spans = KubernetesSecretAt(text, 5);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(text.substr(spans[0].begin, spans[0].size()), value);
  EXPECT_TRUE(KubernetesSecretAt("kind: ConfigMap\ndata:\n  password: " + value, 5).empty());
  EXPECT_TRUE(KubernetesSecretAt("kind: Secret\n---\nkind: ConfigMap\ndata:\n  x: " + value, 5).empty());
}

}  // namespace
}  // namespace gatehouse::inspect::secret
