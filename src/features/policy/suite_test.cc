#include "features/policy/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/config/tree.h"
#include "features/policy/rule_reader.h"

namespace gatehouse::features::policy {
namespace {

using testing::HasSubstr;

std::string RunCases(std::string_view rules_yaml, std::string_view cases_yaml) {
  const auto rules_tree = codec::config::Tree::Parse(rules_yaml).value();
  const auto rules = ReadRules(rules_tree.root(), {});
  EXPECT_TRUE(rules_tree.Finish().ok());
  const auto tree = codec::config::Tree::Parse(cases_yaml).value();
  const auto cases = ReadSuite(tree.root());
  const auto status = tree.Finish();
  if (!status.ok()) return status.error().public_message;
  std::vector<Case::Result> results;
  for (const auto& one : cases) results.push_back(one->Run(*rules));
  return ToTable(results);
}

constexpr std::string_view kRules = R"(
zone: Europe/Berlin
rules:
  - { id: night, effect: deny, when: time.hour < 6 }
  - { id: level, effect: deny, match: { models: ["big-*"] }, when: principal.claims.level < 3, mode: shadow }
  - { id: tools, effect: challenge, when: '"shell" in request.tools' }
)";

TEST(Suite, SaysWhichCasesHold) {
  const std::string table = RunCases(kRules, R"(
cases:
  - name: day
    at: 2026-11-23T12:00:00Z
    request: { model: small }
    expect: { effect: allow, rules: [] }
  - name: night in Berlin
    at: 2026-11-22T23:30:00Z
    expect: { effect: deny, rules: [night] }
  - name: shadow and challenge
    principal: { claims: '{"level": 1}' }
    request: { model: big-1, tools: [shell] }
    expect: { effect: challenge, rules: [tools, level] }
  - name: wrong rule
    request: { tools: [shell] }
    expect: { effect: challenge, rules: [night] }
  - name: wrong effect
    expect: { effect: deny }
  - name: opaque
    request: { surface: pass_through }
    expect: { effect: deny, rules: [tools, level] }
)");
  EXPECT_EQ(table,
            "ok      day                   allow\n"
            "ok      night in Berlin       deny by night\n"
            "ok      shadow and challenge  challenge by level, tools\n"
            "FAILED  wrong rule            challenge by tools; expected challenge by night\n"
            "FAILED  wrong effect          allow; expected deny\n"
            "ok      opaque                deny by level, tools\n"
            "6 cases, 2 failed\n");
}

TEST(Suite, DecidesAboutContent) {
  const std::string table = RunCases(R"(
default: { tool_call: deny }
rules:
  - { id: leak, phase: response, effect: deny, when: 'findings.exists(f, f.entity == "jwt" && f.confidence > 0.8)' }
  - { id: hide, phase: prompt, effect: restrict, restrict: { mask: pii }, when: 'findings.size() > 1' }
  - { id: read, phase: tool_call, effect: allow, when: 'answer.tools.all(t, t.startsWith("read_"))' }
)",
                                     R"(
cases:
  - { name: nothing, phase: response, expect: { effect: allow } }
  - name: a secret
    phase: response
    findings: [ { category: secret, entity: jwt, channel: output, confidence: 0.9, view: decoded } ]
    expect: { effect: deny, rules: [leak] }
  - name: another phase
    phase: prompt
    findings: [ { category: secret, entity: jwt }, { category: pii } ]
    expect: { effect: restrict, rules: [hide] }
  - { name: reads, phase: tool_call, answer: { tools: [read_file] }, expect: { effect: allow, rules: [read] } }
  - { name: writes, phase: tool_call, answer: { tools: [read_file, write_file] }, expect: { effect: deny, rules: [] } }
)");
  EXPECT_THAT(table, HasSubstr("5 cases, 0 failed")) << table;
}

TEST(Suite, SaysWhatIsWrongWithACase) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"{}", "cases"},
      {"cases: []", "no case"},
      {"cases: [ { name: x } ]", "expect"},
      {"cases: [ { name: x, expect: {} } ]", "effect"},
      {"cases: [ { name: x, expect: { effect: no } } ]", "allow, restrict"},
      {"cases: [ { expect: { effect: deny } } ]", "name"},
      {"cases: [ { name: x, request: { surface: y }, expect: { effect: deny } } ]", "no surface is called `y`"},
      {"cases: [ { name: x, at: noon, expect: { effect: deny } } ]", "must be a time"},
      {"cases: [ { name: x, principal: { claims: '[1]' }, expect: { effect: deny } } ]", "JSON object"},
      {"cases: [ { name: x, findings: [ { category: pii } ], expect: { effect: deny } } ]", "goes with `phase:`"},
      {"cases: [ { name: x, answer: { tools: [x] }, expect: { effect: deny } } ]", "goes with `phase:`"},
      {"cases: [ { name: x, phase: prompt, findings: [ {} ], expect: { effect: deny } } ]", "category"},
      {"cases: [ { name: x, phase: prompt, findings: [ { category: pi } ], expect: { effect: deny } } ]",
       "`pi` is none of pii secret"},
      {"cases: [ { name: x, request: { toolz: [] }, expect: { effect: deny } } ]", "did you mean `tools`"},
  };
  for (const auto& [yaml, problem] : cases) EXPECT_THAT(RunCases(kRules, yaml), HasSubstr(problem)) << yaml;
}

}  // namespace
}  // namespace gatehouse::features::policy
