#include "app/report_clerk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "codec/config/tree.h"
#include "features/audit/test_sink.h"
#include "features/compliance/fake_record.h"
#include "record/log/log_writer.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kOctober2023Us = 1'696'464'000'000'000;  // the fifth; the clock begins on 2023-11-14

class ReportClerkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gatehouse-clerk-XXXXXX").string();
    GH_CHECK(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  void WriteLog(int exchanges) {
    auto writer = record::log::LogWriter::Open({.folder = folder_ / "log", .origin = "log.example/1"}, files_, clock_);
    ASSERT_TRUE(writer.ok()) << writer.error().detail;
    features::compliance::FakeRecord record([&](std::string_view entry) {
      ASSERT_TRUE(writer.value()->Append(entry, record::log::Durability::kGroup).ok());
    });
    record.now_us = kOctober2023Us;
    record.Start();
    for (int i = 0; i < exchanges; ++i) record.Exchange(static_cast<std::uint64_t>(i));
    record.Stop();
  }
  ReportClerk Clerk() {
    return ReportClerk(
        {.log_folder = folder_ / "log", .record = record_, .log = log_, .clock = clock_, .first_look = {}});
  }
  std::vector<ReportPlan> Plans(const std::string& members) {
    const auto tree = codec::config::Tree::Parse("r: [ { name: acts, framework: eu-ai-act, folder: '" +
                                                 (folder_ / "out").string() + "', " + members + " } ]");
    std::vector<std::string> files;
    auto plans = ReadReports(tree.value().root()["r"], files);
    EXPECT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
    return plans;
  }
  std::vector<std::string> Made() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_ / "out" / "acts", none)) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }
  void Advance(int days) { clock_.Advance(std::chrono::hours(24 * days)); }

  fs::path folder_;
  base::FakeClock clock_;
  record::log::PosixFiles files_;
  features::audit::testing::TestSink sink_;
  features::audit::Record record_{sink_, clock_, "gw1", {}, 1};
  const int nowhere_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg): open(2)
  base::LogWriter lines_{nowhere_};
  base::Log log_{lines_, clock_, base::LogLevel::kError};
};

TEST_F(ReportClerkTest, MakesWhatIsDueOnceAndOnlyTheLatest) {
  WriteLog(50);
  ReportClerk clerk = Clerk();
  clerk.Use(Plans("period: month, at: '02:30', zone: Europe/Berlin, scope: { org: '1' }"));
  clerk.Look({});
  EXPECT_THAT(Made(), ElementsAre("2023-10"));
  clerk.Look({});
  EXPECT_EQ(clerk.standings().at("acts").made, 1U);
  ASSERT_EQ(sink_.entries.size(), 1U);
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("t":"report.made")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("report":"acts","framework":"eu-ai-act","occasion":"2023-10")"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("from":1696111200000000,"until":1698793200000000)"));
  EXPECT_THAT(sink_.entries[0], HasSubstr(R"("late_s":)"));
  std::ifstream file(folder_ / "out" / "acts" / "2023-10" / "report.html");
  const std::string html((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(html, HasSubstr("exchanges of org 1; 2023-10 in Europe/Berlin"));
  Advance(100);  // to the 22nd of February 2024: nobody was there for three months
  clerk.Look({});
  EXPECT_THAT(Made(), ElementsAre("2023-10", "2024-01"));
}

TEST_F(ReportClerkTest, KeepsAsManyAsAreWantedAndNothingElseIsTouched) {
  WriteLog(5);
  fs::create_directories(folder_ / "out" / "acts" / "notes");
  ReportClerk clerk = Clerk();
  clerk.Use(Plans("period: day, keep: 2"));
  for (int day = 0; day < 4; ++day) {
    clerk.Look({});
    Advance(1);
  }
  EXPECT_THAT(Made(), ElementsAre("2023-11-15", "2023-11-16", "notes"));
}

TEST_F(ReportClerkTest, OneThatFailsIsToldAndTriedAgainLater) {
  ReportClerk clerk = Clerk();
  clerk.Use(Plans("period: month"));
  clerk.Look({});
  clerk.Look({});
  EXPECT_EQ(clerk.standings().at("acts").failed, 1U) << "not at once";
  EXPECT_THAT(sink_.entries, ElementsAre(HasSubstr(R"("t":"report.failed")")));
  clock_.Advance(std::chrono::seconds(61));
  clerk.Look({});
  EXPECT_EQ(clerk.standings().at("acts").failed, 2U);
  clock_.Advance(std::chrono::seconds(61));
  clerk.Look({});
  EXPECT_EQ(clerk.standings().at("acts").failed, 2U) << "it waits twice as long each time";
  EXPECT_THAT(Made(), IsEmpty());
  WriteLog(5);
  clock_.Advance(std::chrono::seconds(61));
  clerk.Look({});
  EXPECT_THAT(Made(), ElementsAre("2023-10"));
  EXPECT_EQ(clerk.standings().at("acts").made, 1U);
}

TEST_F(ReportClerkTest, WhatWasBrokenOffIsMadeAnew) {
  WriteLog(50);
  ReportClerk clerk = Clerk();
  clerk.Use(Plans("period: month"));
  std::stop_source stopping;
  stopping.request_stop();
  clerk.Look(stopping.get_token());
  EXPECT_THAT(Made(), IsEmpty());
  fs::create_directories(folder_ / "out" / "acts" / ".unfinished" / "samples");
  clerk.Look({});
  EXPECT_THAT(Made(), ElementsAre("2023-10"));
}

TEST_F(ReportClerkTest, WorksOnItsThread) {
  WriteLog(5);
  {
    ReportClerk clerk = Clerk();
    clerk.Use(Plans("period: month"));
    clerk.Start();
    while (clerk.standings()["acts"].made == 0) std::this_thread::yield();
  }
  EXPECT_THAT(Made(), ElementsAre("2023-10"));
}

TEST(ReportConfig, ProblemsAreNamed) {
  const auto problem = [](const std::string& members) {
    const auto tree = codec::config::Tree::Parse("r: [ { " + members + " } ]");
    std::vector<std::string> files;
    static_cast<void>(ReadReports(tree.value().root()["r"], files));
    const auto status = tree.value().Finish();
    return status.ok() ? "" : status.error().public_message;
  };
  const std::string good = "name: a, framework: gdpr, period: week, folder: /x";
  EXPECT_EQ(problem(good), "");
  EXPECT_EQ(problem(good + ", at: '23:59', zone: Asia/Tokyo, keep: 4, scope: { project: '7', model: m }"), "");
  const std::pair<std::string, std::string> wrong[] = {
      {good + ", at: 2:30pm", "time of day"},
      {good + ", zone: Mars", "zone"},
      {good + ", scope: { who: x }", "is no org"},
      {good + ", keep: -1", "keep"},
      {good + ", catalogue: /x.yaml", "either"},
      {good + ", every: day", "every"},
      {"name: A b, framework: gdpr, period: week, folder: /x", "a-z"},
      {"name: a, framework: gdpr, period: hour, folder: /x", "period"},
      {"name: a, framework: nosuch, period: day, folder: /x", "nosuch"},
      {"name: a, catalogue: /no/such.yaml, period: day, folder: /x", "/no/such.yaml"},
      {"name: a, framework: gdpr, period: day", "folder"},
      {"name: a, framework: gdpr, period: day, folder: ''", "folder"},
      {"framework: gdpr, period: day, folder: /x", "name"},
      {good + " }, { " + good, "exists already"},
  };
  for (const auto& [members, part] : wrong) EXPECT_THAT(problem(members), HasSubstr(part)) << members;
}

}  // namespace
}  // namespace gatehouse::app
