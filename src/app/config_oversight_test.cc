#include "app/config_oversight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "codec/config/tree.h"

namespace gatehouse::app {
namespace {

using features::oversight::ApprovalSettings;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(OversightConfig, IsAsDocumentedWhereNothingIsSaid) {
  const auto tree = codec::config::Tree::Parse("a: 1");
  const OversightConfig config = ReadOversight(tree.value().root()["oversight"]);
  EXPECT_EQ(config.approvals.mode, ApprovalSettings::Mode::kPending);
  EXPECT_EQ(config.approvals.gone, ApprovalSettings::Gone::kWithdrawn);
  EXPECT_EQ(config.approvals.hold_timeout, seconds(120));
  EXPECT_EQ(config.approvals.keep_alive, seconds(15));
  EXPECT_EQ(config.approvals.decide_within, minutes(15));
  EXPECT_EQ(config.approvals.use_within, minutes(10));
  EXPECT_EQ(config.approvals.quorum, 1);
  EXPECT_EQ(config.approvals.bounds.pending, 1000);
  EXPECT_EQ(config.approvals.bounds.pending_of_one, 20);
  EXPECT_EQ(config.too_fast, seconds(3));
  EXPECT_EQ(config.link + config.reviews.link, "");
  EXPECT_EQ(config.reviews.too_fast, seconds(10));
  EXPECT_EQ(config.reviews.max_waiting, 10'000);
}

TEST(OversightConfig, ReadsEveryMember) {
  const auto tree = codec::config::Tree::Parse(R"(
approvals:
  mode: block
  hold_timeout: 60s
  keep_alive: 5s
  detach: true
  decide_within: 1h
  use_within: 5m
  quorum: 2
  max_pending: 7
  max_pending_of_one: 3
  link: https://g.example/approvals
  too_fast: 1s
reviews: { link: "http://g.example/reviews", too_fast: 4s, max_waiting: 9 }
)");
  const OversightConfig config = ReadOversight(tree.value().root());
  ASSERT_TRUE(tree.value().Finish().ok()) << tree.value().Finish().error().public_message;
  EXPECT_EQ(config.approvals.mode, ApprovalSettings::Mode::kBlock);
  EXPECT_EQ(config.approvals.gone, ApprovalSettings::Gone::kKept);
  EXPECT_EQ(config.approvals.hold_timeout, seconds(60));
  EXPECT_EQ(config.approvals.keep_alive, seconds(5));
  EXPECT_EQ(config.approvals.decide_within, minutes(60));
  EXPECT_EQ(config.approvals.use_within, minutes(5));
  EXPECT_EQ(config.approvals.quorum, 2);
  EXPECT_EQ(config.approvals.bounds.pending, 7);
  EXPECT_EQ(config.approvals.bounds.pending_of_one, 3);
  EXPECT_EQ(config.link, "https://g.example/approvals");
  EXPECT_EQ(config.too_fast, seconds(1));
  EXPECT_EQ(config.reviews.link, "http://g.example/reviews");
  EXPECT_EQ(config.reviews.too_fast, seconds(4));
  EXPECT_EQ(config.reviews.max_waiting, 9);
}

TEST(OversightConfig, ProblemsAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"approvals: { mode: wait }", "mode"},
      {"approvals: { hold_timeout: 11m }", "hold_timeout"},
      {"approvals: { hold_timeout: 0s }", "hold_timeout"},
      {"approvals: { keep_alive: 2m }", "keep_alive"},
      {"approvals: { decide_within: 31d }", "decide_within"},
      {"approvals: { use_within: soon }", "use_within"},
      {"approvals: { quorum: 0 }", "quorum"},
      {"approvals: { quorum: 11 }", "quorum"},
      {"approvals: { max_pending: 100001 }", "max_pending"},
      {"approvals: { detach: maybe }", "detach"},
      {"approvals: { link: g.example }", "must be a URL"},
      {"approvals: { too_fast: 11m }", "too_fast"},
      {"reviews: { link: 'ftp://g.example' }", "must be a URL"},
      {"reviews: { max_waiting: 0 }", "max_waiting"},
      {"reviews: { share: 5% }", "share"},
  };
  for (const auto& [yaml, part] : wrong) {
    const auto tree = codec::config::Tree::Parse(yaml);
    static_cast<void>(ReadOversight(tree.value().root()));
    const auto status = tree.value().Finish();
    EXPECT_FALSE(status.ok()) << yaml;
    if (!status.ok()) EXPECT_THAT(status.error().public_message, HasSubstr(part)) << yaml;
  }
}

}  // namespace
}  // namespace gatehouse::app
