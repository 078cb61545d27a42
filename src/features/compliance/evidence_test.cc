#include "features/compliance/evidence.h"

#include <gtest/gtest.h>

#include "features/compliance/answer.h"
#include "features/compliance/fake_record.h"

namespace gatehouse::features::compliance {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

Scope November() {
  return {.from_us = FakeRecord::kStartUs, .until_us = FakeRecord::kStartUs + 30 * FakeRecord::kDayUs, .members = {}};
}

class EvidenceTest : public testing::Test {
 protected:
  // Heartbeats every ten seconds for so long.
  void Beat(std::int64_t seconds) {
    for (std::int64_t i = 0; i < seconds; i += 10) {
      record_.now_us += 10 * kSecondUs;
      record_.Heartbeat();
    }
  }
  const NodeRecord& node() const { return evidence_.nodes.at("gw1"); }
  Answer Ask(Query query) const { return AnswerTo(query, evidence_, {.origin = "log", .size = index_}); }

  Evidence evidence_{November()};
  std::uint64_t index_ = 0;
  FakeRecord record_{[this](std::string_view entry) { evidence_.Take(index_++, entry); }};
};

TEST_F(EvidenceTest, CountsExchanges) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    record_.now_us += kSecondUs;
    record_.Exchange(i);
  }
  evidence_.Finish();
  EXPECT_EQ(evidence_.exchanges, 1000U);
  EXPECT_EQ(evidence_.open_starts, 0U);
  const std::uint64_t denied = evidence_.decisions.of("deny");
  EXPECT_GT(denied, 0U);
  EXPECT_EQ(evidence_.types.of("req.start"), 1000 - denied);
  EXPECT_EQ(evidence_.tags.of("LLM01"), denied);
  EXPECT_EQ(evidence_.findings.at("injection").of("INSTRUCTION (deny)"), denied);
  EXPECT_EQ(evidence_.findings.at("pii").of("EMAIL_ADDRESS (mask)"), 2 * evidence_.decisions.of("restrict"));
  EXPECT_EQ(evidence_.nano_usd, static_cast<std::int64_t>(1000 - denied) * 1'250'000);
  EXPECT_EQ(evidence_.systems.size(), 7U);
  EXPECT_EQ(evidence_.subjects.names(), 400U);
  EXPECT_EQ(evidence_.providers.at("second").calls, 1000 - denied);
  EXPECT_GT(evidence_.took.Percentile(1), 199U);  // durations have fractions
  EXPECT_GT(evidence_.providers.at("second").took.Percentile(50), 899U);
}

TEST_F(EvidenceTest, WhatWasDecidedAndDidNotEndIsCounted) {
  record_.Other("req.start", R"(,"id":"a","decision":"allow")");
  record_.Other("req.start", R"(,"id":"b","decision":"allow")");
  record_.Other("req.end", R"(,"id":"a","decision":"allow","status":200,"ending":"answered")");
  evidence_.Finish();
  EXPECT_EQ(evidence_.open_starts, 1U);
}

TEST_F(EvidenceTest, OnlyThePeriodCounts) {
  record_.now_us = November().from_us - 1;
  record_.Exchange(1);
  record_.now_us = November().until_us;
  record_.Exchange(2);
  record_.now_us = November().until_us - 1;
  record_.Exchange(3);
  EXPECT_EQ(evidence_.exchanges, 1U);
  EXPECT_EQ(evidence_.newest_us(), November().until_us - 1);
}

TEST_F(EvidenceTest, AQuietRecordHasNoGaps) {
  record_.Start();
  Beat(3600);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().missing, 0U);
  EXPECT_EQ(node().silences, 0U);
  EXPECT_EQ(node().covered_us, 3590 * kSecondUs);
  EXPECT_TRUE(Ask(Query::kLogCoverage).gaps.empty());
}

TEST_F(EvidenceTest, ANumberThatNeverCameIsMissing) {
  record_.Start();
  Beat(60);
  record_.Lose();
  Beat(60);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().missing, 1U);
  EXPECT_EQ(Ask(Query::kLogCoverage).state, Answer::State::kGap);
}

TEST_F(EvidenceTest, ANewProcessBeginsAnew) {
  record_.Start();
  Beat(60);
  record_.Stop();
  record_.Start();
  Beat(600);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().missing, 0U);
  EXPECT_EQ(node().starts, 2U);
}

// The end of a process without node.stop, and a while until the next.
TEST_F(EvidenceTest, SilenceWithoutAStopIsAGap) {
  record_.Start();
  Beat(60);
  record_.now_us += 600 * kSecondUs;
  record_.Start();
  Beat(60);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 610 * kSecondUs);
  ASSERT_EQ(node().longest.size(), 1U);
  EXPECT_EQ(node().longest[0].until_us - node().longest[0].from_us, 610 * kSecondUs);
}

// A gateway that is to give a sign every minute is not silent in between.
TEST_F(EvidenceTest, TheIntervalIsTheRecordsOwn) {
  record_.Start();
  for (int i = 0; i < 60; ++i) {
    record_.now_us += 60 * kSecondUs;
    record_.Heartbeat();
  }
  record_.now_us += 600 * kSecondUs;
  record_.Heartbeat();
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().interval_us, 60 * kSecondUs);
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 600 * kSecondUs);
}

TEST_F(EvidenceTest, PayloadsThatAreNotInTheVaultAreAGap) {
  record_.Other("req.end", R"(,"id":"a","decision":"allow","status":200,"ending":"answered","scanned":1,)"
                           R"("payloads":[{"field":"prompt","class":"short"},{"field":"answer","class":"short"}])");
  EXPECT_EQ(Ask(Query::kRetention).state, Answer::State::kFound);
  EXPECT_EQ(evidence_.payloads.of("short"), 2U);
  record_.Other("req.end", R"(,"id":"b","decision":"allow","status":200,"ending":"answered","scanned":1,)"
                           R"("payloads_lost":"queue_full")");
  EXPECT_EQ(Ask(Query::kRetention).gaps,
            std::vector<std::string>{"Of 1 exchange payloads should be in the vault and are not"});
}

// Somebody who says no takes part in no approval.
TEST_F(EvidenceTest, AVoteAgainstIsNoneForTheQuorum) {
  record_.Other("approval.vote", R"(,"approval":"a","actor":"1","says":"approve","dwell_ms":9000)");
  record_.Other("approval.vote", R"(,"approval":"a","actor":"2","says":"deny","dwell_ms":9000)");
  record_.Other("approval.outcome", R"(,"approval":"a","state":"approved")");
  record_.Other("approval.outcome", R"(,"approval":"b","state":"denied")");
  EXPECT_EQ(Ask(Query::kApprovalQuorum).gaps, std::vector<std::string>{"1 approval rests on one person"});
  EXPECT_EQ(Ask(Query::kOverrides).state, Answer::State::kFound);
}

TEST_F(EvidenceTest, SilenceAfterAStopIsNone) {
  record_.Start();
  Beat(60);
  record_.Stop();
  record_.now_us += 3600 * kSecondUs;
  record_.Start();
  Beat(60);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().silences, 0U);
}

TEST_F(EvidenceTest, SilenceUpToTheEndOfTheRecordIsAGap) {
  record_.Start();
  Beat(60);
  record_.now_us += 600 * kSecondUs;
  record_.Exchange(1);
  evidence_.Finish();
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 600 * kSecondUs);
}

TEST_F(EvidenceTest, WhatTheGatewaySaysWasNotWrittenIsAGap) {
  record_.Start();
  record_.Heartbeat(3);
  record_.Stop();
  evidence_.Finish();
  EXPECT_EQ(node().unwritten, 3U);
  ASSERT_FALSE(Ask(Query::kLogCoverage).gaps.empty());
  EXPECT_NE(Ask(Query::kLogCoverage).gaps[0].find("3 entries could not be written"), std::string::npos);
}

TEST_F(EvidenceTest, WhatCannotBeReadIsAGap) {
  evidence_.Take(0, "{");
  evidence_.Take(1, R"({"v":1})");
  record_.Heartbeat();
  evidence_.Finish();
  EXPECT_EQ(evidence_.unreadable, 2U);
  EXPECT_EQ(Ask(Query::kLogCoverage).state, Answer::State::kGap);
}

TEST_F(EvidenceTest, WhatWasNotInspectedIsAGapAndNothingFoundIsNot) {
  record_.Other("req.end",
                R"(,"id":"a","decision":"allow","status":200,"ending":"answered","not_scanned":["not_inspected"])");
  evidence_.Finish();
  EXPECT_EQ(Ask(Query::kCoverage).state, Answer::State::kGap);
  EXPECT_EQ(Ask(Query::kPersonalData).state, Answer::State::kGap);  // nothing could be found
  Evidence other(November());
  other.Take(
      0,
      R"({"v":1,"t":"req.end","ts":1793491200000001,"node":"n","decision":"allow","status":200,"ending":"answered","scanned":5})");
  EXPECT_EQ(AnswerTo(Query::kPersonalData, other, {}).state, Answer::State::kNothing);
  EXPECT_TRUE(AnswerTo(Query::kPersonalData, other, {}).gaps.empty());
  EXPECT_EQ(AnswerTo(Query::kCoverage, other, {}).state, Answer::State::kFound);
}

TEST_F(EvidenceTest, AReviewerWhoApprovesEverythingAtOnceIsNamed) {
  for (int i = 0; i < 30; ++i) {
    const std::string id = R"(,"approval":"a)" + std::to_string(i) + "\"";
    record_.Other("approval.request", id);
    record_.Other("approval.vote", id + R"(,"actor":"77","says":"approve","dwell_ms":900.5)");
    if (i % 2 == 0) record_.Other("approval.vote", id + R"(,"actor":"78","says":"approve","dwell_ms":90000)");
    record_.Other("approval.outcome", id + R"(,"state":"approved")");
    record_.Other("approval.outcome", id + R"(,"state":"consumed")");
  }
  evidence_.Finish();
  const Answer bias = Ask(Query::kApprovalBias);
  ASSERT_EQ(bias.gaps.size(), 1U);
  EXPECT_NE(bias.gaps[0].find("Reviewer 77"), std::string::npos);
  EXPECT_EQ(bias.tables.at(0).rows.size(), 2U);
  EXPECT_EQ(evidence_.approved, 30U);
  EXPECT_EQ(evidence_.two_persons, 15U);
  EXPECT_EQ(Ask(Query::kApprovalQuorum).gaps, std::vector<std::string>{"15 approvals rest on one person"});
}

TEST_F(EvidenceTest, SamplesAreOfTheirKindAndAsTheyWere) {
  for (std::uint64_t i = 0; i < 500; ++i) record_.Exchange(i);
  const auto samples = evidence_.samples();
  std::map<std::string, int> kinds;
  for (const Sample& sample : samples) {
    ++kinds[sample.kind];
    if (sample.kind == "tag:LLM01") EXPECT_NE(sample.entry.find("\"LLM01\""), std::string::npos);
    EXPECT_EQ(sample.entry.find("{\"v\":1"), 0U);
  }
  EXPECT_EQ(kinds["decision:deny"], 2);
  EXPECT_EQ(kinds["finding:pii"], 2);
}

class ScopedEvidence : public EvidenceTest {
 protected:
  void SetUp() override {
    Scope scope = November();
    scope.members.emplace("project", "103");
    evidence_ = Evidence(std::move(scope));
  }
};

TEST_F(ScopedEvidence, OnlyExchangesOfTheScopeCount) {
  for (std::uint64_t i = 0; i < 70; ++i) record_.Exchange(i);
  record_.Other("admin.action", R"(,"actor":"owner","method":"POST","resource":"keys","status":201)");
  evidence_.Finish();
  EXPECT_EQ(evidence_.exchanges, 10U);
  EXPECT_EQ(evidence_.systems.size(), 1U);
  EXPECT_EQ(evidence_.admin_actions.of("POST keys (done)"), 1U);
}

TEST(Tally, NamesBeyondTheMostAreCountedTogether) {
  Tally tally(2);
  for (const auto* name : {"a", "b", "c", "a", "d"}) tally.Add(name);
  EXPECT_EQ(tally.total(), 5U);
  EXPECT_EQ(tally.others(), 2U);
  EXPECT_EQ(tally.Ranked(1), (std::vector<std::pair<std::string, std::uint64_t>>{{"a", 2}}));
}

TEST(Durations, PercentilesAreWithinAQuarter) {
  Durations durations;
  for (std::uint64_t i = 1; i <= 10'000; ++i) durations.Add(i);
  for (const unsigned percent : {1U, 50U, 95U, 99U, 100U}) {
    const std::uint64_t exact = 100 * percent;
    EXPECT_GE(durations.Percentile(percent), exact);
    EXPECT_LE(durations.Percentile(percent), exact + exact / 4 + 1);
  }
  EXPECT_EQ(Durations().Percentile(50), 0U);
  Durations huge;
  huge.Add(UINT64_MAX);
  EXPECT_GT(huge.Percentile(50), 1U << 30U);
}

}  // namespace
}  // namespace gatehouse::features::compliance
