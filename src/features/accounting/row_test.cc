#include "features/accounting/row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "features/accounting/test_block.h"

namespace gatehouse::features::accounting {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

constexpr std::array<pipeline::Link, 2> kChain = {
    {{pipeline::NodeKind::kOrganization, {7}}, {pipeline::NodeKind::kKey, {std::int64_t{1} << 62U}}}};

Row Example() {
  Row row{.chain = kChain,
          .surface = "openai.chat",
          .model = "assistant",
          .provider = "openai",
          .upstream_model = "gpt-5",
          .outcome = Outcome::kFailed,
          .admitted_ms = 1'763'000'000'123,
          .basis = pipeline::Charge::Basis::kProvider,
          .cost = {123'456},
          .duration_us = 12'345,
          .price = "2026-11-01/openai/gpt-5",
          .request_id = "req_1",
          .organization = "acme",
          .name = "checkout",
          .key_id = "k1",
          .operation = "chat",
          .ending = "answered",
          .attempts = "azure:timeout,openai:ok",
          .rule = "clamp",
          .effect = pipeline::Effect::kRestrict,
          .attempt_count = 2,
          .status = 200,
          .first_event_us = 6'000,
          .bytes_in = 100,
          .bytes_out = 200};
  row.usage = {.input = 10, .cache_read = 3, .output = 7, .source = llm::UsageSource::kProvider};
  return row;
}

TEST(LedgerRow, ComesBackAsItWas) {
  const Row row = Example();
  const std::string bytes = Encoded(row);
  Links links;
  const auto back = DecodeRow(bytes, links);
  ASSERT_TRUE(back);
  EXPECT_EQ(Encoded(*back), bytes);
  EXPECT_TRUE(std::ranges::equal(back->chain, row.chain));
  EXPECT_EQ(back->usage, row.usage);
  EXPECT_EQ(back->cost, row.cost);
  EXPECT_EQ(back->price, row.price);
  EXPECT_EQ(back->attempts, row.attempts);
  EXPECT_EQ(back->NodeOf(pipeline::NodeKind::kOrganization), 7);
  EXPECT_EQ(back->Actor(), 0);
}

std::string KeyOf(const std::string& bytes) {
  Links links;
  const auto sums = DecodeSums(bytes, links);
  return sums ? std::string(sums->parts.key) : "no row";
}

TEST(LedgerRow, ItsKeyIsWhatSumsAreMadeBy) {
  Row row = Example();
  const std::string bytes = Encoded(row);
  row.request_id = "another";
  row.usage.input = 99;
  row.admitted_ms += 5;
  EXPECT_EQ(KeyOf(Encoded(row)), KeyOf(bytes));
  row.model = "other";
  EXPECT_NE(KeyOf(Encoded(row)), KeyOf(bytes));
  row = Example();
  row.outcome = Outcome::kOk;
  EXPECT_NE(KeyOf(Encoded(row)), KeyOf(bytes));
}

TEST(LedgerRow, IsTheSameByACallerThatWasEncodedBefore) {
  pipeline::Principal principal;
  principal.chain = {{pipeline::NodeKind::kOrganization, {7}}, {pipeline::NodeKind::kKey, {1LL << 60U}}};
  principal.organization = "acme";
  principal.project = std::string(100, 'p');  // is cut
  principal.name = "checkout";
  principal.key_id = "k1";
  Row row = Example();
  row.chain = principal.chain;
  row.organization = principal.organization;
  row.team = principal.team;
  row.project = principal.project;
  row.name = principal.name;
  row.key_id = principal.key_id;
  const std::string alone = Encoded(row);
  const EncodedCaller caller = EncodeCaller(principal);
  row.caller = &caller;
  EXPECT_EQ(Encoded(row), alone);
}

TEST(LedgerRow, IsReadTheSameWhateverTheOneBeforeWas) {
  Row other_key = Example();
  other_key.model = "other";
  Row other_names = Example();
  other_names.status = 500;
  Row other_figures = Example();
  other_figures.usage.output = 77;
  other_figures.request_id = "another";
  other_figures.bytes_out = 99;
  const std::vector<std::string> rows = {Encoded(Example()), Encoded(other_key), Encoded(other_names),
                                         Encoded(other_figures)};
  for (const std::string& first : rows) {
    Links links;
    const auto before = DecodeSums(first, links);
    ASSERT_TRUE(before);
    for (const std::string& second : rows) {
      Links of_second;
      const auto alone = DecodeSums(second, of_second);
      const auto after = DecodeSums(second, of_second, before->parts);
      ASSERT_TRUE(alone && after);
      EXPECT_EQ(after->parts.key, alone->parts.key);
      EXPECT_EQ(after->parts.figures, alone->parts.figures);
      EXPECT_EQ(after->parts.names, alone->parts.names);
      EXPECT_EQ(after->parts.rest, alone->parts.rest);
      EXPECT_EQ(after->row.usage, alone->row.usage);
      EXPECT_EQ(after->row.cost, alone->row.cost);
      EXPECT_EQ(after->row.request_id, alone->row.request_id);
    }
    EXPECT_FALSE(DecodeSums(std::string_view(first).substr(0, before->parts.key.size()), links, before->parts));
  }
}

TEST(LedgerRow, FitsWhateverItSays) {
  const std::string longest(1000, 'x');
  Row row = Example();
  for (auto member : {&Row::surface, &Row::model, &Row::provider, &Row::upstream_model, &Row::price, &Row::request_id,
                      &Row::organization, &Row::team, &Row::project, &Row::name, &Row::key_id, &Row::operation,
                      &Row::ending, &Row::error, &Row::attempts, &Row::rule}) {
    row.*member = longest;
  }
  const std::vector<pipeline::Link> chain(20, {pipeline::NodeKind::kKey, {std::numeric_limits<std::int64_t>::max()}});
  row.chain = chain;
  row.usage = {kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost};
  row.duration_us = row.first_event_us = row.bytes_in = row.bytes_out = kMost;
  row.cost = {-1};
  row.admitted_ms = -1;
  row.status = 0xFFFF;
  row.attempt_count = 0xFFFF'FFFF;
  const std::string bytes = Encoded(row);
  EXPECT_LE(bytes.size(), kMostEncodedBytes);
  Links links;
  EXPECT_TRUE(DecodeRow(bytes, links));
}

// What the journal keeps room for.
TEST(LedgerRow, FitsTheJournalWhileItIsUnderWay) {
  const std::string longest(1000, 'x');
  const std::vector<pipeline::Link> chain(20, {pipeline::NodeKind::kKey, {std::numeric_limits<std::int64_t>::max()}});
  Row row;
  for (auto member : {&Row::surface, &Row::model, &Row::request_id, &Row::organization, &Row::team, &Row::project,
                      &Row::name, &Row::key_id, &Row::operation}) {
    row.*member = longest;
  }
  row.chain = chain;
  row.admitted_ms = std::int64_t{1} << 42;
  row.usage = {.input = kMost, .output = kMost, .source = llm::UsageSource::kEstimated};
  row.cost = base::NanoUsd::Max();
  row.basis = pipeline::Charge::Basis::kWorstCase;
  row.outcome = Outcome::kInDoubt;
  row.ending = ToString(Outcome::kInDoubt);
  EXPECT_LE(Encoded(row).size(), kMostIntentBytes);
}

TEST(LedgerRow, IsNotCutWithinACharacter) {
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "\xE2\x82\xAC";
  Row row = Example();
  row.model = euros;
  const std::string bytes = Encoded(row);
  Links links;
  const auto back = DecodeRow(bytes, links);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->model.size() % 3, 0U);
}

TEST(LedgerRow, BytesThatAreNoneAreRefused) {
  const std::string bytes = Encoded(Example());
  Links links;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    EXPECT_FALSE(DecodeRow(cut, links)) << size;
  }
  const std::string more = bytes + "x";
  EXPECT_FALSE(DecodeRow(more, links));
  base::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    std::string broken = bytes;
    broken[random.Below(broken.size())] = static_cast<char>(random.Next());
    static_cast<void>(DecodeRow(broken, links));
  }
}

}  // namespace
}  // namespace gatehouse::features::accounting
