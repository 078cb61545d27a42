#include "record/vault/blob_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "record/vault/test_folder.h"

namespace gatehouse::record::vault {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDayMs = 86'400'000;

RecordId RecordAt(std::uint64_t millis, char tail = 'r') {
  RecordId id;
  id.bytes.fill(tail);
  for (std::size_t i = 6; i-- > 0; millis >>= 8U) id.bytes.at(i) = static_cast<char>(millis & 0xFFU);
  return id;
}

KeyId Key(char letter) {
  KeyId id;
  id.bytes.fill(letter);
  return id;
}

BlobAddress Address(char key, Day day, std::string field = "prompt", std::string retention_class = "payload-default") {
  return {.retention_class = std::move(retention_class),
          .key = Key(key),
          .record = RecordAt(static_cast<std::uint64_t>(day) * kDayMs + 1),
          .field = std::move(field)};
}

class BlobStoreTest : public testing::Test {
 protected:
  std::unique_ptr<BlobStore> Open(BlobStore::Options options = {}) {
    auto store = BlobStore::Open(folder_.path() / "vault", std::move(options));
    EXPECT_TRUE(store.ok()) << store.error().detail;
    return std::move(store).value();
  }
  static std::vector<BlobAddress> Everything(const BlobStore& store) {
    std::vector<BlobAddress> found;
    EXPECT_TRUE(store
                    .ForEach([&](const BlobStore::Seen& seen) {
                      EXPECT_EQ(seen.stray, "");
                      found.push_back(seen.address);
                      return base::Ok();
                    })
                    .ok());
    std::ranges::sort(found);
    return found;
  }
  int FilesIn(const fs::path& folder) const {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "vault" / folder)) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }
  static BlobStore::IsHeld NothingIsHeld() {
    return [](const BlobAddress&) { return false; };
  }

  TestFolder folder_;
};

TEST_F(BlobStoreTest, GivesBackWhatWasPut) {
  auto store = Open();
  const BlobStore::Item items[] = {{Address('a', 20'000), "one"}, {Address('a', 20'000, "answer"), "two"}};
  ASSERT_TRUE(store->Put(items).ok());
  store.reset();
  store = Open();
  EXPECT_EQ(store->Get(items[0].address).value(), "one");
  EXPECT_EQ(store->Get(items[1].address).value(), "two");
  EXPECT_EQ(store->Get(Address('b', 20'000)).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(FilesIn("tmp"), 0);
}

TEST_F(BlobStoreTest, ReplacesNothing) {
  const auto store = Open();
  const BlobStore::Item first[] = {{Address('a', 20'000), "one"}};
  const BlobStore::Item second[] = {{Address('a', 20'000), "two"}};
  ASSERT_TRUE(store->Put(first).ok());
  EXPECT_EQ(store->Put(second).error().code, base::ErrorCode::kConflict);
  EXPECT_EQ(store->Get(first[0].address).value(), "one");
  EXPECT_EQ(FilesIn("tmp"), 0);
}

TEST_F(BlobStoreTest, HasOneOwner) {
  const auto store = Open();
  EXPECT_EQ(BlobStore::Open(folder_.path() / "vault").error().code, base::ErrorCode::kConflict);
}

TEST_F(BlobStoreTest, FoldersAndFilesAreTheOwnersAlone) {
  const auto store = Open();
  const BlobStore::Item items[] = {{Address('a', 20'000), "one"}};
  ASSERT_TRUE(store->Put(items).ok());
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    EXPECT_EQ(entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none)
        << entry.path();
  }
}

TEST_F(BlobStoreTest, RemovesWhatIsUnderAKey) {
  const auto store = Open();
  const BlobStore::Item items[] = {{Address('a', 20'000), "one"},
                                   {Address('a', 20'001, "prompt", "doc-10y"), "two"},
                                   {Address('b', 20'000), "three"}};
  ASSERT_TRUE(store->Put(items).ok());
  const auto dry = store->RemoveKey(Key('a'), NothingIsHeld(), BlobStore::Mode::kDryRun).value();
  EXPECT_EQ(dry.blobs, 2U);
  EXPECT_EQ(Everything(*store).size(), 3U);
  const auto removed = store->RemoveKey(Key('a'), NothingIsHeld(), BlobStore::Mode::kRemove).value();
  EXPECT_EQ(removed.blobs, 2U);
  EXPECT_EQ(removed.bytes, 6U);
  EXPECT_EQ(removed.retention_classes, (std::vector<std::string>{"doc-10y", "payload-default"}));
  EXPECT_EQ(Everything(*store), std::vector{items[2].address});
  EXPECT_EQ(store->RemoveKey(Key('a'), NothingIsHeld(), BlobStore::Mode::kRemove).value().blobs, 0U);
}

TEST_F(BlobStoreTest, ExpiresByClassAndDayButNotWhatIsHeld) {
  const auto store = Open();
  const BlobStore::Item items[] = {{Address('a', 20'000), "old"},
                                   {Address('b', 20'000), "held"},
                                   {Address('a', 20'001), "young"},
                                   {Address('a', 20'000, "prompt", "doc-10y"), "other class"}};
  ASSERT_TRUE(store->Put(items).ok());
  const auto is_held = [](const BlobAddress& address) { return address.key == Key('b'); };
  const auto dry = store->RemoveBefore("payload-default", 20'001, is_held, BlobStore::Mode::kDryRun).value();
  EXPECT_EQ(dry.blobs, 1U);
  EXPECT_EQ(Everything(*store).size(), 4U);
  const auto removed = store->RemoveBefore("payload-default", 20'001, is_held, BlobStore::Mode::kRemove).value();
  EXPECT_EQ(removed.blobs, 1U);
  EXPECT_EQ(removed.held, 1U);
  EXPECT_EQ(Everything(*store).size(), 3U);
  EXPECT_FALSE(store->Get(items[0].address).ok());
  const auto later = store->RemoveBefore("payload-default", 30'000, NothingIsHeld(), BlobStore::Mode::kRemove).value();
  EXPECT_EQ(later.blobs, 2U);
  EXPECT_FALSE(fs::exists(folder_.path() / "vault/blobs/payload-default" / DayName(20'000)));
}

TEST_F(BlobStoreTest, NamesWhatIsNoBlob) {
  const auto store = Open();
  std::ofstream(folder_.path() / "vault/blobs/strange.blob") << "x";
  int strays = 0;
  ASSERT_TRUE(store
                  ->ForEach([&](const BlobStore::Seen& seen) {
                    strays += seen.stray.empty() ? 0 : 1;
                    return base::Ok();
                  })
                  .ok());
  EXPECT_EQ(strays, 1);
}

// Whole under its name or not there at all, and nothing half done stays behind.
TEST_F(BlobStoreTest, TheProcessMayEndAtEachStep) {
  const BlobStore::Item items[] = {{Address('a', 20'000), "one"}, {Address('a', 20'000, "answer"), "two"}};
  int steps = 0;
  for (int ended = 0; ended == 0;) {
    ++steps;
    TestFolder folder;
    ended = InChild([&] {
      const auto store = BlobStore::Open(folder.path(), {.after_step = DieAfter<BlobStore::Step>(steps)});
      static_cast<void>(store.value()->Put(items));
    });
    const auto store = BlobStore::Open(folder.path()).value();
    EXPECT_TRUE(fs::is_empty(folder.path() / "tmp")) << steps;
    for (const BlobStore::Item& item : items) {
      const auto found = store->Get(item.address);
      if (found.ok()) EXPECT_EQ(found.value(), item.blob) << steps;
      if (ended != 0) EXPECT_TRUE(found.ok());
    }
  }
  EXPECT_EQ(steps, 8);  // three for each blob and one for the folders, and a run that goes through
}

TEST(DayName, IsADate) {
  EXPECT_EQ(DayName(0), "1970-01-01");
  EXPECT_EQ(DayName(20'780), "2026-11-23");
  EXPECT_EQ(DayOf(RecordAt(20'780 * kDayMs + 5)), 20'780);
}

TEST(Day, HasAName) {
  for (const Day day : {0, 20'000, 20'780}) EXPECT_EQ(ParseDay(DayName(day)), day);
  EXPECT_EQ(DayName(ParseDay("2026-11-23").value_or(0)), "2026-11-23");
  for (const char* none : {"", "2026-11-31", "2026-1-1", "yesterday", "2026-11-23T00:00:00Z"}) {
    EXPECT_EQ(ParseDay(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace gatehouse::record::vault
