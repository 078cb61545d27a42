#include "features/accounting/reconcile.h"

#include <gtest/gtest.h>

#include "codec/config/tree.h"
#include "features/accounting/usage_format.h"

namespace gatehouse::features::accounting {
namespace {

using Verdict = Compared::Verdict;
using Unit = BillMapping::Unit;

constexpr std::int64_t kDay = 1'761'955'200'000;  // 2025-11-01

Bill Read(std::string_view text, const BillMapping& mapping = {}) {
  auto bill = ReadBill(text, mapping);
  EXPECT_TRUE(bill.ok()) << (bill.ok() ? "" : bill.error().public_message);
  return bill.ok() ? std::move(bill).value() : Bill();
}
std::string Problem(std::string_view text, const BillMapping& mapping = {}) {
  const auto bill = ReadBill(text, mapping);
  return bill.ok() ? "" : bill.error().public_message;
}
BillMapping MappingOf(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  BillMapping mapping = ReadMapping(tree.root());
  EXPECT_TRUE(tree.Finish().ok());
  return mapping;
}

TEST(ParseAmount, IsExactAndRoundsOnce) {
  const struct {
    std::string_view text;
    Unit unit;
    std::int64_t nano;
  } cases[] = {{"0.0123", Unit::kUsd, 12'300'000},
               {"1", Unit::kUsd, 1'000'000'000},
               {"$1,234.50", Unit::kUsd, 1'234'500'000'000},
               {"123.45", Unit::kCents, 1'234'500'000},
               {"1.3e-05", Unit::kUsd, 13'000},
               {"2E+1", Unit::kUsd, 20'000'000'000},
               {"0.0000000005", Unit::kUsd, 1},
               {"0.00000000049999999999999999999999", Unit::kUsd, 0},
               {"-0.0000000015", Unit::kUsd, -2},
               {"0.06", Unit::kUsd, 60'000'000},
               {"9223372036.854775807", Unit::kUsd, 9'223'372'036'854'775'807},
               {"0e50", Unit::kUsd, 0},
               {".5", Unit::kUsd, 500'000'000}};
  for (const auto& [text, unit, nano] : cases) {
    const auto amount = ParseAmount(text, unit);
    ASSERT_TRUE(amount.has_value()) << text;
    EXPECT_EQ(amount->value, nano) << text;
  }
  for (const std::string_view wrong : {"", "-", ".", "e5", "1e", "1e999", "1.2.3", "1,5.0,0", "abc", "0x1", "1 2", ",1",
                                       "9223372036.854775808", "1e20", "NaN"}) {
    EXPECT_FALSE(ParseAmount(wrong, Unit::kUsd).has_value()) << wrong;
  }
}

TEST(ReadBill, CostsOfOpenAi) {
  const Bill bill = Read(R"({"object":"page","has_more":false,"data":[
    {"object":"bucket","start_time":1761955200,"end_time":1762041600,"results":[
      {"object":"organization.costs.result","amount":{"value":0.06,"currency":"usd"},"line_item":"gpt-5-2026-01-31, input","project_id":"p"},
      {"object":"organization.costs.result","amount":{"value":1.3e-05,"currency":"usd"},"line_item":"gpt-5-2026-01-31, output"}]}]})");
  EXPECT_EQ(bill.form, "costs of OpenAI");
  ASSERT_EQ(bill.lines.size(), 1U);
  EXPECT_EQ(bill.lines[0].day_ms, kDay);
  EXPECT_EQ(bill.lines[0].model, "gpt-5-2026-01-31");
  EXPECT_EQ(bill.lines[0].cost->value, 60'013'000);
  EXPECT_FALSE(bill.lines[0].input.has_value());
}

TEST(ReadBill, UsageOfOpenAi) {
  const Bill bill = Read(R"([{"data":[{"start_time":1761955200,"results":[
      {"input_tokens":5000,"output_tokens":1000,"input_cached_tokens":4000,"input_audio_tokens":3,"output_audio_tokens":2,"num_model_requests":95,"model":"gpt-5"}]}],"has_more":true},
      {"data":[{"start_time":1761958800,"results":[{"input_tokens":1,"output_tokens":1,"num_model_requests":1,"model":"gpt-5"}]}],"has_more":false}])");
  ASSERT_EQ(bill.lines.size(), 1U);
  EXPECT_EQ(bill.lines[0].input, 5004);
  EXPECT_EQ(bill.lines[0].output, 1003);
  EXPECT_EQ(bill.lines[0].requests, 96);
  EXPECT_FALSE(bill.lines[0].cost.has_value());
  EXPECT_TRUE(bill.warnings.empty());
}

TEST(ReadBill, ReportsOfAnthropic) {
  const Bill usage =
      Read(R"({"data":[{"starting_at":"2025-11-01T00:00:00Z","ending_at":"2025-11-02T00:00:00Z","results":[
      {"uncached_input_tokens":1500,"cache_creation":{"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":500},
       "cache_read_input_tokens":200,"output_tokens":500,"model":"claude-x-20260131"}]}],"has_more":true,"next_page":"p"})");
  EXPECT_EQ(usage.form, "usage report of Anthropic");
  ASSERT_EQ(usage.lines.size(), 1U);
  EXPECT_EQ(usage.lines[0].input, 3200);
  EXPECT_EQ(usage.lines[0].output, 500);
  ASSERT_EQ(usage.warnings.size(), 1U);
  const Bill cost = Read(R"({"data":[{"starting_at":"2025-11-01T00:00:00Z","results":[
      {"currency":"USD","amount":"123.78912","description":"Claude X Usage - Input Tokens","model":"claude-x"},
      {"currency":"USD","amount":"0.5","description":"Web Search Usage","model":null}]}]})");
  ASSERT_EQ(cost.lines.size(), 2U);
  EXPECT_EQ(cost.lines[1].model, "claude-x");
  EXPECT_EQ(cost.lines[1].cost->value, 1'237'891'200);
  EXPECT_EQ(cost.lines[0].model, "Web Search Usage");
}

TEST(ReadBill, ATableByAMappingOfItsOwn) {
  const BillMapping mapping = MappingOf(
      "columns: { day: Date, model: Model, cost: Cost, requests: Calls, input: [ In, Cached ], output: Out }\n"
      "unit: cents\ndelimiter: ';'\nmodels: { 'GPT 5': gpt-5 }\nleave_out: [ 'Fine-tuning*' ]\n");
  const Bill bill = Read(
      "Date;Model;Cost;Calls;In;Cached;Out\n2025-11-01;GPT 5;150.5;3;10;20;5\n2025-11-01 23:59:59 UTC;GPT "
      "5;0.5;1;1,000;;5\n2025-11-01;Fine-tuning models;9;1;1;1;1\n",
      mapping);
  ASSERT_EQ(bill.lines.size(), 1U);
  EXPECT_EQ(bill.lines[0].model, "gpt-5");
  EXPECT_EQ(bill.lines[0].cost->value, 1'510'000'000);
  EXPECT_EQ(bill.lines[0].requests, 4);
  EXPECT_EQ(bill.lines[0].input, 1030);
  EXPECT_EQ(bill.lines[0].output, 10);
}

// What the gateway exports in FOCUS is what it reads as FOCUS.
TEST(ReadBill, OurOwnFocus) {
  UsageReport report;
  report.lines.push_back({.keys = {kDay, std::int64_t{1}, std::int64_t{0}, std::string("openai"), std::string("best"),
                                   std::string("gpt-5")},
                          .exchanges = 3,
                          .input = 10,
                          .output = 5,
                          .cost = {1'500'000'000}});
  const Bill bill = Read(UsageAsFocus(report, [](pipeline::NodeId) { return std::string("acme"); }));
  ASSERT_EQ(bill.lines.size(), 1U);
  EXPECT_EQ(bill.lines[0].day_ms, kDay);
  EXPECT_EQ(bill.lines[0].model, "gpt-5");
  EXPECT_EQ(bill.lines[0].cost->value, 1'500'000'000);
}

TEST(ReadBill, SaysWhatIsWrong) {
  EXPECT_NE(Problem("").find("empty"), std::string::npos);
  EXPECT_NE(Problem("a,b\n1,2\n").find("no column says the day"), std::string::npos);
  EXPECT_NE(Problem("ChargePeriodStart,SkuId\n").find("what it cost"), std::string::npos);
  EXPECT_NE(Problem("ChargePeriodStart,SkuId,BilledCost\nsoon,m,1\n").find("record 2: 'soon' is no day"),
            std::string::npos);
  EXPECT_NE(Problem("ChargePeriodStart,SkuId,BilledCost,BillingCurrency\n2025-11-01,m,1,EUR\n").find("'EUR'"),
            std::string::npos);
  EXPECT_NE(
      Problem(R"({"data":[{"start_time":1,"results":[{"amount":{"value":1,"currency":"eur"},"line_item":"m"}]}]})")
          .find("EUR"),
      std::string::npos);
  EXPECT_NE(
      Problem(R"({"data":[{"start_time":1,"results":[{"amount":{"value":1,"currency":"usd"},"line_item":null}]}]})")
          .find("grouped by line item"),
      std::string::npos);
  EXPECT_NE(Problem(R"({"data":[{"start_time":1,"results":[{"odd":1}]}]})").find("neither"), std::string::npos);
  EXPECT_NE(Problem(R"({"rows":[]})").find("data"), std::string::npos);
  EXPECT_NE(Problem("{").find(""), std::string::npos);
}

BillLine Line(std::string model, std::int64_t usd, std::int64_t input, std::int64_t day = kDay) {
  return {.day_ms = day,
          .model = std::move(model),
          .cost = base::NanoUsd{usd},
          .requests = {},
          .input = input,
          .output = {}};
}

TEST(Reconcile, ToleratesWhatIsSmallAndTellsTheRest) {
  const Bill theirs{.form = "",
                    .lines = {Line("gpt-5-2026-01-31", 100'000'000'000, 1000), Line("only-theirs", 5'000'000'000, 7),
                              Line("tiny", 1'000'000, 0)}};
  const Bill ours{.form = "",
                  .lines = {Line("gpt-5", 100'900'000'000, 1000), Line("only-ours", 2'000'000'000, 9),
                            Line("gpt-5", 1, 1, kDay + 86'400'000)}};  // a day that the bill does not have
  const Reconciliation found = Reconcile(theirs, ours, {});
  std::map<std::pair<std::string, std::string>, Verdict> verdicts;
  for (const Compared& one : found.figures) verdicts[{one.model, std::string(ToString(one.measure))}] = one.verdict;
  EXPECT_EQ(verdicts.at({"gpt-5", "usd"}), Verdict::kWithin);
  EXPECT_EQ(verdicts.at({"gpt-5", "input"}), Verdict::kSame);
  EXPECT_EQ(verdicts.at({"only-theirs", "usd"}), Verdict::kBeyond);
  EXPECT_EQ(verdicts.at({"only-ours", "input"}), Verdict::kBeyond);
  EXPECT_EQ(verdicts.at({"tiny", "usd"}), Verdict::kWithin);
  EXPECT_EQ(verdicts.size(), 7U);
  EXPECT_FALSE(found.agrees());
  ASSERT_EQ(found.totals.size(), 2U);
  EXPECT_EQ(found.totals[0].theirs, 105'001'000'000);
  EXPECT_EQ(found.totals[0].ours, 102'900'000'000);
}

TEST(Reconcile, TheToleranceIsAChoice) {
  const Bill theirs{.form = "", .lines = {Line("m", 100'000'000'000, 1000)}};
  const Bill ours{.form = "", .lines = {Line("m", 101'500'000'000, 1010)}};
  EXPECT_FALSE(Reconcile(theirs, ours, {}).agrees());
  EXPECT_TRUE(Reconcile(theirs, ours, {.permyriad = 200}).agrees());
  EXPECT_FALSE(Reconcile(theirs, ours, {.permyriad = 0, .usd = {2'000'000'000}}).agrees());  // tokens differ
  EXPECT_TRUE(Reconcile(theirs, theirs, {.permyriad = 0, .usd = {0}}).agrees());
}

TEST(Reconcile, ShowsATable) {
  const Bill theirs{.form = "", .lines = {Line("m", 100'000'000'000, 1000), Line("n", 1'000'000'000, 5)}};
  const Bill ours{.form = "", .lines = {Line("m", 98'000'000'000, 1000), Line("n", 1'000'000'000, 5)}};
  const std::string text = ReconciliationText(Reconcile(theirs, ours, {}), Shown::kBeyond);
  EXPECT_EQ(text,
            "day         model  what   provider  ledger  difference\n"
            "2025-11-01  m      usd         100      98          -2  -2.00 %  BEYOND\n"
            "all                usd         101      99          -2  -1.98 %  BEYOND\n"
            "all                input      1005    1005           0  +0.00 %  same\n"
            "1 of 4 figures differ by more than is tolerated\n");
  EXPECT_NE(ReconciliationText(Reconcile(theirs, ours, {}), Shown::kAll).find("2025-11-01  n"), std::string::npos);
  EXPECT_NE(
      ReconciliationJson(Reconcile(theirs, ours, {}))
          .find(
              R"({"agrees":false,"figures":[{"day":"2025-11-01","model":"m","measure":"usd","provider":"100","ledger":"98","difference":"-2","beyond":true})"),
      std::string::npos);
}

TEST(ReadLedgerUsage, IsWhatTheGatewayShows) {
  UsageQuery query{.by = {UsageKey::kTime, UsageKey::kProvider, UsageKey::kUpstreamModel}};
  UsageReport report;
  const auto add = [&](std::string provider, std::string model, std::int64_t usd) {
    report.lines.push_back({.keys = {kDay, std::move(provider), std::move(model)},
                            .exchanges = 2,
                            .input = 1,
                            .cache_read = 2,
                            .cache_write = 4,
                            .output = 8,
                            .reasoning = 16,
                            .cost = {usd}});
  };
  add("openai", "gpt-5", 5);
  add("other", "gpt-5", 7);
  add("", "", 0);
  const std::string json = UsageAsJson(query, report, {});
  const auto all = ReadLedgerUsage(json, "").value();
  ASSERT_EQ(all.lines.size(), 1U);
  EXPECT_EQ(all.lines[0].cost->value, 12);
  const auto one = ReadLedgerUsage(json, "openai").value();
  ASSERT_EQ(one.lines.size(), 1U);
  EXPECT_EQ(one.lines[0].day_ms, kDay);
  EXPECT_EQ(one.lines[0].cost->value, 5);
  EXPECT_EQ(one.lines[0].requests, 2);
  EXPECT_EQ(one.lines[0].input, 7);
  EXPECT_EQ(one.lines[0].output, 24);
  report.complete = false;
  EXPECT_FALSE(ReadLedgerUsage(UsageAsJson(query, report, {}), "").ok());
}

}  // namespace
}  // namespace gatehouse::features::accounting
