#include "codec/json/field_writer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "codec/json/document.h"

namespace gatehouse::codec::json {
namespace {

TEST(FieldWriter, WritesWhatAReaderReads) {
  std::string out;
  FieldWriter writer(out);
  writer.Word(R"({"word":)", "plain");
  writer.Text(R"(,"text":)", "a \"b\"\nc");
  writer.Number(R"(,"most":)", std::numeric_limits<std::uint64_t>::max());
  writer.Signed(R"(,"least":)", std::numeric_limits<std::int64_t>::min());
  writer.NumberAsWord(R"(,"as_word":)", std::numeric_limits<std::int64_t>::min());
  writer.Number(R"(,"none":)", 0);
  writer.Millis(R"(,"ms":)", std::chrono::microseconds(12'034));
  writer.Word(R"(,"empty":)", "");
  writer.Raw("}");
  EXPECT_EQ(out, R"({"word":"plain","text":"a \"b\"\nc","most":18446744073709551615,"least":-9223372036854775808,)"
                 R"("as_word":"-9223372036854775808","none":0,"ms":12.034,"empty":""})");
  Document document;
  EXPECT_TRUE(document.Parse(out).ok());
}

TEST(FieldWriter, GrowsWithWhatItWrites) {
  std::string out = "before ";
  FieldWriter writer(out);
  std::string expected = out;
  for (std::size_t size = 0; size < 3000; size = 2 * size + 1) {
    const std::string value(size, 'v');
    writer.Word(",\"name\":", value);
    writer.Number(",\"number\":", size);
    expected.append(R"(,"name":")").append(value).append(R"(","number":)").append(std::to_string(size));
    ASSERT_EQ(out, expected);
  }
}

TEST(FieldWriter, WritesPartsOneBehindTheOther) {
  std::string out = "before ";
  const std::string_view word = "plain";
  FieldWriter(out).Parts(R"({"a":")", word, R"(","b":)", std::uint16_t{404}, R"(,"c":)",
                         std::numeric_limits<std::int64_t>::min(), R"(,"d":)", base::Duration(1'002'003'004), "",
                         R"(,"e":)", std::numeric_limits<std::uint64_t>::max(), R"(,"f":)", base::Duration(-5), "}");
  EXPECT_EQ(out, R"(before {"a":"plain","b":404,"c":-9223372036854775808,"d":1002.003,"e":18446744073709551615,)"
                 R"("f":0.000})");
}

}  // namespace
}  // namespace gatehouse::codec::json
