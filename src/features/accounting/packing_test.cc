#include "features/accounting/packing.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "features/accounting/block.h"
#include "features/accounting/test_block.h"

namespace gatehouse::features::accounting {
namespace {

using Numbered = std::vector<std::pair<std::int64_t, std::string>>;  // rows' bytes

std::string Pack(const Numbered& rows) {
  std::string packed;
  RowPacker packer;
  Links links;
  for (const auto& [number, bytes] : rows) packer.Add(number, DecodeSums(bytes, links)->parts, packed);
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

TEST(Packing, ReadsBlocksWithTheirRowsAsTheyAre) {
  const Numbered rows = AnyRows(5);
  std::string content("\x01", 1);
  for (const auto& [number, bytes] : rows) {
    for (int i = 0; i < 8; ++i) content.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
    for (int i = 0; i < 2; ++i) content.push_back(static_cast<char>(bytes.size() >> (8 * i)));
    content.append(bytes);
  }
  Numbered read;
  const base::Status status = ReadBlock(content, [&read](std::int64_t number, std::string_view bytes) {
    read.emplace_back(number, bytes);
    return Going::kOn;
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(read, rows);
}

}  // namespace
}  // namespace gatehouse::features::accounting
