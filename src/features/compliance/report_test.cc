#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "features/compliance/fake_record.h"
#include "features/compliance/html_writer.h"
#include "features/compliance/report_folder.h"
#include "features/compliance/report_html.h"
#include "record/log/log_writer.h"

namespace gatehouse::features::compliance {
namespace {

namespace fs = std::filesystem;
using record::log::LogWriter;
using record::log::PosixFiles;

Scope November() {
  return {.from_us = FakeRecord::kStartUs, .until_us = FakeRecord::kStartUs + 30 * FakeRecord::kDayUs, .members = {}};
}

constexpr std::string_view kYaml = R"(framework: test
title: Rules <of> the house
publisher: Somebody
text_version: "1"
applies_from: 2026-01-01
controls:
  - { id: A.1, title: All, requirement: R., remains: P., status: automatic, evidence: [exchanges] }
  - { id: A.2, title: Some, requirement: R., remains: P., status: partial, evidence: [decisions], tags: [LLM01] }
  - { id: A.3, title: None, requirement: R., remains: P., status: automatic, evidence: [kill_switch] }
  - { id: A.4, title: Us, requirement: R., remains: P., status: manual }
  - { id: A.5, title: Later, requirement: R., remains: P., status: automatic, evidence: [exchanges], applies_from: 2026-12-01 }
)";

// The machine's, at the time of the record.
class NovemberClock final : public base::Clock {
 public:
  base::TimePoint Now() const override { return base::SystemClock().Now(); }
  base::WallTime Wall() const override { return base::WallTime(std::chrono::microseconds(FakeRecord::kStartUs)); }
};

class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gatehouse-report-XXXXXX").string();
    GH_CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Report Assessed() {
    FakeRecord record([&](std::string_view entry) { evidence_.Take(evidence_.entries, entry); });
    for (std::uint64_t i = 0; i < 200; ++i) record.Exchange(i);
    evidence_.Finish();
    return Assess(framework_, evidence_, {.origin = "log.example/1", .size = 400});
  }
  // A log of real entries, and its report.
  void WriteLog(std::uint64_t exchanges) {
    auto writer = LogWriter::Open({.folder = folder_ / "log", .origin = "log.example/1"}, files_, clock_);
    ASSERT_TRUE(writer.ok()) << writer.error().public_message << writer.error().detail;
    FakeRecord record([&](std::string_view entry) {
      ASSERT_TRUE(writer.value()->Append(entry, record::log::Durability::kGroup).ok());
    });
    record.Start();
    for (std::uint64_t i = 0; i < exchanges; ++i) record.Exchange(i);
    record.Stop();
  }
  base::Result<ReportSummary> Write(const Framework& framework,
                                    ReportRequest::Check check = ReportRequest::Check::kWhole) {
    return WriteReport(framework,
                       {.scope = November(),
                        .scope_text = {},
                        .log_folder = folder_ / "log",
                        .out_folder = folder_ / "out",
                        .keys = {},
                        .check = check},
                       files_, base::SystemClock());
  }
  std::string TextOf(const std::string& file) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / "out" / file).rdbuf();
    return text.str();
  }
  // The exit status of the program that an auditor runs.
  int Verify() const {
    const std::string command = "python3 " + (folder_ / "out/verify.py").string() + " > /dev/null 2>&1";
    return std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  }

  fs::path folder_;
  NovemberClock clock_;
  PosixFiles files_;
  Framework framework_ = ParseFramework(kYaml, "test.yaml").value();
  Evidence evidence_{November()};
};

TEST_F(ReportTest, VerdictsSayWhatTheRecordHas) {
  const Report report = Assessed();
  using Verdict = Assessment::Verdict;
  ASSERT_EQ(report.assessments.size(), 5U);
  EXPECT_EQ(report.assessments[0].verdict, Verdict::kEvidenced);
  EXPECT_EQ(report.assessments[1].verdict, Verdict::kPartly);
  EXPECT_EQ(report.assessments[1].tagged, evidence_.decisions.of("deny"));
  EXPECT_EQ(report.assessments[2].verdict, Verdict::kGaps);
  EXPECT_EQ(report.assessments[2].gaps.size(), 1U);
  EXPECT_EQ(report.assessments[3].verdict, Verdict::kPeople);
  EXPECT_TRUE(report.assessments[0].applies);
  EXPECT_FALSE(report.assessments[4].applies);
}

TEST_F(ReportTest, AnEmptyRecordIsNoEvidence) {
  evidence_.Finish();
  for (const std::string_view id : DefaultFrameworkIds()) {
    const Framework framework = DefaultFramework(id).value();
    const Report report = Assess(framework, evidence_, {});
    for (const Assessment& one : report.assessments) {
      EXPECT_NE(one.verdict, Assessment::Verdict::kEvidenced)
          << id << " " << one.control->id << " is evidenced by nothing";
    }
  }
}

TEST_F(ReportTest, ThePageEscapesEverythingAndAsksForNothing) {
  FakeRecord record([&](std::string_view entry) { evidence_.Take(evidence_.entries, entry); });
  record.Other("req.end", R"(,"id":"a","project":"<script>alert(1)</script>","decision":"allow","status":200,)"
                          R"("ending":"answered","model":"\"><img src=x>","scanned":1)");
  evidence_.Finish();
  const Framework act = DefaultFramework("eu-ai-act").value();
  const Report report = Assess(act, evidence_, {.origin = "log<b>", .size = 1});
  const std::string page = ReportHtml(report, {});
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("log<b>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(page.find("src="), page.find("src=x&gt;"));
  EXPECT_EQ(page.find("url("), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
}

// Every reference within the page leads somewhere, for every framework.
TEST_F(ReportTest, LinksLeadSomewhere) {
  static_cast<void>(Assessed());
  for (const std::string_view id : DefaultFrameworkIds()) {
    const Framework framework = DefaultFramework(id).value();
    const Report report = Assess(framework, evidence_, {.origin = "log", .size = 9});
    const std::string page = ReportHtml(report, {});
    for (std::size_t at = 0; (at = page.find("href=\"#", at)) != std::string::npos; ++at) {
      const std::size_t begin = at + 7;
      const std::string target = page.substr(begin, page.find('"', begin) - begin);
      EXPECT_NE(page.find("id=\"" + target + "\""), std::string::npos) << id << " #" << target;
    }
  }
}

TEST_F(ReportTest, TheFolderVerifiesWithoutTheGateway) {
  WriteLog(300);
  const auto summary = Write(framework_);
  ASSERT_TRUE(summary.ok()) << summary.error().public_message << summary.error().detail;
  EXPECT_EQ(summary.value().exchanges, 300U);
  EXPECT_GT(summary.value().samples, 3U);
  EXPECT_EQ(summary.value().with_gaps, 1U);
  EXPECT_NE(TextOf("report.html").find("entries are as they were written"), std::string::npos)
      << TextOf("report.html").substr(TextOf("report.html").find("id=\"verification\""), 400);
  codec::json::Document document;
  const std::string json = TextOf("evidence.json");
  ASSERT_TRUE(document.Parse(json).ok());
  EXPECT_EQ(document.root()["controls"].size(), 5U);
  EXPECT_EQ(document.root()["samples"].at(0)["problem"].type(), codec::json::Type::kMissing);
  EXPECT_EQ(Verify(), 0);
}

TEST_F(ReportTest, TheProgramSeesAChangedSample) {
  WriteLog(50);
  ASSERT_TRUE(Write(framework_).ok());
  ASSERT_EQ(Verify(), 0);
  for (const auto& entry : fs::directory_iterator(folder_ / "out/samples")) {
    if (entry.path().extension() == ".json") {
      std::ofstream(entry.path(), std::ios::app) << " ";
      break;
    }
  }
  EXPECT_NE(Verify(), 0);
}

TEST_F(ReportTest, TheProgramSeesAChangedCheckpoint) {
  WriteLog(50);
  ASSERT_TRUE(Write(framework_).ok());
  std::string note = TextOf("checkpoint");
  note[note.find('\n') + 1] ^= 1;
  std::ofstream(folder_ / "out/checkpoint") << note;
  EXPECT_NE(Verify(), 0);
}

TEST_F(ReportTest, AFolderWithSomethingInItIsLeftAlone) {
  WriteLog(5);
  fs::create_directories(folder_ / "out");
  std::ofstream(folder_ / "out/mine") << "x";
  const auto summary = Write(framework_);
  ASSERT_FALSE(summary.ok());
  EXPECT_EQ(summary.error().code, base::ErrorCode::kConflict);
}

TEST_F(ReportTest, WithoutALogThereIsNoReport) {
  EXPECT_EQ(Write(framework_).error().code, base::ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

TEST(Html, EscapesWhatHasAMeaning) { EXPECT_EQ(Escaped("<a href='\"&'>"), "&lt;a href=&#39;&quot;&amp;&#39;&gt;"); }

}  // namespace
}  // namespace gatehouse::features::compliance
