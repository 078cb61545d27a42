#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "codec/cel/cel.h"
#include "codec/cel/collection.h"

namespace gatehouse::codec::cel {
namespace {

using ::testing::HasSubstr;

// Variables of an expression under test.
class Facts {
 public:
  Facts() : bindings_(Declare(environment_)) {
    bindings_.Set(0, Value::Int(0));
    bindings_.Set(1, Value::List(&list_));
    bindings_.Set(2, Value::Map(&map_));
    bindings_.Set(4, Value::String("gpt-4o"));
  }

  std::string Run(std::string_view source, const Limits& limits = {}, Checking checking = Checking::kTypes) const {
    const auto program = Compile(source, environment_, {.result = Type::Bool(), .checking = checking}, limits);
    if (!program.ok()) return "compile: " + program.error().public_message;
    Scratch scratch;
    const auto result = program.value().Test(bindings_, scratch);
    if (result.ok()) return result.value() ? "true" : "false";
    return (result.error().code == base::ErrorCode::kTooLarge ? "limit: " : "error: ") + result.error().public_message;
  }
  const Environment& environment() const { return environment_; }
  const Bindings& bindings() const { return bindings_; }

 private:
  static const Environment& Declare(Environment& environment) {
    environment.Declare("zero", Type::Int());
    environment.Declare("list", Type::List(Type::Int()));
    environment.Declare("map", Type::Map(Type::String(), Type::Dyn()));
    environment.Declare("request.user", Type::String());
    environment.Declare("request.model", Type::String());
    return environment;
  }

  Environment environment_;
  std::array<Value, 3> elements_ = {Value::Int(1), Value::Int(2), Value::Int(3)};
  ArrayList list_{elements_};
  std::array<Value, 4> pairs_ = {Value::String("a"), Value::Int(1), Value::String("b"), Value::List(&list_)};
  ArrayMap map_{pairs_, {}};
  Bindings bindings_;
};

TEST(CelEvaluate, AndAndOrForgiveAFailureOnEitherSide) {
  const Facts facts;
  const std::string fails = "1 / zero > 0";
  EXPECT_EQ(facts.Run(fails + " && false"), "false");
  EXPECT_EQ(facts.Run("false && " + fails), "false");
  EXPECT_EQ(facts.Run(fails + " || true"), "true");
  EXPECT_EQ(facts.Run("true || " + fails), "true");
  EXPECT_THAT(facts.Run(fails + " && true"), HasSubstr("line 1, column 3: division by zero"));
  EXPECT_THAT(facts.Run("true && " + fails), HasSubstr("line 1, column 11: division by zero"));
  EXPECT_THAT(facts.Run(fails + " || false"), HasSubstr("division by zero"));
  EXPECT_THAT(facts.Run("(" + fails + ") ? true : true"), HasSubstr("division by zero"));
  EXPECT_EQ(
      facts.Run("(false && (" + fails + " || " + fails + ")) || !(" + fails + " && (false || " + fails + " && false))"),
      "true");
}

// Each way to group three operands, each of which is true, false or failing, gives what the rules of Kleene's logic
// say.
TEST(CelEvaluate, LogicIsKleenes) {
  const Facts facts;
  const std::array<std::string, 3> operands = {"true", "false", "1 / zero > 0"};
  for (int code = 0; code < 27; ++code) {
    const std::array<int, 3> at = {code % 3, code / 3 % 3, code / 9};
    const auto name = [&](int i) {
      return "(" + operands[static_cast<std::size_t>(at[static_cast<std::size_t>(i)])] + ")";
    };
    const bool any_false = std::ranges::count(at, 1) > 0;
    const bool any_true = std::ranges::count(at, 0) > 0;
    const bool fails = std::ranges::count(at, 2) > 0;
    const std::string conjunction = any_false ? "false" : fails ? "error" : "true";
    const std::string disjunction = any_true ? "true" : fails ? "error" : "false";
    for (const auto& [left, right] : {std::pair{"(", ")"}, std::pair{"", ""}}) {
      const auto row = [&](const std::string& symbol) {
        return name(0) + symbol + left + name(1) + symbol + name(2) + right;
      };
      EXPECT_EQ(facts.Run(row("&&")).substr(0, conjunction.size()), conjunction) << row("&&");
      EXPECT_EQ(facts.Run(row("||")).substr(0, disjunction.size()), disjunction) << row("||");
    }
  }
}

TEST(CelEvaluate, LoopsForgiveLikeTheirOperators) {
  const Facts facts;
  EXPECT_EQ(facts.Run("list.exists(e, 6 / (e - 1) == 6)"), "true");
  EXPECT_EQ(facts.Run("list.all(e, 6 / (e - 1) == 1)"), "false");
  EXPECT_THAT(facts.Run("list.exists(e, 6 / (e - 1) == 100)"), HasSubstr("column 18: division by zero"));
  EXPECT_THAT(facts.Run("list.exists_one(e, 6 / (e - 1) == 6)"), HasSubstr("division by zero"));
  EXPECT_THAT(facts.Run("list.map(e, 6 / (e - 1)) == []"), HasSubstr("division by zero"));
  EXPECT_EQ(facts.Run("list.all(i, list.exists(e, e == i)) && list.map(e, e * e) == [1, 4, 9]"), "true");
  EXPECT_EQ(facts.Run("list.map(e, list.map(f, e * f)).map(row, row.filter(x, x > 3)) == [[], [4, 6], [6, 9]]"),
            "true");
  EXPECT_EQ(facts.Run("map.all(k, k in map) && map.exists(k, v, k == 'a' && v == 1)"), "true");
  EXPECT_EQ(facts.Run("{'a': 1}.transformMapEntry(k, v, {v: k}) == {1: 'a'}"), "true");
  EXPECT_THAT(facts.Run("list.transformMapEntry(i, v, {'same': v}) == {}"), HasSubstr("repeated key"));
}

TEST(CelEvaluate, VariablesThatAreNotThere) {
  const Facts facts;
  EXPECT_EQ(facts.Run("has(request.user)"), "false");
  EXPECT_EQ(facts.Run("has(request.model)"), "true");
  EXPECT_EQ(facts.Run("has(request.user) && request.user == 'x'"), "false");
  EXPECT_THAT(facts.Run("request.user == 'x'"), HasSubstr("this variable has no value here: test with has() first"));
  EXPECT_EQ(facts.Run("has(map.a) && !has(map.c)"), "true");
  EXPECT_THAT(facts.Run("map.c == 1"), HasSubstr("line 1, column 5: no such key: `c`; test with has() first"));
}

TEST(CelEvaluate, LiteralListsOfAnyLengthCompareTheSame) {
  const Facts facts;
  EXPECT_EQ(facts.Run("request.model in ['a','b','c','d','e','f','g','h','i','gpt-4o']"), "true");
  EXPECT_EQ(facts.Run("request.model in ['a','b','c','d','e','f','g','h','i','j']"), "false");
  EXPECT_EQ(facts.Run("dyn(2.0) in [9,8,7,6,5,4,3,2,1,1,1] && dyn(2u) in [9,8,7,6,5,4,3,2,1]"), "true");
  EXPECT_EQ(facts.Run("dyn(2.5) in [9,8,7,6,5,4,3,2,1] || dyn([1]) in [dyn(9),8,7,6,5,4,3,2,1]"), "false");
  EXPECT_EQ(facts.Run("dyn(9223372036854775807) in [1.0, 2.0, 9223372036854775808.0]"), "true");
  EXPECT_EQ(
      facts.Run(
          "zero in {0:1,1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1,9:1} && !(10 in {0:1,1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1,9:1})"),
      "true");
}

TEST(CelEvaluate, DynIsTestedWhenItIsReached) {
  const Facts facts;
  EXPECT_THAT(facts.Run("map.a"), HasSubstr("must be a bool, and came to be of type int"));
  EXPECT_THAT(facts.Run("map.a ? true : false"), HasSubstr("a condition is a bool"));
  EXPECT_THAT(facts.Run("map.b.startsWith('x')"), HasSubstr("startsWith cannot take (list, string)"));
  EXPECT_THAT(facts.Run("nothing.here", {}, Checking::kNames), HasSubstr("unknown variable `nothing.here`"));
}

TEST(CelEvaluate, PatternsThatAreNotLiterals) {
  const Facts facts;
  EXPECT_EQ(facts.Run("request.model.matches(request.model)"), "true");
  EXPECT_THAT(facts.Run("request.model.matches(request.model + '(')"), HasSubstr("not a regular expression"));
}

TEST(CelEvaluate, ProgramsAreSharedAndScratchIsReused) {
  const Facts facts;
  const auto program = Compile("list.map(e, string(e)).join('-')", facts.environment());
  ASSERT_TRUE(program.ok());
  Scratch one;
  Scratch two;
  const auto first = program.value().Evaluate(facts.bindings(), one);
  const auto second = program.value().Evaluate(facts.bindings(), two);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first.value().text(), "1-2-3");
  EXPECT_EQ(second.value().text(), "1-2-3");
  EXPECT_NE(first.value().text().data(), second.value().text().data());
}

TEST(CelLimits, StepsEndALoopAndNothingForgivesIt) {
  const Facts facts;
  const Limits few = {.run = {.steps = 5'000}};
  const std::string loops = "list.all(a, list.all(b, list.all(c, list.all(d, list.all(e, list.all(f, a > 0))))))";
  EXPECT_EQ(facts.Run(loops, {.run = {.steps = 100'000}}), "true");
  EXPECT_THAT(facts.Run(loops, few), HasSubstr("limit: "));
  EXPECT_THAT(facts.Run(loops + " || true", few), HasSubstr("too many steps"));
  EXPECT_THAT(facts.Run("lists.range(1000000) == []", few), HasSubstr("too many steps"));
}

TEST(CelUnknown, WhatDoesNotDependOnItIsForeseen) {
  Environment environment;
  const auto known = environment.Declare("known", Type::String());
  const auto later = environment.Declare("later", Type::Int());
  Bindings bindings(environment);
  bindings.Set(known, Value::String("yes"));
  bindings.Set(later, Value::Unknown());
  Scratch scratch;
  const auto foresee = [&](const char* source) -> std::string {
    const auto program = Compile(source, environment, {.result = Type::Bool()});
    if (!program.ok()) return "compile";
    const auto result = program.value().Test(bindings, scratch);
    if (!result.ok()) return "open";
    return result.value() ? "true" : "false";
  };
  EXPECT_EQ(foresee("known == 'yes'"), "true");
  EXPECT_EQ(foresee("later > 3 && known == 'no'"), "false");
  EXPECT_EQ(foresee("known == 'yes' || later > 3"), "true");
  EXPECT_EQ(foresee("later > 3 || known == 'yes'"), "true");
  EXPECT_EQ(foresee("known == 'yes' ? true : later > 3"), "true");
  EXPECT_EQ(foresee("[later, 1].exists(x, known == 'yes')"), "open");
  EXPECT_EQ(foresee("[1, 2].exists(x, x > later || known == 'yes')"), "true");
  EXPECT_EQ(foresee("later > 3"), "open");
  EXPECT_EQ(foresee("later == later"), "open");
  EXPECT_EQ(foresee("has(later) || later < 0"), "compile");  // has() is for fields
  EXPECT_EQ(foresee("!(later > 3) && known == 'yes'"), "open");
}

TEST(CelLimits, ALoopThatIsTooLongByItselfDoesNotCompile) {
  const Facts facts;
  const std::string ten = "[0,1,2,3,4,5,6,7,8,9]";
  const std::string loops = ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, a < 0))))";
  EXPECT_THAT(facts.Run(loops, {.run = {.steps = 10'000}}), HasSubstr("compile: line 1, column"));
  EXPECT_THAT(facts.Run(loops, {.run = {.steps = 10'000}}), HasSubstr("make its loops shorter"));
  const auto bounded = Compile(loops, facts.environment());
  ASSERT_TRUE(bounded.ok());
  EXPECT_GT(bounded.value().step_bound().value_or(0), 10'000U);
  const auto unbounded = Compile("list.all(e, e > 0)", facts.environment());
  EXPECT_EQ(unbounded.value().step_bound(), std::nullopt);
  const auto straight = Compile("zero == 0 && request.model == 'x'", facts.environment());
  EXPECT_EQ(straight.value().step_bound(), straight.value().size());
}

TEST(CelLimits, MemoryIsBounded) {
  const Facts facts;
  const Limits little = {.run = {.steps = 1'000'000, .memory = 64 * 1024}};
  std::string doubling = "request.model";
  for (int i = 0; i < 20; ++i)
    doubling = "cel.bind(v" + std::to_string(i) + ", " + doubling + ", v" + std::to_string(i) + " + v" +
               std::to_string(i) + ")";
  EXPECT_THAT(facts.Run("size(" + doubling + ") > 0", little), HasSubstr("memory limit"));
  EXPECT_THAT(facts.Run("size(lists.range(100000)) > 0", little), HasSubstr("memory limit"));
  EXPECT_THAT(facts.Run("size(lists.range(100000)) > 0 || true", little), HasSubstr("limit: "));
  EXPECT_EQ(facts.Run("size(lists.range(1000)) > 0", little), "true");
}

TEST(CelLimits, ReadingLongTextsCosts) {
  Environment environment;
  environment.Declare("text", Type::String());
  Bindings bindings(environment);
  const std::string text(1 << 20, 'a');
  bindings.Set(0, Value::String(text));
  Scratch scratch;
  for (const char* source : {"text.contains('b')", "size(text) > 0", "text.matches('b')", "text.lastIndexOf('b') > 0",
                             "text.split('') == []", "text == text + 'b'", "text.trim() == ''"}) {
    const auto program = Compile(source, environment, {}, {.run = {.steps = 1'000, .memory = 1 << 30}});
    ASSERT_TRUE(program.ok()) << source;
    const auto result = program.value().Evaluate(bindings, scratch);
    ASSERT_FALSE(result.ok()) << source;
    EXPECT_EQ(result.error().code, base::ErrorCode::kTooLarge) << source;
  }
}

}  // namespace
}  // namespace gatehouse::codec::cel
