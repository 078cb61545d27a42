#include "codec/resp/resp.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::codec::resp {
namespace {

using Kind = Value::Kind;

// Everything in `bytes`, given in pieces of at most `piece`; an error ends it, as a value of its own.
std::vector<std::string> Decode(std::string_view bytes, std::size_t piece, const Limits& limits = {});

std::string Show(const Value& value) {
  switch (value.kind) {
    case Kind::kNull: return "null";
    case Kind::kText: return "'" + value.text + "'";
    case Kind::kError: return "error " + value.text;
    case Kind::kInteger: return std::to_string(value.integer);
    case Kind::kDouble: return "double " + value.text;
    case Kind::kBoolean: return value.integer != 0 ? "true" : "false";
    case Kind::kBigNumber: return "big " + value.text;
    default: break;
  }
  std::string text(value.kind == Kind::kArray ? "["
                   : value.kind == Kind::kSet ? "~["
                   : value.kind == Kind::kMap ? "%["
                                              : ">[");
  for (const Value& part : value.parts) text += Show(part) + " ";
  return text + "]";
}

std::vector<std::string> Decode(std::string_view bytes, std::size_t piece, const Limits& limits) {
  Decoder decoder(limits);
  std::vector<std::string> values;
  while (!bytes.empty()) {
    decoder.Feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto next = decoder.Next();
      if (!next.ok()) {
        values.push_back(std::string(base::ToString(next.error().code)));
        return values;
      }
      if (!next.value()) break;
      values.push_back(Show(*next.value()));
    }
  }
  if (decoder.buffered() > 0) values.emplace_back("unfinished");
  return values;
}

std::string Joined(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : "; ") + value;
  return text;
}
std::string Whole(std::string_view bytes, const Limits& limits = {}) {
  return Joined(Decode(bytes, bytes.size(), limits));
}

struct Case {
  std::string_view bytes;
  std::string_view values;
};
constexpr Case kCases[] = {
    {"+OK\r\n", "'OK'"},
    {"+\r\n", "''"},
    {"-ERR no\r\n:1000\r\n:-1\r\n:+5\r\n", "error ERR no; 1000; -1; 5"},
    {"$5\r\nhello\r\n$0\r\n\r\n$-1\r\n$2\r\n\r\n\r\n", "'hello'; ''; null; '\r\n'"},
    {"*2\r\n$1\r\na\r\n:2\r\n*0\r\n*-1\r\n", "['a' 2 ]; []; null"},
    {"*2\r\n*1\r\n*0\r\n*1\r\n+x\r\n", "[[[] ] ['x' ] ]"},
    {"_\r\n#t\r\n#f\r\n,1.5\r\n,inf\r\n,-1e-3\r\n(12345678901234567890\r\n",
     "null; true; false; double 1.5; double inf; double -1e-3; big 12345678901234567890"},
    {"%2\r\n+a\r\n:1\r\n+b\r\n_\r\n~2\r\n:1\r\n:2\r\n>2\r\n+message\r\n+hi\r\n",
     "%['a' 1 'b' null ]; ~[1 2 ]; >['message' 'hi' ]"},
    {"!9\r\nERR a\r\nbc\r\n=7\r\ntxt:abc\r\n", "error ERR a\r\nbc; 'abc'"},
    {"|1\r\n+ttl\r\n:3\r\n+value\r\n", "'value'"},
    {"*2\r\n|1\r\n+k\r\n+v\r\n:1\r\n|0\r\n:2\r\n", "[1 2 ]"},
    {">3\r\n+subscribe\r\n+c\r\n:1\r\n+OK\r\n", ">['subscribe' 'c' 1 ]; 'OK'"},
};

TEST(Resp, ReadsEveryType) {
  for (const Case& one : kCases) EXPECT_EQ(Whole(one.bytes), one.values) << one.bytes;
}

TEST(Resp, ItDoesNotMatterHowBytesAreSplit) {
  for (const Case& one : kCases) {
    for (std::size_t piece = 1; piece < one.bytes.size(); ++piece) {
      EXPECT_EQ(Joined(Decode(one.bytes, piece)), one.values) << one.bytes << " by " << piece;
    }
  }
}

TEST(Resp, EveryCutIsUnfinishedAndNeverAnError) {
  for (const Case& one : kCases) {
    for (std::size_t cut = 1; cut < one.bytes.size(); ++cut) {
      EXPECT_EQ(Whole(one.bytes.substr(0, cut)).find("bad_upstream"), std::string::npos) << one.bytes << " at " << cut;
    }
  }
}

TEST(Resp, RefusesWhatIsNotTheProtocol) {
  for (const std::string_view bytes : {"\r\n",
                                       "\n",
                                       "+OK\n",
                                       "?x\r\n",
                                       "HTTP/1.1 400 Bad Request\r\n",
                                       ":\r\n",
                                       ":1x\r\n",
                                       ":99999999999999999999\r\n",
                                       "$-2\r\n",
                                       "$x\r\n",
                                       "$1\r\nabc\r\n",
                                       "*-2\r\n",
                                       "*x\r\n",
                                       "%-1\r\n",
                                       "#x\r\n",
                                       ",x\r\n",
                                       ",\r\n",
                                       "(1x\r\n",
                                       "_x\r\n",
                                       "=3\r\nabc\r\n",
                                       "!-1\r\n"}) {
    EXPECT_EQ(Whole(bytes), "bad_upstream") << bytes;
  }
}

TEST(Resp, BoundsWhatItTakes) {
  const Limits limits{.max_text = 4, .max_parts = 4, .max_depth = 2};
  EXPECT_EQ(Whole("$4\r\nabcd\r\n", limits), "'abcd'");
  EXPECT_EQ(Whole("$5\r\n", limits), "too_large");  // before its bytes come
  EXPECT_EQ(Whole("*5\r\n", limits), "too_large");
  EXPECT_EQ(Whole("%3\r\n", limits), "too_large");
  EXPECT_EQ(Whole("*9223372036854775807\r\n", limits), "too_large");
  EXPECT_EQ(Whole("*2\r\n*2\r\n:1\r\n:1\r\n*1\r\n", limits), "too_large");  // five in all
  EXPECT_EQ(Whole("*1\r\n*1\r\n*1\r\n", limits), "too_large");
  EXPECT_EQ(Whole("*1\r\n:1\r\n*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", limits), "[1 ]; [1 2 3 4 ]");  // of each value anew
  EXPECT_EQ(Whole("+" + std::string(70'000, 'x')), "too_large");
}

TEST(Resp, WritesCommands) {
  std::string out = "x";
  constexpr std::array<std::string_view, 3> kWords = {"SET", "", "a\r\nb"};
  AppendCommand(out, kWords);
  EXPECT_EQ(out, "x*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
  EXPECT_EQ(Whole(out.substr(1)), "['SET' '' 'a\r\nb' ]");
}

TEST(Resp, AnErrorBeginsWithItsWord) {
  EXPECT_EQ((Value{.kind = Kind::kError, .text = "WRONGPASS invalid", .parts = {}}).ErrorWord(), "WRONGPASS");
  EXPECT_EQ((Value{.kind = Kind::kError, .text = "OOM", .parts = {}}).ErrorWord(), "OOM");
  EXPECT_EQ((Value{.kind = Kind::kText, .text = "WRONGPASS", .parts = {}}).ErrorWord(), "");
}

}  // namespace
}  // namespace gatehouse::codec::resp
