#include "record/vault/key_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "record/vault/key_slot.h"
#include "record/vault/test_folder.h"

namespace gatehouse::record::vault {
namespace {

MasterKey Master(char letter = 'm') { return MasterKey(base::Secret(std::string(32, letter))); }

class KeyTableTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "keys"; }
  base::Result<std::unique_ptr<KeyTable>> TryOpen(const MasterKey& master = Master(), KeyTable::Options options = {}) {
    options.clock = &clock_;
    return KeyTable::Open(path(), master, options);
  }
  std::unique_ptr<KeyTable> Open(const MasterKey& master = Master(), KeyTable::Options options = {}) {
    auto table = TryOpen(master, std::move(options));
    EXPECT_TRUE(table.ok()) << table.error().public_message << table.error().detail;
    return std::move(table).value();
  }
  std::string Bytes() const { return File::Open(path(), O_RDONLY).value().ReadFrom(0, 1U << 20U).value(); }

  base::FakeClock clock_;
  TestFolder folder_;
};

TEST_F(KeyTableTest, ASubjectHasOneKeyForAllTimes) {
  auto table = Open();
  const SubjectKey anna = table->KeyFor("acme/user:anna").value();
  const SubjectKey ben = table->KeyFor("acme/user:ben").value();
  EXPECT_NE(anna.id, ben.id);
  EXPECT_NE(anna.secret.Reveal(), ben.secret.Reveal());
  table.reset();
  table = Open();
  EXPECT_EQ(table->subjects(), 2U);
  EXPECT_EQ(table->KeyFor("acme/user:anna").value().secret.Reveal(), anna.secret.Reveal());
  EXPECT_EQ(table->Find(ben.id).value().secret.Reveal(), ben.secret.Reveal());
  EXPECT_EQ(table->IdOf("acme/user:anna"), anna.id);
  EXPECT_EQ(table->IdOf("acme/user:nobody"), std::nullopt);
}

TEST_F(KeyTableTest, TheFileHoldsNeitherNamesNorKeys) {
  const SubjectKey anna = Open()->KeyFor("acme/user:anna").value();
  EXPECT_EQ(Bytes().find("anna"), std::string::npos);
  EXPECT_EQ(Bytes().find(anna.secret.Reveal()), std::string::npos);
  EXPECT_NE(Bytes().find(anna.id.text()), std::string::npos);
}

TEST_F(KeyTableTest, AnotherMasterKeyIsNamed) {
  Open();
  const auto table = TryOpen(Master('n'));
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code, base::ErrorCode::kConflict);
  EXPECT_NE(table.error().public_message.find(Master('m').fingerprint()), std::string::npos);
  EXPECT_NE(table.error().public_message.find(Master('n').fingerprint()), std::string::npos);
}

TEST_F(KeyTableTest, TwoProcessesCannotShareIt) {
  const auto table = Open();
  EXPECT_EQ(TryOpen().error().code, base::ErrorCode::kConflict);
}

TEST_F(KeyTableTest, ADestroyedKeyIsGoneFromTheFile) {
  auto table = Open();
  const SubjectKey anna = table->KeyFor("anna").value();
  const std::string before = Bytes().substr(kKeyHeadBytes + kWrappedKeyAt, kWrappedKeyBytes);
  ASSERT_TRUE(table->Destroy(anna.id).ok());
  EXPECT_EQ(Bytes().find(before), std::string::npos);
  EXPECT_EQ(Bytes().substr(kKeyHeadBytes + kWrappedKeyAt, kWrappedKeyBytes), std::string(kWrappedKeyBytes, '\0'));
  EXPECT_EQ(table->Find(anna.id).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(table->IdOf("anna"), std::nullopt);
  EXPECT_NE(table->KeyFor("anna").value().id, anna.id);
}

TEST_F(KeyTableTest, ATombstoneStaysUntilItIsAcknowledged) {
  auto table = Open();
  const SubjectKey anna = table->KeyFor("anna").value();
  const auto destroyed = table->Destroy(anna.id).value();
  clock_.Advance(std::chrono::seconds(5));
  EXPECT_EQ(table->Destroy(anna.id).value().at_ms, destroyed.at_ms);
  table.reset();
  table = Open();
  ASSERT_EQ(table->destroyed().size(), 1U);
  EXPECT_EQ(table->destroyed()[0].id, anna.id);
  EXPECT_EQ(table->destroyed()[0].at_ms, destroyed.at_ms);
  ASSERT_TRUE(table->Acknowledge(anna.id).ok());
  EXPECT_EQ(table->Acknowledge(anna.id).error().code, base::ErrorCode::kNotFound);
  table.reset();
  table = Open();
  EXPECT_TRUE(table->destroyed().empty());
  static_cast<void>(table->KeyFor("ben").value());
  EXPECT_EQ(Bytes().size(), kKeyHeadBytes + kKeySlotBytes);  // the slot is used again
}

TEST_F(KeyTableTest, RotationWrapsEverythingAnew) {
  auto table = Open();
  const SubjectKey anna = table->KeyFor("anna").value();
  const SubjectKey ben = table->KeyFor("ben").value();
  ASSERT_TRUE(table->Destroy(ben.id).ok());
  ASSERT_TRUE(table->Rotate(Master('n')).ok());
  EXPECT_EQ(table->master_fingerprint(), Master('n').fingerprint());
  EXPECT_EQ(table->Find(anna.id).value().secret.Reveal(), anna.secret.Reveal());
  table.reset();
  EXPECT_FALSE(TryOpen(Master('m')).ok());
  table = Open(Master('n'));
  EXPECT_EQ(table->KeyFor("anna").value().secret.Reveal(), anna.secret.Reveal());
  EXPECT_EQ(table->destroyed().size(), 1U);
}

// A second name of the old file shows what became of its bytes.
TEST_F(KeyTableTest, RotationOverwritesTheOldFile) {
  auto table = Open();
  static_cast<void>(table->KeyFor("anna").value());
  const auto other = folder_.path() / "other";
  std::filesystem::create_hard_link(path(), other);
  ASSERT_TRUE(table->Rotate(Master('n')).ok());
  const std::string old = File::Open(other, O_RDONLY).value().ReadFrom(0, 1U << 20U).value();
  EXPECT_EQ(old, std::string(kKeyHeadBytes + kKeySlotBytes, '\0'));
}

TEST_F(KeyTableTest, HasNoMoreSubjectsThanItMay) {
  auto table = Open(Master(), {.max_subjects = 2});
  ASSERT_TRUE(table->KeyFor("a").ok());
  ASSERT_TRUE(table->KeyFor("b").ok());
  EXPECT_EQ(table->KeyFor("c").error().code, base::ErrorCode::kTooLarge);
  EXPECT_TRUE(table->KeyFor("a").ok());
}

TEST_F(KeyTableTest, ADamagedSlotIsCountedAndNeverReused) {
  const SubjectKey anna = Open()->KeyFor("anna").value();
  const auto file = File::Open(path(), O_RDWR).value();
  for (std::size_t at = 0; at < kKeySlotBytes; ++at) {
    const auto offset = static_cast<off_t>(kKeyHeadBytes + at);
    const std::string whole = file.ReadAt(offset, 1).value();
    ASSERT_TRUE(file.WriteAt(std::string(1, static_cast<char>(whole[0] ^ 4)), offset).ok());
    const auto table = Open();
    EXPECT_EQ(table->damaged(), 1U) << at;
    EXPECT_EQ(table->subjects(), 0U);
    EXPECT_FALSE(table->Find(anna.id).ok());
    ASSERT_TRUE(file.WriteAt(whole, offset).ok());
  }
  EXPECT_EQ(Open()->KeyFor("anna").value().id, anna.id);
}

TEST_F(KeyTableTest, AFileCutAnywhereIsOpenedOrRefused) {
  const SubjectKey anna = Open()->KeyFor("anna").value();
  const std::string whole = Bytes();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    std::filesystem::resize_file(path(), 0);
    ASSERT_TRUE(File::Open(path(), O_RDWR).value().WriteAt(whole.substr(0, size), 0).ok());
    const auto table = TryOpen();
    ASSERT_TRUE(table.ok());
    EXPECT_FALSE(table.value()->Find(anna.id).ok());
    EXPECT_TRUE(table.value()->KeyFor("ben").ok());
  }
}

TEST_F(KeyTableTest, ADamagedHeadIsRefused) {
  Open();
  const auto file = File::Open(path(), O_RDWR).value();
  for (const off_t at : {0, 9, 30, 511}) {
    const std::string whole = file.ReadAt(at, 1).value();
    ASSERT_TRUE(file.WriteAt(std::string(1, static_cast<char>(whole[0] ^ 1)), at).ok());
    EXPECT_EQ(TryOpen().error().code, base::ErrorCode::kInvalidRequest) << at;
    ASSERT_TRUE(file.WriteAt(whole, at).ok());
  }
}

// However early the process ends, a key that was given out is there afterwards.
TEST_F(KeyTableTest, TheProcessMayEndAtEachStepOfMakingAKey) {
  for (int steps = 1; steps <= 2; ++steps) {
    InChild([&] {
      auto table = Open(Master(), {.after_step = DieAfter<KeyTable::Step>(steps)});
      static_cast<void>(table->KeyFor("anna"));
    });
    const auto table = Open();
    EXPECT_EQ(table->damaged(), 0U);
    EXPECT_TRUE(table->KeyFor("anna").ok());
  }
}

// From the first step on the key is gone, and the table finishes what was begun.
TEST_F(KeyTableTest, TheProcessMayEndAtEachStepOfDestroying) {
  for (int steps = 1; steps <= 3; ++steps) {
    const KeyId anna = Open()->KeyFor("anna").value().id;
    EXPECT_EQ(InChild([&] {
                auto table = Open(Master(), {.after_step = DieAfter<KeyTable::Step>(steps)});
                static_cast<void>(table->Destroy(anna));
              }),
              0);
    auto table = Open();
    EXPECT_EQ(table->damaged(), 0U);
    ASSERT_EQ(table->destroyed().size(), 1U) << steps;
    EXPECT_EQ(table->destroyed()[0].id, anna);
    EXPECT_FALSE(table->Find(anna).ok());
    ASSERT_TRUE(table->Acknowledge(anna).ok());
  }
}

// Before the new file has its name, the old master key opens the table; then the new one does. Never is a copy left
// that an erasure would not reach.
TEST_F(KeyTableTest, TheProcessMayEndAtEachStepOfRotating) {
  const SubjectKey anna = Open()->KeyFor("anna").value();
  std::filesystem::resize_file(path(), kKeyHeadBytes + 1500 * kKeySlotBytes);  // more than one chunk
  const std::string whole = Bytes();
  int opened_by_old = 0;
  int opened_by_new = 0;
  for (int steps = 1;; ++steps) {
    ASSERT_TRUE(File::Open(path(), O_RDWR).value().WriteAt(whole, 0).ok());
    const int status = InChild([&] {
      auto table = Open(Master(), {.after_step = DieAfter<KeyTable::Step>(steps)});
      static_cast<void>(table->Rotate(Master('n')));
    });
    const std::string used = KeyTable::MasterFingerprintIn(path()).value().value();
    const bool is_new = used == Master('n').fingerprint();
    (is_new ? opened_by_new : opened_by_old) += 1;
    const auto table = Open(Master(is_new ? 'n' : 'm'));
    EXPECT_EQ(table->KeyFor("anna").value().secret.Reveal(), anna.secret.Reveal()) << steps;
    EXPECT_EQ(table->subjects(), 1U);
    EXPECT_EQ(Bytes().size(), whole.size());
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "keys.new")) << steps;
    if (status == 1) break;  // it went through
  }
  EXPECT_EQ(opened_by_old, 8) << "the head, six parts, all of it";
  EXPECT_EQ(opened_by_new, 5);
}

// While the table is copied, before and behind what the copy has already.
TEST_F(KeyTableTest, IsUsedWhileItRotates) {
  constexpr int kSubjects = 600;  // three parts
  std::vector<SubjectKey> made;
  auto table = Open();
  for (int i = 0; i < kSubjects; ++i) made.push_back(table->KeyFor("subject-" + std::to_string(i)).value());
  table.reset();
  int part = 0;
  std::vector<SubjectKey> late;
  KeyTable* rotating = nullptr;
  const auto meanwhile = [&](KeyTable::Step step) {
    if (rotating == nullptr || step != KeyTable::Step::kCopyBegun || part > 3) return;
    KeyTable& used = *std::exchange(rotating, nullptr);  // its own steps are none of the rotation's
    const std::string number = std::to_string(part);
    EXPECT_EQ(used.Find(made[599].id).value().secret.Reveal(), made[599].secret.Reveal());
    EXPECT_EQ(used.master_fingerprint(), Master().fingerprint());
    EXPECT_EQ(used.Rotate(Master('o')).error().code, base::ErrorCode::kConflict);
    late.push_back(used.KeyFor("late-" + number).value());
    for (const std::size_t first : {0U, 256U, 512U}) {
      const KeyId id = made[first + static_cast<std::size_t>(part)].id;
      EXPECT_TRUE(used.Destroy(id).ok());
      if (part > 1) EXPECT_TRUE(used.Acknowledge(id).ok());  // its slot is used again
    }
    ++part;
    rotating = &used;
  };
  table = Open(Master(), {.after_step = meanwhile});
  rotating = table.get();
  ASSERT_TRUE(table->Rotate(Master('n')).ok());
  EXPECT_EQ(part, 4);
  rotating = nullptr;
  const auto look = [&](KeyTable& of) {
    EXPECT_EQ(of.damaged(), 0U);
    EXPECT_EQ(of.subjects(), kSubjects + 4U - 12U);
    EXPECT_EQ(of.destroyed().size(), 6U);
    for (const SubjectKey& key : late) EXPECT_EQ(of.Find(key.id).value().secret.Reveal(), key.secret.Reveal());
    for (std::size_t i = 0; i < made.size(); ++i) {
      const auto found = of.Find(made[i].id);
      EXPECT_EQ(found.ok(), i % 256 >= 4) << i;
      if (found.ok()) EXPECT_EQ(found.value().secret.Reveal(), made[i].secret.Reveal());
    }
  };
  look(*table);
  table.reset();
  look(*Open(Master('n')));
}

// As above, with two threads, for those who look for races.
TEST_F(KeyTableTest, IsUsedByOthersWhileItRotates) {
  auto table = Open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(table->KeyFor("subject-" + std::to_string(i)).ok());
  std::atomic<bool> done = false;
  std::thread other([&] {
    for (int i = 0; !done; ++i) {
      const std::string subject = "other-" + std::to_string(i);
      const SubjectKey key = table->KeyFor(subject).value();
      EXPECT_EQ(table->Find(key.id).value().secret.Reveal(), key.secret.Reveal());
      if (i % 2 == 0) EXPECT_TRUE(table->Destroy(key.id).ok() && table->Acknowledge(key.id).ok());
    }
  });
  for (const char letter : {'n', 'o', 'p', 'q'}) EXPECT_TRUE(table->Rotate(Master(letter)).ok());
  done = true;
  other.join();
  const std::size_t subjects = table->subjects();
  table.reset();
  EXPECT_EQ(Open(Master('q'))->subjects(), subjects);
}

TEST_F(KeyTableTest, SaysWithoutAKeyWhichMasterKeyItIsWrappedWith) {
  EXPECT_EQ(KeyTable::MasterFingerprintIn(path()).value(), std::nullopt);
  Open();
  EXPECT_EQ(KeyTable::MasterFingerprintIn(path()).value(), Master().fingerprint());
  const auto file = File::Open(path(), O_RDWR).value();
  ASSERT_TRUE(file.WriteAt("x", 9).ok());
  EXPECT_EQ(KeyTable::MasterFingerprintIn(path()).error().code, base::ErrorCode::kInvalidRequest);
}

TEST_F(KeyTableTest, AfterARotationThatFailsItIsAsItWas) {
  auto table = Open();
  const SubjectKey anna = table->KeyFor("anna").value();
  std::filesystem::create_directory(folder_.path() / "keys.new");
  EXPECT_FALSE(table->Rotate(Master('n')).ok());
  EXPECT_EQ(table->master_fingerprint(), Master().fingerprint());
  std::filesystem::remove(folder_.path() / "keys.new");
  EXPECT_EQ(table->Find(anna.id).value().secret.Reveal(), anna.secret.Reveal());
  EXPECT_TRUE(table->Rotate(Master('n')).ok());
}

}  // namespace
}  // namespace gatehouse::record::vault
