#include "codec/json/splice.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace gatehouse::codec::json {
namespace {

std::string Change(std::string_view text, const std::vector<MemberChange>& changes) {
  Document document;
  EXPECT_TRUE(document.Parse(text).ok());
  return Apply(text, ChangeMembers(document.root(), changes));
}

TEST(JsonSplice, ReplacesAValueInPlace) {
  const std::string text = R"({ "model" : "gpt-4o" , "x":[1, 2 ,3] })";
  Document document;
  ASSERT_TRUE(document.Parse(text).ok());
  const std::vector<Edit> edits = {Replace(document.root()["x"].at(1), "{}"),
                                   Replace(document.root()["model"], "\"m\"")};
  EXPECT_EQ(Apply(text, edits), R"({ "model" : "m" , "x":[1, {} ,3] })");
  EXPECT_EQ(Apply(text, {}), text);
  EXPECT_EQ(WithMember(text, document.root(), "model", "1"), R"({ "model" : 1 , "x":[1, 2 ,3] })");
}

TEST(JsonSplice, AddsAtTheEnd) {
  EXPECT_EQ(Change("{}", {{"a", "1"}}), R"({"a":1})");
  EXPECT_EQ(Change("{ }", {{"a", "1"}, {"b\"", "2"}}), R"({"a":1,"b\"":2 })");
  EXPECT_EQ(Change("{ \"x\": 0 }", {{"a", "1"}}), R"({ "x": 0,"a":1 })");
}

TEST(JsonSplice, RemovesWithTheComma) {
  const std::string text = R"({ "a": 1, "b": [2], "c": "3" })";
  EXPECT_EQ(Change(text, {{"a", std::nullopt}}), R"({ "b": [2], "c": "3" })");
  EXPECT_EQ(Change(text, {{"b", std::nullopt}}), R"({ "a": 1, "c": "3" })");
  EXPECT_EQ(Change(text, {{"c", std::nullopt}}), R"({ "a": 1, "b": [2] })");
  EXPECT_EQ(Change(text, {{"a", std::nullopt}, {"b", std::nullopt}}), R"({ "c": "3" })");
  EXPECT_EQ(Change(text, {{"a", std::nullopt}, {"c", std::nullopt}}), R"({ "b": [2] })");
  EXPECT_EQ(Change(text, {{"a", std::nullopt}, {"b", std::nullopt}, {"c", std::nullopt}}), R"({  })");
  EXPECT_EQ(Change(text, {{"zz", std::nullopt}}), text);
}

TEST(JsonSplice, InsertionsAtOnePlaceKeepTheirOrder) {
  const std::vector<Edit> edits = {{1, 0, "1"}, {1, 0, ",2"}, {0, 0, " "}};
  EXPECT_EQ(Apply("[]", edits), " [1,2]");
}

// Against a map: any mix of changes gives a valid text that holds what the map holds.
TEST(JsonSplice, AnyMixOfChangesAgreesWithAMap) {
  std::mt19937 random(3);
  const std::vector<std::string> names = {"a", "b", "c", "d", "e", "f"};
  for (int round = 0; round < 5000; ++round) {
    std::map<std::string, std::string> expected;
    std::string text = "{";
    for (const auto& name : names) {
      if (random() % 2 == 0) continue;
      const auto value = "[" + std::to_string(random() % 10) + "]";
      text += (expected.empty() ? " \"" : ", \"") + name + "\" : " + value;
      expected[name] = value;
    }
    text += " }";
    std::vector<MemberChange> changes;
    for (const auto& name : names) {
      const auto what = random() % 3;
      if (what == 0) continue;
      if (what == 1) {
        changes.push_back({name, std::nullopt});
        expected.erase(name);
      } else {
        changes.push_back({name, "\"new\""});
        expected[name] = "\"new\"";
      }
    }
    const std::string changed = Change(text, changes);
    Document document;
    ASSERT_TRUE(document.Parse(changed).ok()) << text << " -> " << changed;
    std::map<std::string, std::string> found;
    for (const auto& member : document.root()) found[std::string(member.key)] = member.value.raw();
    ASSERT_EQ(found, expected) << text << " -> " << changed;
  }
}

}  // namespace
}  // namespace gatehouse::codec::json
