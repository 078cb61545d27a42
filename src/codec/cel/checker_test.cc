#include "codec/cel/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codec/cel/cel.h"

namespace gatehouse::codec::cel {
namespace {

using ::testing::HasSubstr;

Environment Declared() {
  Environment environment;
  environment.Declare("model", Type::String());
  environment.Declare("count", Type::Int());
  environment.Declare("anything", Type::Dyn());
  environment.Declare("request.model", Type::String());
  environment.Declare("request.tags", Type::List(Type::String()));
  environment.Declare("message", Type::Object("Message"));
  environment.DeclareObject("Message", {{"role", Type::String()}, {"parts", Type::List(Type::Object("Message"))}});
  return environment;
}

std::string TypeOf(std::string_view source) {
  const auto program = Compile(source, Declared());
  return program.ok() ? ToString(program.value().type()) : "error: " + program.error().public_message;
}

std::string ErrorOf(std::string_view source, const CompileOptions& options = {}) {
  const auto program = Compile(source, Declared(), options);
  return program.ok() ? "" : program.error().public_message;
}

TEST(CelChecker, DeducesTypes) {
  EXPECT_EQ(TypeOf("request.tags.map(t, size(t))"), "list(int)");
  EXPECT_EQ(TypeOf("request.tags.transformMap(i, t, t)"), "map(int, string)");
  EXPECT_EQ(TypeOf("[1, 2u]"), "list(dyn)");
  EXPECT_EQ(TypeOf("{'a': [dyn(1)]}"), "map(string, list(dyn))");
  EXPECT_EQ(TypeOf("count > 1 ? model : anything"), "dyn");
  EXPECT_EQ(TypeOf("anything.what.ever[0] + 1"), "int");
  EXPECT_EQ(TypeOf("message.parts.map(p, p.role)"), "list(string)");
  EXPECT_EQ(TypeOf("timestamp('2026-01-01T00:00:00Z') - duration('1h')"), "timestamp");
  EXPECT_EQ(TypeOf("{'a': 1}.?a"), "optional_type(int)");
  EXPECT_EQ(TypeOf("math.greatest(1, 2)"), "int");
  EXPECT_EQ(TypeOf("math.greatest(1, 2.0)"), "dyn");
}

TEST(CelChecker, UnknownNamesAreErrorsWithAdvice) {
  EXPECT_EQ(ErrorOf("modle == 'x'"), "line 1, column 1: unknown variable `modle`; did you mean `model`?");
  EXPECT_EQ(ErrorOf("true &&\n request.modle == 'x'"),
            "line 2, column 2: unknown variable `request.modle`; did you mean `request.model`?");
  EXPECT_EQ(ErrorOf("request == 'x'"),
            "line 1, column 1: unknown variable `request`; it has parts, such as `request.model`");
  EXPECT_EQ(ErrorOf("qwertyuiop"), "line 1, column 1: unknown variable `qwertyuiop`; it is not declared here");
  EXPECT_EQ(ErrorOf("model.startWith('x')"),
            "line 1, column 7: unknown function `startWith`; did you mean `startsWith`?");
  EXPECT_EQ(ErrorOf("math.greates(1)"),
            "line 1, column 6: unknown function `math.greates`; did you mean `math.greatest`?");
  EXPECT_EQ(ErrorOf("message.rle == ''"), "line 1, column 9: unknown field `rle` of Message; did you mean `role`?");
  EXPECT_THAT(ErrorOf("has(message.nothing)"), HasSubstr("unknown field `nothing` of Message"));
  EXPECT_THAT(ErrorOf("request.tags.all(t, s == t)"), HasSubstr("unknown variable `s`"));
  EXPECT_THAT(ErrorOf("request.tags.all(t, true) && t == ''"), HasSubstr("unknown variable `t`"));
}

TEST(CelChecker, WrongTypesAreErrorsWithAdvice) {
  EXPECT_EQ(
      ErrorOf("model > count"),
      "line 1, column 7: no such overload: > cannot take (string, int); it takes (bool, bool) or (int, int) or (uint, "
      "uint) or (double, double) or (string, string) or (bytes, bytes)");
  EXPECT_THAT(ErrorOf("count.startsWith('x')"), HasSubstr("startsWith() cannot take (int, string)"));
  EXPECT_THAT(ErrorOf("startsWith(model, 'x')"), HasSubstr("called on a value"));
  EXPECT_THAT(ErrorOf("model.int()"), HasSubstr("in the parentheses"));
  EXPECT_THAT(ErrorOf("model.substring(1, 2, 3)"), HasSubstr("does not take 3 arguments"));
  EXPECT_THAT(ErrorOf("count == model"), HasSubstr("== cannot take (int, string)"));
  EXPECT_THAT(ErrorOf("count && true"), HasSubstr("&& cannot take (int, bool)"));
  EXPECT_THAT(ErrorOf("model.field"), HasSubstr("has no field `field`"));
  EXPECT_THAT(ErrorOf("count.all(c, true)"), HasSubstr("goes over a list or a map"));
  EXPECT_THAT(ErrorOf("request.tags.all(t, size(t))"), HasSubstr("a condition is a bool, not of type int"));
  EXPECT_THAT(ErrorOf("request.tags.map(t, size(t), t)"), HasSubstr("a condition is a bool"));
  EXPECT_THAT(ErrorOf("{null: 1}"), HasSubstr("a map's key is"));
  EXPECT_THAT(ErrorOf("a.b{c: 1}"), HasSubstr("write a map"));
  EXPECT_THAT(ErrorOf("model.matches('(')"), HasSubstr("not a regular expression"));
  EXPECT_THAT(ErrorOf("math.greatest('a')"), HasSubstr("takes numbers"));
  EXPECT_THAT(ErrorOf("[?1]"), HasSubstr("takes an optional value"));
}

TEST(CelChecker, TheResultMustFit) {
  EXPECT_EQ(ErrorOf("count + 1", {.result = Type::Bool()}),
            "line 1, column 7: the expression must be of type bool, and is of type int");
  EXPECT_EQ(ErrorOf("anything", {.result = Type::Bool()}), "");
  EXPECT_EQ(ErrorOf("count == 1", {.result = Type::Bool()}), "");
}

TEST(CelChecker, NamesAloneLeaveTypesToTheEvaluation) {
  EXPECT_EQ(ErrorOf("model > count || nothing", {.checking = Checking::kNames}), "");
}

// Types of maps within maps would double with each level if keys could be maps.
TEST(CelChecker, TypesDoNotExplode) {
  std::string source = "{0: 0}";
  for (int i = 0; i < 40; ++i) {
    const std::string name = "v" + std::to_string(i);
    source = "cel.bind(" + name + ", " + source + ", {" + name + ": " + name + "})";
  }
  EXPECT_THAT(ErrorOf(source), HasSubstr("a map's key is"));
}

// Each level's type holds the one before it twice, by way of parameters that are found out one after the other.
TEST(CelChecker, TypesThatDoubleStayBounded) {
  std::string conditions = "true";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "v" + std::to_string(i - 1);
    const std::string here = "v" + std::to_string(i);
    conditions += " && " + before + " in " + here + " && " + here + "[" + before + "] == " + before;
  }
  std::string source = conditions;
  for (int i = 59; i >= 0; --i) source = "cel.bind(v" + std::to_string(i) + ", {}, " + source + ")";
  const auto program = Compile(source, Environment());
  if (program.ok()) EXPECT_EQ(ToString(program.value().type()), "bool");
}

TEST(CelChecker, HasIsForFields) {
  EXPECT_THAT(ErrorOf("has(google.protobuf.Timestamp)"), HasSubstr("the name of a type"));
}

TEST(CelChecker, ContainersAndLeadingDots) {
  Environment environment;
  environment.Declare("a.b.x", Type::Int());
  environment.Declare("x", Type::String());
  environment.SetContainer("a.b");
  EXPECT_EQ(ToString(Compile("x", environment).value().type()), "int");
  EXPECT_EQ(ToString(Compile(".x", environment).value().type()), "string");
  EXPECT_EQ(ToString(Compile("[1.0].map(x, x)[0]", environment).value().type()), "double");
}

}  // namespace
}  // namespace gatehouse::codec::cel
