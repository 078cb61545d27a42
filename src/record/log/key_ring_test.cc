#include "record/log/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/log/fake/disk.h"

namespace gatehouse::record::log {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::string_view kForeign = "log.example/1+00000000+/wABAgM=";

TEST(KeysOfALog, ThoseOfUnknownAlgorithmsArePassedOver) {
  const auto own = tlog::SignerKey::Generate("log.example/1", tlog::SignatureType::kEd25519).verifier().ToText();
  const std::string both = "# comment\n" + own + "\n\n" + std::string(kForeign) + "\n";
  ASSERT_THAT(ParseKeys(both).value(), SizeIs(1));
  EXPECT_EQ(ParseKeys(both).value()[0].ToText(), own);
  ASSERT_THAT(UnknownKeysIn(both), SizeIs(1));
  EXPECT_EQ(UnknownKeysIn(both)[0].text, kForeign);
  EXPECT_THAT(UnknownKeysIn(own), SizeIs(0));
}

// With none but unknown ones nothing could be checked: that is not the same as naming no key.
TEST(KeysOfALog, NoneButUnknownOnesAreNone) {
  EXPECT_EQ(ParseKeys(kForeign).error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_THAT(ParseKeys("# nothing\n").value(), SizeIs(0));
  EXPECT_FALSE(ParseKeys(std::string(kForeign) + "\nlog.example/1+0+\n").ok()) << "what is no key is still an error";
}

TEST(KeyRing, KeepsWhatItDoesNotKnow) {
  fake::Disk disk;
  ASSERT_TRUE(KeyRing::Create(disk, "/log", "log.example/1").ok());
  const std::string before = disk.Read("/log/keys").value();
  ASSERT_TRUE(disk.WriteDurably("/log/keys", std::string(kForeign) + "\n" + before).ok());
  auto ring = KeyRing::Open(disk, "/log", "log.example/1").value();
  EXPECT_THAT(ring.verifiers(), SizeIs(1));
  ASSERT_TRUE(ring.Rotate(tlog::SignerKey::Generate("log.example/1", tlog::SignatureType::kEd25519),
                          base::WallTime(std::chrono::hours(1)))
                  .ok());
  EXPECT_THAT(disk.Read("/log/keys").value(), HasSubstr(std::string(kForeign) + "\n"));
  EXPECT_THAT(KeyRing::Open(disk, "/log", "log.example/1").value().verifiers(), SizeIs(2));
  ASSERT_TRUE(ring.Expire(base::WallTime(std::chrono::hours(2))).ok());
  EXPECT_THAT(disk.Read("/log/keys").value(), HasSubstr(std::string(kForeign) + "\n"));
}

}  // namespace
}  // namespace gatehouse::record::log
