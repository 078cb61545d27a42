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
      record.now_us += 10 * kSecondUs;
      record.Heartbeat();
    }
  }
  const NodeRecord& node() const { return evidence.nodes.at("gw1"); }
  Answer Ask(Query query) const { return AnswerTo(query, evidence, {.origin = "log", .size = index}); }

  Evidence evidence{November()};
  std::uint64_t index = 0;
  FakeRecord record{[this](std::string_view entry) { evidence.Take(index++, entry); }};
};

TEST_F(EvidenceTest, CountsExchanges) {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    record.now_us += kSecondUs;
    record.Exchange(i);
  }
  evidence.Finish();
  EXPECT_EQ(evidence.exchanges, 1000U);
  EXPECT_EQ(evidence.open_starts, 0U);
  const std::uint64_t denied = evidence.decisions.of("deny");
  EXPECT_GT(denied, 0U);
  EXPECT_EQ(evidence.types.of("req.start"), 1000 - denied);
  EXPECT_EQ(evidence.tags.of("LLM01"), denied);
  EXPECT_EQ(evidence.findings.at("injection").of("INSTRUCTION (deny)"), denied);
  EXPECT_EQ(evidence.findings.at("pii").of("EMAIL_ADDRESS (mask)"), 2 * evidence.decisions.of("restrict"));
  EXPECT_EQ(evidence.nano_usd, static_cast<std::int64_t>(1000 - denied) * 1'250'000);
  EXPECT_EQ(evidence.systems.size(), 7U);
  EXPECT_EQ(evidence.subjects.names(), 400U);
  EXPECT_EQ(evidence.providers.at("second").calls, 1000 - denied);
  EXPECT_GT(evidence.took.Percentile(1), 199U);  // durations have fractions
  EXPECT_GT(evidence.providers.at("second").took.Percentile(50), 899U);
}

TEST_F(EvidenceTest, WhatWasDecidedAndDidNotEndIsCounted) {
  record.Other("req.start", R"(,"id":"a","decision":"allow")");
  record.Other("req.start", R"(,"id":"b","decision":"allow")");
  record.Other("req.end", R"(,"id":"a","decision":"allow","status":200,"ending":"answered")");
  evidence.Finish();
  EXPECT_EQ(evidence.open_starts, 1U);
}

TEST_F(EvidenceTest, OnlyThePeriodCounts) {
  record.now_us = November().from_us - 1;
  record.Exchange(1);
  record.now_us = November().until_us;
  record.Exchange(2);
  record.now_us = November().until_us - 1;
  record.Exchange(3);
  EXPECT_EQ(evidence.exchanges, 1U);
  EXPECT_EQ(evidence.newest_us(), November().until_us - 1);
}

TEST_F(EvidenceTest, AQuietRecordHasNoGaps) {
  record.Start();
  Beat(3600);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().missing, 0U);
  EXPECT_EQ(node().silences, 0U);
  EXPECT_EQ(node().covered_us, 3590 * kSecondUs);
  EXPECT_TRUE(Ask(Query::kLogCoverage).gaps.empty());
}

TEST_F(EvidenceTest, ANumberThatNeverCameIsMissing) {
  record.Start();
  Beat(60);
  record.Lose();
  Beat(60);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().missing, 1U);
  EXPECT_EQ(Ask(Query::kLogCoverage).state, Answer::State::kGap);
}

TEST_F(EvidenceTest, ANewProcessBeginsAnew) {
  record.Start();
  Beat(60);
  record.Stop();
  record.Start();
  Beat(600);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().missing, 0U);
  EXPECT_EQ(node().starts, 2U);
}

// The end of a process without node.stop, and a while until the next.
TEST_F(EvidenceTest, SilenceWithoutAStopIsAGap) {
  record.Start();
  Beat(60);
  record.now_us += 600 * kSecondUs;
  record.Start();
  Beat(60);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 610 * kSecondUs);
  ASSERT_EQ(node().longest.size(), 1U);
  EXPECT_EQ(node().longest[0].until_us - node().longest[0].from_us, 610 * kSecondUs);
}

// A gateway that is to give a sign every minute is not silent in between.
TEST_F(EvidenceTest, TheIntervalIsTheRecordsOwn) {
  record.Start();
  for (int i = 0; i < 60; ++i) {
    record.now_us += 60 * kSecondUs;
    record.Heartbeat();
  }
  record.now_us += 600 * kSecondUs;
  record.Heartbeat();
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().interval_us, 60 * kSecondUs);
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 600 * kSecondUs);
}

TEST_F(EvidenceTest, PayloadsThatAreNotInTheVaultAreAGap) {
  record.Other("req.end", R"(,"id":"a","decision":"allow","status":200,"ending":"answered","scanned":1,)"
                          R"("payloads":[{"field":"prompt","class":"short"},{"field":"answer","class":"short"}])");
  EXPECT_EQ(Ask(Query::kRetention).state, Answer::State::kFound);
  EXPECT_EQ(evidence.payloads.of("short"), 2U);
  record.Other("req.end", R"(,"id":"b","decision":"allow","status":200,"ending":"answered","scanned":1,)"
                          R"("payloads_lost":"queue_full")");
  EXPECT_EQ(Ask(Query::kRetention).gaps,
            std::vector<std::string>{"Of 1 exchange payloads should be in the vault and are not"});
}

// Somebody who says no takes part in no approval.
TEST_F(EvidenceTest, AVoteAgainstIsNoneForTheQuorum) {
  record.Other("approval.vote", R"(,"approval":"a","actor":"1","says":"approve","dwell_ms":9000)");
  record.Other("approval.vote", R"(,"approval":"a","actor":"2","says":"deny","dwell_ms":9000)");
  record.Other("approval.outcome", R"(,"approval":"a","state":"approved")");
  record.Other("approval.outcome", R"(,"approval":"b","state":"denied")");
  EXPECT_EQ(Ask(Query::kApprovalQuorum).gaps, std::vector<std::string>{"1 approval rests on one person"});
  EXPECT_EQ(Ask(Query::kOverrides).state, Answer::State::kFound);
}

TEST_F(EvidenceTest, SilenceAfterAStopIsNone) {
  record.Start();
  Beat(60);
  record.Stop();
  record.now_us += 3600 * kSecondUs;
  record.Start();
  Beat(60);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().silences, 0U);
}

TEST_F(EvidenceTest, SilenceUpToTheEndOfTheRecordIsAGap) {
  record.Start();
  Beat(60);
  record.now_us += 600 * kSecondUs;
  record.Exchange(1);
  evidence.Finish();
  EXPECT_EQ(node().silences, 1U);
  EXPECT_EQ(node().silent_us, 600 * kSecondUs);
}

TEST_F(EvidenceTest, WhatTheGatewaySaysWasNotWrittenIsAGap) {
  record.Start();
  record.Heartbeat(3);
  record.Stop();
  evidence.Finish();
  EXPECT_EQ(node().unwritten, 3U);
  ASSERT_FALSE(Ask(Query::kLogCoverage).gaps.empty());
  EXPECT_NE(Ask(Query::kLogCoverage).gaps[0].find("3 entries could not be written"), std::string::npos);
}

TEST_F(EvidenceTest, WhatCannotBeReadIsAGap) {
  evidence.Take(0, "{");
  evidence.Take(1, R"({"v":1})");
  record.Heartbeat();
  evidence.Finish();
  EXPECT_EQ(evidence.unreadable, 2U);
  EXPECT_EQ(Ask(Query::kLogCoverage).state, Answer::State::kGap);
}

TEST_F(EvidenceTest, WhatWasNotInspectedIsAGapAndNothingFoundIsNot) {
  record.Other("req.end",
               R"(,"id":"a","decision":"allow","status":200,"ending":"answered","not_scanned":["not_inspected"])");
  evidence.Finish();
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
    record.Other("approval.request", id);
    record.Other("approval.vote", id + R"(,"actor":"77","says":"approve","dwell_ms":900.5)");
    if (i % 2 == 0) record.Other("approval.vote", id + R"(,"actor":"78","says":"approve","dwell_ms":90000)");
    record.Other("approval.outcome", id + R"(,"state":"approved")");
    record.Other("approval.outcome", id + R"(,"state":"consumed")");
  }
  evidence.Finish();
  const Answer bias = Ask(Query::kApprovalBias);
  ASSERT_EQ(bias.gaps.size(), 1U);
  EXPECT_NE(bias.gaps[0].find("Reviewer 77"), std::string::npos);
  EXPECT_EQ(bias.tables.at(0).rows.size(), 2U);
  EXPECT_EQ(evidence.approved, 30U);
  EXPECT_EQ(evidence.two_persons, 15U);
  EXPECT_EQ(Ask(Query::kApprovalQuorum).gaps, std::vector<std::string>{"15 approvals rest on one person"});
}

TEST_F(EvidenceTest, SamplesAreOfTheirKindAndAsTheyWere) {
  for (std::uint64_t i = 0; i < 500; ++i) record.Exchange(i);
  const auto samples = evidence.samples();
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
    evidence = Evidence(std::move(scope));
  }
};

TEST_F(ScopedEvidence, OnlyExchangesOfTheScopeCount) {
  for (std::uint64_t i = 0; i < 70; ++i) record.Exchange(i);
  record.Other("admin.action", R"(,"actor":"owner","method":"POST","resource":"keys","status":201)");
  evidence.Finish();
  EXPECT_EQ(evidence.exchanges, 10U);
  EXPECT_EQ(evidence.systems.size(), 1U);
  EXPECT_EQ(evidence.admin_actions.of("POST keys (done)"), 1U);
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
