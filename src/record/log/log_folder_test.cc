#include "record/log/log_folder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/log/fake/disk.h"
#include "record/log/log_reader.h"
#include "record/log/verification.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using fake::Disk;

constexpr std::size_t kJournalBytes = 80'000;

LogFolder::Options OptionsOf() {
  return {.folder = "/log", .origin = "log.example/1", .journal_bytes = kJournalBytes, .journal_files = 3};
}

base::Result<std::unique_ptr<LogFolder>> Open(Disk& disk) { return LogFolder::Open(OptionsOf(), disk); }

std::string Entry(std::uint64_t index) {
  return "{\"seq\":" + std::to_string(index) + ",\"pad\":\"" + std::string(20 + index * 7 % 900, 'x') + "\"}";
}

// Appends entries from the log's size on, as a writer does.
base::Status Append(LogFolder& folder, Disk& disk, std::uint32_t count) {
  std::string entries;
  for (std::uint32_t i = 0; i < count; ++i) tlog::AppendEntry(entries, Entry(folder.size() + i));
  if (!folder.HasRoomFor(entries.size())) {
    if (const auto settle = folder.ToSettle(); settle && !folder.CanRoll()) {
      GH_CHECK_OK(disk.SyncAll("/log"));
      GH_CHECK_OK(folder.Settled(*settle));
    }
    GH_CHECK_OK(folder.Roll());
  }
  return folder.Commit(entries, count);
}

// Every entry of the published log is what was appended, and the log verifies.
void ExpectSound(Disk& disk, std::uint64_t size) {
  auto reader = LogReader::Open(disk, "/log");
  ASSERT_TRUE(reader.ok()) << reader.error().public_message;
  ASSERT_EQ(reader.value().head().size, size);
  std::uint64_t seen = 0;
  const auto visited = reader.value().Visit(0, size, [&](std::uint64_t index, std::string_view entry) {
    EXPECT_EQ(entry, Entry(index));
    ++seen;
    return Reading::kContinues;
  });
  ASSERT_TRUE(visited.ok()) << visited.error().public_message;
  EXPECT_EQ(seen, size);
  const auto verified = Verify(disk, {.folder = "/log"});
  ASSERT_TRUE(verified.ok());
  for (const Fault& fault : verified.value().faults) ADD_FAILURE() << ToString(fault.kind) << ": " << fault.what;
}

TEST(LogFolder, GoesOnWhereItEnded) {
  Disk disk;
  std::uint64_t size = 0;
  for (const std::uint32_t count : {1U, 3U, 250U, 2U, 1U, 600U, 7U}) {
    auto folder = Open(disk);
    ASSERT_TRUE(folder.ok()) << folder.error().public_message << folder.error().detail;
    ASSERT_EQ(folder.value()->size(), size);
    for (std::uint32_t i = 0; i < count; i += 50) {
      const std::uint32_t part = std::min(50U, count - i);
      ASSERT_TRUE(Append(*folder.value(), disk, part).ok());
      size += part;
    }
    ASSERT_TRUE(folder.value()->Publish().ok());
    ExpectSound(disk, size);
  }
}

TEST(LogFolder, OneWriterAtATime) {
  Disk disk;
  const auto first = Open(disk);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Open(disk).error().code, base::ErrorCode::kConflict);
}

TEST(LogFolder, RefusesAnotherNameAndAMissingKey) {
  Disk disk;
  ASSERT_TRUE(Open(disk).ok());
  auto other = OptionsOf();
  other.origin = "log.example/2";
  EXPECT_EQ(LogFolder::Open(other, disk).error().code, base::ErrorCode::kConflict);
  ASSERT_TRUE(disk.Remove("/log/key").ok());
  EXPECT_EQ(Open(disk).error().code, base::ErrorCode::kConflict);
}

// What a log promised before the power went.
struct Promise {
  std::uint64_t durable = 0;
  std::uint64_t published = 0;
  std::string note;
};

// Appends, publishes and rolls until the power goes or all is done.
void Work(LogFolder& folder, Disk& disk, Promise& promise) {
  for (std::uint32_t step = 0; step < 40; ++step) {
    if (!Append(folder, disk, 1 + step * 5 % 33).ok()) return;
    promise.durable = folder.size();
    if (step % 3 != 2) continue;
    if (!folder.Publish().ok()) return;
    promise.published = folder.published_size();
    promise.note = disk.Read("/log/checkpoint").value();
    if (step % 9 != 8) continue;
    const auto settle = folder.ToSettle();
    if (settle && (!disk.SyncAll("/log").ok() || !folder.Settled(*settle).ok())) return;
  }
}

// The power goes at each change of the disk in turn, and again while the log is repaired.
TEST(LogFolder, LosesNothingAtWhateverPointThePowerGoes) {
  std::uint64_t changes = 0;
  for (std::uint64_t point = 0; point == 0 || point < changes; ++point) {
    SCOPED_TRACE("power cut after change " + std::to_string(point));
    Disk disk(point + 1);
    Promise promise;
    if (point > 0) disk.CutPowerAfter(point);
    if (auto folder = Open(disk); folder.ok()) Work(*folder.value(), disk, promise);
    if (point == 0) changes = disk.changes();
    disk.Restart();
    disk.CutPowerAfter(point % 17);
    static_cast<void>(Open(disk));
    disk.Restart();

    auto folder = Open(disk);
    ASSERT_TRUE(folder.ok()) << folder.error().public_message << folder.error().detail;
    ASSERT_GE(folder.value()->size(), promise.durable);
    ASSERT_TRUE(Append(*folder.value(), disk, 5).ok());
    ASSERT_TRUE(folder.value()->Publish().ok());
    ExpectSound(disk, folder.value()->size());
    if (promise.published == 0) continue;
    const auto verified = Verify(disk, {.folder = "/log", .seen = {promise.note}});
    ASSERT_TRUE(verified.ok());
    EXPECT_TRUE(verified.value().faults.empty());
  }
  EXPECT_GT(changes, 150U);
}

TEST(LogFolder, SaysWhenItDroppedATornTail) {
  Disk disk;
  {
    auto folder = Open(disk);
    ASSERT_TRUE(Append(*folder.value(), disk, 10).ok());
  }
  std::string journal;
  for (const std::string& path : disk.Paths()) {
    if (path.starts_with("/log/journal/")) journal = path;
  }
  std::string bytes = disk.Read(journal).value();
  bytes[bytes.find_last_not_of('\0') + 20] = 'x';
  disk.Overwrite(journal, bytes);
  auto folder = Open(disk);
  ASSERT_TRUE(folder.ok());
  EXPECT_EQ(folder.value()->size(), 10U);
  const auto events = folder.value()->TakeEvents();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, LogEvent::Kind::kRepaired);
  EXPECT_GT(events[0].dropped_bytes, 0U);
}

TEST(LogFolder, RefusesAJournalWithAHole) {
  Disk disk;
  {
    auto folder = Open(disk);
    ASSERT_TRUE(Append(*folder.value(), disk, 10).ok());
    ASSERT_TRUE(Append(*folder.value(), disk, 10).ok());
  }
  std::string journal;
  for (const std::string& path : disk.Paths()) {
    if (path.starts_with("/log/journal/")) journal = path;
  }
  std::string bytes = disk.Read(journal).value();
  bytes[100] ^= 1;  // in the first of two batches: it had been durable when the second was written
  disk.Overwrite(journal, bytes);
  EXPECT_EQ(Open(disk).error().code, base::ErrorCode::kInternal);
}

TEST(LogFolder, RefusesToGoOnBehindItsOwnCheckpoint) {
  Disk disk;
  std::string older;
  {
    auto folder = Open(disk);
    ASSERT_TRUE(Append(*folder.value(), disk, 10).ok());
    ASSERT_TRUE(folder.value()->Publish().ok());
  }
  std::string journal;
  for (const std::string& path : disk.Paths()) {
    if (path.starts_with("/log/journal/")) journal = path;
  }
  std::string bytes = disk.Read(journal).value();
  std::fill(bytes.begin() + 32, bytes.end(), '\0');
  disk.Overwrite(journal, bytes);
  const auto opened = Open(disk);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, base::ErrorCode::kInternal);
  EXPECT_NE(opened.error().public_message.find("cut off"), std::string::npos);
}

TEST(LogFolder, WritesInPieces) {
  Disk disk;
  disk.SetMostPerWrite(100);
  auto folder = Open(disk);
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(Append(*folder.value(), disk, 30).ok());
  ASSERT_TRUE(folder.value()->Publish().ok());
  ExpectSound(disk, 30);
}

}  // namespace
}  // namespace gatehouse::record::log
