#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/config/scalar.h"
#include "codec/config/tree.h"

namespace gatehouse::codec::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Tree Parsed(std::string_view yaml, SecretResolver resolver = {}) {
  auto tree = Tree::Parse(yaml, std::move(resolver));
  EXPECT_TRUE(tree.ok()) << tree.error().public_message;
  return tree.ok() ? std::move(tree).value() : Tree();
}

std::string SyntaxProblem(std::string_view yaml, const Limits& limits = {}) {
  const auto tree = Tree::Parse(yaml, {}, limits);
  return tree.ok() ? "" : tree.error().public_message;
}

std::string Finish(const Tree& tree) {
  const auto status = tree.Finish();
  return status.ok() ? "" : status.error().public_message;
}

TEST(ConfigTree, ReadsEveryKind) {
  const Tree tree = Parsed(R"(
server:
  listen: "0.0.0.0:8080"
  workers: 4
  ratio: 0.25
  tls: false
  timeout: 1m30s
  body: 16MiB
  mode: strict
models: [a, b]
labels: {team: core, no: NO}
)");
  const Node server = tree.root().Required("server");
  EXPECT_EQ(server.Required("listen").AsString(), "0.0.0.0:8080");
  EXPECT_EQ(server["workers"].AsInteger({1, 64}), 4);
  EXPECT_EQ(server["ratio"].AsNumber({0, 1}), 0.25);
  EXPECT_EQ(server["tls"].AsBool(), false);
  EXPECT_EQ(server["timeout"].AsDuration(), std::chrono::seconds(90));
  EXPECT_EQ(server["body"].AsBytes(), 16U << 20);
  enum class Mode { kRelaxed, kStrict };
  constexpr Choice<Mode> kModes[] = {{"relaxed", Mode::kRelaxed}, {"strict", Mode::kStrict}};
  EXPECT_EQ(server["mode"].AsEnum<Mode>(kModes), Mode::kStrict);
  EXPECT_EQ(server["absent"].AsInteger(), std::nullopt);
  EXPECT_THAT(*tree.root()["models"].AsStrings(), ElementsAre("a", "b"));
  std::string labels;
  for (const auto& [key, value] : tree.root()["labels"].Members()) labels += key + "=" + *value.AsString() + ";";
  EXPECT_EQ(labels, "team=core;no=NO;");
  EXPECT_EQ(Finish(tree), "");
}

TEST(ConfigTree, KeysNobodyAskedForAreProblems) {
  const Tree tree = Parsed("modles: [x]\nserver:\n  prot: 1\n  host: h\nzzzz: 1\nx-anchors: {a: 1}\n");
  tree.root()["models"];
  tree.root()["server"]["port"].AsInteger();
  tree.root()["server"]["host"].AsString();
  EXPECT_EQ(Finish(tree),
            "line 1: unknown key `modles`; did you mean `models`?\n"
            "line 3: unknown key `prot`; did you mean `port`?\n"
            "line 5: unknown key `zzzz`");
}

TEST(ConfigTree, AMapThatNobodyReadIsOneProblem) {
  const Tree tree = Parsed("old:\n  a: 1\n  b: 2\n");
  EXPECT_EQ(Finish(tree), "line 1: unknown key `old`");
  tree.root()["old"].MarkRead();
  EXPECT_EQ(Finish(tree), "");
}

TEST(ConfigTree, AllProblemsComeAtOnce) {
  const Tree tree = Parsed(R"(port: 70000
host: [1]
rate: fast
tls: yes
wait: 30
size: 5MX
mode: strikt
list: word
num: "5"
deep: {inner: 3}
)");
  const Node root = tree.root();
  EXPECT_EQ(root["port"].AsInteger({1, 65535}), std::nullopt);
  root["host"].AsString();
  root["rate"].AsNumber({.min = 0});
  root["tls"].AsBool();
  root["wait"].AsDuration();
  root["size"].AsBytes();
  constexpr Choice<int> kModes[] = {{"relaxed", 0}, {"strict", 1}};
  EXPECT_EQ(root["mode"].AsEnum<int>(kModes), std::nullopt);
  root["list"].Elements();
  root["num"].AsInteger();
  root["deep"]["inner"]["more"].AsInteger();
  root["deep"]["inner"]["most"].AsInteger();
  root.Required("key");
  root["port"].AddProblem("is taken");
  EXPECT_EQ(Finish(tree),
            "line 1: `key` is missing\n"
            "line 1: `port` is taken\n"
            "line 1: `port` should be an integer from 1 to 65535, but is `70000`\n"
            "line 2: `host` should be text, but is a list\n"
            "line 3: `rate` should be a number of at least 0, but is `fast`\n"
            "line 4: `tls` should be true or false, but is `yes`\n"
            "line 5: `wait` should be a duration such as 500ms, 30s or 2m, but is `30`\n"
            "line 6: `size` should be a size such as 64KiB or 16MiB, but is `5MX`\n"
            "line 7: `mode` should be one of relaxed, strict, but is `strikt`\n"
            "line 8: `list` should be a list, but is `word`\n"
            "line 9: `num` should be an integer, but is text in quotes\n"
            "line 10: `deep.inner` should be a map, but is `3`");
}

TEST(ConfigTree, PathsNameElements) {
  const Tree tree = Parsed("p:\n- n: a\n- n: {}\n");
  for (const auto& element : tree.root()["p"].Elements()) element["n"].AsString();
  EXPECT_EQ(Finish(tree), "line 3: `p[1].n` should be text, but is a map");
}

TEST(ConfigTree, NullIsAbsent) {
  const Tree tree = Parsed("a:\nb: ~\nc: null\nd: \"\"\n");
  for (const char* const key : {"a", "b", "c"}) {
    EXPECT_FALSE(tree.root()[key].IsPresent());
    EXPECT_EQ(tree.root()[key].AsString(), std::nullopt);
  }
  EXPECT_EQ(tree.root()["d"].AsString(), "");
  tree.root().Required("a");
  EXPECT_EQ(Finish(tree), "line 1: `a` is missing");
  EXPECT_THAT(Parsed("").root().Members(), IsEmpty());
  EXPECT_EQ(Finish(Parsed("# only a comment\n")), "");
}

TEST(ConfigTree, RefusesWhatIsNotOnePlainTree) {
  const std::pair<std::string, std::string> cases[] = {
      {"a: 1\nb: 2\na: 3\n", "line 3, column 1: key `a` appears twice; it first stood in line 1"},
      {"a: [1\n", "line 2"},
      {"a: 'x", "line"},
      {"\ta: 1", "line 1"},
      {"a: !!int 3", "line 1, column 4: tags are not supported"},
      {"!x {a: 1}", "tags are not supported"},
      {"? [a]\n: 1\n", "a key must be plain text"},
      {"a: &x 1\n*x : 2\n", "an alias cannot be a key"},
      {"&k a: 1", "a key cannot have an anchor"},
      {"a: *nothing", "no complete value is anchored as `nothing`"},
      {"a: &x [*x]", "no complete value is anchored as `x`"},
      {"a: 1\n---\nb: 2\n", "only one document"},
      {"a: \"\xFF\"", "not valid UTF-8"},
      {"<<: 3", "`<<` takes a map"},
  };
  for (const auto& [yaml, problem] : cases) EXPECT_THAT(SyntaxProblem(yaml), HasSubstr(problem)) << yaml;
}

TEST(ConfigTree, AliasesAndMerging) {
  const Tree tree = Parsed(R"(
x-base: &base {timeout: 5s, retries: 2}
x-more: &more {retries: 9, weight: 1}
one: {<<: *base, retries: 3}
two: {<<: [*base, *more]}
three: *base
)");
  const Node root = tree.root();
  EXPECT_EQ(root["one"]["retries"].AsInteger(), 3);
  EXPECT_EQ(root["one"]["timeout"].AsString(), "5s");
  EXPECT_EQ(root["two"]["retries"].AsInteger(), 2);
  EXPECT_EQ(root["two"]["weight"].AsInteger(), 1);
  EXPECT_EQ(root["two"]["timeout"].AsString(), "5s");
  EXPECT_EQ(root["three"]["retries"].AsInteger(), 2);
  EXPECT_EQ(Finish(tree), "line 2: unknown key `timeout`");
}

TEST(ConfigTree, ABillionLaughsAreRefused) {
  std::string yaml = "a0: &a0 [lol]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int j = 0; j < 9; ++j) yaml += ", " + below;
    yaml += "]\n";
  }
  EXPECT_THAT(SyntaxProblem(yaml), HasSubstr("aliases stand for more than 200000 values"));
}

TEST(ConfigTree, IsBounded) {
  EXPECT_THAT(SyntaxProblem(std::string(100, '['), {.depth = 10}), HasSubstr("nested deeper than 10 levels"));
  EXPECT_THAT(SyntaxProblem("[1,2,3,4]", {.values = 3}), HasSubstr("more than 3 values"));
  EXPECT_THAT(SyntaxProblem("a: 1", {.bytes = 3}), HasSubstr("larger than 3 bytes"));
}

TEST(ConfigTree, SecretsAreResolved) {
  const std::string yaml = R"(
literal: sk-123
variable: {env: KEY}
file: {file: /run/key}
missing: {env: NOPE}
both: {env: A, file: B}
none: {}
list: [sk-9]
typo: {evn: KEY}
)";
  const auto resolver = [](const SecretReference& reference) -> base::Result<base::Secret> {
    if (reference.name == "NOPE") return base::InvalidRequest("the variable is not set");
    return base::Secret(reference.kind == SecretReference::Kind::kFile ? "from " + reference.name
                                                                       : "of " + reference.name);
  };
  const Tree tree = Parsed(yaml, resolver);
  const Node root = tree.root();
  EXPECT_EQ(root["literal"].AsSecret()->Reveal(), "sk-123");
  EXPECT_EQ(root["variable"].AsSecret()->Reveal(), "of KEY");
  EXPECT_EQ(root["file"].AsSecret()->Reveal(), "from /run/key");
  for (const char* const key : {"missing", "both", "none", "list", "typo", "absent"}) {
    EXPECT_FALSE(root[key].AsSecret().has_value()) << key;
  }
  const std::string problems = Finish(tree);
  EXPECT_THAT(problems, HasSubstr("line 5: `missing` could not be fetched: the variable is not set"));
  EXPECT_THAT(problems, HasSubstr("line 6: `both` should have either `env` or `file`"));
  EXPECT_THAT(problems, HasSubstr("line 7: `none` should have either `env` or `file`"));
  EXPECT_THAT(problems, HasSubstr("line 9: unknown key `evn`; did you mean `env`?"));
  EXPECT_THAT(problems, ::testing::Not(HasSubstr("sk-")));
  const Tree without = Parsed("k: {env: A}");
  without.root()["k"].AsSecret();
  EXPECT_THAT(Finish(without), HasSubstr("cannot be fetched here"));
}

TEST(ConfigTree, SharedMapsAreReportedOnce) {
  const Tree tree = Parsed("a: &s {k: 1}\nb: *s\nc: *s\n");
  for (const char* const key : {"a", "b", "c"}) tree.root()[key]["other"];
  EXPECT_THAT(tree.Problems(), SizeIs(1));
}

TEST(ConfigScalar, Durations) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::pair<std::string_view, std::optional<std::int64_t>> cases[] = {
      {"0", 0},
      {"0s", 0},
      {"250us", 250'000},
      {"500ms", kSecond / 2},
      {"30s", 30 * kSecond},
      {"2m", 120 * kSecond},
      {"1h30m", 5400 * kSecond},
      {"7d", 604800 * kSecond},
      {"106751d", std::int64_t{106751} * 86400 * kSecond},
      {"", {}},
      {"30", {}},
      {"s", {}},
      {"-1s", {}},
      {"1.5s", {}},
      {"1 s", {}},
      {"1S", {}},
      {"1s2", {}},
      {"106752d", {}},
      {"99999999999999999999s", {}},
      {"9223372036s9223372036s", {}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseDuration(text), expected) << text;
  EXPECT_EQ(FormatDuration(5400 * kSecond), "1h30m");
  EXPECT_EQ(FormatDuration(1'500'000'000), "1s500ms");
}

TEST(ConfigScalar, Sizes) {
  const std::pair<std::string_view, std::optional<std::uint64_t>> cases[] = {{"0", 0},
                                                                             {"512", 512},
                                                                             {"512B", 512},
                                                                             {"16KiB", 16384},
                                                                             {"2MB", 2'000'000},
                                                                             {"1GiB", 1U << 30},
                                                                             {"16777215TiB", 16777215ULL << 40},
                                                                             {"16777216TiB", {}},
                                                                             {"", {}},
                                                                             {"KiB", {}},
                                                                             {"1kb", {}},
                                                                             {"1KiB1", {}},
                                                                             {"1.5MiB", {}},
                                                                             {"-1", {}}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseBytes(text), expected) << text;
}

TEST(ConfigScalar, Suggestions) {
  const std::vector<std::string_view> known = {"models", "mode", "timeout", "a"};
  EXPECT_EQ(Closest("modles", known), "models");
  EXPECT_EQ(Closest("timout", known), "timeout");
  EXPECT_EQ(Closest("b", known), "");
  EXPECT_EQ(Closest("completely", known), "");
}

}  // namespace
}  // namespace gatehouse::codec::config
