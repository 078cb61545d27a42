#include "codec/json/skim.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace gatehouse::codec::json {
namespace {

constexpr std::array<std::string_view, 2> kWantedNames = {"usage", "finish_reason"};

TEST(Skim, FindsAMemberAtAnyDepthUnlessItIsNull) {
  const struct {
    std::string_view text;
    Skimmed found;
  } cases[] = {
      {R"({"a":1})", Skimmed::kPlain},
      {R"({"usage":{}})", Skimmed::kWanted},
      {R"({"usage" : null})", Skimmed::kPlain},
      {R"({"choices":[{"delta":{"content":"usage"},"finish_reason":null}]})", Skimmed::kPlain},
      {R"({"choices":[{"delta":{},"finish_reason" : "stop"}]})", Skimmed::kWanted},
      {R"(["usage", "finish_reason"])", Skimmed::kPlain},
      {R"({"Usage":1,"usag":1,"usages":1})", Skimmed::kPlain},
      {R"({"\u0075sage":1})", Skimmed::kWanted},
      {R"({"a\"b":1})", Skimmed::kWanted},
      {R"({"usage":nul})", Skimmed::kBroken},
      {R"({"usage":1)", Skimmed::kBroken},
  };
  for (const auto& one : cases) EXPECT_EQ(Skim(one.text, kWantedNames), one.found) << one.text;
}

TEST(Skim, RefusesEveryProperPrefixOfAnObject) {
  const std::string text = R"({"a":[1,-2.5e3,"x\ud83d\ude00y",true,{"b":null}],"c":"plain text that is long enough"})";
  ASSERT_EQ(Skim(text, kWantedNames), Skimmed::kPlain);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    EXPECT_EQ(Skim(cut, kWantedNames), Skimmed::kBroken) << cut;
  }
}

TEST(Skim, NestsNoDeeperThanDocumentsDo) {
  EXPECT_EQ(Skim(std::string(128, '[') + std::string(128, ']'), {}), Skimmed::kPlain);
  EXPECT_EQ(Skim(std::string(129, '[') + std::string(129, ']'), {}), Skimmed::kBroken);
}

}  // namespace
}  // namespace gatehouse::codec::json
