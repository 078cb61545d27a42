#include "inspect/content/content_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "inspect/in_pieces.h"
#include "inspect/inspector.h"

namespace gatehouse::inspect::content {
namespace {

using ::testing::HasSubstr;

std::vector<ContentRule> Rules() {
  return {{.name = "competitor", .words = {"Umbrella Corp", "initech*"}, .confidence = 0.9F},
          {.name = "ticket", .kind = ContentRule::Kind::kPattern, .words = {}, .pattern = "SEC-[0-9]{4,6}"},
          {.name = "weapons",
           .kind = ContentRule::Kind::kTopic,
           .words = {"rifle", "ammunition", "trigger*", "caliber"},
           .pattern = {},
           .at_least = 3}};
}

std::shared_ptr<const Inspector> InspectorOf(std::vector<ContentRule> rules,
                                             const std::vector<std::string>& allowed = {}) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(ContentDetector::Make(std::move(rules), allowed).value());
  return Inspector::Build(std::move(detectors)).value();
}

// "entity:text, ..." of what is found.
std::string Found(const Inspector& inspector, std::string_view text) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  inspector.Inspect(text, 0, Channel::kUser, scratch, findings);
  std::string found;
  for (const Finding& finding : findings) {
    found.append(found.empty() ? "" : ", ").append(finding.entity).append(":");
    found.append(text.substr(finding.span.begin, finding.span.size()));
  }
  return found;
}

TEST(Content, FindsPhrasesAsWholeWords) {
  const auto inspector = InspectorOf(Rules());
  EXPECT_EQ(Found(*inspector, "we left umbrella -- CORP for Initechs last year"),
            "competitor:umbrella -- CORP, competitor:Initechs");
  EXPECT_EQ(Found(*inspector, "an umbrella of a corp, myumbrella corp, umbrella corporation"), "");
}

TEST(Content, FindsPatterns) {
  const auto inspector = InspectorOf(Rules());
  EXPECT_EQ(Found(*inspector, "see SEC-1234, (SEC-123456) and SEC-12 or sec-1234"),
            "ticket:SEC-1234, ticket:SEC-123456");
}

TEST(Content, FindsTopicsByWordsThatStandTogether) {
  const auto inspector = InspectorOf(Rules());
  EXPECT_EQ(Found(*inspector, "the rifle needs ammunition, then pull the triggers"), "weapons:triggers");
  EXPECT_EQ(Found(*inspector, "the rifle, a rifle and ammunition"), "");
  EXPECT_EQ(Found(*inspector, "rifle ammunition " + std::string(300, 'x') + " caliber"), "");
}

TEST(Content, SparesWhatIsAllowed) {
  const auto inspector = InspectorOf(Rules(), {"SEC-1111", "Umbrella Corp Benelux"});
  EXPECT_EQ(Found(*inspector, "SEC-1111 or SEC-2222"), "ticket:SEC-2222");
}

TEST(Content, SaysWhatIsWrongWithARule) {
  const auto problem = [](ContentRule rule, const std::vector<std::string>& allowed = {}) {
    const auto made = ContentDetector::Make({std::move(rule)}, allowed);
    return made.ok() ? "" : made.error().public_message;
  };
  EXPECT_THAT(problem({.name = "a"}), HasSubstr("`a`: has no phrase"));
  EXPECT_THAT(problem({.name = "a", .words = {" .. "}}), HasSubstr("without a word"));
  EXPECT_THAT(problem({.name = "a", .words = {"1 2 3 4 5 6 7 8 9"}}), HasSubstr("more than 8"));
  EXPECT_THAT(problem({.name = "a", .kind = ContentRule::Kind::kPattern, .pattern = "("}), HasSubstr("missing )"));
  EXPECT_THAT(problem({.name = "a", .kind = ContentRule::Kind::kPattern, .pattern = "x*"}), HasSubstr("nothing"));
  EXPECT_THAT(problem({.name = "a", .kind = ContentRule::Kind::kTopic, .words = {"x"}}), HasSubstr("fewer words"));
  EXPECT_THAT(problem({.name = "a", .words = {"x"}}, {"["}), HasSubstr("`allow`"));
}

TEST(Content, IsTheSameHoweverATextIsCut) {
  const auto inspector = InspectorOf(Rules(), {"SEC-1111"});
  constexpr std::string_view kText =
      "umbrella corp, Umbrella\nCorp and SEC-12345 or SEC-1111; a rifle with ammunition of that caliber by initech.";
  const std::string whole = Described(InPieces(*inspector, kText, {}));
  EXPECT_THAT(whole, HasSubstr("competitor"));
  for (std::size_t first = 1; first < kText.size(); ++first) {
    for (std::size_t second = first; second < kText.size(); second += 5) {
      const std::size_t cuts[] = {first, second};
      ASSERT_EQ(Described(InPieces(*inspector, kText, cuts)), whole) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace gatehouse::inspect::content
