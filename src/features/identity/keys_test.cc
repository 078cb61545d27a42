#include "features/identity/keys.h"

#include <gtest/gtest.h>

#include "codec/crypto/encoding.h"
#include "features/identity/key_text.h"

namespace gatehouse::features::identity {
namespace {

ApiKey Key(std::string_view secret, std::string name) {
  return {.digest = codec::crypto::Sha256(secret),
          .principal = std::make_shared<const pipeline::Principal>(pipeline::Principal{.name = std::move(name)}),
          .expires = base::FakeClock().Wall() + std::chrono::hours(1)};
}

KeyAuthenticator Authenticator() {
  return KeyAuthenticator(std::make_shared<const KeyRing>(std::vector<ApiKey>{Key("gh_good", "app")}));
}

TEST(KeyAuthenticator, KnowsItsKeysAndRefusesStrangersWithAdvice) {
  KeyAuthenticator keys = Authenticator();
  const base::FakeClock clock;
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(keys.Authenticate("gh_good", clock.Wall()).value()->name, "app");
    const auto none = keys.Authenticate("", clock.Wall());
    EXPECT_EQ(none.error().code, base::ErrorCode::kUnauthenticated);
    EXPECT_NE(none.error().public_message.find("No API key"), std::string::npos);
    const auto wrong = keys.Authenticate("gh_bad", clock.Wall());
    EXPECT_EQ(wrong.error().code, base::ErrorCode::kUnauthenticated);
    EXPECT_EQ(wrong.error().public_message.find("gh_bad"), std::string::npos);
  }
}

TEST(KeyAuthenticator, TellsATypingErrorFromAKeyThatIsGone) {
  KeyAuthenticator keys = Authenticator();
  const base::FakeClock clock;
  std::string key = NewKey("app");
  EXPECT_NE(keys.Authenticate(key, clock.Wall()).error().public_message.find("revoked"), std::string::npos);
  key.back() = key.back() == 'a' ? 'b' : 'a';
  EXPECT_NE(keys.Authenticate(key, clock.Wall()).error().public_message.find("typing error"), std::string::npos);
}

TEST(KeyAuthenticator, AKeyExpiresAlsoWhenItWasSeenBefore) {
  base::FakeClock clock;
  KeyAuthenticator keys = Authenticator();
  EXPECT_TRUE(keys.Authenticate("gh_good", clock.Wall()).ok());
  clock.Advance(std::chrono::hours(2));
  EXPECT_EQ(keys.Authenticate("gh_good", clock.Wall()).error().code, base::ErrorCode::kUnauthenticated);
}

// Many more than are remembered, so that they push each other out.
TEST(KeyAuthenticator, TellsManyKeysApart) {
  constexpr int kKeys = 2000;
  std::vector<ApiKey> ring;
  for (int i = 0; i < kKeys; ++i) ring.push_back(Key("gh_" + std::to_string(i), std::to_string(i)));
  KeyAuthenticator keys(std::make_shared<const KeyRing>(std::move(ring)));
  const base::FakeClock clock;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kKeys; ++i) {
      EXPECT_EQ(keys.Authenticate("gh_" + std::to_string(i), clock.Wall()).value()->name, std::to_string(i));
    }
  }
}

TEST(ParseKeyHash, TakesOnlyWhatTheProgramPrints) {
  const std::string hex = codec::crypto::HexEncode(codec::crypto::AsText(codec::crypto::Sha256("x")));
  EXPECT_TRUE(ParseKeyHash("sha256:" + hex).ok());
  for (const std::string& bad : {hex, "sha256:" + hex.substr(2), std::string("sha256:zz"), std::string()}) {
    EXPECT_FALSE(ParseKeyHash(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::features::identity
