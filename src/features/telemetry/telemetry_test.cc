#include "features/telemetry/telemetry.h"

#include <gtest/gtest.h>

#include "codec/json/document.h"
#include "net/fake/fake_loop.h"

namespace gatehouse::features::telemetry {
namespace {

using pipeline::ExchangeEnd;

TEST(AccessLine, IsOneJsonObjectWhateverTheClientSent) {
  base::FakeClock clock;
  net::fake::FakeLoop loop(clock);
  base::Random random(1);
  pipeline::Exchange exchange(loop, random, pipeline::Surface::kModels, pipeline::ModelsCall{});
  exchange.principal = std::make_shared<const pipeline::Principal>();
  exchange.model = "a\"b\n";
  exchange.outcome = {.usage = {.input = 3, .output = 2, .source = llm::UsageSource::kProvider}, .provider = "p"};
  exchange.attempts = {{.provider = "p", .outcome = "timeout", .reason = "first choice"},
                       {.provider = "q", .outcome = "ok", .reason = "after timeout"}};
  std::string line;
  AppendAccessLine(line,
                   {.exchange = &exchange,
                    .request_id = "req_1",
                    .path = "/v1/\"x\"",
                    .status = 200,
                    .duration = std::chrono::microseconds(1234567)},
                   "2026-01-01T00:00:00.000Z");
  ASSERT_EQ(line.back(), '\n');
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  codec::json::Document document;
  ASSERT_TRUE(document.Parse(std::string_view(line).substr(0, line.size() - 1)).ok()) << line;
  EXPECT_EQ(document.root()["path"].string(), "/v1/\"x\"");
  EXPECT_EQ(document.root()["model"].string(), "a\"b\n");
  EXPECT_EQ(document.root()["duration_ms"].AsNumber(), 1234.567);
  EXPECT_EQ(document.root()["attempts"].size(), 2U);
  EXPECT_EQ(document.root()["input_tokens"].AsInteger(), 3);
}

TEST(AccessLine, TellsTokensOfCachesAndReasoningWhereThereAreAny) {
  base::FakeClock clock;
  net::fake::FakeLoop loop(clock);
  base::Random random(1);
  pipeline::Exchange exchange(loop, random, pipeline::Surface::kModels, pipeline::ModelsCall{});
  exchange.principal = std::make_shared<const pipeline::Principal>();
  exchange.outcome = {.usage = {.source = llm::UsageSource::kProvider}, .provider = "p"};
  std::string line;
  AppendAccessLine(line, {.exchange = &exchange}, "");
  EXPECT_NE(line.find(R"("input_tokens":0,"output_tokens":0})"), std::string::npos) << line;
  exchange.outcome.usage.cache_read = 5;
  exchange.outcome.usage.cache_write_1h = 6;
  exchange.outcome.usage.reasoning = 7;
  line.clear();
  AppendAccessLine(line, {.exchange = &exchange}, "");
  EXPECT_NE(line.find(R"("cache_read_tokens":5,"cache_write_tokens":6,)"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("reasoning_tokens":7)"), std::string::npos) << line;
}

TEST(TimeText, KeepsTheSecondAndMovesTheMilliseconds) {
  TimeText text;
  base::FakeClock clock;
  EXPECT_EQ(text.Format(clock.Wall()), base::FormatTime(clock.Wall()));
  clock.Advance(std::chrono::milliseconds(7));
  EXPECT_EQ(text.Format(clock.Wall()), base::FormatTime(clock.Wall()));
  clock.Advance(std::chrono::milliseconds(995));
  EXPECT_EQ(text.Format(clock.Wall()), base::FormatTime(clock.Wall()));
}

}  // namespace
}  // namespace gatehouse::features::telemetry
