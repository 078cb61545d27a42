#include "codec/cel/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codec/cel/ast.h"

namespace gatehouse::codec::cel {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Printed(std::string_view source) {
  const auto ast = Parse(source);
  return ast.ok() ? Print(ast.value()) : "error: " + ast.error().public_message;
}

std::string ErrorOf(std::string_view source, const SourceLimits& limits = {}) {
  const auto ast = Parse(source, limits);
  return ast.ok() ? "" : ast.error().public_message;
}

TEST(CelParser, PrecedenceAndAssociation) {
  EXPECT_EQ(Printed("1+2*3-4"), "1 + 2 * 3 - 4");
  EXPECT_EQ(Printed("(1+2)*3"), "(1 + 2) * 3");
  EXPECT_EQ(Printed("1-(2-3)"), "1 - (2 - 3)");
  EXPECT_EQ(Printed("a||b&&c"), "a || b && c");
  EXPECT_EQ(Printed("(a||b)&&c"), "(a || b) && c");
  EXPECT_EQ(Printed("a?b:c?d:e"), "a ? b : c ? d : e");
  EXPECT_EQ(Printed("(a?b:c)?d:e"), "(a ? b : c) ? d : e");
  EXPECT_EQ(Printed("!(a==b)"), "!(a == b)");
  EXPECT_EQ(Printed("-(1)"), "-(1)");
  EXPECT_EQ(Printed("-1"), "-1");
  EXPECT_EQ(Printed("a - -1"), "a - -1");
  EXPECT_EQ(Printed("(-1).f()"), "(-1).f()");
  EXPECT_EQ(Printed("a in b in c"), "a in b in c");
}

TEST(CelParser, KeepsWhatIsWrittenApart) {
  EXPECT_EQ(Printed(".a.b[1].c(d, [?e], {?f: g,},)"),
            "error: line 1, column 29: expected an argument after the comma, found `)`");
  EXPECT_EQ(Printed(".a.b[?1].?c.d(e, [?f,], {?g: h,})"), ".a.b[?1].?c.d(e, [?f], {?g: h})");
  EXPECT_EQ(Printed("a.`b-c`"), "a.`b-c`");
  EXPECT_EQ(Printed("x.y{a: 1}"), "x.y{`a`: 1}");
  EXPECT_EQ(Printed("cel.bind(v,1,v+v)"), "cel.bind(v, 1, v + v)");
  EXPECT_EQ(Printed("l.map(e,e>1,e*2)"), "l.map(e, e > 1, e * 2)");
  EXPECT_EQ(Printed("l.all(i,v,i<v)"), "l.all(i, v, i < v)");
  EXPECT_EQ(Printed("has(a.b)"), "has(a.b)");
  EXPECT_EQ(Printed("1u == 1.0 // note"), "1u == 1.0");
  EXPECT_EQ(Printed("b'\\xff' + b'a'"), "b\"\\xff\" + b\"a\"");
}

TEST(CelParser, LongRowsOfAndStayShallow) {
  std::string source = "a";
  for (int i = 0; i < 1000; ++i) source += " && a";
  EXPECT_EQ(Printed(source), source);
}

TEST(CelParser, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(ErrorOf("a = b"), "line 1, column 3: `=` is not an operator; write `==` to compare");
  EXPECT_EQ(ErrorOf("a & b"), "line 1, column 3: write `&&`; there is no single `&`");
  EXPECT_EQ(ErrorOf("(a"), "line 1, column 3: expected `)`, found the end of the expression");
  EXPECT_EQ(ErrorOf("a\n  + + b"), "line 2, column 5: expected a value, found `+`");
  EXPECT_EQ(ErrorOf("\xC3\xBC"), "line 1, column 1: unexpected character `\xC3\xBC`");
  EXPECT_EQ(ErrorOf("'\xC3\xBC' $"), "line 1, column 5: unexpected character `$`");
  EXPECT_THAT(ErrorOf("'abc"), HasSubstr("never ends"));
  EXPECT_THAT(ErrorOf("'a\nb'"), HasSubstr("runs over the end of the line"));
  EXPECT_THAT(ErrorOf(R"('\q')"), HasSubstr("unknown escape"));
  EXPECT_THAT(ErrorOf(R"('\ud800')"), HasSubstr("surrogates"));
  EXPECT_THAT(ErrorOf("9223372036854775808"), HasSubstr("does not fit into 64 bits"));
  EXPECT_THAT(ErrorOf("12abc"), HasSubstr("right behind a number"));
  EXPECT_THAT(ErrorOf("for"), HasSubstr("reserved word"));
  EXPECT_THAT(ErrorOf("has(a)"), HasSubstr("write has(a.b)"));
  EXPECT_THAT(ErrorOf("l.all(1, true)"), HasSubstr("write a name"));
  EXPECT_THAT(ErrorOf("l.all(a, a, true)"), HasSubstr("two names"));
  EXPECT_THAT(ErrorOf("a b"), HasSubstr("found `b`"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("expected a value"));
  EXPECT_THAT(ErrorOf("\xFF"), HasSubstr("not valid UTF-8"));
}

TEST(CelParser, BoundsDepthLengthAndParts) {
  EXPECT_THAT(ErrorOf(std::string(5000, '(')), HasSubstr("nests too deeply"));
  EXPECT_THAT(ErrorOf(std::string(5000, '[')), HasSubstr("nests too deeply"));
  EXPECT_THAT(ErrorOf(std::string(5000, '!') + "a"), HasSubstr("nests too deeply"));
  EXPECT_THAT(ErrorOf(std::string(5000, '-') + "a"), HasSubstr("nests too deeply"));
  std::string sum = "1";
  for (int i = 0; i < 200; ++i) sum += "+1";
  EXPECT_THAT(ErrorOf(sum), HasSubstr("nests too deeply"));
  std::string chain = "a";
  for (int i = 0; i < 200; ++i) chain += "?a:a";
  EXPECT_THAT(ErrorOf(chain), HasSubstr("nests too deeply"));
  EXPECT_THAT(ErrorOf(std::string(20000, ' ')), StartsWith("The expression is too long"));
  EXPECT_THAT(ErrorOf("[1,2,3,4,5,6]", {.nodes = 5}), HasSubstr("at most 5 parts"));
  EXPECT_EQ(ErrorOf(std::string(60, '(') + "1" + std::string(60, ')')), "");
}

// Every prefix of a rich expression is read or refused, and what is read prints to a fixed point.
TEST(CelParser, PrefixesNeverMisbehave) {
  const std::string source =
      R"(has(a.b) && l.all(e, i, e > -1.5e3) ? {"k": [1u, ?o], ?"n": b'\x00'} : r"\d".f(.x.`y z`[?0x1F], """t""") // c)";
  for (std::size_t length = 0; length <= source.size(); ++length) {
    const auto first = Parse(source.substr(0, length));
    if (!first.ok()) continue;
    const std::string printed = Print(first.value());
    EXPECT_EQ(Printed(printed), printed) << source.substr(0, length);
  }
}

}  // namespace
}  // namespace gatehouse::codec::cel
