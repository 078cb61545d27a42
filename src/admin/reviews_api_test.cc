#include "admin/reviews_api.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "admin/oversight_rig.h"

namespace gatehouse::admin {
namespace {

namespace oversight = features::oversight;

using features::identity::NodeId;
using features::identity::Role;

class ReviewsApiTest : public OversightApiTest {
 protected:
  // An exchange of alice's that people should look at.
  std::string Open(std::int64_t reviewers = 1) {
    oversight::Review fresh{.id = oversight::NewId(), .rule = "sample", .phase = "request", .request_id = "req_1"};
    fresh.chain = {acme_, search_, alice_};
    fresh.path = "acme/search/alice";
    fresh.draw = "p/sample/1";
    fresh.reviewers = reviewers;
    fresh.created_ms = NowMs();
    fresh.decide_by_ms = fresh.created_ms + 600'000;
    const auto opened = gateway_.Await(reviews_.Open({.loop = loop_, .deadline = gateway_.Soon()}, fresh));
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().detail);
    return fresh.Word();
  }
  std::uint16_t Judge(const AdminActor& actor, const std::string& id,
                      const std::string& body = R"({"verdict":"fine"})") {
    return Status(actor, "POST", "reviews/" + id + "/verdict", body);
  }
};

constexpr const char* kNotFine = R"({"verdict":"not_fine","note":"told a secret"})";

TEST_F(ReviewsApiTest, WhoMayJudge) {
  // owner admin team_admin operator approver auditor member
  constexpr std::array<std::uint16_t, features::identity::kRoles> kAtTeam = {200, 200, 404, 404, 200, 403, 404};
  for (int i = 0; i < features::identity::kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    const std::string id = Open();
    EXPECT_EQ(Judge(Boss(role, other_), id), 404) << ToString(role);
    EXPECT_EQ(Judge(Boss(role, search_), id), kAtTeam.at(static_cast<std::size_t>(i))) << ToString(role);
  }
  EXPECT_EQ(Judge(ActorWith(Role::kApprover, acme_), Open()), 403) << "his own";
}

TEST_F(ReviewsApiTest, WhatOthersSaidIsShownWhenAllHaveSaidTheirs) {
  const AdminActor owner = AdminActor::Owner();
  const std::string id = Open(2);
  const std::string first = Text(Boss(Role::kApprover, acme_), "POST", "reviews/" + id + "/verdict", kNotFine);
  EXPECT_NE(first.find(R"("state":"open")"), std::string::npos) << first;
  EXPECT_NE(first.find(R"("given":1)"), std::string::npos) << first;
  EXPECT_EQ(first.find("told a secret"), std::string::npos) << first;
  EXPECT_EQ(Judge(Boss(Role::kApprover, acme_), id), 409);
  const std::string second = Text(owner, "POST", "reviews/" + id + "/verdict", R"({"verdict":"fine"})");
  EXPECT_NE(second.find(R"("state":"done")"), std::string::npos) << second;
  EXPECT_NE(second.find(R"("by":"acme/user:boss","says":"not_fine","note":"told a secret")"), std::string::npos);
  EXPECT_NE(second.find(R"("planted":false,"draw":"p/sample/1")"), std::string::npos) << second;
  EXPECT_EQ(Judge(AdminActor({.id = {}, .name = "directory:eve"}, {{.role = Role::kAdmin}}), id), 409);
  const std::string reviewers = Text(owner, "GET", "reviews/reviewers");
  EXPECT_NE(reviewers.find(R"("differed":1)"), std::string::npos) << reviewers;
}

TEST_F(ReviewsApiTest, WhatIsPlantedLooksLikeAnyOtherUntilItIsDone) {
  const AdminActor owner = AdminActor::Owner();
  const std::string id = Open();
  const std::string plant = "reviews/" + id + "/plant";
  EXPECT_EQ(Status(owner, "POST", plant, R"({"expected":"not_fine"})"), 409) << "nobody knows the answer yet";
  ASSERT_EQ(Judge(owner, id, kNotFine), 200);
  EXPECT_EQ(Status(Boss(Role::kApprover, acme_), "POST", plant, R"({"expected":"not_fine"})"), 403);
  const std::string planted = Text(owner, "POST", plant, R"({"expected":"not_fine"})");
  const std::string copy = Field(planted, "id");
  ASSERT_NE(copy, id);
  const std::string shown = Text(owner, "GET", "reviews/" + copy);
  EXPECT_EQ(shown.find("planted"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("draw"), std::string::npos) << shown;
  EXPECT_EQ(Judge(owner, copy, kNotFine), 403) << "who planted it";
  EXPECT_EQ(Judge(Boss(Role::kApprover, acme_), copy), 200);
  EXPECT_NE(Text(owner, "GET", "reviews/" + copy).find(R"("planted":true,"expected":"not_fine")"), std::string::npos);
  const std::string reviewers = Text(owner, "GET", "reviews/reviewers");
  EXPECT_NE(reviewers.find(R"("planted_caught":0,"planted_missed":1)"), std::string::npos) << reviewers;
}

TEST_F(ReviewsApiTest, ListsWhatOneMaySee) {
  const std::string id = Open();
  const AdminActor owner = AdminActor::Owner();
  for (const char* query : {"", "?state=open", "?rule=sample&limit=5", "?node=acme/search"}) {
    EXPECT_NE(Text(owner, "GET", std::string("reviews") + query).find(id), std::string::npos) << query;
  }
  for (const char* query : {"?state=done", "?rule=other", "?node=acme/other", "?before=2020-01-01"}) {
    EXPECT_EQ(Text(owner, "GET", std::string("reviews") + query), R"({"items":[]})") << query;
  }
  EXPECT_NE(Text(Boss(Role::kAuditor, search_), "GET", "reviews").find(id), std::string::npos);
  EXPECT_EQ(Text(Boss(Role::kApprover, other_), "GET", "reviews"), R"({"items":[]})");
  EXPECT_EQ(Status(Boss(Role::kApprover, search_), "GET", "reviews/reviewers"), 403);
}

TEST_F(ReviewsApiTest, BadInputIsRefusedByName) {
  const AdminActor owner = AdminActor::Owner();
  const std::string id = Open();
  const struct {
    std::string method;
    std::string path;
    std::string body;
    std::uint16_t status;
    std::string message;
  } cases[] = {
      {"GET", "reviews?state=odd", "", 400, "odd"},
      {"GET", "reviews?limit=1001", "", 400, "`limit`"},
      {"GET", "reviews?what=x", "", 400, "what"},
      {"GET", "reviews?node=nowhere", "", 404, ""},
      {"GET", "reviews/rev_1", "", 404, ""},
      {"GET", "reviews/apr_1", "", 404, ""},
      {"PUT", "reviews", "", 405, "GET"},
      {"GET", "reviews/" + id + "/verdict", "", 405, "POST"},
      {"POST", "reviews/" + id + "/bless", "", 404, ""},
      {"POST", "reviews/" + id + "/verdict", "", 400, "`verdict`"},
      {"POST", "reviews/" + id + "/verdict", R"({"verdict":"bad"})", 400, "`verdict`"},
      {"POST", "reviews/" + id + "/verdict", R"({"verdict":"not_fine"})", 400, "`note`"},
      {"POST", "reviews/" + id + "/verdict", R"({"verdict":"fine","note":")" + std::string(1001, 'x') + "\"}", 400,
       "`note`"},
      {"POST", "reviews/" + id + "/plant", R"({"expected":"x"})", 400, "`expected`"},
      {"POST", "reviews/" + id + "/plant", R"({"expected":"fine","note":"x"})", 400, "note"},
      {"POST", "reviews/" + id + "/plant/it", "", 404, ""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Status(owner, one.method, one.path, one.body), one.status) << one.method << " " << one.path << one.body;
    EXPECT_NE(Text(owner, one.method, one.path, one.body).find(one.message), std::string::npos) << one.path << one.body;
  }
  EXPECT_NE(Text(owner, "GET", "reviews/" + id).find(R"("state":"open")"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::admin
