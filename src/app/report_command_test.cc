#include "app/report_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "features/compliance/fake_record.h"
#include "record/log/log_writer.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::StartsWith;

std::string Text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The machine's, at the time of the record.
class NovemberClock final : public base::Clock {
 public:
  base::TimePoint Now() const override { return base::SystemClock().Now(); }
  base::WallTime Wall() const override {
    return base::WallTime(std::chrono::microseconds(features::compliance::FakeRecord::kStartUs));
  }
};

class ReportCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gatehouse-command-XXXXXX").string();
    GH_CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void WriteLog() {
    record::log::PosixFiles files;
    auto writer = record::log::LogWriter::Open({.folder = folder_ / "log", .origin = "log.example/1"}, files, clock_);
    ASSERT_TRUE(writer.ok()) << writer.error().detail;
    features::compliance::FakeRecord record([&](std::string_view entry) {
      ASSERT_TRUE(writer.value()->Append(entry, record::log::Durability::kGroup).ok());
    });
    record.Start();
    for (std::uint64_t i = 0; i < 100; ++i) record.Exchange(i);
    record.Stop();
  }
  // What it ends with; what it said is in said_ and complained_.
  int Run(std::vector<std::string> words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = ReportCommand(pointers);
    said_ = testing::internal::GetCapturedStdout();
    complained_ = testing::internal::GetCapturedStderr();
    return status;
  }
  std::vector<std::string> Usual(std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"--framework", "eu-ai-act", "--from",        "2026-11-01", "--to",
                                      "2026-11-30",  "--log",     folder_ / "log", "--out",      folder_ / "out"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  NovemberClock clock_;
  fs::path folder_;
  std::string said_;
  std::string complained_;
};

TEST_F(ReportCommandTest, WritesAFolderAndSaysWhatIsInIt) {
  WriteLog();
  EXPECT_EQ(Run(Usual({"--scope", "org=1", "--scope", "model=small", "--verify"})), 0) << complained_;
  EXPECT_THAT(said_, HasSubstr("out/report.html: "));
  EXPECT_THAT(said_, HasSubstr(" samples with proofs\n"));
  EXPECT_EQ(complained_, "");
  const std::string html = Text(folder_ / "out" / "report.html");
  EXPECT_THAT(html, HasSubstr("exchanges of model small, org 1"));
  EXPECT_THAT(html, HasSubstr("The whole log was verified"));
  EXPECT_EQ(Run(Usual()), 1) << "there is one already";
  EXPECT_THAT(complained_, HasSubstr("is not empty"));
}

TEST_F(ReportCommandTest, TheKeyIsThatOfTheOperator) {
  WriteLog();
  fs::copy(folder_ / "log" / "keys", folder_ / "keys");
  EXPECT_EQ(Run(Usual({"--key", folder_ / "keys"})), 0) << complained_;
  std::ofstream(folder_ / "empty") << "\n";
  std::ofstream(folder_ / "other") << "log.example/1+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n";
  fs::remove_all(folder_ / "out");
  EXPECT_EQ(Run(Usual({"--key", folder_ / "empty"})), 1);
  EXPECT_THAT(complained_, HasSubstr("has no key"));
  EXPECT_EQ(Run(Usual({"--key", folder_ / "other"})), 1) << "not the one that signed";
  EXPECT_EQ(Run(Usual({"--key", folder_ / "none"})), 1);
}

TEST_F(ReportCommandTest, ACatalogueOfOnesOwn) {
  WriteLog();
  std::ofstream(folder_ / "own.yaml") << R"(framework: own
title: Rules of the house
publisher: Us
text_version: "1"
applies_from: 2026-01-01
controls: [ { id: A.1, title: All, requirement: R., remains: P., status: automatic, evidence: [exchanges] } ]
)";
  std::vector<std::string> words = Usual();
  words[0] = "--catalogue";
  words[1] = folder_ / "own.yaml";
  EXPECT_EQ(Run(words), 0) << complained_;
  EXPECT_THAT(said_, HasSubstr(": 1 controls, "));
  EXPECT_THAT(Text(folder_ / "out" / "report.html"), HasSubstr("Rules of the house"));
}

TEST_F(ReportCommandTest, Lists) {
  EXPECT_EQ(Run({"--list"}), 0);
  EXPECT_THAT(said_, HasSubstr("eu-ai-act  "));
  EXPECT_THAT(said_, HasSubstr("soc2  "));
  EXPECT_EQ(Run({"--list", "gdpr"}), 0);
  EXPECT_THAT(said_, HasSubstr("  from 2018-05-25  "));
  EXPECT_EQ(Run({"--list", "nosuch"}), 1);
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(said_, StartsWith("usage: gatehouse report"));
}

TEST_F(ReportCommandTest, WrongUsageIsSaid) {
  const auto with = [&](std::string_view name, const std::string& value) {
    std::vector<std::string> words = Usual();
    *(std::ranges::find(words, name) + 1) = value;
    return words;
  };
  std::vector<std::string> no_framework = Usual();
  no_framework.erase(no_framework.begin(), no_framework.begin() + 2);
  const struct {
    std::vector<std::string> words;
    int status;
    std::string part;
  } cases[] = {
      {{}, 2, "--framework or --catalogue"},
      {{"--framework", "gdpr"}, 2, "is missing"},
      {no_framework, 2, "--framework or --catalogue"},
      {Usual({"--catalogue", "x"}), 2, "--framework or --catalogue"},
      {Usual({"--to", "2026-12-01"}), 2, "is there twice"},
      {Usual({"--key"}), 2, "lacks a value"},
      {Usual({"--what"}), 2, "no meaning here"},
      {with("--from", "November"), 1, "--from is a day"},
      {with("--to", "2026-10-31"), 1, "before --from"},
      {with("--from", "2001-01-01"), 1, "ten years"},
      {with("--framework", "nosuch"), 1, "nosuch"},
      {Usual({"--scope", "who=me"}), 1, "--scope is NAME=ID"},
      {Usual({"--scope", "org"}), 1, "--scope is NAME=ID"},
      {Usual(), 1, ""},  // there is no log
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Run(one.words), one.status) << one.part << said_;
    EXPECT_THAT(complained_, HasSubstr(one.part));
    EXPECT_THAT(complained_, StartsWith("gatehouse: "));
    EXPECT_FALSE(fs::exists(folder_ / "out")) << one.part;
  }
}

}  // namespace
}  // namespace gatehouse::app
