#include "record/log/log_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "codec/crypto/encoding.h"
#include "record/log/fake/disk.h"
#include "record/log/log_reader.h"
#include "record/log/verification.h"

namespace gatehouse::record::log {
namespace {

using base::Result;
using fake::Disk;

LogOptions OptionsOf() {
  LogOptions options;
  options.folder = "/log";
  options.origin = "log.example/1";
  options.journal_bytes = 200'000;
  options.journal_files = 3;
  return options;
}

std::unique_ptr<LogWriter> Open(Disk& disk, LogOptions options = OptionsOf()) {
  auto writer = LogWriter::Open(std::move(options), disk, base::SystemClock());
  EXPECT_TRUE(writer.ok()) << writer.error().public_message;
  return writer.ok() ? std::move(writer).value() : nullptr;
}

// What a call is told, waited for.
class Answer {
 public:
  LogWriter::Told told() {
    return [promise = promise_](const Result<std::uint64_t>& what) { promise->set_value(what); };
  }
  Result<std::uint64_t> Get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<std::uint64_t>>> promise_ =
      std::make_shared<std::promise<Result<std::uint64_t>>>();
};

Result<std::uint64_t> AppendStrictly(LogWriter& writer, std::string_view entry) {
  Answer answer;
  GH_TRY(const std::uint64_t index, writer.Append(entry, Durability::kStrict, answer.told()));
  auto durable = answer.Get();
  if (durable.ok()) EXPECT_EQ(durable.value(), index);
  return durable;
}

std::vector<std::string> EntriesOf(Disk& disk) {
  std::vector<std::string> entries;
  auto reader = LogReader::Open(disk, "/log");
  EXPECT_TRUE(reader.ok());
  if (!reader.ok()) return entries;
  EXPECT_TRUE(reader.value()
                  .Visit(0, UINT64_MAX,
                         [&](std::uint64_t, std::string_view entry) {
                           entries.emplace_back(entry);
                           return Reading::kContinues;
                         })
                  .ok());
  return entries;
}

void ExpectVerified(Disk& disk, std::vector<tlog::VerifierKey> keys = {}) {
  const auto verified = Verify(disk, {.folder = "/log", .keys = std::move(keys)});
  ASSERT_TRUE(verified.ok());
  for (const Fault& fault : verified.value().faults) ADD_FAILURE() << ToString(fault.kind) << ": " << fault.what;
}

TEST(LogWriter, BeginsWithAnEntryAboutItself) {
  Disk disk;
  Open(disk).reset();
  const auto entries = EntriesOf(disk);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].substr(0, 26), "{\"v\":1,\"t\":\"log.created\",\"");
  ExpectVerified(disk);
}

TEST(LogWriter, TellsWhenAnEntryIsDurable) {
  Disk disk;
  const auto writer = Open(disk);
  EXPECT_EQ(AppendStrictly(*writer, "one").value(), 1U);
  EXPECT_EQ(AppendStrictly(*writer, "two").value(), 2U);
  const LogState state = writer->state();
  EXPECT_EQ(state.durable_size, 3U);
  EXPECT_EQ(state.next_index, 3U);
  EXPECT_EQ(state.health, LogState::Health::kWriting);
}

TEST(LogWriter, RefusesEntriesThatFitNoBundle) {
  Disk disk;
  const auto writer = Open(disk);
  EXPECT_EQ(writer->Append("", Durability::kAsync).error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_EQ(writer->Append(std::string(65'536, 'x'), Durability::kAsync).error().code,
            base::ErrorCode::kInvalidRequest);
  EXPECT_TRUE(AppendStrictly(*writer, std::string(65'535, 'x')).ok());
}

TEST(LogWriter, KeepsTheOrderOfEachOfManyThreads) {
  Disk disk;
  constexpr int kThreads = 4;
  constexpr int kEach = 1500;
  {
    const auto writer = Open(disk);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          const std::string entry = std::to_string(t) + ":" + std::to_string(i) + std::string(100, '.');
          while (!writer->Append(entry, i % 100 == 0 ? Durability::kStrict : Durability::kGroup).ok())
            std::this_thread::yield();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const auto entries = EntriesOf(disk);
  ASSERT_EQ(entries.size(), 1U + kThreads * kEach);
  std::vector<int> next(kThreads, 0);
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const int thread = entries[i][0] - '0';
    EXPECT_EQ(entries[i].substr(2, entries[i].find('.') - 2), std::to_string(next[thread]++));
  }
  ExpectVerified(disk);
}

TEST(LogWriter, PublishesWhenAsked) {
  Disk disk;
  const auto writer = Open(disk);
  ASSERT_TRUE(writer->Append("one", Durability::kGroup).ok());
  Answer answer;
  writer->Publish(answer.told());
  EXPECT_EQ(answer.Get().value(), 2U);
  EXPECT_EQ(EntriesOf(disk).size(), 2U);
  ExpectVerified(disk);
}

TEST(LogWriter, PutsCosignaturesBehindItsCheckpoint) {
  Disk disk;
  const auto writer = Open(disk);
  const auto publish = [&] {
    Answer answer;
    writer->Publish(answer.told());
    return answer.Get().value();
  };
  const tlog::SignerKey witness = tlog::SignerKey::Generate("witness.example/1", tlog::SignatureType::kCosignature);
  const auto cosign = [&](std::uint64_t size, std::uint64_t time) {
    const auto note = tlog::ParseNote(disk.Read("/log/checkpoint").value()).value();
    writer->AddCosignature(size, witness.Cosign(note.text, time));
  };
  const auto times = [&] {
    const auto note = tlog::ParseNote(disk.Read("/log/checkpoint").value()).value();
    std::vector<std::uint64_t> seconds;
    for (const auto& signature : tlog::VerifySignatures(note, {&witness.verifier(), 1}).value()) {
      seconds.push_back(signature.unix_seconds);
    }
    return seconds;
  };
  const std::uint64_t size = publish();
  cosign(size, 7);
  publish();
  EXPECT_EQ(times(), std::vector<std::uint64_t>{7});
  cosign(size, 8);
  publish();
  EXPECT_EQ(times(), std::vector<std::uint64_t>{8}) << "the newest of a witness, and no other";
  cosign(size + 5, 9);
  publish();
  EXPECT_EQ(times(), std::vector<std::uint64_t>{8}) << "of another checkpoint";
  ASSERT_TRUE(AppendStrictly(*writer, "one").ok());
  publish();
  EXPECT_TRUE(times().empty()) << "it has not seen this one";
  EXPECT_EQ(writer->state().health, LogState::Health::kWriting);
  ExpectVerified(disk);
}

TEST(LogWriter, BoundsWhatWaits) {
  Disk disk;
  const auto writer = Open(disk);
  ASSERT_TRUE(AppendStrictly(*writer, "one").ok());
  disk.SetReadOnly(true);
  Result<std::uint64_t> last = writer->Append("x", Durability::kAsync);
  std::size_t taken = 0;
  while (last.ok()) {
    ++taken;
    last = writer->Append(std::string(60'000, 'x'), Durability::kAsync);
  }
  EXPECT_EQ(last.error().code, base::ErrorCode::kUnavailable);
  EXPECT_LE(taken, OptionsOf().max_queued_bytes / 60'000 + 2);
  EXPECT_LE(writer->state().queued_bytes, OptionsOf().max_queued_bytes);
}

TEST(LogWriter, KeepsRoomForWhatCannotBeRefused) {
  Disk disk;
  LogOptions options = OptionsOf();
  options.group_interval = std::chrono::hours(1);
  options.checkpoint_interval = std::chrono::hours(1);
  options.max_queued_bytes = 1U << 20U;
  const auto writer = Open(disk, options);
  const std::string entry(10'000, 'x');
  Result<std::uint64_t> last = writer->Append(entry, Durability::kGroup);
  while (last.ok()) last = writer->Append(entry, Durability::kGroup);
  EXPECT_EQ(last.error().code, base::ErrorCode::kUnavailable);
  EXPECT_LE(writer->state().queued_bytes, options.max_queued_bytes / 4 * 3);
  EXPECT_EQ(writer->Append(entry, Durability::kStrict).error().code, base::ErrorCode::kUnavailable);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(writer->Append(entry, Durability::kAsync).ok()) << i;
}

TEST(LogWriter, SaysThatTheDiskIsReadOnlyAndGoesOnAfterwards) {
  Disk disk;
  {
    const auto writer = Open(disk);
    ASSERT_TRUE(AppendStrictly(*writer, "one").ok());
    disk.SetReadOnly(true);
    EXPECT_EQ(AppendStrictly(*writer, "two").error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(writer->state().health, LogState::Health::kReadOnly);
    EXPECT_EQ(writer->Append("refused", Durability::kStrict).error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(writer->Append("refused", Durability::kGroup).error().code, base::ErrorCode::kUnavailable);
    EXPECT_TRUE(writer->Append("three", Durability::kAsync).ok());
    disk.SetReadOnly(false);
    while (!AppendStrictly(*writer, "four").ok()) std::this_thread::yield();
  }
  const auto entries = EntriesOf(disk);
  ASSERT_GE(entries.size(), 5U);
  EXPECT_EQ(entries[1], "one");
  EXPECT_EQ(entries[2], "two");  // it had been in doubt
  EXPECT_EQ(entries[3], "three");
  EXPECT_TRUE(std::ranges::any_of(
      entries, [](const std::string& entry) { return entry.find("log.recovered") != std::string::npos; }));
  ExpectVerified(disk);
}

TEST(LogWriter, OpensItsFilesAgainAfterASyncThatFailed) {
  Disk disk;
  std::uint64_t told = 0;
  {
    const auto writer = Open(disk);
    for (int i = 0; i < 40; ++i) {
      while (writer->state().health != LogState::Health::kWriting) std::this_thread::yield();
      if (i % 7 == 3) disk.FailSyncs(1);
      const auto durable = AppendStrictly(*writer, "entry " + std::to_string(i) + std::string(5000, '.'));
      if (durable.ok()) told = durable.value();
    }
    while (writer->state().health != LogState::Health::kWriting) std::this_thread::yield();
  }
  const auto entries = EntriesOf(disk);
  EXPECT_GT(entries.size(), told);
  ExpectVerified(disk);
}

TEST(LogWriter, SaysThatThereIsNoRoom) {
  Disk disk;
  {
    const auto writer = Open(disk);
    disk.SetFull(true);
    Result<std::uint64_t> last = AppendStrictly(*writer, std::string(50'000, 'x'));
    while (last.ok()) last = AppendStrictly(*writer, std::string(50'000, 'x'));
    EXPECT_EQ(writer->state().health, LogState::Health::kNoRoom);
    disk.SetFull(false);
    while (!AppendStrictly(*writer, "there is room").ok()) std::this_thread::yield();
  }
  ExpectVerified(disk);
}

// Of an algorithm that nothing here knows, with a signature of the size of ML-DSA-44's.
class UnknownSigner final : public tlog::NoteSigner {
 public:
  Result<std::string> SignLine(std::string_view text) const override {
    const std::string bytes = "\x06\x01\x02\x03" + std::string(2420, static_cast<char>(text.size()));
    return "\xE2\x80\x94 log.example/1 " + codec::crypto::Base64Encode(bytes) + "\n";
  }
};

TEST(LogWriter, CarriesASecondLineOfAnotherAlgorithm) {
  Disk disk;
  LogOptions options = OptionsOf();
  options.further_signer = std::make_shared<const UnknownSigner>();
  const auto lines = [&] { return tlog::ParseNote(disk.Read("/log/checkpoint").value()).value().signatures; };
  for (std::size_t round = 0; round < 2; ++round) {
    const auto writer = Open(disk, options);
    ASSERT_TRUE(AppendStrictly(*writer, "one").ok());
    Answer answer;
    if (round == 1) writer->RotateKey(answer.told());
    if (round == 1) EXPECT_TRUE(answer.Get().ok());
  }
  ASSERT_EQ(lines().size(), 3U) << "two keys of the log, and the other";
  EXPECT_EQ(lines()[2].signature.size(), 2420U);
  ExpectVerified(disk);
  // Whoever does not have the signer any more goes on with the log, and its earlier heads keep their lines.
  Open(disk).reset();
  ExpectVerified(disk);
}

TEST(LogWriter, RotatesItsKeyUnderBothSignatures) {
  Disk disk;
  std::vector<tlog::VerifierKey> first;
  {
    LogOptions options = OptionsOf();
    options.key_overlap = std::chrono::seconds(0);
    const auto writer = Open(disk, options);
    first = writer->keys();
    ASSERT_TRUE(AppendStrictly(*writer, "before").ok());
    Answer rotated;
    writer->RotateKey(rotated.told());
    EXPECT_EQ(rotated.Get().value(), 2U);
    EXPECT_EQ(writer->keys().size(), 2U);
    const auto note = tlog::ParseNote(disk.Read("/log/checkpoint").value()).value();
    EXPECT_EQ(note.signatures.size(), 2U);
    ASSERT_TRUE(AppendStrictly(*writer, "behind").ok());
  }
  // The overlap is over: the head has the new key's signature alone.
  EXPECT_EQ(tlog::ParseNote(disk.Read("/log/checkpoint").value()).value().signatures.size(), 1U);
  Open(disk).reset();
  ExpectVerified(disk, first);  // the entry under both signatures leads from the first key to the second
  ExpectVerified(disk);
}

}  // namespace
}  // namespace gatehouse::record::log
