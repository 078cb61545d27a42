#include "features/accounting/packing.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/trace_context.h"
#include "features/accounting/block.h"
#include "features/accounting/test_block.h"

namespace gatehouse::features::accounting {
namespace {

using Numbered = std::vector<std::pair<std::int64_t, std::string>>;  // rows' bytes

std::string Pack(const Numbered& rows) {
  std::string packed;
  RowPacker packer;
  Links links;
  for (const auto& [number, bytes] : rows) packer.Add(number, *DecodeSums(bytes, links), packed);
  return packed;
}

Numbered Unpack(std::string_view packed) {
  Numbered rows;
  RowUnpacker unpacker(packed);
  while (!unpacker.AtEnd()) {
    const auto row = unpacker.Next();
    if (!row.ok()) break;
    rows.emplace_back(row.value().number, row.value().bytes);
  }
  return rows;
}

// Of a whole block.
Numbered ReadWhole(std::string_view content) {
  Numbered rows;
  const base::Status status = ReadBlock(content, [&rows](std::int64_t number, std::string_view bytes) {
    rows.emplace_back(number, bytes);
    return Going::kOn;
  });
  EXPECT_TRUE(status.ok());
  return rows;
}

// Rows of a few callers and models, as they come.
Numbered AnyRows(std::size_t count) {
  std::mt19937_64 dice(7);
  const auto below = [&dice](std::uint64_t bound) { return dice() % bound; };
  Numbered rows;
  std::int64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string caller = "caller-" + std::to_string(below(9));
    const std::string model = "model-" + std::to_string(below(4));
    const std::string id = "req_" + std::to_string(dice());
    const std::array<pipeline::Link, 2> chain = {
        {{pipeline::NodeKind::kOrganization, {1}}, {pipeline::NodeKind::kUser, {static_cast<std::int64_t>(below(9))}}}};
    Row row{.chain = chain, .surface = "openai.chat", .model = model, .provider = "openai"};
    row.admitted_ms = 1'700'000'000'000 + static_cast<std::int64_t>(i);
    row.usage.input = below(100'000);
    row.cost = {static_cast<std::int64_t>(below(1'000'000))};
    row.request_id = id;
    row.name = caller;
    row.ending = below(10) == 0 ? "client_gone" : "answered";
    row.status = 200;
    row.bytes_out = below(1 << 20);
    number += static_cast<std::int64_t>(below(7)) - 2;
    rows.emplace_back(number, Encoded(row));
  }
  return rows;
}

TEST(Packing, GivesBackWhatWasPacked) {
  const Numbered rows = AnyRows(2000);
  EXPECT_EQ(Unpack(Pack(rows)), rows);
}

TEST(Packing, CountsAround) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::string bytes = AnyRows(1).front().second;
  const Numbered rows = {{kMost, bytes}, {kLeast, bytes}, {0, bytes}, {kLeast, bytes}, {kMost, bytes}};
  EXPECT_EQ(Unpack(Pack(rows)), rows);
}

TEST(Packing, SaysOnceWhatRowsShare) {
  const Numbered rows = AnyRows(1000);
  std::size_t plain = 0;
  for (const auto& [number, bytes] : rows) plain += bytes.size() + 10;
  EXPECT_LT(Pack(rows).size(), plain * 6 / 10);
}

TEST(Packing, RefusesWhatIsDamaged) {
  const std::string packed = Pack(AnyRows(3));
  const std::size_t whole = Unpack(packed).size();
  EXPECT_EQ(whole, 3U);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_LT(Unpack(std::string_view(packed).substr(0, size)).size(), whole) << size;
  }
  RowUnpacker unknown(std::string_view("\x02\x05", 2));  // of a key that was not there before
  EXPECT_FALSE(unknown.Next().ok());
}

// What a row takes that differs from the one before in its number, its time, its tokens and its id.
TEST(Packing, WritesOfARowWhatIsNewInIt) {
  base::Random random(1);
  Numbered rows;
  for (int i = 0; i < 100; ++i) {
    const auto at = std::chrono::milliseconds(1'700'000'000'000 + i);
    const std::string id = base::NewRequestId(base::WallTime(at), random);
    Row row{.surface = "openai.chat", .model = "m", .provider = "p"};
    row.admitted_ms = at.count() + i % 3;
    row.usage = {.input = 1000, .output = 100, .source = llm::UsageSource::kProvider};
    row.basis = pipeline::Charge::Basis::kProvider;
    row.cost = {100'000};
    row.duration_us = 1000;
    row.request_id = id;
    row.bytes_in = row.bytes_out = row.first_event_us = 1000;
    rows.emplace_back(i, Encoded(row));
  }
  EXPECT_EQ(Unpack(Pack(rows)), rows);
  constexpr std::size_t kShared = 60;
  EXPECT_LE(Pack(rows).size(), kShared + rows.size() * 33) << "number 1, shape 1, key 1, time 1, tokens 3, cost 3,"
                                                              " duration 2, id 11, names 1, rest 1 + 7";
}

TEST(Packing, KeepsIdsThatOnlyLookLikeTheGatewaysOwn) {
  const std::string own = "req_01k5f8m2c9v7abcdefghjkmnpq";
  std::vector<std::string> ids = {own, own + "0", own.substr(1), "", "req_", std::string(64, 'z')};
  for (const char c : {'i', 'l', 'o', 'u', 'A', 'Z', '\0', '\x7F', '\xFF', ' '}) {
    for (const std::size_t at : {0U, 4U, 13U, 14U, 29U}) {
      ids.push_back(own);
      ids.back()[at] = c;
    }
  }
  Numbered rows;
  for (const std::string& id : ids) {
    for (const std::int64_t at : {std::int64_t{0}, std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}}) {
      Row row;
      row.admitted_ms = at;
      row.request_id = id;
      rows.emplace_back(1, Encoded(row));
    }
  }
  EXPECT_EQ(Unpack(Pack(rows)), rows);
}

TEST(Packing, KeepsAllThatFiguresCanBe) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  Numbered rows;
  for (std::size_t i = 0; i < kTokens.size(); ++i) {
    for (const std::uint64_t tokens : {std::uint64_t{1}, kMost}) {
      Row row;
      row.usage.*kTokens.at(i) = tokens;
      row.usage.source = static_cast<llm::UsageSource>(i % 3);
      row.basis = static_cast<pipeline::Charge::Basis>(i % 4);
      row.cost = {static_cast<std::int64_t>(tokens)};
      row.duration_us = tokens;
      rows.emplace_back(static_cast<std::int64_t>(i), Encoded(row));
    }
  }
  EXPECT_EQ(Unpack(Pack(rows)), rows);
}

// A number as version 2 of a block has it.
std::string SevenBits(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
  return bytes + static_cast<char>(value);
}
std::string Counted(std::string_view text) { return SevenBits(text.size()).append(text); }

TEST(Packing, ReadsBlocksWhoseFiguresAreNotPacked) {
  const Numbered rows = AnyRows(5);
  std::string content("\x02", 1);
  std::int64_t before = 0;
  std::uint64_t place = 0;
  for (const auto& [number, bytes] : rows) {
    Links links;
    const RowParts parts = DecodeSums(bytes, links)->parts;
    const std::int64_t step = number - std::exchange(before, number);
    content += SevenBits(static_cast<std::uint64_t>(step < 0 ? -2 * step - 1 : 2 * step));
    content += SevenBits(place) + Counted(parts.key) + Counted(parts.figures);
    content += SevenBits(place++) + Counted(parts.names) + Counted(parts.rest);
  }
  EXPECT_EQ(ReadWhole(content), rows);
}

TEST(Packing, ReadsBlocksWithTheirRowsAsTheyAre) {
  const Numbered rows = AnyRows(5);
  std::string content("\x01", 1);
  for (const auto& [number, bytes] : rows) {
    for (int i = 0; i < 8; ++i) content.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
    for (int i = 0; i < 2; ++i) content.push_back(static_cast<char>(bytes.size() >> (8 * i)));
    content.append(bytes);
  }
  EXPECT_EQ(ReadWhole(content), rows);
}

}  // namespace
}  // namespace gatehouse::features::accounting
