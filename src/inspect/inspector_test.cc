#include "inspect/inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "inspect/in_pieces.h"
#include "inspect/seam.h"

namespace gatehouse::inspect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Sees "key-" and the digits behind it.
class Keys : public Detector {
 public:
  std::string_view Name() const override { return "keys"; }
  std::vector<Trigger> Triggers() const override { return {{.text = "unused"}, {.text = "key-"}}; }
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override {
    for (const Hit& hit : hits) {
      std::size_t end = hit.end;
      while (end < subject.text.size() && std::isdigit(static_cast<unsigned char>(subject.text[end])) != 0) ++end;
      if (hit.trigger == 1 && end > hit.end) {
        findings.push_back(
            {.category = Category::kSecret, .entity = "key", .span = {hit.end - 4, end}, .confidence = 1});
      }
    }
  }
};

// Sees what stands between << and >>, over seams.
class Quotes : public Detector {
 public:
  std::string_view Name() const override { return "quotes"; }
  std::vector<Trigger> Triggers() const override { return {{.text = ">>"}, {.text = ">"}}; }
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override {
    for (const Hit& hit : hits) {
      if (hit.trigger != 0) continue;
      const std::size_t begin = subject.text.substr(0, hit.end).rfind("<<");
      if (begin == std::string_view::npos) continue;
      findings.push_back(
          {.category = Category::kContent, .entity = "quote", .span = {begin, hit.end}, .confidence = 1});
    }
  }
  std::size_t OpenFrom(std::string_view text, std::size_t seam) const override {
    const std::size_t begin = text.substr(0, seam).rfind("<<");
    return begin == std::string_view::npos || text.substr(0, seam).find(">>", begin) != std::string_view::npos ? seam
                                                                                                               : begin;
  }
};

// Is called whether there are hits or not, and tells of the whole piece.
class Witness : public Detector {
 public:
  std::string_view Name() const override { return "witness"; }
  std::vector<Trigger> Triggers() const override { return {}; }
  void Detect(const Subject& subject, std::span<const Hit> hits, std::vector<Finding>& findings) const override {
    EXPECT_TRUE(hits.empty());
    findings.push_back({.category = Category::kContent,
                        .entity = std::string(ToString(subject.channel)),
                        .span = {subject.begin, subject.text.size()},
                        .confidence = 1});
  }
  Wakes WokenBy() const override { return Wakes::kAlways; }
};

class Broken : public Detector {
 public:
  std::string_view Name() const override { return "broken"; }
  std::vector<Trigger> Triggers() const override { return {{.text = "(a", .kind = Trigger::Kind::kPattern}}; }
  void Detect(const Subject& /*subject*/, std::span<const Hit> /*hits*/,
              std::vector<Finding>& /*findings*/) const override {}
};

template <class... Detectors>
std::shared_ptr<const Inspector> Built() {
  std::vector<std::unique_ptr<const Detector>> detectors;
  (detectors.push_back(std::make_unique<Detectors>()), ...);
  auto inspector = Inspector::Build(std::move(detectors));
  EXPECT_TRUE(inspector.ok());
  return std::move(inspector).value();
}

std::vector<Finding> Whole(const Inspector& inspector, std::string_view text) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  EXPECT_EQ(inspector.Inspect(text, 0, Channel::kUser, scratch, findings), Inspector::Coverage::kWhole);
  return findings;
}

std::vector<Span> Spans(const std::vector<Finding>& findings) {
  std::vector<Span> spans;
  for (const Finding& finding : findings) spans.push_back(finding.span);
  return spans;
}

TEST(Inspector, WakesTheDetectorsWhoseTriggersWereHit) {
  const auto inspector = Built<Keys, Quotes>();
  const auto findings = Whole(*inspector, "KEY-17 and <<a key-2>> key-");
  EXPECT_THAT(Spans(findings), ElementsAre(Span{0, 6}, Span{11, 22}, Span{15, 20}));
  EXPECT_EQ(findings[0].entity, "key");
  EXPECT_EQ(findings[1].entity, "quote");
}

TEST(Inspector, TellsOnlyWhatEndsBehindTheBeginning) {
  const auto inspector = Built<Keys>();
  Inspector::Scratch scratch(*inspector);
  std::vector<Finding> findings;
  inspector->Inspect("key-1 key-2 ", 6, Channel::kUser, scratch, findings);
  EXPECT_THAT(Spans(findings), ElementsAre(Span{6, 11}));
}

TEST(Inspector, SeesTriggersThatBeginBeforeTheBeginning) {
  const auto inspector = Built<Quotes>();
  Inspector::Scratch scratch(*inspector);
  std::vector<Finding> findings;
  inspector->Inspect("<<a>>", 4, Channel::kUser, scratch, findings);
  EXPECT_THAT(Spans(findings), ElementsAre(Span{0, 5}));
}

TEST(Inspector, CallsDetectorsThatWakeByThemselves) {
  const auto inspector = Built<Witness, Keys>();
  Inspector::Scratch scratch(*inspector);
  std::vector<Finding> findings;
  inspector->Inspect("nothing here", 8, Channel::kToolResult, scratch, findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].entity, "tool_result");
  EXPECT_EQ(findings[0].span, (Span{8, 12}));
}

TEST(Inspector, AppendsToWhatWasFoundBefore) {
  const auto inspector = Built<Keys>();
  Inspector::Scratch scratch(*inspector);
  std::vector<Finding> findings;
  inspector->Inspect("key-1", 0, Channel::kUser, scratch, findings);
  inspector->Inspect("key-22", 0, Channel::kUser, scratch, findings);
  EXPECT_THAT(Spans(findings), ElementsAre(Span{0, 5}, Span{0, 6}));
}

TEST(Inspector, NamesTheDetectorThatCannotBeBuilt) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  detectors.push_back(std::make_unique<Keys>());
  detectors.push_back(std::make_unique<Broken>());
  const auto inspector = Inspector::Build(std::move(detectors));
  ASSERT_FALSE(inspector.ok());
  EXPECT_THAT(inspector.error().public_message, HasSubstr("broken"));
  EXPECT_THAT(inspector.error().public_message, HasSubstr("(a"));
}

TEST(Inspector, OfNoDetectorsFindsNothing) { EXPECT_THAT(Whole(*Built<>(), "key-1"), IsEmpty()); }

TEST(Inspector, SettlesAtASeamThatNobodyHoldsOpen) {
  const auto inspector = Built<Keys, Quotes>();
  Inspector::Scratch scratch(*inspector);
  EXPECT_EQ(inspector->Settled("some words and mor", scratch), 15U);
  EXPECT_EQ(inspector->Settled("some words <<and mor", scratch), 11U);
  EXPECT_EQ(inspector->Settled("some words <<and>> mor", scratch), LastSeam("some words <<and>> mor"));
}

TEST(Inspector, FindsTheSameHoweverATextIsCut) {
  const auto inspector = Built<Keys, Quotes>();
  const std::string_view text = "give me key-123 or <<what a key-4 is>> and key-5\n<<open\nkey-66 key-7>> key-8";
  const auto whole = Whole(*inspector, text);
  ASSERT_EQ(whole.size(), 8U);
  for (std::size_t a = 1; a < text.size(); ++a) {
    EXPECT_EQ(InPieces(*inspector, text, std::array{a}), whole) << a;
    for (std::size_t b = a + 1; b < text.size(); ++b) EXPECT_EQ(InPieces(*inspector, text, std::array{a, b}), whole);
  }
  std::vector<std::size_t> each;
  for (std::size_t at = 1; at < text.size(); ++at) each.push_back(at);
  EXPECT_EQ(InPieces(*inspector, text, each), whole);
}

TEST(Inspector, InspectsLongTextsPieceByPieceAndFindsAll) {
  const auto inspector = Built<Keys, Quotes>();
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same texts every time
  std::string text;
  std::size_t keys = 0;
  while (text.size() < 300'000) {
    text.append(random() % 40, 'x').append(random() % 3 == 0 ? "\n" : " ");
    if (random() % 8 == 0) {
      text += "key-" + std::to_string(random()) + " ";
      ++keys;
    }
  }
  text.insert(text.find('\n', 60'000), " <<" + std::string(4000, 'a') + " b\nc " + std::string(3000, 'd') + ">> ");
  const auto findings = Whole(*inspector, text);
  EXPECT_EQ(findings.size(), keys + 1);
  EXPECT_EQ(std::ranges::count(findings, "quote", &Finding::entity), 1);
}

TEST(Inspector, FindsAllInATextOfNothingButTriggers) {
  const auto inspector = Built<Quotes>();
  std::string text;
  for (int line = 0; line < 1000; ++line) text += "<<" + std::string(98, '>') + "\n";
  EXPECT_EQ(Whole(*inspector, text).size(), 1000U);
}

}  // namespace
}  // namespace gatehouse::inspect
