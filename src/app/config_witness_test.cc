#include "app/config_witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/config/tree.h"
#include "record/tlog/note.h"

namespace gatehouse::app {
namespace {

using record::tlog::SignatureType;
using record::tlog::SignerKey;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Of algorithm 255, which nobody has given away.
const std::string kForeign = "other.example/1+00000000+/wABAgM=";

std::string KeyOf(const std::string& name, SignatureType type) {
  return SignerKey::Generate(name, type).verifier().ToText();
}
std::string WitnessOf(const std::string& key) { return "  - { url: https://w.example, key: \"" + key + "\" }\n"; }
std::string ServiceOf(const std::vector<std::string>& logs) {
  std::string text = "port: 0\nkey: w.key\nlogs:\n";
  for (const std::string& log : logs) text.append("  - \"").append(log).append("\"\n");
  return text;
}

TEST(WitnessConfig, LeavesOutThoseOfUnknownAlgorithms) {
  const std::string own = KeyOf("w.example/1", SignatureType::kCosignature);
  const auto tree = codec::config::Tree::Parse("witnesses:\n" + WitnessOf(kForeign) + WitnessOf(own));
  std::vector<UnknownWitnessKey> unknown;
  const auto witnesses = ReadWitnesses(tree.value().root()["witnesses"], unknown);
  ASSERT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
  ASSERT_THAT(witnesses, SizeIs(1));
  EXPECT_EQ(witnesses[0].key, own);
  ASSERT_THAT(unknown, SizeIs(1));
  EXPECT_EQ(unknown[0], (UnknownWitnessKey{.where = "witnesses[0].key", .key = kForeign, .type = 255}));
}

TEST(WitnessConfig, IsRefusedWhereNoneIsLeft) {
  const auto tree = codec::config::Tree::Parse("witnesses:\n" + WitnessOf(kForeign));
  std::vector<UnknownWitnessKey> unknown;
  EXPECT_THAT(ReadWitnesses(tree.value().root()["witnesses"], unknown), IsEmpty());
  const auto finished = tree.value().Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.error().public_message, HasSubstr("witnesses"));
  EXPECT_THAT(finished.error().public_message, HasSubstr(kForeign + " (algorithm 255)"));
}

TEST(WitnessConfig, RefusesWhatIsNoKeyOfAWitness) {
  for (const std::string& key : {KeyOf("l.example/1", SignatureType::kEd25519), std::string("no key")}) {
    const std::string own = KeyOf("w.example/1", SignatureType::kCosignature);
    const auto tree = codec::config::Tree::Parse("witnesses:\n" + WitnessOf(own) + WitnessOf(key));
    std::vector<UnknownWitnessKey> unknown;
    static_cast<void>(ReadWitnesses(tree.value().root()["witnesses"], unknown));
    EXPECT_FALSE(tree.value().Finish().ok()) << key;
    EXPECT_THAT(unknown, IsEmpty());
  }
}

TEST(WitnessConfig, CosignsForLogsWhoseKeysItKnows) {
  const std::string own = KeyOf("l.example/1", SignatureType::kEd25519);
  const auto tree = codec::config::Tree::Parse(ServiceOf({own, kForeign}));
  std::vector<UnknownWitnessKey> unknown;
  const auto service = ReadWitnessService(tree.value().root(), unknown);
  ASSERT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
  EXPECT_THAT(service.value().logs, testing::ElementsAre(own));
  ASSERT_THAT(unknown, SizeIs(1));
  EXPECT_EQ(unknown[0].where, "logs[1]");

  const auto none = codec::config::Tree::Parse(ServiceOf({kForeign}));
  static_cast<void>(ReadWitnessService(none.value().root(), unknown));
  ASSERT_FALSE(none.value().Finish().ok());
  EXPECT_THAT(none.value().Finish().error().public_message, HasSubstr("algorithms that are not known here"));
}

}  // namespace
}  // namespace gatehouse::app
