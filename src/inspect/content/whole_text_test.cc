#include "inspect/content/whole_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::inspect::content {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = WholeTextRule::Kind;
using More = TextWatch::More;

constexpr std::string_view kEnglish =
    "The committee met on Tuesday and agreed that the new bridge should be built before the winter begins. ";
constexpr std::string_view kGerman =
    "Der Ausschuss hat am Dienstag getagt und beschlossen, dass die neue Br\xC3\xBC"
    "cke vor dem Winter gebaut wird. ";
constexpr std::string_view kJapanese =
    "\xE5\xA7\x94\xE5\x93\xA1\xE4\xBC\x9A\xE3\x81\xAF\xE7\x81\xAB\xE6\x9B\x9C\xE6\x97\xA5\xE3\x81\xAB"
    "\xE9\x96\x8B\xE3\x81\x8B\xE3\x82\x8C\xE3\x81\xBE\xE3\x81\x97\xE3\x81\x9F\xE3\x80\x82";

std::string Times(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// What is told, whatever the pieces: by name and count.
std::vector<std::string> Told(const std::vector<WholeTextRule>& rules, std::string_view text, std::size_t piece) {
  TextWatch watch(&rules, nullptr);
  std::vector<Finding> findings;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const bool last = at + piece >= text.size();
    const std::string_view seen = text.substr(0, std::min(at + piece, text.size()));
    watch.Take(seen, at, last ? More::kEnded : More::kMayCome, findings);
  }
  std::vector<std::string> names;
  for (const Finding& finding : findings) {
    EXPECT_LT(finding.span.begin, finding.span.end);
    EXPECT_LE(finding.span.end, text.size());
    names.push_back(finding.entity);
  }
  return names;
}

TEST(WholeText, KnowsLanguages) {
  EXPECT_EQ(LanguageOf(kEnglish), "en");
  EXPECT_EQ(LanguageOf(kGerman), "de");
  EXPECT_EQ(LanguageOf(Times(kJapanese, 3)), "ja");
  EXPECT_EQ(LanguageOf("ok 123"), std::nullopt);
  EXPECT_EQ(LanguageOf(""), std::nullopt);
  EXPECT_TRUE(IsLanguage("de"));
  EXPECT_FALSE(IsLanguage("xx"));
  EXPECT_FALSE(IsLanguage("German"));
}

TEST(WholeText, ReadsNoHalfCharacters) {
  const std::string text = Times(kJapanese, 3);
  for (std::size_t from = 0; from < 4; ++from) {
    for (std::size_t less = 0; less < 4; ++less) {
      EXPECT_EQ(LanguageOf(std::string_view(text).substr(from, text.size() - from - less)), "ja");
    }
  }
  EXPECT_EQ(LanguageOf("\xFF\xFE not UTF-8 at all, but long enough to be read as English words"), std::nullopt);
}

TEST(WholeText, TellsOfOtherLanguagesHoweverTheTextIsCut) {
  const std::vector<WholeTextRule> rules = {{.name = "foreign", .kind = Kind::kLanguage, .languages = {"en", "fr"}}};
  const std::string text = Times(kEnglish, 12) + Times(kGerman, 24);
  const auto whole = Told(rules, text, text.size());
  EXPECT_EQ(whole, std::vector<std::string>(3, "foreign"));
  for (const std::size_t piece : {1U, 7U, 100U, 1023U, 1024U, 1025U}) EXPECT_EQ(Told(rules, text, piece), whole);
  EXPECT_THAT(Told(rules, Times(kEnglish, 30), 11), IsEmpty());
}

TEST(WholeText, TellsOfTheFirstCharacterTooMuch) {
  const std::vector<WholeTextRule> rules = {{.name = "long", .longest = 4}};
  const std::string_view text = "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F!?";
  TextWatch watch(&rules, nullptr);
  std::vector<Finding> findings;
  watch.Take(text, 0, More::kEnded, findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].span, (Span{.begin = 8, .end = 10}));
  for (std::size_t piece = 1; piece < text.size(); ++piece) EXPECT_THAT(Told(rules, text, piece), ElementsAre("long"));
  EXPECT_THAT(Told(rules, text.substr(0, 8), 3), IsEmpty());
}

}  // namespace
}  // namespace gatehouse::inspect::content
