#include "features/identity/keys.h"

#include <gtest/gtest.h>

#include "codec/crypto/encoding.h"

namespace gatehouse::features::identity {
namespace {

KeyRing Ring() {
  ApiKey key{.digest = codec::crypto::Sha256("gh_good"),
             .principal = {.name = "app"},
             .expires = base::FakeClock().Wall() + std::chrono::hours(1)};
  return KeyRing({key});
}

TEST(KeyRing, KnowsItsKeysAndRefusesStrangersWithAdvice) {
  const KeyRing ring = Ring();
  const base::FakeClock clock;
  EXPECT_EQ(ring.Authenticate("gh_good", clock.Wall()).value().name, "app");
  const auto none = ring.Authenticate("", clock.Wall());
  EXPECT_EQ(none.error().code, base::ErrorCode::kUnauthenticated);
  EXPECT_NE(none.error().public_message.find("No API key"), std::string::npos);
  const auto wrong = ring.Authenticate("gh_bad", clock.Wall());
  EXPECT_EQ(wrong.error().code, base::ErrorCode::kUnauthenticated);
  EXPECT_EQ(wrong.error().public_message.find("gh_bad"), std::string::npos);
}

TEST(KeyRing, AKeyExpires) {
  base::FakeClock clock;
  const KeyRing ring = Ring();
  clock.Advance(std::chrono::hours(2));
  EXPECT_EQ(ring.Authenticate("gh_good", clock.Wall()).error().code, base::ErrorCode::kUnauthenticated);
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
