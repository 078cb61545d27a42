#include "record/log/verification.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "record/log/fake/disk.h"
#include "record/log/log_folder.h"
#include "record/log/log_reader.h"
#include "record/tlog/tile.h"

namespace gatehouse::record::log {
namespace {

using fake::Disk;

std::string Entry(std::uint64_t index) {
  return "{\"seq\":" + std::to_string(index + 1) + ",\"ts\":" + std::to_string(1'700'000'000'000'000 + index * 1000) +
         "}";
}

class VerificationTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 600;

  VerificationTest() {
    auto folder = Open();
    for (std::uint64_t i = 0; i < kSize; ++i) Append(*folder, Entry(i));
    EXPECT_TRUE(folder->Publish().ok());
  }

  std::unique_ptr<LogFolder> Open() {
    auto folder = LogFolder::Open(
        {.folder = "/log", .origin = "log.example/1", .journal_bytes = 200'000, .journal_files = 3}, disk_);
    EXPECT_TRUE(folder.ok());
    return std::move(folder).value();
  }
  static void Append(LogFolder& folder, std::string_view entry) {
    std::string bytes;
    tlog::AppendEntry(bytes, entry);
    EXPECT_TRUE(folder.Commit(bytes, 1).ok());
  }
  Verification Run(VerifyRequest request = {}) {
    request.folder = "/log";
    auto verified = Verify(disk_, request);
    EXPECT_TRUE(verified.ok()) << verified.error().public_message;
    return verified.ok() ? std::move(verified).value() : Verification();
  }
  // The first fault, or "none".
  std::string FirstFault(VerifyRequest request = {}) {
    const auto verification = Run(std::move(request));
    if (verification.faults.empty()) return "none";
    EXPECT_EQ(verification.verdict, Verification::Verdict::kTampered);
    const Fault& fault = verification.faults[0];
    return std::string(ToString(fault.kind)) + " " + std::to_string(fault.index);
  }
  std::string Read(const std::string& name) { return disk_.Read("/log/" + name).value(); }
  void Write(const std::string& name, std::string bytes) { disk_.Overwrite("/log/" + name, std::move(bytes)); }
  // The entries of a bundle, to be put back in another form.
  std::vector<std::string> Bundle(const std::string& name, std::uint32_t width) {
    const std::string bytes = Read(name);
    std::vector<std::string> entries;
    for (const std::string_view entry : tlog::ParseBundle(bytes, width).value()) entries.emplace_back(entry);
    return entries;
  }
  void WriteBundle(const std::string& name, const std::vector<std::string>& entries) {
    std::string bytes;
    for (const std::string& entry : entries) tlog::AppendEntry(bytes, entry);
    Write(name, bytes);
  }
  // All tiles as somebody would make them who has no key.
  void RebuildTiles(const std::vector<std::string>& entries) {
    tlog::TreeEdge edge;
    for (const std::string& entry : entries) {
      edge.Append(tlog::LeafHash(entry), [&](const tlog::TileId& tile, std::span<const tlog::Hash> hashes) {
        Write(tlog::TilePath(tile), tlog::ToBytes(hashes));
      });
    }
    for (const auto& tile : tlog::PartialTiles(entries.size())) {
      Write(tlog::TilePath(tile), tlog::ToBytes(edge.Partial(tile.level)));
    }
  }

  Disk disk_;
};

TEST_F(VerificationTest, Holds) {
  const auto verification = Run();
  EXPECT_TRUE(verification.faults.empty());
  EXPECT_TRUE(verification.gaps.empty());
  EXPECT_EQ(verification.entries, kSize);
  EXPECT_EQ(verification.last_good_checkpoint, kSize);
  EXPECT_EQ(verification.signed_by.size(), 1U);
}

// Whichever byte it is of what the signature covers, and of the signature.
TEST_F(VerificationTest, FindsEveryByte) {
  for (const std::string name :
       {"tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88", "checkpoint"}) {
    const std::string whole = Read(name);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 150);
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      Write(name, flipped);
      EXPECT_EQ(Run().verdict, Verification::Verdict::kTampered) << name << " byte " << at;
    }
    Write(name, whole);
  }
  EXPECT_EQ(FirstFault(), "none");
}

TEST_F(VerificationTest, NamesTheEntryThatWasChanged) {
  auto entries = Bundle("tile/entries/001", 256);
  entries[17][9] ^= 1;
  WriteBundle("tile/entries/001", entries);
  EXPECT_EQ(FirstFault(), "entry_changed 273");
  EXPECT_EQ(FirstFault({.begin = 256, .end = 512}), "entry_changed 273");
  EXPECT_EQ(FirstFault({.begin = 512}), "none");  // that part is as it was
}

TEST_F(VerificationTest, NamesWhatWasDeletedInsertedAndMoved) {
  const auto entries = Bundle("tile/entries/001", 256);
  auto without = entries;
  without.erase(without.begin() + 40);
  WriteBundle("tile/entries/001", without);
  EXPECT_EQ(FirstFault(), "entry_missing 296");
  auto with = entries;
  with.insert(with.begin() + 40, "{\"seq\":1}");
  with.pop_back();
  WriteBundle("tile/entries/001", with);
  EXPECT_EQ(FirstFault(), "entry_inserted 296");
  auto moved = entries;
  std::swap(moved[40], moved[60]);
  WriteBundle("tile/entries/001", moved);
  EXPECT_EQ(FirstFault(), "entry_moved 296");
}

TEST_F(VerificationTest, NamesTheTileWhereEntriesAreRight) {
  std::string tile = Read("tile/0/001");
  tile[100 * 32] ^= 1;
  Write("tile/0/001", tile);
  EXPECT_EQ(FirstFault(), "tile_changed 356");
  ASSERT_TRUE(disk_.Remove("/log/tile/0/001").ok());
  EXPECT_EQ(FirstFault(), "tile_missing 256");
}

TEST_F(VerificationTest, NamesWhatWasCutOff) {
  const std::string bundle = Read("tile/entries/002.p/88");
  Write("tile/entries/002.p/88", bundle.substr(0, bundle.size() - 3));
  EXPECT_EQ(FirstFault().substr(0, 6), "bundle");
  ASSERT_TRUE(disk_.Remove("/log/tile/entries/002.p/88").ok());
  EXPECT_EQ(FirstFault(), "bundle_missing 512");
}

// Who has no key can make entries and tiles agree, but not with the signature.
TEST_F(VerificationTest, FindsARewrittenTree) {
  std::vector<std::string> all;
  for (std::uint64_t i = 0; i < kSize; ++i) all.push_back(Entry(i));
  all[300] = "{\"seq\":301}";
  auto entries = Bundle("tile/entries/001", 256);
  entries[44] = all[300];
  WriteBundle("tile/entries/001", entries);
  RebuildTiles(all);
  const auto verification = Run();
  EXPECT_EQ(verification.verdict, Verification::Verdict::kTampered);
  EXPECT_TRUE(
      std::ranges::any_of(verification.faults, [](const Fault& f) { return f.kind == Fault::Kind::kRootMismatch; }));
  EXPECT_EQ(FirstFault({.begin = 256, .end = 512}), "tile_changed 256");
}

TEST_F(VerificationTest, FindsARollBackByWhatWasKept) {
  const std::string older = Read("checkpoint");
  {
    auto folder = Open();
    for (std::uint64_t i = kSize; i < kSize + 50; ++i) Append(*folder, Entry(i));
    ASSERT_TRUE(folder->Publish().ok());
  }
  const std::string newer = Read("checkpoint");
  EXPECT_EQ(FirstFault({.seen = {older}}), "none");
  Write("checkpoint", older);
  EXPECT_EQ(FirstFault({.seen = {newer}}), "rolled_back 650");
  // Whoever kept nothing elsewhere cannot know.
  EXPECT_EQ(FirstFault(), "none");
}

// The holder of the key may write another history; whoever saw the first one knows.
TEST_F(VerificationTest, FindsAForkByWhatWasSeen) {
  const std::string seen = Read("checkpoint");
  for (const char* name : {"key", "keys"}) disk_.Overwrite(std::string("/fork/") + name, Read(name));
  auto folder = LogFolder::Open(
      {.folder = "/fork", .origin = "log.example/1", .journal_bytes = 200'000, .journal_files = 3}, disk_);
  ASSERT_TRUE(folder.ok());
  for (std::uint64_t i = 0; i < kSize + 5; ++i) Append(*folder.value(), Entry(i == 300 ? 9999 : i));
  ASSERT_TRUE(folder.value()->Publish().ok());
  for (const VerifyRequest& request :
       {VerifyRequest{.folder = "/fork", .seen = {seen}, .clock_tolerance_seconds = 1000},
        VerifyRequest{.folder = "/fork", .seen = {seen}, .begin = 590}}) {
    const auto verification = Verify(disk_, request).value();
    ASSERT_EQ(verification.faults.size(), 1U);
    EXPECT_EQ(verification.faults[0].kind, Fault::Kind::kForked);
  }
}

TEST_F(VerificationTest, FindsAReplacedKey) {
  const auto keys = LogReader::Open(disk_, "/log").value().keys();
  auto folder = LogFolder::Open(
      {.folder = "/other", .origin = "log.example/1", .journal_bytes = 200'000, .journal_files = 3}, disk_);
  ASSERT_TRUE(folder.ok());
  for (std::uint64_t i = 0; i < kSize; ++i) Append(*folder.value(), Entry(i));
  ASSERT_TRUE(folder.value()->Publish().ok());
  EXPECT_EQ(Verify(disk_, {.folder = "/other"}).value().verdict, Verification::Verdict::kHolds);
  const auto verification = Verify(disk_, {.folder = "/other", .keys = keys}).value();
  ASSERT_FALSE(verification.faults.empty());
  EXPECT_EQ(verification.faults[0].kind, Fault::Kind::kSignature);
}

TEST_F(VerificationTest, FindsWhatWasBackdatedUnlessTheClockWasSet) {
  {
    auto folder = Open();
    Append(*folder, "{\"ts\":1600000000000000}");
    ASSERT_TRUE(folder->Publish().ok());
  }
  EXPECT_EQ(FirstFault(), "backdated 600");
  {
    auto folder = Open();
    Append(*folder, "{\"t\":\"clock.jump\",\"ts\":1600000000000000}");
    ASSERT_TRUE(folder->Publish().ok());
  }
  EXPECT_EQ(FirstFault(), "none");
}

TEST_F(VerificationTest, SaysWhichNumbersAreMissing) {
  {
    auto folder = Open();
    for (const int seq : {601, 603, 602, 607, 608, 1, 2, 4}) Append(*folder, "{\"seq\":" + std::to_string(seq) + "}");
    ASSERT_TRUE(folder->Publish().ok());
  }
  const auto verification = Run();
  EXPECT_TRUE(verification.faults.empty());
  EXPECT_EQ(verification.verdict, Verification::Verdict::kIncomplete);
  ASSERT_EQ(verification.gaps.size(), 2U);
  EXPECT_NE(verification.gaps[0].what.find("604 to 606"), std::string::npos);
  EXPECT_NE(verification.gaps[1].what.find("numbers 3 "), std::string::npos);
}

TEST_F(VerificationTest, SaysWhereHeartbeatsAreMissing) {
  constexpr std::uint64_t kSecond = 1'000'000;
  std::uint64_t now = 1'700'000'600 * kSecond;
  {
    auto folder = Open();
    const auto say = [&](std::string_view type, std::uint64_t seconds, std::string_view more = "") {
      now += seconds * kSecond;
      Append(*folder,
             "{\"v\":1,\"t\":\"" + std::string(type) + "\",\"ts\":" + std::to_string(now) + std::string(more) + "}");
    };
    constexpr std::string_view kEvery = ",\"every_ms\":10000";
    say("heartbeat", 0, kEvery);
    for (const std::uint64_t seconds : {10, 11, 25, 10}) say("heartbeat", seconds, kEvery);
    say("node.stop", 5);
    say("node.start", 300);
    for (const std::uint64_t seconds : {10, 10}) say("heartbeat", seconds, kEvery);
    say("clock.jump", 3600);
    say("heartbeat", 0, kEvery);
    say("heartbeat", 41, kEvery);  // entry 611
    say("heartbeat", 10);          // of an older gateway, which does not say how often
    say("heartbeat", 900);
    ASSERT_TRUE(folder->Publish().ok());
  }
  const auto verification = Run();
  EXPECT_TRUE(verification.faults.empty());
  ASSERT_EQ(verification.gaps.size(), 1U);
  EXPECT_EQ(verification.gaps[0].index, 611U);
  EXPECT_NE(verification.gaps[0].what.find("none for 41 s"), std::string::npos) << verification.gaps[0].what;
  EXPECT_EQ(verification.verdict, Verification::Verdict::kIncomplete);
}

TEST_F(VerificationTest, AsksForWitnesses) {
  const auto witness = tlog::SignerKey::Generate("witness.example/1", tlog::SignatureType::kCosignature);
  const VerifyRequest request{.witnesses = {witness.verifier()}, .quorum = 1};
  EXPECT_EQ(Run(request).verdict, Verification::Verdict::kIncomplete);
  const std::string note = Read("checkpoint");
  VerifyRequest elsewhere = request;
  elsewhere.seen = {note + witness.Cosign(tlog::ParseNote(note).value().text, 1'700'000'000)};
  EXPECT_EQ(Run(elsewhere).verdict, Verification::Verdict::kHolds);
  Write("checkpoint", note + witness.Cosign(tlog::ParseNote(note).value().text, 1'700'000'000));
  EXPECT_EQ(Run(request).verdict, Verification::Verdict::kHolds);
  EXPECT_EQ(Run(request).witnessed_by, std::vector<std::string>{"witness.example/1"});
}

TEST_F(VerificationTest, FindsADamagedJournal) {
  for (const std::string& path : disk_.Paths()) {
    if (!path.starts_with("/log/journal/")) continue;
    std::string bytes = disk_.Read(path).value();
    bytes[60] ^= 1;
    disk_.Overwrite(path, bytes);
  }
  EXPECT_EQ(FirstFault(), "journal_damaged 600");
}

}  // namespace
}  // namespace gatehouse::record::log
