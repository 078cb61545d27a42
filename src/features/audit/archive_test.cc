#include "features/audit/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include "codec/crypto/encoding.h"
#include "codec/json/document.h"
#include "features/audit/test_sink.h"
#include "inspect/default_detectors.h"
#include "record/log/fake/disk.h"
#include "record/log/log_writer.h"

namespace gatehouse::features::audit {
namespace {

namespace fs = std::filesystem;
namespace vault = record::vault;

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Keep = ArchiveSettings::Keep;

class Archiving : public ::testing::Test {
 protected:
  Archiving() {
    std::string name = (fs::temp_directory_path() / "gatehouse-archive-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    sink_.tells = true;
    vault_ =
        vault::Vault::Open(folder_ / "vault", vault::MasterKey(base::Secret(std::string(32, 'k'))), {.clock = &clock_})
            .value();
  }
  ~Archiving() override {
    archive_.reset();
    fs::remove_all(folder_);
  }
  void Open(ArchiveSettings settings) {
    auto inspector = inspect::Inspector::Build(inspect::DefaultDetectors()).value();
    archive_ = std::make_unique<Archive>(
        Archive::Parts{.record = record_, .vault = vault_.get(), .inspector = inspector, .clock = clock_},
        std::move(settings));
  }
  void Put(std::string request, std::string response) {
    pipeline::PayloadCopy copy{.longest = 1000};
    if (pipeline::PayloadRoom* const room = archive_->room(); room != nullptr) {
      copy.share = pipeline::PayloadShare(*room);
    } else {
      copy.keeping = pipeline::PayloadCopy::Keeping::kSizes;
    }
    copy.Append(copy.request, request);
    copy.Append(copy.response, response);
    archive_->Keep({.entry = R"({"v":1,"t":"req.end")", .subject = "-14", .payloads = std::move(copy)});
  }
  // Waits until all that was asked is done.
  void Finish() { archive_.reset(); }
  // A payload that an entry speaks of.
  std::string Read(const std::string& entry, std::size_t number) {
    codec::json::Document document;
    EXPECT_TRUE(document.Parse(entry).ok()) << entry;
    std::size_t at = 0;
    for (const auto element : document.root()["payloads"]) {
      if (at++ != number) continue;
      const auto text = [&](std::string_view name) { return element.value[name].string(); };
      const auto digest = [&](std::string_view name) {
        codec::crypto::Digest bytes{};
        const std::string decoded = codec::crypto::Base64Decode(text(name)).value();
        std::memcpy(bytes.data(), decoded.data(), bytes.size());
        return bytes;
      };
      const vault::BlobAddress address{.retention_class = std::string(text("class")),
                                       .key = vault::KeyId::FromHex(text("key")).value(),
                                       .record = vault::RecordId::FromHex(text("record")).value(),
                                       .field = std::string(text("field"))};
      auto payload = vault_->Get(address, {.blob = digest("ct"), .payload = digest("pt")});
      return payload.ok() ? payload.value() : "error: " + payload.error().public_message;
    }
    return "there is none";
  }

  base::FakeClock clock_;
  testing::TestSink sink_;
  Record record_{sink_, clock_, "gw1", {}, 1};
  fs::path folder_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<Archive> archive_;
};

TEST_F(Archiving, KeepsWhatWasSaidWhereTheEntryFindsIt) {
  Open({.keep = Keep::kFull});
  Put("hello anna@example.org", "hi");
  Finish();
  ASSERT_THAT(sink_.entries, SizeIs(1));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"({"v":1,"t":"req.end","sizes":{"prompt":32,"answer":2},"payloads":[)"));
  EXPECT_THAT(sink_.entries[0], Not(HasSubstr("anna")));
  EXPECT_EQ(Read(sink_.entries[0], 0), "hello anna@example.org");
  EXPECT_EQ(Read(sink_.entries[0], 1), "hi");
}

TEST_F(Archiving, MasksFirstWhatIsToBeRedacted) {
  Open({.keep = Keep::kRedacted});
  Put("mail anna@example.org the key AKIA"
      "Q3EGRT5YXWZP2KLM now",
      "done");
  Finish();
  EXPECT_EQ(Read(sink_.entries.at(0), 0), "mail [EMAIL_ADDRESS] the key [aws-access-token] now");
  EXPECT_EQ(Read(sink_.entries.at(0), 1), "done");
}

TEST_F(Archiving, SaysSizesAloneWhereNothingIsKept) {
  Open({.keep = Keep::kSizes});
  Put(std::string(700, 'x'), "");
  Finish();
  EXPECT_EQ(sink_.entries.at(0), R"({"v":1,"t":"req.end","sizes":{"prompt":1024,"answer":1}})");
}

TEST_F(Archiving, SaysWhatWasCut) {
  Open({.keep = Keep::kFull});
  Put(std::string(1001, 'x'), "hi");
  Finish();
  EXPECT_THAT(sink_.entries.at(0), HasSubstr(R"("payloads_cut":true})"));
  EXPECT_EQ(Read(sink_.entries[0], 0), std::string(1000, 'x'));
}

TEST_F(Archiving, WritesTheEntryWhenTooMuchWaits) {
  Open({.keep = Keep::kFull, .max_queued_bytes = 100});
  Put(std::string(500, 'x'), "");
  EXPECT_EQ(archive_->standing().too_much_waited, 1U);
  EXPECT_EQ(archive_->standing().open_bytes, 0U);
  Finish();
  EXPECT_EQ(sink_.entries.at(0), R"({"v":1,"t":"req.end","payloads_lost":"too much waited"})");
}

// What is kept by all exchanges under way together is bounded, and what is handed over is no longer under way.
TEST_F(Archiving, SaysThatThereWasNoRoom) {
  Open({.keep = Keep::kFull, .max_open_bytes = 5000});
  pipeline::PayloadCopy open{.longest = 4000, .share = pipeline::PayloadShare(*archive_->room())};
  open.Append(open.request, std::string(4000, 'x'));
  Put(std::string(900, 'x'), std::string(20, 'y'));
  EXPECT_GE(archive_->standing().open_bytes, 3900U);
  open = {};
  Put("hello", "hi");
  EXPECT_EQ(archive_->standing().open_bytes, 0U);
  Finish();
  EXPECT_EQ(sink_.entries.at(0),
            R"({"v":1,"t":"req.end","sizes":{"prompt":1024,"answer":32},"payloads_lost":"no room"})");
  EXPECT_EQ(Read(sink_.entries.at(1), 0), "hello");
}

TEST_F(Archiving, ErasesAndSaysSo) {
  Open({.keep = Keep::kFull});
  Put("hello", "hi");
  std::promise<base::Result<std::uint64_t>> erased;
  archive_->Erase({.subject = "-14", .actor = "7", .basis = "gdpr-17-1-a", .told = [&](auto result) {
                     erased.set_value(std::move(result));
                   }});
  const auto result = erased.get_future().get();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value(), 2U);
  std::promise<base::Result<std::uint64_t>> again;
  archive_->Erase({.subject = "-14", .told = [&](auto outcome) { again.set_value(std::move(outcome)); }});
  EXPECT_EQ(again.get_future().get().error().code, base::ErrorCode::kNotFound);
  Finish();
  ASSERT_THAT(sink_.entries, SizeIs(2));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("t":"erasure")"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("blobs":2)"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("actor":"7","basis":"gdpr-17-1-a","coverage":["vault"]})"));
  EXPECT_THAT(Read(sink_.entries[0], 0), HasSubstr("error: "));
  EXPECT_TRUE(vault_->unacknowledged().empty());
}

TEST_F(Archiving, SaysWhatExpiresBeforeItGoes) {
  Open({.keep = Keep::kFull, .days = 30});
  Put("hello", "hi");
  Finish();
  EXPECT_EQ(Read(sink_.entries.at(0), 0), "hello");
  clock_.Advance(std::chrono::hours(24 * 32));
  Open({.keep = Keep::kFull, .days = 30});
  Finish();
  ASSERT_THAT(sink_.entries, SizeIs(2));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("t":"retention.expire")"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("class":"payload-default","before":"2023-11-16","blobs":2})"));
  EXPECT_EQ(sink_.durabilities[1], Durability::kStrict);
  EXPECT_THAT(Read(sink_.entries[0], 0), HasSubstr("error: "));
}

TEST_F(Archiving, ErasesAndExpiresNothingUnderALegalHold) {
  const auto day = static_cast<vault::Day>(
      std::chrono::duration_cast<std::chrono::hours>(clock_.Wall().time_since_epoch()).count() / 24);
  const std::vector<vault::LegalHold> holds = {{.id = "case-7", .from = day, .until = day + 1}};
  Open({.keep = Keep::kFull, .holds = holds});
  Put("hello", "hi");
  std::promise<base::Result<std::uint64_t>> erased;
  archive_->Erase({.subject = "-14", .told = [&](auto result) { erased.set_value(std::move(result)); }});
  const auto refused = erased.get_future().get();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().public_message, HasSubstr("case-7"));
  Finish();
  EXPECT_THAT(sink_.entries.at(0), HasSubstr(R"("t":"hold.in_force")"));
  EXPECT_THAT(sink_.entries.at(0), HasSubstr(R"("hold":"case-7","from":"2023-11-14","until":"2023-11-15"})"));
  clock_.Advance(std::chrono::hours(24 * 32));
  Open({.keep = Keep::kFull, .holds = holds});
  Finish();
  EXPECT_EQ(Read(sink_.entries.at(1), 0), "hello");
}

// An order that is done when the test says so, and as many as may wait behind it.
TEST_F(Archiving, BoundsWhatIsAskedOfIt) {
  Open({.keep = Keep::kFull});
  std::promise<void> begun;
  std::promise<void> go_on;
  archive_->Erase({.subject = "nobody", .told = [&](auto) {
                     begun.set_value();
                     go_on.get_future().wait();
                   }});
  begun.get_future().wait();
  std::atomic<std::size_t> done = 0;
  for (std::size_t i = 0; i < Archive::kMostOrders; ++i) {
    archive_->Erase({.subject = "nobody", .told = [&](auto) { ++done; }});
  }
  EXPECT_EQ(done, 0U);
  base::ErrorCode code{};
  archive_->Erase({.subject = "nobody", .told = [&](auto result) { code = result.error().code; }});
  EXPECT_EQ(code, base::ErrorCode::kUnavailable);
  go_on.set_value();
  Finish();
  EXPECT_EQ(done, Archive::kMostOrders);
}

class HoldingPayloads : public Archiving {
 protected:
  template <class Answer, class Ask>
  static base::Result<Answer> Await(Ask ask) {
    std::promise<base::Result<Answer>> promise;
    ask([&](base::Result<Answer> told) { promise.set_value(std::move(told)); });
    return promise.get_future().get();
  }
  base::Result<HoldStanding> Place(HoldOrder order) {
    return Await<HoldStanding>([&](auto told) { archive_->PlaceHold(std::move(order), std::move(told)); });
  }
  base::Result<HoldStanding> Lift(const std::string& name) {
    return Await<HoldStanding>(
        [&](auto told) { archive_->LiftHold({.name = name, .actor = "8", .reason = "settled"}, std::move(told)); });
  }
  std::vector<HoldStanding> List(LegalHolds::Which which) {
    return Await<std::vector<HoldStanding>>([&](auto told) { archive_->ListHolds(which, std::move(told)); }).value();
  }
  base::Result<std::uint64_t> Erase() {
    return Await<std::uint64_t>([&](auto told) { archive_->Erase({.subject = "-14", .told = std::move(told)}); });
  }
  static HoldOrder Case7() { return {.name = "case-7", .subject = "-14", .reason = "Miller sues", .actor = "7"}; }
};

// Also over what comes after it, over the end of a process, and over the days that payloads are kept.
TEST_F(HoldingPayloads, WhatSomebodyHoldsStaysUntilItIsLifted) {
  Open({.keep = Keep::kFull});
  const auto placed = Place(Case7());
  ASSERT_TRUE(placed.ok());
  Put("hello", "hi");
  EXPECT_THAT(Erase().error().public_message, HasSubstr("case-7"));
  Finish();
  clock_.Advance(std::chrono::hours(24 * 32));
  vault_.reset();
  vault_ =
      vault::Vault::Open(folder_ / "vault", vault::MasterKey(base::Secret(std::string(32, 'k'))), {.clock = &clock_})
          .value();
  Open({.keep = Keep::kFull});
  EXPECT_THAT(Erase().error().public_message, HasSubstr("case-7"));
  ASSERT_THAT(sink_.entries, SizeIs(3));
  const std::string key = placed.value().hold.hold.key->Hex();
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("t":"hold.placed")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("hold":"case-7","key":")" + key + R"(","actor":"7"})"));
  EXPECT_EQ(sink_.durabilities[0], Durability::kStrict);
  EXPECT_THAT(sink_.entries[2], HasSubstr(R"("t":"hold.in_force")"));
  for (const std::string& entry : sink_.entries) EXPECT_THAT(entry, Not(HasSubstr("Miller")));
  EXPECT_EQ(Read(sink_.entries[1], 0), "hello");
  ASSERT_TRUE(Lift("case-7").ok());
  EXPECT_THAT(sink_.entries[3], HasSubstr(R"("t":"hold.lifted")"));
  EXPECT_THAT(sink_.entries[3], HasSubstr(R"("actor":"8"})"));
  EXPECT_EQ(Lift("case-7").error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(Erase().ok());
}

TEST_F(HoldingPayloads, ThoseOfTheConfigurationStayThere) {
  Open({.keep = Keep::kFull, .holds = {{.id = "case-1"}}});
  EXPECT_EQ(Lift("case-1").error().code, base::ErrorCode::kConflict);
  HoldOrder same = Case7();
  same.name = "case-1";
  EXPECT_EQ(Place(same).error().code, base::ErrorCode::kConflict);
  ASSERT_TRUE(Place(Case7()).ok());
  EXPECT_EQ(Place(Case7()).error().code, base::ErrorCode::kConflict);
  ASSERT_TRUE(Lift("case-7").ok());
  ASSERT_THAT(List(LegalHolds::Which::kInForce), SizeIs(1));
  const auto all = List(LegalHolds::Which::kAll);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].origin, HoldStanding::Origin::kConfiguration);
  EXPECT_EQ(all[1].hold.placed.reason, "Miller sues");
  EXPECT_EQ(all[1].hold.lifted->reason, "settled");
  EXPECT_EQ(all[1].hold.lifted->actor, "8");
}

// What is not on record holds, and is not lifted.
TEST_F(HoldingPayloads, OnTheSafeSideOfTheRecord) {
  Open({.keep = Keep::kFull});
  Put("hello", "hi");
  sink_.fails = true;
  EXPECT_FALSE(Place(Case7()).ok());
  sink_.fails = false;
  EXPECT_THAT(Erase().error().public_message, HasSubstr("case-7"));
  sink_.fails = true;
  EXPECT_FALSE(Lift("case-7").ok());
  sink_.fails = false;
  EXPECT_THAT(Erase().error().public_message, HasSubstr("case-7"));
}

// The file `master`, beside the vault, that has the key.
class RotatingTheMasterKey : public Archiving {
 protected:
  static std::string Fingerprint(char letter) {
    return vault::MasterKey(base::Secret(std::string(32, letter))).fingerprint();
  }
  void Give(char letter) {
    const fs::path path = folder_ / "master";
    std::ofstream(path) << std::string(32, letter);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  void Start() {
    archive_ = std::make_unique<Archive>(
        Archive::Parts{
            .record = record_, .vault = vault_.get(), .inspector = nullptr, .clock = clock_, .master = source_},
        ArchiveSettings{.keep = Keep::kFull});
  }
  base::Result<MasterKeyState> Ask(Archive::MasterKeyOrder::What what) {
    if (archive_ == nullptr) Start();
    std::promise<base::Result<MasterKeyState>> told;
    archive_->AskMasterKey({.what = what, .actor = "7", .told = [&](auto state) { told.set_value(std::move(state)); }});
    return told.get_future().get();
  }
  using What = Archive::MasterKeyOrder::What;

  vault::MasterKeySource source_ = vault::MasterKeyFile{.path = folder_ / "master"};
};

TEST_F(RotatingTheMasterKey, WrapsTheKeysAnewAndSaysSoBeforeAndAfter) {
  Give('n');
  static_cast<void>(Ask(What::kTell));
  Put("hello", "hi");
  const auto due = Ask(What::kTell).value();
  EXPECT_EQ(due.in_use, Fingerprint('k'));
  EXPECT_EQ(due.at_source, Fingerprint('n'));
  EXPECT_EQ(due.subjects, 1U);
  ASSERT_TRUE(Ask(What::kRotate).ok());
  EXPECT_EQ(vault_->keys().master_fingerprint(), Fingerprint('n'));
  Finish();
  ASSERT_THAT(sink_.entries, SizeIs(4));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("t":"vault.opened")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("master":")" + Fingerprint('k')));
  EXPECT_THAT(sink_.entries[2], HasSubstr(R"("t":"key.master_rotating")"));
  EXPECT_EQ(sink_.durabilities[2], Durability::kStrict);
  EXPECT_THAT(sink_.entries[3], HasSubstr(R"("t":"key.master_rotated")"));
  EXPECT_THAT(sink_.entries[3], HasSubstr(R"("before":")" + Fingerprint('k') + R"(","after":")" + Fingerprint('n') +
                                          R"(","subjects":1,"actor":"7"})"));
  EXPECT_EQ(Read(sink_.entries[1], 0), "hello");
}

TEST_F(RotatingTheMasterKey, RefusesWhatWouldChangeNothingOrIsNoKey) {
  Give('k');
  EXPECT_EQ(Ask(What::kRotate).error().code, base::ErrorCode::kConflict);
  std::ofstream(folder_ / "master") << "hunter2";
  const auto refused = Ask(What::kRotate);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidRequest);
  EXPECT_THAT(refused.error().public_message, Not(HasSubstr("hunter2")));
  fs::remove(folder_ / "master");
  EXPECT_EQ(Ask(What::kRotate).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(vault_->keys().master_fingerprint(), Fingerprint('k'));
}

TEST_F(RotatingTheMasterKey, ChangesNothingThatIsNotOnRecord) {
  Give('n');
  sink_.fails = true;
  EXPECT_FALSE(Ask(What::kRotate).ok());
  EXPECT_EQ(vault_->keys().master_fingerprint(), Fingerprint('k'));
}

// The source of the key does not answer before all else was done.
TEST_F(RotatingTheMasterKey, KeepsPayloadsMeanwhile) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  source_ = vault::MasterKeyCommand{.words = {"/bin/cat", pipe}};
  Start();
  std::promise<base::Result<MasterKeyState>> rotated;
  archive_->AskMasterKey(
      {.what = What::kRotate, .actor = "7", .told = [&](auto state) { rotated.set_value(std::move(state)); }});
  EXPECT_EQ(Ask(What::kRotate).error().code, base::ErrorCode::kConflict);
  Put("hello", "hi");
  std::promise<void> listed;  // the order behind
  archive_->ListHolds(LegalHolds::Which::kInForce, [&](const auto&) { listed.set_value(); });
  listed.get_future().wait();
  ASSERT_THAT(sink_.entries, SizeIs(2));
  EXPECT_EQ(Read(sink_.entries[1], 0), "hello");
  std::ofstream(pipe) << std::string(32, 'n');
  EXPECT_TRUE(rotated.get_future().get().ok());
  EXPECT_EQ(vault_->keys().master_fingerprint(), Fingerprint('n'));
  EXPECT_EQ(Read(sink_.entries[1], 0), "hello");
}

// What a rotation writes first cannot be written.
TEST_F(RotatingTheMasterKey, SaysThatItFailed) {
  Give('n');
  fs::create_directory(folder_ / "vault" / "keys.new");
  EXPECT_FALSE(Ask(What::kRotate).ok());
  EXPECT_EQ(vault_->keys().master_fingerprint(), Fingerprint('k'));
  EXPECT_THAT(sink_.entries.back(), HasSubstr(R"("t":"key.master_failed")"));
}

class ReadingPayloads : public Archiving {
 protected:
  // A log with that entry, at index 1.
  void Publish(const std::string& entry) {
    record::log::LogOptions options;
    options.folder = "/log";
    options.origin = "log.example/1";
    const auto writer = record::log::LogWriter::Open(options, disk_, base::SystemClock()).value();
    ASSERT_TRUE(writer->Append(entry, Durability::kGroup).ok());
  }
  base::Result<std::vector<Archive::ReadPayload>> ReadEntry(std::uint64_t index) {
    Archive archive({.record = record_,
                     .vault = vault_.get(),
                     .inspector = nullptr,
                     .clock = clock_,
                     .files = &disk_,
                     .log_folder = "/log"},
                    {.keep = Keep::kFull});
    std::promise<base::Result<std::vector<Archive::ReadPayload>>> told;
    archive.Read({.index = index, .actor = "7", .reason = "incident-42", .told = [&](auto result) {
                    told.set_value(std::move(result));
                  }});
    return told.get_future().get();
  }

  record::log::fake::Disk disk_;
};

TEST_F(ReadingPayloads, SaysWhoReadsBeforeItShows) {
  Open({.keep = Keep::kFull});
  Put("hello", "hi");
  Finish();
  Publish(sink_.entries.at(0));
  const auto read = ReadEntry(1);
  ASSERT_TRUE(read.ok()) << read.error().public_message;
  ASSERT_THAT(read.value(), SizeIs(2));
  EXPECT_EQ(read.value()[0].field, "prompt");
  EXPECT_EQ(read.value()[0].text, "hello");
  EXPECT_EQ(read.value()[1].text, "hi");
  ASSERT_THAT(sink_.entries, SizeIs(2));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("t":"access.read")"));
  EXPECT_THAT(sink_.entries[1], HasSubstr(R"("entry":1,"id":"","actor":"7","reason":"incident-42"})"));
  EXPECT_EQ(sink_.durabilities[1], Durability::kStrict);

  sink_.fails = true;
  EXPECT_FALSE(ReadEntry(1).ok()) << "nothing is shown that is not on record";
  sink_.fails = false;
  EXPECT_EQ(ReadEntry(0).error().code, base::ErrorCode::kNotFound) << "an entry without payloads";
  EXPECT_EQ(ReadEntry(9).error().code, base::ErrorCode::kNotFound);
  ASSERT_TRUE(vault_->Erase(*vault_->KeyOf("-14"), {}).ok());
  EXPECT_EQ(ReadEntry(1).error().code, base::ErrorCode::kNotFound) << "erased";
}

}  // namespace
}  // namespace gatehouse::features::audit
