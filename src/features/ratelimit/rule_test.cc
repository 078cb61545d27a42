#include "features/ratelimit/rule.h"

#include <gtest/gtest.h>

#include <string>

#include "features/ratelimit/rule_set.h"

namespace gatehouse::features::ratelimit {
namespace {

using pipeline::NodeKind;
using pipeline::Principal;

constexpr codec::crypto::SipKey kKey = {1, 2};
constexpr base::TimePoint kNow{std::chrono::seconds(1000)};

Principal Checkout() {
  Principal principal;
  principal.organization = "acme";
  principal.team = "search";
  principal.project = "prod";
  principal.name = "checkout";
  principal.key_id = "k1";
  return principal;
}

bool Contains(std::string_view path, const Principal& principal) {
  return NodePath::Parse(path).value().Contains(principal);
}

TEST(Pattern, StarStandsForAnything) {
  EXPECT_TRUE(Fits("gpt-5", "gpt-5"));
  EXPECT_FALSE(Fits("gpt-5", "gpt-5-mini"));
  EXPECT_TRUE(Fits("gpt-*", "gpt-"));
  EXPECT_TRUE(Fits("*-mini", "gpt-5-mini"));
  EXPECT_FALSE(Fits("*-mini", "gpt-5-mini-2"));
  EXPECT_TRUE(Fits("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(Fits("a*b*c", "a-c-b"));
  EXPECT_TRUE(Fits("*", ""));
  EXPECT_FALSE(Fits("", "a"));
}

TEST(NodePath, NamesAPlaceInTheTree) {
  const Principal checkout = Checkout();
  EXPECT_TRUE(Contains("acme", checkout));
  EXPECT_TRUE(Contains("acme/search", checkout));
  EXPECT_TRUE(Contains("acme/search/prod", checkout));
  EXPECT_TRUE(Contains("acme/search/prod/app:checkout", checkout));
  EXPECT_TRUE(Contains("acme/app:checkout/key:k1", checkout));
  EXPECT_TRUE(Contains("key:k1", checkout));
  EXPECT_FALSE(Contains("other", checkout));
  EXPECT_FALSE(Contains("acme/other", checkout));
  EXPECT_FALSE(Contains("acme/search/other", checkout));
  EXPECT_FALSE(Contains("acme/prod", checkout));
  EXPECT_FALSE(Contains("acme/search/prod/user:checkout", checkout));
  EXPECT_FALSE(Contains("key:k2", checkout));
}

TEST(NodePath, AProjectCanBeInTheOrganizationItself) {
  Principal principal = Checkout();
  principal.team.clear();
  EXPECT_TRUE(Contains("acme/prod", principal));
  EXPECT_FALSE(Contains("acme/search/prod", principal));
}

TEST(NodePath, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "acme/", "/acme", "acme//prod", "a/b/c/d", "acme/app:", "acme/robot:x",
                           "app:x/acme", "a/b/c/app:x/key:y/key:z"}) {
    EXPECT_FALSE(NodePath::Parse(text).ok()) << text;
  }
}

TEST(CallerOf, TellsCallersApartByWhatTheRuleSays) {
  Principal a = Checkout();
  Principal b = Checkout();
  b.key_id = "k2";
  EXPECT_NE(CallerOf(a, NodeKind::kKey, kKey), CallerOf(b, NodeKind::kKey, kKey));
  EXPECT_EQ(CallerOf(a, NodeKind::kApplication, kKey), CallerOf(b, NodeKind::kApplication, kKey));
  EXPECT_EQ(CallerOf(a, NodeKind::kTeam, kKey), CallerOf(b, NodeKind::kTeam, kKey));
  b.team = "other";
  EXPECT_NE(CallerOf(a, NodeKind::kTeam, kKey), CallerOf(b, NodeKind::kTeam, kKey));
  EXPECT_NE(CallerOf(a, NodeKind::kProject, kKey), CallerOf(b, NodeKind::kProject, kKey));
  EXPECT_EQ(CallerOf(a, NodeKind::kOrganization, kKey), CallerOf(b, NodeKind::kOrganization, kKey));
}

TEST(CallerOf, NamesCannotBeMovedFromOneLevelToTheOther) {
  Principal a = Checkout();
  Principal b = Checkout();
  a.organization = "ab";
  a.team = "c";
  b.organization = "a";
  b.team = "bc";
  EXPECT_NE(CallerOf(a, NodeKind::kTeam, kKey), CallerOf(b, NodeKind::kTeam, kKey));
}

TEST(CallerOf, IsTheNodeWhereTheTreeKnowsIt) {
  Principal principal = Checkout();
  principal.chain = {{NodeKind::kOrganization, {10}}, {NodeKind::kTeam, {20}}, {NodeKind::kApplication, {30}}};
  EXPECT_EQ(CallerOf(principal, NodeKind::kTeam, kKey), 20U);
  EXPECT_EQ(CallerOf(principal, NodeKind::kApplication, kKey), 30U);
  EXPECT_EQ(ActorOf(principal, kKey), 30U);
}

TEST(CallerOf, ConcernsOnlyPrincipalsOfTheKind) {
  const Principal application = Checkout();
  EXPECT_FALSE(CallerOf(application, NodeKind::kUser, kKey));
  EXPECT_FALSE(CallerOf(application, NodeKind::kAgent, kKey));
  EXPECT_TRUE(CallerOf(application, NodeKind::kApplication, kKey));
}

// A rule for each key must not let those through freely who come with a token.
TEST(CallerOf, WhoHasNoKeyCountsAsOne) {
  Principal ann = Checkout();
  ann.kind = NodeKind::kUser;
  ann.key_id.clear();
  ann.name = "ann";
  Principal bob = ann;
  bob.name = "bob";
  ASSERT_TRUE(CallerOf(ann, NodeKind::kKey, kKey));
  EXPECT_NE(CallerOf(ann, NodeKind::kKey, kKey), CallerOf(bob, NodeKind::kKey, kKey));
}

class RuleSetTest : public testing::Test {
 protected:
  Rule& Add(std::string name) {
    Rule& rule = rules_.emplace_back();
    rule.name = std::move(name);
    return rule;
  }
  std::shared_ptr<const std::vector<Rule>> Rules() const { return std::make_shared<const std::vector<Rule>>(rules_); }
  std::string Selected(const Principal& principal, std::string_view model, const FindNode& find = {}) {
    const RuleSet set(Rules(), board_, find);
    std::vector<RuleSet::Match> matches;
    set.Select(principal, model, kNow, matches);
    std::string names;
    for (const auto& match : matches) names += match.rule->name + " ";
    return names;
  }

  std::vector<Rule> rules_;
  MeterBoard board_;
};

TEST_F(RuleSetTest, SelectsByNodeModelAndKind) {
  Add("all");
  Add("acme").node = NodePath::Parse("acme").value();
  Add("other").node = NodePath::Parse("other").value();
  Add("gpt").models = {"gpt-*", "o*"};
  Add("users").each = NodeKind::kUser;
  Add("openai").provider = "openai";
  EXPECT_EQ(Selected(Checkout(), "gpt-5"), "all acme gpt ");
  EXPECT_EQ(Selected(Checkout(), "claude"), "all acme ");
}

TEST_F(RuleSetTest, MatchesTheNodeWhereThePathIsKnown) {
  Add("acme").node = NodePath::Parse("acme/search").value();
  const FindNode find = [](std::string_view path) {
    return path == "acme/search" ? std::optional(pipeline::NodeId{20}) : std::nullopt;
  };
  Principal renamed = Checkout();
  renamed.team = "find";
  renamed.chain = {{NodeKind::kOrganization, {10}}, {NodeKind::kTeam, {20}}};
  EXPECT_EQ(Selected(renamed, "m", find), "acme ");
  renamed.chain.back().id = {21};
  renamed.team = "search";
  EXPECT_EQ(Selected(renamed, "m", find), "");
  EXPECT_EQ(Selected(Checkout(), "m", find), "acme ");  // the tree does not know him: by names
}

TEST_F(RuleSetTest, SelectsByProviderWhenThereIsOne) {
  Add("openai").provider = "openai*";
  Add("all").provider = "*";
  const RuleSet set(Rules(), board_);
  std::vector<RuleSet::Match> matches;
  set.SelectFor("openai-eu", Checkout(), "m", kNow, matches);
  EXPECT_EQ(matches.size(), 2U);
  matches.clear();
  set.SelectFor("anthropic", Checkout(), "m", kNow, matches);
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches.at(0).rule->name, "all");
}

TEST_F(RuleSetTest, AReloadKeepsWhatWasCounted) {
  Add("all").requests = Rate(60, 60);
  const auto before = std::make_unique<RuleSet>(Rules(), board_);
  std::vector<RuleSet::Match> matches;
  before->Select(Checkout(), "m", kNow, matches);
  rules_.at(0).requests = Rate(120, 120);
  const RuleSet after(Rules(), board_);
  after.Select(Checkout(), "m", kNow, matches);
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches.at(0).bucket, matches.at(1).bucket);
}

}  // namespace
}  // namespace gatehouse::features::ratelimit
