#include "inspect/secret/plausible.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::inspect::secret {
namespace {

TEST(Entropy, IsThatOfTheBytes) {
  EXPECT_DOUBLE_EQ(Entropy("aaaa"), 0);
  EXPECT_DOUBLE_EQ(Entropy("abab"), 1);
  EXPECT_DOUBLE_EQ(Entropy("0123456789abcdef"), 4);
}

TEST(IsPlaceholder, KnowsWhatDocumentationWrites) {
  for (const char* text :
       {"xxxxxxxxxxxx", "YOUR_API_KEY", "your-key-here", "AKIAIOSFODNN7EXAMPLE", "1234567890", "abcdefghijkl",
        "000000000000", "${TOKEN}", "<token>", "****************", "changeme", "%PASSWORD%", "$TOKEN"}) {
    EXPECT_TRUE(IsPlaceholder(text)) << text;
  }
  for (const char* text : {"9f86d081884c7d659a2feaa0c55ad015", "Zx8kQ2vLr5TnW0pYc7Hd", "hunter2!", "x1x2x3y9"}) {
    EXPECT_FALSE(IsPlaceholder(text)) << text;
  }
}

TEST(IsWordy, TellsWordsFromRandomCharacters) {
  for (const char* text :
       {"app-decryption-secret", "SharedAccessSignature", "defaultValue", "NEXUS-READER", "some_config_name2"}) {
    EXPECT_TRUE(IsWordy(text)) << text;
  }
  for (const char* text : {"Zx8kQ2vLr5TnW0pYc7Hd", "9f86d081884c7d65", "wJalrXUtnFEMIK7MDENGbPxRfiCY"})
    EXPECT_FALSE(IsWordy(text)) << text;
}

TEST(HasChecksum, KnowsThatOfOurKeysAndOfGitHubs) {
  const std::string ours =
      std::string("gh_app_") + "0123456789abcdefghijklmnopqrstuv2Uqt44";  // of docs/formats/virtual_key.md
  EXPECT_TRUE(HasChecksum(ours, Checksum::kCrc32OfAll));
  EXPECT_FALSE(HasChecksum(ours, Checksum::kCrc32OfRandom));
  std::string wrong = ours;
  wrong[10] = 'x';
  EXPECT_FALSE(HasChecksum(wrong, Checksum::kCrc32OfAll));
  // CRC-32 of "123456789" is 0xCBF43926 by its definition, in six digits of base 62:
  EXPECT_TRUE(HasChecksum(std::string("ghp_") + "1234567893jZRME", Checksum::kCrc32OfRandom));
  EXPECT_FALSE(HasChecksum(std::string("ghp_") + "1234567883jZRME", Checksum::kCrc32OfRandom));
}

}  // namespace
}  // namespace gatehouse::inspect::secret
