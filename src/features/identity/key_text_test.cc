#include "features/identity/key_text.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gatehouse::features::identity {
namespace {

TEST(KeyText, NewKeysAreWellFormedAndDiffer) {
  std::set<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    const std::string key = NewKey("app");
    EXPECT_TRUE(key.starts_with("gh_app_")) << key;
    EXPECT_EQ(key.size(), 7U + 32U + 6U);
    EXPECT_EQ(ShapeOf(key), KeyShape::kWellFormed) << key;
    keys.insert(key);
  }
  EXPECT_EQ(keys.size(), 500U);
}

// The form is a promise to those who look for leaked keys.
TEST(KeyText, TheChecksumIsAsDocumented) {
  EXPECT_EQ(ShapeOf("gh_app_0123456789abcdefghijklmnopqrstuv2Uqt44"), KeyShape::kWellFormed);
}

TEST(KeyText, AnyOneWrongCharacterIsNoticed) {
  const std::string key = NewKey("team");
  for (std::size_t i = 8; i < key.size(); ++i) {
    std::string typo = key;
    typo[i] = typo[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(ShapeOf(typo), KeyShape::kMistyped) << typo;
  }
  EXPECT_EQ(ShapeOf(key.substr(0, key.size() - 1)), KeyShape::kMistyped);
  EXPECT_EQ(ShapeOf(key + "x"), KeyShape::kMistyped);
  EXPECT_EQ(ShapeOf(key + " "), KeyShape::kMistyped);
}

TEST(KeyText, OtherPeoplesKeysAreForeign) {
  for (const char* text : {"", "gh_", "gh__x", "gh_App_x", "sk-proj-123", "ghp_0123456789", "gh_waytoolongforascope_x",
                           "eyJhbGciOiJSUzI1NiJ9.e30.x"}) {
    EXPECT_EQ(ShapeOf(text), KeyShape::kForeign) << text;
  }
}

}  // namespace
}  // namespace gatehouse::features::identity
