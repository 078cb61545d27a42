#include "features/compliance/catalogue.h"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse::features::compliance {
namespace {

constexpr std::string_view kHead = R"(framework: test
title: A framework
publisher: Somebody
text_version: "1"
applies_from: 2026-01-01
controls:
)";

std::string With(std::string_view controls) { return std::string(kHead).append(controls); }

std::string Control(std::string_view status = "automatic", std::string_view evidence = "[exchanges]") {
  return "  - { id: A.1, title: One, requirement: Do it., remains: The rest., status: " + std::string(status) +
         ", evidence: " + std::string(evidence) + " }\n";
}

std::string WhyNot(const std::string& yaml) {
  const auto framework = ParseFramework(yaml, "test.yaml");
  return framework.ok() ? "" : framework.error().public_message;
}

TEST(Catalogue, AllThatComesWithTheProgramIsRead) {
  const auto frameworks = DefaultFrameworks();
  ASSERT_TRUE(frameworks.ok()) << frameworks.error().public_message;
  std::set<std::string> ids;
  std::set<Query> used;
  for (const Framework& framework : frameworks.value()) {
    ids.insert(framework.id);
    for (const auto& control : framework.controls) used.insert(control.evidence.begin(), control.evidence.end());
  }
  EXPECT_EQ(ids, (std::set<std::string>{"eu-ai-act", "gdpr", "hipaa", "iso-42001", "mitre-atlas", "nist-ai-600-1",
                                        "nist-ai-rmf", "owasp-asi-2026", "owasp-llm-2025", "soc2"}));
  EXPECT_EQ(used.size(), kQueries);  // a query that no control names is a query too many
}

const compliance::Control& Find(const Framework& framework, std::string_view id) {
  for (const auto& control : framework.controls) {
    if (control.id == id) return control;
  }
  ADD_FAILURE() << id;
  return framework.controls.front();
}

// Regulation (EU) 2026/1744 moved the duties on systems of high risk; Article 50 stayed where it was.
TEST(Catalogue, TheAiActAppliesWhenTheAmendmentSays) {
  const Framework act = DefaultFramework("eu-ai-act").value();
  EXPECT_EQ(ToString(Find(act, "AIA-12(1)").applies_from), "2027-12-02");
  EXPECT_EQ(ToString(Find(act, "AIA-50(1)").applies_from), "2026-08-02");
  EXPECT_EQ(ToString(Find(act, "AIA-5").applies_from), "2025-02-02");
  EXPECT_EQ(Find(act, "AIA-12(1)").text_version, "2024-07-12");
  EXPECT_NE(Find(act, "AIA-12(1)").amended_by.find("2026/1744"), std::string::npos);
  EXPECT_EQ(act.amended_check, Framework::AmendedCheck::kPending);
  EXPECT_EQ(Find(act, "AIA-50(1)").applies_note, "");
}

TEST(Catalogue, AControlInheritsFromItsFramework) {
  const auto framework = ParseFramework(With(Control()), "test.yaml");
  ASSERT_TRUE(framework.ok()) << framework.error().public_message;
  const auto& control = framework.value().controls.at(0);
  EXPECT_EQ(control.text_version, "1");
  EXPECT_EQ(ToString(control.applies_from), "2026-01-01");
  EXPECT_EQ(control.evidence, std::vector{Query::kExchanges});
}

TEST(Catalogue, ProblemsNameFileAndLine) {
  EXPECT_EQ(WhyNot(With(Control("automatic", "[exchange]"))).substr(0, 18), "test.yaml: line 7:");
  EXPECT_NE(WhyNot(With(Control("automatic", "[exchange]"))).find("did you mean `exchanges`"), std::string::npos);
  EXPECT_NE(WhyNot(With("  - { id: A.1, titel: One }\n")).find("test.yaml: line 7"), std::string::npos);
  EXPECT_NE(WhyNot(With("  - { id: A.1, titel: One }\n")).find("titel"), std::string::npos);
  EXPECT_NE(WhyNot(With(Control() + Control())).find("used twice"), std::string::npos);
  EXPECT_NE(WhyNot(With(Control("often"))).find("automatic"), std::string::npos);
  EXPECT_NE(WhyNot(With(Control("manual"))).find("no `evidence`"), std::string::npos);
  EXPECT_NE(WhyNot(With(Control("partial", "[]"))).find("needs `evidence`"), std::string::npos);
  EXPECT_NE(WhyNot("framework: [").find("test.yaml: line"), std::string::npos);
  EXPECT_NE(WhyNot("extra: 1\n" + With(Control())).find("extra"), std::string::npos);
}

TEST(Catalogue, EveryProblemIsOnALineOfItsOwn) {
  const std::string problems = WhyNot(With("  - { id: A.1 }\n"));
  std::size_t lines = 1;
  for (const char c : problems) lines += c == '\n' ? 1 : 0;
  std::size_t named = 0;
  for (std::size_t at = 0; (at = problems.find("test.yaml: line ", at)) != std::string::npos; ++at) ++named;
  EXPECT_GT(lines, 3U);
  EXPECT_EQ(named, lines);
}

TEST(Catalogue, DatesAreDates) {
  EXPECT_EQ(ToString(*ParseDate("2028-02-29")), "2028-02-29");
  for (const auto* bad :
       {"", "2027-02-29", "2027-13-01", "2027-1-1", "27-01-01", "2027/01/01", "2027-01-01 ", "today"}) {
    EXPECT_EQ(ParseDate(bad), std::nullopt) << bad;
  }
  std::string yaml = With(Control());
  yaml.replace(yaml.find("2026-01-01"), 10, "2026-02-30");
  EXPECT_NE(WhyNot(yaml).find("test.yaml: line 5"), std::string::npos);
}

TEST(Catalogue, WhatIsNotThereNamesWhatIs) {
  const auto framework = DefaultFramework("eu-ai");
  ASSERT_FALSE(framework.ok());
  EXPECT_EQ(framework.error().code, base::ErrorCode::kNotFound);
  EXPECT_NE(framework.error().public_message.find("eu-ai-act"), std::string::npos);
}

TEST(Queries, AreInTheirOrder) {
  for (const QueryInfo& info : Queries()) EXPECT_EQ(&InfoOf(info.query), &info) << info.name;
}

}  // namespace
}  // namespace gatehouse::features::compliance
