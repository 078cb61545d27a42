#include "features/accounting/row.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/random.h"

namespace gatehouse::features::accounting {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

Row Example() {
  Row row{.request_id = "req_1",
          .admitted_ms = 1'763'000'000'123,
          .duration_us = 12'345,
          .first_event_us = 6'000,
          .chain = {{pipeline::NodeKind::kOrganization, {7}}, {pipeline::NodeKind::kKey, {1LL << 62}}},
          .principal = "acme/search",
          .key_id = "k1",
          .surface = "openai.chat",
          .operation = "chat",
          .model = "assistant",
          .provider = "openai",
          .upstream_model = "gpt-5",
          .status = 200,
          .ending = "answered",
          .attempts = "azure:timeout,openai:ok",
          .attempt_count = 2,
          .effect = pipeline::Effect::kRestrict,
          .rule = "clamp"};
  row.usage = {.input = 10, .cache_read = 3, .output = 7, .source = llm::UsageSource::kProvider};
  row.charge = {.basis = pipeline::Charge::Basis::kProvider, .cost = {123'456}, .price = "2026-11-01/openai/gpt-5"};
  row.bytes_in = 100;
  row.bytes_out = 200;
  return row;
}

std::string Encoded(const Row& row) {
  std::string bytes;
  Encode(row, bytes);
  return bytes;
}

TEST(LedgerRow, ComesBackAsItWas) {
  const Row row = Example();
  const auto back = DecodeRow(Encoded(row));
  ASSERT_TRUE(back);
  EXPECT_EQ(Encoded(*back), Encoded(row));
  EXPECT_EQ(back->chain, row.chain);
  EXPECT_EQ(back->usage, row.usage);
  EXPECT_EQ(back->charge.cost, row.charge.cost);
  EXPECT_EQ(back->charge.price, row.charge.price);
  EXPECT_EQ(back->attempts, row.attempts);
  EXPECT_EQ(back->NodeOf(pipeline::NodeKind::kOrganization), 7);
  EXPECT_EQ(back->Actor(), 0);
}

TEST(LedgerRow, FitsWhateverItSays) {
  Row row = Example();
  for (std::string* name :
       {&row.request_id, &row.principal, &row.key_id, &row.surface, &row.operation, &row.model, &row.provider,
        &row.upstream_model, &row.ending, &row.error, &row.attempts, &row.rule, &row.charge.price}) {
    name->assign(1000, 'x');
  }
  row.chain.assign(20, {pipeline::NodeKind::kKey, {std::numeric_limits<std::int64_t>::max()}});
  row.usage = {kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost};
  row.duration_us = row.first_event_us = row.bytes_in = row.bytes_out = kMost;
  row.charge.cost = {-1};
  row.admitted_ms = -1;
  const std::string bytes = Encoded(row);
  EXPECT_LE(bytes.size(), kMostEncodedBytes);
  EXPECT_TRUE(DecodeRow(bytes));
}

TEST(LedgerRow, IsNotCutWithinACharacter) {
  Row row = Example();
  row.model.clear();
  for (int i = 0; i < 100; ++i) row.model += "\xE2\x82\xAC";
  const auto back = DecodeRow(Encoded(row));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->model.size() % 3, 0U);
}

TEST(LedgerRow, BytesThatAreNoneAreRefused) {
  const std::string bytes = Encoded(Example());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeRow(bytes.substr(0, size))) << size;
  EXPECT_FALSE(DecodeRow(bytes + "x"));
  base::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string broken = bytes;
    broken[random.Below(broken.size())] = static_cast<char>(random.Next());
    static_cast<void>(DecodeRow(broken));
  }
}

}  // namespace
}  // namespace gatehouse::features::accounting
