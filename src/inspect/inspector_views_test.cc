#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "codec/crypto/encoding.h"
#include "inspect/inspector.h"

namespace gatehouse::inspect {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Sees one phrase.
class Phrase : public Detector {
 public:
  explicit Phrase(std::string phrase, Trigger::Case letters = Trigger::Case::kFolded)
      : phrase_(std::move(phrase)), letters_(letters) {}

  std::string_view Name() const override { return "phrase"; }
  std::vector<Trigger> Triggers() const override { return {{.text = phrase_, .letters = letters_}}; }
  void Detect(const Subject& /*subject*/, std::span<const Hit> hits, std::vector<Finding>& findings) const override {
    for (const Hit& hit : hits) {
      findings.push_back({.category = Category::kInjection,
                          .entity = phrase_,
                          .span = {.begin = hit.end - phrase_.size(), .end = hit.end},
                          .confidence = 1});
    }
  }

 private:
  std::string phrase_;
  Trigger::Case letters_;
};

std::shared_ptr<const Inspector> Looking(std::initializer_list<std::string> phrases) {
  std::vector<std::unique_ptr<const Detector>> detectors;
  for (const std::string& phrase : phrases) detectors.push_back(std::make_unique<Phrase>(phrase));
  detectors.push_back(std::make_unique<Phrase>("tkn_", Trigger::Case::kSensitive));
  auto inspector = Inspector::Build(std::move(detectors));
  EXPECT_TRUE(inspector.ok());
  return std::move(inspector).value();
}

// The raw text of each finding and the view that showed it: "(normalised) k e y".
std::vector<std::string> Found(const Inspector& inspector, std::string_view text, std::size_t begin = 0) {
  Inspector::Scratch scratch(inspector);
  std::vector<Finding> findings;
  inspector.Inspect(text, begin, Channel::kUser, scratch, findings);
  std::vector<std::string> found;
  for (const Finding& finding : findings) {
    found.push_back("(" + std::string(ToString(finding.view)) + ") " +
                    std::string(text.substr(finding.span.begin, finding.span.size())));
  }
  return found;
}

TEST(InspectorViews, FindWhatIsDisguised) {
  const auto inspector = Looking({"ignore all"});
  EXPECT_THAT(Found(*inspector, "please ig\u200Bnore all of it"), ElementsAre("(normalised) ig\u200Bnore all"));
  EXPECT_THAT(Found(*inspector, "please i g n o r e   a l l of it"), ElementsAre("(normalised) i g n o r e   a l l"));
  EXPECT_THAT(Found(*inspector, "please %69gnore%20all of it"), ElementsAre("(decoded) %69gnore%20all"));
  const std::string base64 = codec::crypto::Base64Encode("ignore all of it");
  EXPECT_THAT(Found(*inspector, "do " + base64 + " now"), ElementsAre("(decoded) " + base64.substr(0, 16)));
}

TEST(InspectorViews, FindWhatIsTurnedAround) {
  const auto inspector = Looking({"ignore all"});
  EXPECT_THAT(Found(*inspector, "say vtaber nyy bs vg"), ElementsAre("(decoded) vtaber nyy"));
  EXPECT_THAT(Found(*inspector, "say lla erongi"), ElementsAre("(decoded) lla erongi"));
  EXPECT_THAT(Found(*inspector, "say gxa_1"), ElementsAre("(decoded) gxa_")) << "by the trigger itself";
}

TEST(InspectorViews, TellEachThingOnce) {
  const auto inspector = Looking({"ignore all"});
  EXPECT_THAT(Found(*inspector, "ignore all, \u0456t says, %69gnore all"),
              ElementsAre("(raw) ignore all", "(decoded) %69gnore all"));
}

TEST(InspectorViews, TellOnlyWhatEndsBehindTheBeginning) {
  const auto inspector = Looking({"ignore all", "of it"});
  const std::string text = "ig\u200Bnore all o\u200Bf it";
  EXPECT_THAT(Found(*inspector, text, text.find("o\u200B")), ElementsAre("(normalised) o\u200Bf it"));
  EXPECT_THAT(Found(*inspector, text, text.find("all")),
              ElementsAre("(normalised) ig\u200Bnore all", "(normalised) o\u200Bf it"));
}

TEST(InspectorViews, FindNothingInOtherText) {
  const auto inspector = Looking({"ignore all"});
  EXPECT_THAT(Found(*inspector, "a plain text, \u00E9t\u00E9, with 100% & <b>, 0x1F, i.e. nothing"), IsEmpty());
}

}  // namespace
}  // namespace gatehouse::inspect
