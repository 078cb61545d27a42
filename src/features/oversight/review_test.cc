#include "features/oversight/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "features/common/database_test_rig.h"
#include "features/oversight/loop_reviews.h"
#include "features/oversight/review_queue.h"
#include "features/oversight/reviewer.h"
#include "features/oversight/schema.h"
#include "features/oversight/word.h"

namespace gatehouse::features::oversight {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;
using State = Review::State;
using Says = Verdict::Says;

const Person kAnna{.key = "7", .name = "acme/user:anna"};
const Person kBen{.key = "8", .name = "acme/user:ben"};

Review OneOf(std::int64_t reviewers) {
  return {.id = 1,
          .rule = "sample",
          .phase = "request",
          .request_id = "req_1",
          .chain = {{11}, {14}},
          .reviewers = reviewers,
          .created_ms = 1000,
          .decide_by_ms = 5000,
          .verdicts = {},
          .planted_by = {},
          .expected = {}};
}
Verdict By(const Person& person, Says says, std::int64_t at_ms = 2000) {
  return {.by = person, .says = says, .note = "n", .at_ms = at_ms};
}
ErrorCode CodeOf(const base::Result<Review>& result) {
  return result.ok() ? ErrorCode::kInternal : result.error().code;
}

TEST(Review, IsDoneWhenAsManyHaveLookedAsTheRuleWants) {
  const auto one = Apply(OneOf(2), By(kAnna, Says::kFine));
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one.value().state, State::kOpen);
  EXPECT_EQ(CodeOf(Apply(one.value(), By(kAnna, Says::kNotFine))), ErrorCode::kConflict) << "twice";
  const auto two = Apply(one.value(), By(kBen, Says::kNotFine, 3000));
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(two.value().state, State::kDone);
  EXPECT_EQ(two.value().changed_ms, 3000);
  EXPECT_EQ(two.value().version, 2);
  EXPECT_EQ(CodeOf(Apply(two.value(), By({.key = "9", .name = ""}, Says::kFine))), ErrorCode::kConflict) << "done";
}

TEST(Review, NobodyLooksAtHisOwnOrAtWhatHePlanted) {
  EXPECT_EQ(CodeOf(Apply(OneOf(1), By({.key = "14", .name = "rita"}, Says::kFine))), ErrorCode::kDenied);
  Review done = OneOf(1);
  done.state = State::kDone;
  done.draw = "p/sample/1";
  const Review planted = Plant(done, kAnna, Says::kNotFine, 9000);
  EXPECT_EQ(planted.state, State::kOpen);
  EXPECT_EQ(planted.draw, "");
  EXPECT_NE(planted.id, done.id);
  EXPECT_EQ(planted.decide_by_ms, 9000 + 4000);
  EXPECT_EQ(CodeOf(Apply(planted, By(kAnna, Says::kNotFine))), ErrorCode::kDenied);
  EXPECT_TRUE(Apply(planted, By(kBen, Says::kNotFine)).ok());
}

TEST(Review, AnOverdueOneCanStillBeLookedAt) {
  Review late = OneOf(1);
  late.state = State::kOverdue;
  EXPECT_FALSE(late.IsDue(9000)) << "it was said before";
  const auto judged = Apply(late, By(kAnna, Says::kFine, 9000));
  ASSERT_TRUE(judged.ok());
  EXPECT_EQ(judged.value().state, State::kDone);
}

TEST(ReviewWords, ComeBackAsTheyWere) {
  for (const State state : {State::kOpen, State::kOverdue, State::kDone}) {
    EXPECT_EQ(ReviewStateOf(ToString(state)), state);
  }
  for (const Says says : {Says::kFine, Says::kNotFine}) EXPECT_EQ(SaysOf(ToString(says)), says);
  EXPECT_EQ(ReviewIdOf("rev_17"), 17);
  for (const char* wrong : {"rev_", "rev_0", "rev_-1", "apr_17", "rev_17x", "17", ""}) {
    EXPECT_EQ(ReviewIdOf(wrong), std::nullopt) << wrong;
  }
}

// The vector was made by Python's hmac.
TEST(ReviewDraw, IsAsItIsWrittenDown) {
  ReviewDraw draw(base::Secret("key"), "1795355206123456-3fa9c2d1");
  const std::string text = draw.TextOf("sample", 17);
  EXPECT_EQ(text, "1795355206123456-3fa9c2d1/sample/17");
  EXPECT_FALSE(draw.Chooses(text, 990118));
  EXPECT_TRUE(draw.Chooses(text, 990118 + 1));
}

TEST(ReviewDraw, DrawsAboutTheShareAndTheSameAgain) {
  ReviewDraw draw(base::Secret("secret"), "p");
  ReviewDraw other(base::Secret("another"), "p");
  constexpr std::int64_t kFivePercent = 50'000;
  int chosen = 0;
  int both = 0;
  for (std::uint64_t number = 1; number <= 10'000; ++number) {
    const std::string text = draw.TextOf("sample", number);
    const bool is = draw.Chooses(text, kFivePercent);
    EXPECT_EQ(is, draw.Chooses(text, kFivePercent));
    EXPECT_TRUE(draw.Chooses(text, pipeline::ReviewTerms::kAll));
    chosen += is ? 1 : 0;
    both += is && other.Chooses(text, kFivePercent) ? 1 : 0;
  }
  EXPECT_NEAR(chosen, 500, 100);
  EXPECT_NEAR(both, 25, 25) << "without the key nobody can tell";
  EXPECT_EQ(draw.CountOf("sample").fetch_add(1), 0U);
  EXPECT_EQ(draw.CountOf("sample").load(), 1U);
  EXPECT_EQ(draw.CountOf("other").load(), 0U);
}

TEST(Reviewers, LookAtOneReviewAfterTheOther) {
  std::vector<Review> reviews;
  for (int i = 0; i < 3; ++i) {
    Review review = OneOf(2);
    review.verdicts.push_back(By(kAnna, Says::kFine, 100'000 + i * 500));
    review.verdicts.push_back(By(kBen, i == 0 ? Says::kNotFine : Says::kFine, 200'000 + i * 60'000));
    reviews.push_back(std::move(review));
  }
  reviews[2].expected = Says::kNotFine;
  const Reviewers both = ReviewersOf(JudgementsOf(reviews), 10'000);
  ASSERT_EQ(both.people.size(), 2U);
  const Reviewer& anna = both.people[0];
  EXPECT_EQ(anna.person, kAnna);
  EXPECT_EQ(anna.too_fast, 2) << "half a second after the one before";
  EXPECT_EQ(anna.median_dwell_ms, 500);
  EXPECT_EQ(anna.agreed, 2);
  EXPECT_EQ(anna.differed, 1);
  EXPECT_EQ(anna.missed, 1);
  EXPECT_EQ(anna.caught, 0);
  const Reviewer& ben = both.people[1];
  EXPECT_EQ(ben.too_fast, 0);
  EXPECT_EQ(ben.median_dwell_ms, 60'000);
  EXPECT_EQ(ben.denied, 1);
}

struct Heard final : ReviewWitness {
  void NoteOpened(const Review& review) override { told.push_back("opened " + review.request_id); }
  void NoteMissed(const Review& review, std::string_view why) override {
    told.push_back("missed " + review.request_id + " " + std::string(why));
  }
  void NoteVerdict(const Review& review, const Verdict& verdict) override {
    told.push_back(std::string(ToString(verdict.says)) + " " + std::string(ToString(review.state)));
  }
  void NoteOverdue(const Review& review) override { told.push_back("overdue " + review.request_id); }
  std::vector<std::string> told;
};

class ReviewQueueTest : public common::DatabaseTest {
 protected:
  ReviewQueueTest() { Migrate(OversightSchema()); }

  ReviewBook::Call Call() { return {.loop = loop_, .deadline = In()}; }
  void Look() {
    const auto looked = Run(queue_.Look(In()));
    EXPECT_TRUE(looked.ok()) << (looked.ok() ? "" : looked.error().detail);
  }
  std::vector<Review> All(ReviewBook::Query query = {}) {
    return Run(queue_.book().List(Call(), std::move(query))).value();
  }
  std::int64_t NowMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(loop_.clock().Wall().time_since_epoch()).count();
  }
  Review Fresh(const std::string& id, std::int64_t reviewers = 1, std::int64_t within_ms = 60'000) {
    Review review = OneOf(reviewers);
    review.id = NewId();
    review.request_id = id;
    review.path = "acme/rita";
    review.draw = "p/sample/1";
    review.share_ppm = 50'000;
    review.created_ms = review.changed_ms = NowMs();
    review.decide_by_ms = review.created_ms + within_ms;
    return review;
  }

  // An exchange that `rule` let go, as far as an upstream or not.
  void End(LoopReviews& reviews, const std::string& rule, int attempts) {
    pipeline::PassThroughCall call{.method = "POST", .path = "/x"};
    auto exchange = std::make_shared<pipeline::Exchange>(loop_, random_, pipeline::Surface::kPassThrough,
                                                         pipeline::Operation(std::move(call)));
    auto principal = std::make_shared<pipeline::Principal>();
    principal->chain = {{.kind = pipeline::NodeKind::kOrganization, .id = {11}},
                        {.kind = pipeline::NodeKind::kUser, .id = {14}}};
    principal->organization = "acme";
    principal->name = "rita";
    exchange->principal = std::move(principal);
    exchange->id = "req_" + rule + std::to_string(attempts);
    exchange->model = "m";
    exchange->attempts.resize(static_cast<std::size_t>(attempts));
    exchange->decisions.push_back({.rule = rule, .phase = pipeline::Phase::kRequest});
    reviews.Ended({.exchange = exchange.get(), .principal = exchange->principal.get()});
  }

  base::Random random_{1};
  Heard heard_;
  ReviewQueue queue_{{.loop = loop_, .database = *database_, .witness = heard_}};
};

TEST_P(ReviewQueueTest, WhatARuleLetGoIsPutToPeople) {
  ReviewDraw draw(base::Secret("key"), "p");
  LoopReviews reviews(loop_, queue_);
  End(reviews, "all", 1);  // nobody wants any yet
  const ReviewPlan::Terms terms = {{"all", {.decide_within = std::chrono::minutes(5), .reviewers = 2}},
                                   {"none", {.share_ppm = 0}}};
  reviews.Use(std::make_shared<const ReviewPlan>(terms, draw));
  End(reviews, "all", 0);
  End(reviews, "none", 1);
  End(reviews, "unknown", 1);
  End(reviews, "all", 2);
  Look();
  const auto all = All();
  ASSERT_EQ(all.size(), 1U);
  const Review& review = all[0];
  EXPECT_EQ(review.request_id, "req_all2");
  EXPECT_EQ(review.state, State::kOpen);
  EXPECT_EQ(review.path, "acme/rita");
  EXPECT_THAT(review.chain, ElementsAre(pipeline::NodeId{11}, pipeline::NodeId{14}));
  EXPECT_EQ(review.surface, "pass_through");
  EXPECT_EQ(review.draw, "p/all/1");
  EXPECT_EQ(review.reviewers, 2);
  EXPECT_EQ(review.decide_by_ms - review.created_ms, 300'000);
  EXPECT_EQ(queue_.standing().waiting, 1);
  EXPECT_THAT(heard_.told, ElementsAre("opened req_all2"));
}

TEST_P(ReviewQueueTest, TwoPeopleLookAndEachIsTold) {
  queue_.Add(Fresh("a", 2));
  Look();
  const std::int64_t id = All()[0].id;
  EXPECT_EQ(CodeOf(Run(queue_.Judge(Call(), id, By({.key = "14", .name = "rita"}, Says::kFine)))), ErrorCode::kDenied);
  ASSERT_TRUE(Run(queue_.Judge(Call(), id, By(kAnna, Says::kFine))).ok());
  EXPECT_EQ(CodeOf(Run(queue_.Judge(Call(), id, By(kAnna, Says::kFine)))), ErrorCode::kConflict);
  ASSERT_TRUE(Run(queue_.Judge(Call(), id, By(kBen, Says::kNotFine))).ok());
  EXPECT_EQ(CodeOf(Run(queue_.Judge(Call(), 5, By(kBen, Says::kFine)))), ErrorCode::kNotFound);
  const Review review = Run(queue_.book().Show(Call(), id)).value();
  EXPECT_EQ(review.state, State::kDone);
  ASSERT_EQ(review.verdicts.size(), 2U);
  EXPECT_EQ(review.verdicts[1].by.name + review.verdicts[1].note, "acme/user:benn");
  EXPECT_THAT(heard_.told, ElementsAre("opened a", "fine open", "not_fine done"));
  Look();
  EXPECT_EQ(queue_.standing().waiting, 0);
  ASSERT_TRUE(Run(queue_.book().Forget(Call(), NowMs() + 1000)).ok());
  EXPECT_THAT(All(), IsEmpty());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM oversight_verdict"), 0);
}

TEST_P(ReviewQueueTest, WhatNobodyLooksAtIsOverdueOnce) {
  queue_.Add(Fresh("a", 1, -1));
  queue_.Add(Fresh("b"));
  Look();
  Look();
  EXPECT_THAT(heard_.told, ElementsAre("opened a", "opened b", "overdue a"));
  EXPECT_EQ(queue_.standing().waiting, 2);
  EXPECT_EQ(queue_.standing().overdue, 1);
  const auto overdue = All({.state = State::kOverdue, .rule = "sample", .within = pipeline::NodeId{14}});
  ASSERT_EQ(overdue.size(), 1U);
  ASSERT_TRUE(Run(queue_.Judge(Call(), overdue[0].id, By(kAnna, Says::kFine, NowMs()))).ok());
  EXPECT_THAT(All({.state = {}, .rule = "other", .within = {}}), IsEmpty());
  EXPECT_THAT(All({.state = {}, .rule = {}, .within = pipeline::NodeId{1}}), IsEmpty()) << "1 is not 11 or 14";
}

TEST_P(ReviewQueueTest, WhatThereIsNoRoomForIsSaidToBeMissed) {
  queue_.SetMostWaiting(2);
  for (const char* id : {"a", "b", "c"}) queue_.Add(Fresh(id));
  Look();
  EXPECT_THAT(heard_.told, ElementsAre("opened a", "opened b", "missed c full"));
  EXPECT_EQ(All().size(), 2U);
}

TEST_P(ReviewQueueTest, WhatCannotBeWrittenWaitsAndMoreThanThatIsMissed) {
  ASSERT_TRUE(Run(database_->Write(loop_, {{.sql = "ALTER TABLE oversight_review RENAME TO away"}}, In())).ok());
  queue_.Add(Fresh("first"));
  EXPECT_FALSE(Run(queue_.Look(In())).ok());
  for (std::size_t i = 0; i < ReviewQueue::kMostUnwritten; ++i) queue_.Add(Fresh("x"));
  EXPECT_FALSE(Run(queue_.Look(In())).ok());
  EXPECT_THAT(heard_.told, ElementsAre("missed x unwritten"));
  ASSERT_TRUE(Run(database_->Write(loop_, {{.sql = "ALTER TABLE away RENAME TO oversight_review"}}, In())).ok());
  queue_.SetMostWaiting(1);
  Look();
  EXPECT_EQ(All()[0].request_id, "first");
  EXPECT_EQ(heard_.told.size(), 1 + ReviewQueue::kMostUnwritten);
}

INSTANTIATE_TEST_SUITE_P(Databases, ReviewQueueTest, common::kDatabases, common::DatabaseName);

}  // namespace
}  // namespace gatehouse::features::oversight
