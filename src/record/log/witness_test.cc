#include "record/log/witness.h"

#include <gtest/gtest.h>

#include <string>

#include "record/log/fake/disk.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using tlog::Checkpoint;
using tlog::SignatureType;
using tlog::SignerKey;

// A log whose entry i is the text of i, or that of another story from some entry on.
class Log final : public tlog::NodeSource {
 public:
  explicit Log(SignerKey key, std::uint64_t forked_at = UINT64_MAX) : key_(std::move(key)), forked_at_(forked_at) {}

  base::Result<tlog::Hash> Node(std::uint32_t height, std::uint64_t index) override {
    std::vector<tlog::Hash> leaves;
    for (std::uint64_t i = index << height; i < (index + 1) << height; ++i) {
      leaves.push_back(tlog::LeafHash((i < forked_at_ ? "entry " : "story ") + std::to_string(i)));
    }
    return tlog::RootOf(leaves);
  }
  tlog::WitnessRequest Request(std::uint64_t old_size, std::uint64_t size) {
    const std::string text = tlog::FormatCheckpoint(
        {.origin = key_.verifier().name(), .size = size, .root = tlog::RootAt(*this, size).value()});
    tlog::WitnessRequest request{.old_size = old_size, .checkpoint = text + "\n" + key_.SignNote(text)};
    if (old_size > 0) request.proof = tlog::ProveConsistency(*this, old_size, size).value();
    return request;
  }

 private:
  const SignerKey key_;
  const std::uint64_t forked_at_;
};

class WitnessTest : public ::testing::Test {
 protected:
  base::Result<std::string> Cosign(const tlog::WitnessRequest& request) {
    Witness witness(disk_, clock_, "/witness", witness_key_);
    return witness.Cosign(request, {&log_key_.verifier(), 1});
  }

  fake::Disk disk_;
  base::FakeClock clock_;
  SignerKey log_key_ = SignerKey::Generate("log.example/1", SignatureType::kEd25519);
  SignerKey witness_key_ = SignerKey::Generate("witness.example/1", SignatureType::kCosignature);
  Log log_{log_key_};
};

TEST_F(WitnessTest, CosignsWhatContinues) {
  for (const auto& [from, to] : {std::pair(0, 5), {5, 5}, {5, 300}, {300, 301}}) {
    const auto request = log_.Request(static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to));
    const auto line = Cosign(request);
    ASSERT_TRUE(line.ok()) << line.error().public_message;
    const auto note = tlog::ParseNote(request.checkpoint + line.value()).value();
    EXPECT_EQ(tlog::VerifySignatures(note, {&witness_key_.verifier(), 1}).value().size(), 1U);
  }
}

TEST_F(WitnessTest, RefusesARewindAndAFork) {
  ASSERT_TRUE(Cosign(log_.Request(0, 300)).ok());
  EXPECT_EQ(Cosign(log_.Request(0, 299)).error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(Cosign(log_.Request(200, 299)).error().code, base::ErrorCode::kInternal);
  Log forked(log_key_, 250);
  EXPECT_EQ(Cosign(forked.Request(300, 300)).error().code, base::ErrorCode::kInternal);
  EXPECT_EQ(Cosign(forked.Request(300, 400)).error().code, base::ErrorCode::kInternal);
  EXPECT_TRUE(Cosign(log_.Request(300, 400)).ok());
}

TEST_F(WitnessTest, SaysWhereItIs) {
  ASSERT_TRUE(Cosign(log_.Request(0, 300)).ok());
  const auto refused = Cosign(log_.Request(7, 301));
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(refused.error().param, "300");
}

TEST_F(WitnessTest, RefusesStrangers) {
  Log stranger(SignerKey::Generate("log.example/1", SignatureType::kEd25519));
  EXPECT_EQ(Cosign(stranger.Request(0, 5)).error().code, base::ErrorCode::kDenied);
}

// Whatever the moment the machine ends at, what was cosigned is remembered.
TEST_F(WitnessTest, RemembersBeforeItSigns) {
  for (std::uint64_t point = 0; point < 12; ++point) {
    SCOPED_TRACE(point);
    fake::Disk disk(point + 1);
    Witness witness(disk, clock_, "/witness", witness_key_);
    const std::span keys(&log_key_.verifier(), 1);
    ASSERT_TRUE(witness.Cosign(log_.Request(0, 10), keys).ok());
    disk.CutPowerAfter(point);
    const bool cosigned = witness.Cosign(log_.Request(10, 20), keys).ok();
    disk.Restart();
    const auto last = witness.Last("log.example/1");
    ASSERT_TRUE(last.ok()) << last.error().public_message;
    ASSERT_TRUE(last.value().has_value());
    EXPECT_GE(last.value()->checkpoint.size, cosigned ? 20U : 10U);
  }
}

}  // namespace
}  // namespace gatehouse::record::log
