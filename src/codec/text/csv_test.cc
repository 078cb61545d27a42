#include "codec/text/csv.h"

#include <gtest/gtest.h>

namespace gatehouse::codec::text {
namespace {

using Table = std::vector<CsvRecord>;

Table Read(std::string_view text, char delimiter = ',') {
  auto table = ParseCsv(text, delimiter);
  EXPECT_TRUE(table.ok()) << table.error().public_message;
  return table.ok() ? std::move(table).value() : Table();
}

TEST(ParseCsv, ReadsRecordsAndFields) {
  EXPECT_EQ(Read("a,b\r\nc,\n,d"), (Table{{"a", "b"}, {"c", ""}, {"", "d"}}));
  EXPECT_EQ(Read("a;b,c", ';'), (Table{{"a", "b,c"}}));
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "a\n\n\r\nb\n"),
            (Table{{"a"}, {"b"}}));
  EXPECT_EQ(Read(""), Table{});
  EXPECT_EQ(Read("a,\n"), (Table{{"a", ""}}));
  EXPECT_EQ(Read("a,"), (Table{{"a", ""}}));
}

TEST(ParseCsv, ReadsWhatIsQuoted) {
  EXPECT_EQ(Read("\"a,\r\n\"\"b\"\"\",c\n"), (Table{{"a,\r\n\"b\"", "c"}}));
  EXPECT_EQ(Read("\"\",\"\""), (Table{{"", ""}}));
  EXPECT_EQ(Read("a\rb"), (Table{{"a\rb"}}));
}

TEST(ParseCsv, SaysWhereItIsWrong) {
  const struct {
    std::string_view text;
    std::string_view problem;
  } cases[] = {{"a\nb\"c", "line 2: a quote within a field that does not begin with one"},
               {"\"a\nb", "line 2: a quote is not closed"},
               {"x\n\"a\"b", "line 2: more follows a closed quote"}};
  for (const auto& [text, problem] : cases) {
    const auto table = ParseCsv(text);
    ASSERT_FALSE(table.ok()) << text;
    EXPECT_EQ(table.error().public_message, problem);
  }
  EXPECT_FALSE(ParseCsv("a\nb\nc", ',', {.records = 2}).ok());
  EXPECT_FALSE(ParseCsv("a,b,c", ',', {.fields = 2}).ok());
}

// What is written again is read as the same.
TEST(ParseCsv, EveryBeginningIsReadOrRefused) {
  const std::string text = "a,\"b\"\"c\",d\r\n\"e\nf\",,g\nh";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto table = ParseCsv(std::string_view(text).substr(0, cut));
    if (!table.ok()) continue;
    std::string again;
    for (const CsvRecord& record : table.value()) {
      for (std::size_t i = 0; i < record.size(); ++i) {
        again.append(i == 0 ? "\"" : ",\"");
        for (const char c : record[i]) again.append(c == '"' ? "\"\"" : std::string(1, c));
        again.push_back('"');
      }
      again.append("\r\n");
    }
    EXPECT_EQ(Read(again), table.value()) << cut;
  }
}

}  // namespace
}  // namespace gatehouse::codec::text
