#include <gtest/gtest.h>

#include "llm/price/catalogue.h"

// Bills worked out by hand from the published list prices in the default catalogue, to the nano-USD. A figure in a
// comment is dollars for a million tokens.
namespace gatehouse::llm::price {
namespace {

base::WallTime Day(std::string_view text) { return ReadDate(text).value(); }

class Bill : public testing::Test {
 protected:
  static const Catalogue& Prices() {
    static const std::shared_ptr<const Catalogue> catalogue =
        Catalogue::Make(ReadCatalogueFile(DefaultCatalogueText()).value(), {},
                        {{"oai", "openai"},
                         {"claude", "anthropic"},
                         {"vertex", "vertex"},
                         {"bedrock", "bedrock"},
                         {"azure", "azure_openai"},
                         {"mistral", "openai_compatible"},
                         {"deepseek", "openai_compatible"},
                         {"house", "openai_compatible"},
                         {"cohere", "cohere"},
                         {"demo", "simulated"}})
            .value();
    return *catalogue;
  }
  static std::int64_t Of(std::string_view provider, std::string_view model, const Usage& usage,
                         std::string_view day = "2026-11-20") {
    const Price* price = Prices().Find(provider, model, Day(day));
    EXPECT_EQ(price->origin, Price::Origin::kListed) << model;
    return Cost(*price, usage).value;
  }
};

TEST_F(Bill, OpenAiWithCachedTokensAndReasoning) {
  // gpt-5: 1.25 input, 0.125 cached, 10 output and reasoning.
  // 1,000 x 1,250 + 8,192 x 125 + 300 x 10,000 + 1,024 x 10,000 nano
  EXPECT_EQ(Of("oai", "gpt-5-2025-08-07", {.input = 1000, .cache_read = 8192, .output = 300, .reasoning = 1024}),
            1'250'000 + 1'024'000 + 3'000'000 + 10'240'000);
}

TEST_F(Bill, OpenAiWithWebSearches) {
  // gpt-5-mini: 0.25 input, 2 output, 10 dollars for a thousand searches.
  EXPECT_EQ(Of("oai", "gpt-5-mini", {.input = 1234, .output = 567, .server_tool_calls = 3}),
            308'500 + 1'134'000 + 30'000'000);
}

TEST_F(Bill, OpenAiWithALongContext) {
  // gpt-5.4: 2.5 input, 0.25 cached, 15 output up to 271,999 tokens of input; 5, 0.5, 22.5 above.
  EXPECT_EQ(Of("oai", "gpt-5.4", {.input = 271'999, .output = 100}), 679'997'500 + 1'500'000);
  EXPECT_EQ(Of("oai", "gpt-5.4", {.input = 200'000, .cache_read = 72'000, .output = 100}),
            1'000'000'000 + 36'000'000 + 2'250'000);
}

TEST_F(Bill, OpenAiWithAudio) {
  // gpt-audio: 2.5 input, 32 audio input, 10 output, 64 audio output.
  EXPECT_EQ(Of("oai", "gpt-audio", {.input = 40, .input_audio = 250, .output = 12, .output_audio = 800}),
            100'000 + 8'000'000 + 120'000 + 51'200'000);
}

TEST_F(Bill, OpenAiWithCacheWrites) {
  // gpt-6-sol: 2 input, 2.5 written to a cache for any time, 0.2 read, 10 output.
  EXPECT_EQ(Of("oai", "gpt-6-sol", {.input = 10, .cache_read = 1000, .cache_write_30m = 4000, .output = 1}),
            20'000 + 200'000 + 10'000'000 + 10'000);
}

TEST_F(Bill, OpenAiBeforeAndAfterAPriceWasCut) {
  // o3: 10 and 40 until 2025-06-10, then 2 and 8.
  EXPECT_EQ(Of("oai", "o3", {.input = 1000, .output = 1000}, "2025-06-09T23:59:59Z"), 50'000'000);
  EXPECT_EQ(Of("oai", "o3", {.input = 1000, .output = 1000}, "2025-06-10"), 10'000'000);
  EXPECT_EQ(Prices().Find("oai", "o3", Day("2025-06-09"))->id, "2026-11-23/openai/o3");
  EXPECT_EQ(Prices().Find("oai", "o3", Day("2025-06-10"))->id, "2026-11-23/openai/o3@2025-06-10");
}

TEST_F(Bill, AnthropicWithBothKindsOfCacheWritesAndSearches) {
  // claude-sonnet-5: 2 input, 0.2 read, 2.5 written for 5 minutes, 4 for an hour, 10 output, 10 for 1,000 searches.
  EXPECT_EQ(Of("claude", "claude-sonnet-5-20260801",
               {.input = 21,
                .cache_read = 188'086,
                .cache_write_5m = 1500,
                .cache_write_1h = 1000,
                .output = 393,
                .server_tool_calls = 1}),
            42'000 + 37'617'200 + 3'750'000 + 4'000'000 + 3'930'000 + 10'000'000);
}

TEST_F(Bill, AnthropicWithALongContextWhileThatCostMore) {
  // claude-sonnet-4-6: 3 and 15, above 200,000 tokens of input 6 and 22.5 until 2026-03-13.
  const Usage usage{.input = 1, .cache_read = 200'000, .output = 10};
  EXPECT_EQ(Of("claude", "claude-sonnet-4-6", usage, "2026-03-12"), 6'000 + 120'000'000 + 225'000);
  EXPECT_EQ(Of("claude", "claude-sonnet-4-6", usage, "2026-03-13"), 3'000 + 60'000'000 + 150'000);
}

TEST_F(Bill, GeminiWithThoughtsAudioAndToolPrompts) {
  // gemini-2.5-flash: 0.3 input and tool prompts, 1 audio, 0.03 cached, 2.5 output and thoughts.
  EXPECT_EQ(
      Of("vertex", "gemini-2.5-flash",
         {.input = 500, .cache_read = 2048, .input_audio = 320, .tool_input = 64, .output = 77, .reasoning = 900}),
      150'000 + 61'440 + 320'000 + 19'200 + 192'500 + 2'250'000);
}

TEST_F(Bill, GeminiWithALongContext) {
  // gemini-2.5-pro: 1.25, 0.125 cached, 10; above 200,000 tokens of input 2.5, 0.25, 15.
  EXPECT_EQ(Of("vertex", "gemini-2.5-pro", {.input = 150'000, .cache_read = 60'000, .output = 1000}),
            375'000'000 + 15'000'000 + 15'000'000);
}

TEST_F(Bill, BedrockByRegionAndAcrossRegions) {
  // claude-sonnet-4-5: 3 and 15 as global profile.
  EXPECT_EQ(Of("bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", {.input = 1000, .output = 100}),
            3'000'000 + 1'500'000);
  // nova-pro: 0.8 input, 0.2 cached, 3.2 output; the same with a region before it.
  const Usage usage{.input = 1001, .cache_read = 3, .output = 7};
  EXPECT_EQ(Of("bedrock", "amazon.nova-pro-v1:0", usage), 800'800 + 600 + 22'400);
  EXPECT_EQ(Of("bedrock", "eu.amazon.nova-pro-v1:0", usage), 800'800 + 600 + 22'400);
}

TEST_F(Bill, AzureSellsOpenAisModelsAtOpenAisPrices) {
  EXPECT_EQ(Of("azure", "gpt-5-mini", {.input = 1000, .output = 10}), 250'000 + 20'000);
}

TEST_F(Bill, OthersByTheNameOfTheProvider) {
  // mistral-large-2512: 0.5 input, 0.05 cached, 1.5 output. command-r7b: 0.0375 and 0.15.
  EXPECT_EQ(Of("mistral", "mistral-large-2512", {.input = 1000, .cache_read = 100, .output = 1000}),
            500'000 + 5'000 + 1'500'000);
  EXPECT_EQ(Of("cohere", "command-r7b-12-2024", {.input = 1001, .output = 1}), 37'538 + 150);  // 37,537.5 + 150
}

TEST_F(Bill, DeepSeekByTheTimeOfDay) {
  // deepseek-chat: 0.27, 0.07 cached, 1.1 from 00:30 to 16:30 UTC, and about half of it for the rest of the day.
  const Usage usage{.input = 1000, .cache_read = 1000, .output = 1000};
  EXPECT_EQ(Of("deepseek", "deepseek-chat", usage, "2026-11-20T00:30:00Z"), 270'000 + 70'000 + 1'100'000);
  EXPECT_EQ(Of("deepseek", "deepseek-chat", usage, "2026-11-20T16:29:59Z"), 270'000 + 70'000 + 1'100'000);
  EXPECT_EQ(Of("deepseek", "deepseek-chat", usage, "2026-11-20T16:30:00Z"), 135'000 + 35'000 + 550'000);
  EXPECT_EQ(Of("deepseek", "deepseek-chat", usage, "2026-11-20T00:29:59Z"), 135'000 + 35'000 + 550'000);
}

TEST_F(Bill, AnUnknownModelSaysSo) {
  const Price* price = Prices().Find("house", "llama-3-70b", Day("2026-11-20"));
  ASSERT_NE(price, nullptr);
  EXPECT_EQ(price->origin, Price::Origin::kUnknown);
  EXPECT_EQ(Cost(*price, {.input = 1'000'000}).value, 0);
  EXPECT_EQ(Prices().Find("demo", "anything", Day("2026-11-20"))->id, "simulated");
}

}  // namespace
}  // namespace gatehouse::llm::price
