#include "app/guard_report.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/json/document.h"

namespace gatehouse::app {
namespace {

using inspect::Category;
using inspect::Finding;
using inspect::View;

// "secret" stands in no report.
const std::string kText = "gr\u00FC\u00DFe\n\u00FC secret\nb";
const std::vector<Finding> kFindings = {
    {.category = Category::kSecret, .entity = "aws-access-token", .span = {11, 17}, .confidence = 0.75F},
    {.category = Category::kPii, .entity = "PERSON", .span = {16, 19}, .confidence = 1, .view = View::kDecoded},
};
const GuardReport kReport{.name = "a.txt", .text = kText, .findings = kFindings};

TEST(GuardReport, SaysWhereInText) {
  EXPECT_EQ(ToText(kReport),
            "a.txt:2:3: secret: aws-access-token, 6 bytes, confidence 0.75\n"
            "a.txt:2:8: pii: PERSON (in the decoded text), 3 bytes, confidence 1.00\n");
  GuardReport part = kReport;
  part.findings = {};
  part.coverage = inspect::Inspector::Coverage::kPart;
  EXPECT_EQ(ToText(part), "a.txt: not all of the text was looked at\n");
}

TEST(GuardReport, IsJson) {
  codec::json::Document document;
  const std::string json = ToJson(kReport);
  ASSERT_TRUE(document.Parse(json).ok());
  const auto finding = document.root()["findings"].at(0);
  EXPECT_EQ(finding["entity"].string(), "aws-access-token");
  EXPECT_EQ(finding["begin"].AsInteger(), 11);
  EXPECT_EQ(finding["line"].AsInteger(), 2);
  EXPECT_EQ(document.root()["coverage"].string(), "whole");
}

TEST(GuardReport, IsSarif) {
  codec::json::Document document;
  const std::string json = ToSarif(kReport);
  ASSERT_TRUE(document.Parse(json).ok());
  EXPECT_EQ(document.root()["version"].string(), "2.1.0");
  const auto run = document.root()["runs"].at(0);
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), 2u);
  const auto region = run["results"].at(1)["locations"].at(0)["physicalLocation"]["region"];
  EXPECT_EQ(region["startLine"].AsInteger(), 2);
  EXPECT_EQ(region["startColumn"].AsInteger(), 8);
  EXPECT_EQ(region["endLine"].AsInteger(), 3);
  EXPECT_EQ(region["endColumn"].AsInteger(), 2);
  EXPECT_EQ(region["byteOffset"].AsInteger(), 16);
  EXPECT_EQ(run["results"].at(0)["level"].string(), "error");
}

}  // namespace
}  // namespace gatehouse::app
