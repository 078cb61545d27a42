#include "record/vault/vault.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "record/vault/test_folder.h"
#include "record/vault/vault_check.h"

namespace gatehouse::record::vault {
namespace {

namespace fs = std::filesystem;

class VaultTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    vault_.reset();
    auto vault = Vault::Open(folder_.path(), master_, {.clock = &clock_});
    ASSERT_TRUE(vault.ok()) << vault.error().public_message << vault.error().detail;
    vault_ = std::move(vault).value();
  }

  // One payload, kept; the entry's index is counted up.
  VaultCheck::Reference Keep(const std::string& subject, std::string_view text, std::string_view field = "prompt") {
    const Vault::Payload payloads[] = {{std::string(field), text}};
    const auto kept = vault_->Put(subject, NewRecordId(clock_.Wall()), "payload-default", payloads).value();
    commitments_[kept[0].address] = kept[0].commitments;
    return {.address = kept[0].address, .blob = kept[0].commitments.blob, .index = index_++};
  }
  base::Result<std::string> Get(const VaultCheck::Reference& reference) {
    return vault_->Get(reference.address, commitments_.at(reference.address));
  }
  fs::path FileOf(const VaultCheck::Reference& reference) const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "blobs")) {
      if (entry.path().filename().string().find(reference.address.record.Hex()) != std::string::npos) return entry;
    }
    return {};
  }
  Condition Look(const VaultCheck::Reference& reference) {
    VaultCheck check(vault_->blobs(), explanations_, [this](const KeyId& id) { return vault_->keys().Find(id).ok(); });
    return check.Look(reference).value();
  }
  Day Today() const {
    return static_cast<Day>(std::chrono::duration_cast<std::chrono::days>(clock_.Wall().time_since_epoch()).count());
  }

  base::FakeClock clock_;
  TestFolder folder_;
  MasterKey master_{base::Secret(std::string(32, 'm'))};
  std::unique_ptr<Vault> vault_;
  std::map<BlobAddress, Commitments> commitments_;
  Explanations explanations_;
  std::uint64_t index_ = 0;
};

TEST_F(VaultTest, KeepsPayloadsOfAnExchange) {
  const Vault::Payload payloads[] = {{"prompt", "My IBAN is GB82WEST12345698765432"}, {"answer", ""}};
  const RecordId record = NewRecordId(clock_.Wall());
  const auto kept = vault_->Put("acme/user:anna", record, "payload-default", payloads).value();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].length_bucket, 64U);
  EXPECT_EQ(kept[1].length_bucket, 1U);
  Reopen();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(vault_->Get(kept[i].address, kept[i].commitments).value(), payloads[i].bytes);
  }
  EXPECT_EQ(vault_->Get(kept[0].address, kept[1].commitments).error().code, base::ErrorCode::kConflict);
  Commitments other = kept[0].commitments;
  other.payload[0] ^= 1;
  EXPECT_EQ(vault_->Get(kept[0].address, other).error().code, base::ErrorCode::kConflict);
}

TEST_F(VaultTest, ErasesASubjectAndNobodyElse) {
  const auto anna = Keep("anna", "one");
  const auto ben = Keep("ben", "two");
  const KeyId key = *vault_->KeyOf("anna");
  const auto erasure = vault_->Erase(key, {}).value();
  EXPECT_EQ(erasure.removal.blobs, 1U);
  EXPECT_EQ(erasure.key, key);
  EXPECT_EQ(Get(anna).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(Get(ben).value(), "two");
  EXPECT_EQ(vault_->unacknowledged().size(), 1U);
  ASSERT_TRUE(vault_->Acknowledge(key).ok());
  EXPECT_TRUE(vault_->unacknowledged().empty());
  EXPECT_EQ(vault_->Erase(key, {}).error().code, base::ErrorCode::kNotFound);
}

// The key is destroyed, the process ends, the blob is still there.
TEST_F(VaultTest, AnErasureIsFinishedAfterTheEndOfTheProcess) {
  const auto anna = Keep("anna", "one");
  const KeyId key = anna.address.key;
  vault_.reset();
  {
    const auto table = KeyTable::Open(folder_.path() / "keys", master_, {.clock = &clock_, .after_step = {}}).value();
    ASSERT_TRUE(table->Destroy(key).ok());
  }
  Reopen();
  ASSERT_EQ(vault_->unacknowledged().size(), 1U);
  EXPECT_EQ(Get(anna).error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(fs::exists(FileOf(anna)));
  EXPECT_EQ(vault_->Erase(vault_->unacknowledged()[0].id, {}).value().removal.blobs, 1U);
  EXPECT_FALSE(fs::exists(FileOf(anna)));
}

TEST_F(VaultTest, AHoldStopsErasureAndExpiry) {
  const auto anna = Keep("anna", "one");
  const auto ben = Keep("ben", "two");
  const LegalHold holds[] = {{.id = "case-7", .key = anna.address.key, .retention_class = {}}};
  const auto refused = vault_->Erase(anna.address.key, holds);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(refused.error().public_message.find("case-7"), std::string::npos);
  EXPECT_EQ(Get(anna).value(), "one");
  const auto expired = vault_->Expire("payload-default", Today() + 1, holds, BlobStore::Mode::kRemove).value();
  EXPECT_EQ(expired.blobs, 1U);
  EXPECT_EQ(expired.held, 1U);
  EXPECT_EQ(Get(anna).value(), "one");
  EXPECT_FALSE(Get(ben).ok());
}

TEST_F(VaultTest, AHoldOfAPeriodProtectsWhoeverIsInIt) {
  const auto anna = Keep("anna", "one");
  const Day today = DayOf(anna.address.record);
  const LegalHold covering[] = {{.id = "case-8", .key = {}, .retention_class = {}, .from = today, .until = today + 1}};
  const LegalHold later[] = {{.id = "case-9", .key = {}, .retention_class = {}, .from = today + 1}};
  EXPECT_FALSE(vault_->Erase(anna.address.key, covering).ok());
  EXPECT_TRUE(vault_->Erase(anna.address.key, later).ok());
}

// Whatever is put while a subject is erased is under the old key and gone, or under a new one and there.
TEST_F(VaultTest, PuttingAndErasingMayOverlap) {
  constexpr int kRounds = 20;
  std::vector<KeptPayload> kept;
  std::thread writer([&] {
    const Vault::Payload payloads[] = {{"prompt", "text"}};
    for (int i = 0; i < kRounds; ++i) {
      kept.push_back(vault_->Put("anna", NewRecordId(clock_.Wall()), "payload-default", payloads).value().at(0));
    }
  });
  std::set<KeyId> erased;
  for (int i = 0; i < kRounds; ++i) {
    if (const auto key = vault_->KeyOf("anna")) {
      ASSERT_TRUE(vault_->Erase(*key, {}).ok());
      erased.insert(*key);
    }
  }
  writer.join();
  for (const KeptPayload& one : kept) {
    const auto found = vault_->Get(one.address, one.commitments);
    EXPECT_EQ(found.ok(), !erased.contains(one.address.key));
    EXPECT_EQ(vault_->blobs().Get(one.address).ok(), !erased.contains(one.address.key));
  }
}

TEST_F(VaultTest, RotationKeepsEverythingReadable) {
  const auto anna = Keep("anna", "one");
  const MasterKey next(base::Secret(std::string(32, 'n')));
  ASSERT_TRUE(vault_->RotateMaster(next).ok());
  EXPECT_EQ(Get(anna).value(), "one");
  master_ = next;
  Reopen();
  EXPECT_EQ(Get(anna).value(), "one");
}

TEST_F(VaultTest, TheCheckNamesWhatIsMissingAndWhatExplainsIt) {
  const auto whole = Keep("anna", "whole");
  const auto erased = Keep("ben", "erased");
  const auto expired = Keep("carl", "expired");
  const auto missing = Keep("dora", "missing");
  for (const auto& one : {erased, expired, missing}) fs::remove(FileOf(one));
  for (const auto& one : {erased, expired, missing}) EXPECT_EQ(Look(one), Condition::kMissing);
  explanations_.AddErasure(erased.address.key, index_);
  EXPECT_EQ(Look(erased), Condition::kErased);
  EXPECT_EQ(Look(missing), Condition::kMissing);
  explanations_.AddExpiry("other", Today() + 1, index_);
  explanations_.AddExpiry("payload-default", Today(), index_);
  EXPECT_EQ(Look(expired), Condition::kMissing);
  explanations_.AddExpiry("payload-default", Today() + 1, index_);
  EXPECT_EQ(Look(expired), Condition::kExpired);
  EXPECT_EQ(Look(whole), Condition::kWhole);
}

// An erasure of yesterday does not explain what is missing of today.
TEST_F(VaultTest, AnExplanationCoversOnlyWhatStandsBeforeIt) {
  const auto anna = Keep("anna", "one");
  fs::remove(FileOf(anna));
  explanations_.AddErasure(anna.address.key, anna.index);
  explanations_.AddExpiry("payload-default", Today() + 1, anna.index);
  EXPECT_EQ(Look(anna), Condition::kMissing);
  explanations_.AddErasure(anna.address.key, anna.index + 1);
  EXPECT_EQ(Look(anna), Condition::kErased);
}

TEST_F(VaultTest, TheCheckSeesSwappedAndChangedBlobs) {
  const auto anna = Keep("anna", "one");
  const auto ben = Keep("ben", "two");
  const fs::path one = FileOf(anna);
  const fs::path two = FileOf(ben);
  fs::rename(one, folder_.path() / "aside");
  fs::rename(two, one);
  fs::rename(folder_.path() / "aside", two);
  EXPECT_EQ(Look(anna), Condition::kSwapped);
  EXPECT_EQ(Look(ben), Condition::kSwapped);
  EXPECT_FALSE(Get(anna).ok());
  const auto carl = Keep("carl", "three");
  fs::resize_file(FileOf(carl), 100);
  EXPECT_EQ(Look(carl), Condition::kChanged);
}

TEST_F(VaultTest, TheCheckSeesUnfinishedErasuresAndLostKeys) {
  const auto anna = Keep("anna", "one");
  explanations_.AddErasure(anna.address.key, index_);
  EXPECT_EQ(Look(anna), Condition::kLingering);
  const auto ben = Keep("ben", "two");
  VaultCheck check(vault_->blobs(), explanations_, [](const KeyId&) { return false; });
  EXPECT_EQ(check.Look(ben).value(), Condition::kNoKey);
  EXPECT_EQ(check.count(Condition::kNoKey), 1U);
  EXPECT_TRUE(IsLoss(Condition::kNoKey));
  EXPECT_FALSE(IsLoss(Condition::kLingering));
  EXPECT_EQ(ToString(Condition::kNoKey), "no_key");
}

}  // namespace
}  // namespace gatehouse::record::vault
