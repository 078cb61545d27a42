#include "features/oversight/approval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "features/oversight/reviewer.h"

namespace gatehouse::features::oversight {
namespace {

using State = Approval::State;
using Kind = Move::Kind;

const Person kAnna{.key = "1", .name = "anna"};
const Person kBen{.key = "2", .name = "ben"};
const Person kOwner{.key = "owner", .name = "owner"};
const Person kRequester{.key = "14", .name = "rita"};

Approval Pending(std::int64_t quorum = 1) {
  return {.id = 7,
          .chain = {{11}, {14}, {15}},
          .quorum = quorum,
          .created_ms = 1000,
          .decide_by_ms = 2000,
          .use_within_ms = 500,
          .changed_ms = 1000};
}
Approval After(Approval approval, Move move) {
  auto after = Apply(std::move(approval), std::move(move));
  EXPECT_TRUE(after.ok()) << (after.ok() ? "" : after.error().public_message);
  return after.ok() ? std::move(after).value() : Approval();
}
base::ErrorCode ErrorAfter(Approval approval, Move move) {
  const auto after = Apply(std::move(approval), std::move(move));
  EXPECT_FALSE(after.ok());
  return after.ok() ? base::ErrorCode::kInternal : after.error().code;
}

TEST(Approvals, AreGoodOnceAndForSoLong) {
  const Approval approved = After(Pending(), {.kind = Kind::kApprove, .by = kAnna, .at_ms = 1500});
  EXPECT_EQ(approved.state, State::kApproved);
  EXPECT_EQ(approved.use_by_ms, 2000);
  const Approval consumed = After(approved, {.kind = Kind::kConsume, .at_ms = 1999});
  EXPECT_EQ(consumed.state, State::kConsumed);
  EXPECT_EQ(ErrorAfter(consumed, {.kind = Kind::kConsume, .at_ms = 1999}), base::ErrorCode::kConflict);
  EXPECT_EQ(ErrorAfter(approved, {.kind = Kind::kConsume, .at_ms = 2000}), base::ErrorCode::kConflict);
  EXPECT_EQ(After(approved, {.kind = Kind::kExpire, .at_ms = 2000}).state, State::kExpiredUnused);
  EXPECT_EQ(After(approved, {.kind = Kind::kRevoke, .by = kBen, .at_ms = 1600}).state, State::kRevoked);
  EXPECT_EQ(ErrorAfter(approved, {.kind = Kind::kCancel, .at_ms = 1600}), base::ErrorCode::kConflict);
}

TEST(Approvals, NobodyDecidingInTimeIsANo) {
  EXPECT_EQ(ErrorAfter(Pending(), {.kind = Kind::kExpire, .at_ms = 1999}), base::ErrorCode::kConflict);
  EXPECT_EQ(After(Pending(), {.kind = Kind::kExpire, .at_ms = 2000}).state, State::kExpired);
  EXPECT_EQ(ErrorAfter(Pending(), {.kind = Kind::kApprove, .by = kAnna, .at_ms = 2000}), base::ErrorCode::kConflict);
}

TEST(Approvals, AQuorumIsOfDifferentPeopleAndNotOfWhoAsks) {
  const Approval once = After(Pending(2), {.kind = Kind::kApprove, .by = kAnna, .at_ms = 1100});
  EXPECT_EQ(once.state, State::kPending);
  EXPECT_EQ(ErrorAfter(once, {.kind = Kind::kApprove, .by = kAnna, .at_ms = 1200}), base::ErrorCode::kConflict);
  EXPECT_EQ(ErrorAfter(once, {.kind = Kind::kApprove, .by = kRequester, .at_ms = 1200}), base::ErrorCode::kDenied);
  EXPECT_EQ(ErrorAfter(once, {.kind = Kind::kDeny, .by = kRequester, .at_ms = 1200}), base::ErrorCode::kDenied);
  const Approval twice = After(once, {.kind = Kind::kApprove, .by = kOwner, .at_ms = 1200});
  EXPECT_EQ(twice.state, State::kApproved);
  EXPECT_EQ(twice.votes.size(), 2U);
  const Approval denied = After(once, {.kind = Kind::kDeny, .by = kBen, .reason = "no", .at_ms = 1200});
  EXPECT_EQ(denied.state, State::kDenied);
  EXPECT_EQ(ErrorAfter(denied, {.kind = Kind::kApprove, .by = kOwner, .at_ms = 1300}), base::ErrorCode::kConflict);
}

// Whatever is tried in whatever order: only arrows of the specification are taken, what is over stays as it is, and
// what was approved was approved by as many people as it takes, none of whom asked.
TEST(Approvals, TakeNoArrowThatIsNotThere) {
  const std::set<std::pair<State, State>> arrows = {
      {State::kPending, State::kPending},   {State::kPending, State::kApproved},
      {State::kPending, State::kDenied},    {State::kPending, State::kExpired},
      {State::kPending, State::kCancelled}, {State::kApproved, State::kConsumed},
      {State::kApproved, State::kRevoked},  {State::kApproved, State::kExpiredUnused}};
  const std::array<Person, 4> people = {kAnna, kBen, kOwner, kRequester};
  base::Random random(4);
  std::set<std::pair<State, State>> taken;
  for (int round = 0; round < 20'000; ++round) {
    Approval approval = Pending(static_cast<std::int64_t>(1 + random.Below(3)));
    std::int64_t now = 1000;
    for (int step = 0; step < 12; ++step) {
      now += static_cast<std::int64_t>(random.Below(250));
      const auto kind = static_cast<Kind>(random.Below(6));
      const auto after = Apply(approval, {.kind = kind, .by = people.at(random.Below(4)), .reason = "r", .at_ms = now});
      if (!after.ok()) {
        EXPECT_EQ(after.error().source, base::ErrorSource::kClient);
        continue;
      }
      const std::pair arrow(approval.state, after.value().state);
      ASSERT_TRUE(arrows.contains(arrow)) << ToString(arrow.first) << " -> " << ToString(arrow.second);
      ASSERT_EQ(after.value().version, approval.version + 1);
      ASSERT_GE(after.value().votes.size(), approval.votes.size());
      taken.insert(arrow);
      approval = after.value();
      std::set<std::string> approvers;
      for (const Vote& vote : approval.votes) {
        if (vote.says == Vote::Says::kApprove) approvers.insert(vote.by.key);
      }
      ASSERT_FALSE(approvers.contains(kRequester.key));
      if (approval.state == State::kPending) ASSERT_LT(static_cast<std::int64_t>(approvers.size()), approval.quorum);
      if (arrow.second == State::kApproved) ASSERT_EQ(static_cast<std::int64_t>(approvers.size()), approval.quorum);
      if (arrow.second == State::kApproved) ASSERT_LT(now, approval.decide_by_ms);
      if (arrow.second == State::kConsumed) ASSERT_LT(now, approval.use_by_ms);
    }
  }
  EXPECT_EQ(taken, arrows) << "some arrow is never taken";
}

TEST(ApprovalId, IsReadBack) {
  EXPECT_EQ(ApprovalIdOf(Pending().Word()), 7);
  for (const std::string_view wrong : {"", "apr_", "apr_x", "apr_-1", "apr_0", "7", "apr_7x", "stop_7"}) {
    EXPECT_FALSE(ApprovalIdOf(wrong)) << wrong;
  }
}

Approval Voted(const Person& by, Vote::Says says, std::int64_t dwell) {
  Approval approval = Pending();
  approval.votes.push_back({.by = by, .says = says, .reason = "", .at_ms = approval.created_ms + dwell});
  return approval;
}

TEST(Reviewers, KnowARubberStamp) {
  std::vector<Approval> approvals;
  for (int i = 0; i < 20; ++i) approvals.push_back(Voted(kAnna, Vote::Says::kApprove, 900 + i));
  for (int i = 0; i < 10; ++i) approvals.push_back(Voted(kBen, Vote::Says::kApprove, 60'000));
  for (int i = 0; i < 10; ++i) approvals.push_back(Voted(kBen, Vote::Says::kDeny, 100));
  const Reviewers review = ReviewersOf(JudgementsOf(approvals), 3000);
  ASSERT_EQ(review.people.size(), 2U);
  EXPECT_EQ(review.decisions, 40);
  const Reviewer& anna = review.people[0];
  EXPECT_EQ(anna.person, kAnna);
  EXPECT_EQ(anna.approved, 20);
  EXPECT_EQ(anna.too_fast, 20);
  EXPECT_EQ(anna.median_dwell_ms, 909);
  EXPECT_EQ(anna.pattern, Reviewer::Pattern::kRubberStamp);
  const Reviewer& ben = review.people[1];
  EXPECT_EQ(ben.denied, 10);
  EXPECT_EQ(ben.too_fast, 10);
  EXPECT_EQ(ben.median_dwell_ms, 100);
  EXPECT_EQ(ben.pattern, Reviewer::Pattern::kNone);
  approvals.pop_back();
  approvals.erase(approvals.begin());
  EXPECT_EQ(ReviewersOf(JudgementsOf(approvals), 3000).people[1].pattern, Reviewer::Pattern::kNone)
      << "of too few decisions";
  EXPECT_TRUE(ReviewersOf({}, 3000).people.empty());
}

}  // namespace
}  // namespace gatehouse::features::oversight
