#include "codec/cel/zone_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/cel/timestamp.h"

namespace gatehouse::codec::cel {
namespace {

std::string Number(std::int64_t value, int width) {
  std::string bytes;
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  return bytes;
}

std::string Header(std::int64_t times, std::int64_t types) {
  return "TZif2" + std::string(15, '\0') + Number(0, 4) + Number(0, 4) + Number(0, 4) + Number(times, 4) +
         Number(types, 4) + Number(4, 4);
}

// A file with these changes, to these offsets; the first offset holds before them.
std::string File(const std::vector<std::pair<std::int64_t, std::int32_t>>& changes, std::int32_t before,
                 const std::string& rule) {
  const auto count = static_cast<std::int64_t>(changes.size());
  std::string times;
  std::string indices;
  std::string types = Number(before, 4) + std::string(2, '\0');
  for (const auto& [time, offset] : changes) {
    times += Number(time, 8);
    indices += static_cast<char>(indices.size() + 1);
    types += Number(offset, 4) + std::string(2, '\0');
  }
  const std::string empty = Header(0, 1) + std::string(6, '\0') + std::string(4, '\0');
  return empty + Header(count, count + 1) + times + indices + types + std::string(4, '\0') + "\n" + rule + "\n";
}

std::int64_t At(std::string_view text) { return ParseTimestamp(text)->seconds; }

TEST(ZoneRules, ChangesOfThePast) {
  const auto zone = ZoneRules::Parse(File({{1000, 3600}, {2000, 7200}}, 60, ""));
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(zone.value().OffsetAt(-5), 60);
  EXPECT_EQ(zone.value().OffsetAt(999), 60);
  EXPECT_EQ(zone.value().OffsetAt(1000), 3600);
  EXPECT_EQ(zone.value().OffsetAt(1999), 3600);
  EXPECT_EQ(zone.value().OffsetAt(2'000'000'000), 7200);
}

TEST(ZoneRules, RulesForWhatComes) {
  const auto berlin = ZoneRules::Parse(File({{0, 3600}}, 3600, "CET-1CEST,M3.5.0,M10.5.0/3"));
  ASSERT_TRUE(berlin.ok());
  EXPECT_EQ(berlin.value().OffsetAt(At("2040-03-25T00:59:59Z")), 3600);
  EXPECT_EQ(berlin.value().OffsetAt(At("2040-03-25T01:00:00Z")), 7200);
  EXPECT_EQ(berlin.value().OffsetAt(At("2040-10-28T00:59:59Z")), 7200);
  EXPECT_EQ(berlin.value().OffsetAt(At("2040-10-28T01:00:00Z")), 3600);
  const auto sydney = ZoneRules::Parse(File({}, 36000, "AEST-10AEDT,M10.1.0,M4.1.0/3"));
  ASSERT_TRUE(sydney.ok());
  EXPECT_EQ(sydney.value().OffsetAt(At("2040-01-15T00:00:00Z")), 39600);
  EXPECT_EQ(sydney.value().OffsetAt(At("2040-07-15T00:00:00Z")), 36000);
  const auto fixed = ZoneRules::Parse(File({}, 0, "<+0530>-5:30"));
  ASSERT_TRUE(fixed.ok());
  EXPECT_EQ(fixed.value().OffsetAt(0), 19800);
  const auto julian = ZoneRules::Parse(File({}, 0, "A0B-2,J60/0,300/-1:30:15"));
  ASSERT_TRUE(julian.ok());
  EXPECT_EQ(julian.value().OffsetAt(At("2040-02-29T23:59:59Z")), 0);
  EXPECT_EQ(julian.value().OffsetAt(At("2040-03-01T00:00:00Z")), 7200);
}

TEST(ZoneRules, BrokenFilesAreRefused) {
  const std::string whole = File({{1000, 3600}}, 0, "CET-1CEST,M3.5.0,M10.5.0/3");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ZoneRules::Parse(whole.substr(0, length)).ok()) << length;
  }
  EXPECT_TRUE(ZoneRules::Parse(whole).ok());
  for (const char* rule : {"1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M3.5.0,M10.6.0", "CET-1CEST,M3.5.0,M10.5.0x", "<CET-1"}) {
    EXPECT_FALSE(ZoneRules::Parse(File({}, 0, rule)).ok()) << rule;
  }
  EXPECT_FALSE(ZoneRules::Parse(File({{2000, 0}, {1000, 0}}, 0, "")).ok());
}

TEST(ZoneRules, NamesStayInTheirFolder) {
  EXPECT_TRUE(IsZoneName("America/Argentina/Buenos_Aires"));
  EXPECT_TRUE(IsZoneName("Etc/GMT+5"));
  for (const char* name : {"", "/etc/passwd", "../x", "a/../b", "a b", "a\\b"}) EXPECT_FALSE(IsZoneName(name)) << name;
}

}  // namespace
}  // namespace gatehouse::codec::cel
