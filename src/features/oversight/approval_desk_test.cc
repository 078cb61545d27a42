#include "features/oversight/approval_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/common/database_test_rig.h"
#include "features/oversight/schema.h"

namespace gatehouse::features::oversight {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using State = Approval::State;

const Person kAnna{.key = "7", .name = "acme/user:anna"};
const Person kBen{.key = "8", .name = "acme/user:ben"};

struct TestWitness final : Witness {
  void NoteStop(const Stop&, const Halted&) override {}
  void NoteLift(const Stop&) override {}
  void NoteRequest(const Approval&) override { told.emplace_back("request"); }
  void NoteVote(const Approval&, const Vote& vote) override {
    told.push_back("vote " + std::string(ToString(vote.says)));
  }
  void NoteOutcome(const Approval& approval) override { told.emplace_back(ToString(approval.state)); }
  std::vector<std::string> told;
};

class ApprovalDeskTest : public common::DatabaseTest {
 protected:
  ApprovalDeskTest() { Migrate(OversightSchema()); }

  std::shared_ptr<pipeline::Exchange> Open(std::string body, std::int64_t key = 15) {
    pipeline::PassThroughCall call{.method = "POST", .path = "/x", .body = std::move(body)};
    auto exchange = std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kPassThrough,
                                                         pipeline::Operation(std::move(call)));
    auto principal = std::make_shared<pipeline::Principal>();
    principal->chain = {{.kind = pipeline::NodeKind::kOrganization, .id = {11}},
                        {.kind = pipeline::NodeKind::kUser, .id = {14}},
                        {.kind = pipeline::NodeKind::kKey, .id = {key}}};
    principal->organization = "acme";
    principal->name = "rita";
    exchange->id = "req_1";
    exchange->model = "m";
    exchange->principal = std::move(principal);
    exchange->deadline = loop_.In(std::chrono::seconds(30));
    return exchange;
  }
  static pipeline::ApprovalQuestion Question() { return {.rule = "ask-first", .message = "Ask your lead."}; }
  // "" or what the client is told.
  std::string Ask(pipeline::Exchange& exchange, std::string policy = "rev1") {
    ApprovalDesk desk(queue_, settings_, std::move(policy));
    const auto asked = Run(desk.Ask(exchange, Question()));
    return asked.ok() ? "" : asked.error().public_message;
  }
  std::string Ask(std::string body) { return Ask(*Open(std::move(body))); }
  std::vector<Approval> All() {
    auto all = Run(queue_.book().List(ACall(), {}));
    EXPECT_TRUE(all.ok()) << (all.ok() ? "" : all.error().detail);
    return all.ok() ? all.value() : std::vector<Approval>();
  }
  ApprovalBook::Call ACall() { return {.loop = loop_, .deadline = In()}; }
  std::int64_t NowMs() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(loop_.clock().Wall().time_since_epoch()).count();
  }
  base::Result<Approval> Do(std::int64_t id, Move::Kind kind, const Person& by = {}) {
    return Run(queue_.Do(ACall(), id, {.kind = kind, .by = by, .reason = "because", .at_ms = NowMs()}));
  }

  base::Random random_{1};
  TestWitness witness_;
  ApprovalQueue queue_{{.loop = loop_, .database = *database_, .witness = witness_}};
  ApprovalSettings settings_;
};

TEST_P(ApprovalDeskTest, TheSameRequestPassesOnceItIsApprovedAndOnce) {
  EXPECT_THAT(Ask("a"), StartsWith("approval_required: Ask your lead."));
  EXPECT_THAT(Ask("a"), HasSubstr("(policy rule 'ask-first', approval apr_"));
  ASSERT_EQ(All().size(), 1U);
  const std::int64_t id = All()[0].id;
  EXPECT_EQ(Do(id, Move::Kind::kApprove, {.key = "14", .name = "rita"}).error().code, base::ErrorCode::kDenied);
  ASSERT_TRUE(Do(id, Move::Kind::kApprove, kAnna).ok());
  EXPECT_EQ(Do(id, Move::Kind::kApprove, kBen).error().code, base::ErrorCode::kConflict);
  EXPECT_THAT(Ask("b"), StartsWith("approval_required"));
  EXPECT_THAT(Ask(*Open("a", 16)), StartsWith("approval_required")) << "another key";
  EXPECT_THAT(Ask(*Open("a"), "rev2"), StartsWith("approval_required")) << "another policy";
  EXPECT_EQ(Ask("a"), "");
  EXPECT_THAT(Ask("a"), StartsWith("approval_required")) << "used twice";
  EXPECT_EQ(All().size(), 5U);
  EXPECT_THAT(witness_.told, ElementsAre("request", "vote approve", "approved", "request", "request", "request",
                                         "consumed", "request"));
}

TEST_P(ApprovalDeskTest, WhatWasDeniedStaysDeniedForAWhile) {
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  ASSERT_TRUE(Do(All()[0].id, Move::Kind::kDeny, kAnna).ok());
  EXPECT_THAT(Ask("a"), StartsWith("approval_denied: People have denied this request: because"));
  EXPECT_EQ(All().size(), 1U);
}

TEST_P(ApprovalDeskTest, WhatIsDueExpiresAndIsNotUsed) {
  settings_.decide_within = settings_.use_within = base::Duration::zero();
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  ASSERT_TRUE(Run(queue_.Look(In())).ok());
  EXPECT_EQ(All()[0].state, State::kExpired);
  settings_.decide_within = std::chrono::minutes(5);
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  ASSERT_TRUE(Do(All()[0].id, Move::Kind::kApprove, kAnna).ok());
  EXPECT_THAT(Ask("a"), StartsWith("approval_required")) << "it was to be used at once";
  EXPECT_EQ(All()[1].state, State::kExpiredUnused);
}

TEST_P(ApprovalDeskTest, ARequestIsHeldUntilPeopleHaveDecided) {
  settings_.mode = ApprovalSettings::Mode::kBlock;
  ApprovalDesk desk(queue_, settings_, "rev1");
  const auto exchange = Open("a");
  std::optional<base::Status> answer;
  net::TaskGroup client(loop_);
  client.Spawn([](ApprovalDesk& at, pipeline::Exchange& of, std::optional<base::Status>& to) -> net::Task<> {
    to = co_await at.Ask(of, Question());
  }(desk, *exchange, answer));
  while (All().empty()) ASSERT_FALSE(answer);
  EXPECT_FALSE(answer);
  ASSERT_TRUE(Do(All()[0].id, Move::Kind::kApprove, kAnna).ok());
  for (int i = 0; i < 1000 && !answer; ++i) static_cast<void>(All());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->ok());
  EXPECT_EQ(All()[0].state, State::kConsumed);
}

TEST_P(ApprovalDeskTest, AClientThatCanBeKeptHearsSomethingWhileItWaits) {
  struct Kept final : pipeline::ClientHold {
    net::Task<base::Status> KeepAlive(std::string_view why) override {
      heard.emplace_back(why);
      if (heard.size() < 3) co_return base::Ok();
      co_return base::Error{.code = base::ErrorCode::kCancelled, .source = base::ErrorSource::kClient};
    }
    std::vector<std::string> heard;
  } kept;
  settings_.mode = ApprovalSettings::Mode::kBlock;
  settings_.keep_alive = std::chrono::milliseconds(1);
  const auto exchange = Open("a");
  exchange->Attach(pipeline::Holdable{.hold = &kept});
  ApprovalDesk desk(queue_, settings_, "rev1");
  const auto asked = Run(desk.Ask(*exchange, Question()));
  ASSERT_FALSE(asked.ok());
  EXPECT_EQ(asked.error().code, base::ErrorCode::kCancelled) << "the client has gone";
  EXPECT_THAT(kept.heard, testing::Each(StartsWith("waiting for apr_")));
  EXPECT_EQ(kept.heard.size(), 3U);
  EXPECT_EQ(kept.heard[0], "waiting for " + All()[0].Word());
}

TEST_P(ApprovalDeskTest, ARuleHasItsOwnTerms) {
  ApprovalDesk desk(queue_, settings_, "rev1");
  pipeline::ApprovalQuestion question = Question();
  question.terms = {.decide_within = std::chrono::hours(5), .use_within = std::chrono::minutes(2), .quorum = 3};
  const auto exchange = Open("a");
  EXPECT_FALSE(Run(desk.Ask(*exchange, question)).ok());
  const Approval approval = All()[0];
  EXPECT_EQ(approval.quorum, 3);
  EXPECT_EQ(approval.decide_by_ms - approval.created_ms, 5 * 3'600'000);
  EXPECT_EQ(approval.use_within_ms, 120'000);
  const ApprovalSettings mixed = settings_.With({.mode = ApprovalSettings::Mode::kBlock});
  EXPECT_EQ(mixed.mode, ApprovalSettings::Mode::kBlock);
  EXPECT_EQ(mixed.quorum, settings_.quorum);
  EXPECT_EQ(settings_.With({}), settings_);
}

TEST_P(ApprovalDeskTest, AClientThatGoesWithdrawsItsRequest) {
  settings_.mode = ApprovalSettings::Mode::kBlock;
  for (const auto gone : {ApprovalSettings::Gone::kWithdrawn, ApprovalSettings::Gone::kKept}) {
    settings_.gone = gone;
    ApprovalDesk desk(queue_, settings_, "rev1");
    const auto exchange = Open(std::to_string(static_cast<int>(gone)));
    const std::size_t before = All().size();
    {
      net::TaskGroup client(loop_);
      client.Spawn([](ApprovalDesk& at, pipeline::Exchange& of) -> net::Task<> {
        static_cast<void>(co_await at.Ask(of, Question()));
      }(desk, *exchange));
      while (All().size() == before) {
      }
      for (int i = 0; i < 5; ++i) static_cast<void>(All());  // it waits by now
    }
    const auto is_settled = [&] { return gone == ApprovalSettings::Gone::kKept || All()[0].state != State::kPending; };
    for (int i = 0; i < 5000 && !is_settled(); ++i) {
    }
    const State state = All()[0].state;
    EXPECT_EQ(state, gone == ApprovalSettings::Gone::kKept ? State::kPending : State::kCancelled);
  }
}

TEST_P(ApprovalDeskTest, OnlySoManyWait) {
  settings_.bounds.pending_of_one = 2;
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  EXPECT_THAT(Ask("b"), StartsWith("approval_required"));
  EXPECT_THAT(Ask("c"), HasSubstr("too many requests wait"));
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  EXPECT_THAT(Ask(*Open("c", 16)), StartsWith("approval_required")) << "somebody else";
  settings_.bounds = {.pending = 3, .pending_of_one = 100};
  EXPECT_THAT(Ask("d"), HasSubstr("too many requests wait"));
  ASSERT_TRUE(Run(queue_.Look(In())).ok());
  EXPECT_EQ(queue_.pending(), 3);
}

TEST_P(ApprovalDeskTest, QuorumTakesThatManyPeople) {
  settings_.quorum = 2;
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  const std::int64_t id = All()[0].id;
  ASSERT_TRUE(Do(id, Move::Kind::kApprove, kAnna).ok());
  EXPECT_EQ(Do(id, Move::Kind::kApprove, kAnna).error().code, base::ErrorCode::kConflict);
  EXPECT_THAT(Ask("a"), StartsWith("approval_required"));
  ASSERT_TRUE(Do(id, Move::Kind::kApprove, kBen).ok());
  const Approval approval = All()[0];
  EXPECT_EQ(approval.state, State::kApproved);
  ASSERT_EQ(approval.votes.size(), 2U);
  EXPECT_EQ(approval.votes[0].by.name, kAnna.name);
  EXPECT_EQ(Ask("a"), "");
}

INSTANTIATE_TEST_SUITE_P(Databases, ApprovalDeskTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::oversight
