#include "llm/price/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/config/tree.h"

namespace gatehouse::llm::price {
namespace {

using testing::HasSubstr;

base::WallTime Day(std::string_view text) { return ReadDate(text).value(); }

CatalogueFile File(std::string_view json) {
  auto file = ReadCatalogueFile(json);
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().public_message);
  return std::move(file).value();
}

std::string FileProblem(std::string_view json) {
  const auto file = ReadCatalogueFile(json);
  return file.ok() ? "" : file.error().public_message;
}

// A catalogue of one provider with these models.
std::string Models(std::string_view models) {
  return std::string(R"({"version": "v1", "providers": [{"id": "acme", "models": [)").append(models).append("]}]}");
}

Settings Read(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  Settings settings = ReadSettings(tree.root());
  const auto status = tree.Finish();
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().public_message);
  return settings;
}

std::string SettingsProblem(std::string_view yaml) {
  const auto tree = codec::config::Tree::Parse(yaml).value();
  static_cast<void>(ReadSettings(tree.root()));
  const auto status = tree.Finish();
  return status.ok() ? "" : status.error().public_message;
}

constexpr std::string_view kTwoModels = R"(
  {"id": "small", "match": {"starts_with": "small"}, "prices": {"input_mtok": 1, "output_mtok": 2}},
  {"id": "big", "match": {"or": [{"equals": "big"}, {"contains": "/big/"}, {"ends_with": "-big"},
   {"regex": "^big-\\d+$"}]}, "prices": {"input_mtok": 10, "output_mtok": 20}})";

std::shared_ptr<const Catalogue> Make(std::string_view models, std::string_view yaml = "",
                                      const std::vector<PricedProvider>& providers = {{"acme", "openai_compatible"}}) {
  auto made = Catalogue::Make(File(Models(models)), Read(yaml), providers);
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().public_message);
  return std::move(made).value();
}

const base::WallTime kNow = Day("2026-11-20");

std::string IdOf(const Catalogue& catalogue, std::string_view model, std::string_view provider = "acme") {
  const Price* price = catalogue.Find(provider, model, kNow);
  return price == nullptr ? "refused" : price->id;
}

TEST(CatalogueFile, ComparesNamesInEveryWay) {
  const auto catalogue = Make(kTwoModels);
  for (const auto* name : {"big", "BIG", "eu/big/1", "very-big", "big-2026"}) {
    EXPECT_EQ(IdOf(*catalogue, name), "v1/acme/big") << name;
  }
  for (const auto* name : {"small", "small-big", "SMALL-1"}) EXPECT_EQ(IdOf(*catalogue, name), "v1/acme/small") << name;
  for (const auto* name : {"bigger", "big-x", "", "sma"}) EXPECT_EQ(IdOf(*catalogue, name), "unknown") << name;
}

TEST(CatalogueFile, JoinsComparisons) {
  const auto catalogue = Make(R"({"id": "m", "match": {"and": [{"starts_with": "m-"}, {"not": {"regex": "-tts$"}}]},
                                  "prices": {"input_mtok": 1}})");
  EXPECT_EQ(IdOf(*catalogue, "m-1"), "v1/acme/m");
  EXPECT_EQ(IdOf(*catalogue, "m-1-TTS"), "unknown");
}

TEST(CatalogueFile, IsAlsoABareListAndThenNamedByItsContent) {
  const std::string json = R"([{"id": "acme", "models": [
      {"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 1}}]}])";
  const CatalogueFile file = File(json);
  EXPECT_EQ(file.version.size(), 12U);
  EXPECT_EQ(File(json).version, file.version);
  EXPECT_NE(File(json + " ").version, file.version);
}

TEST(CatalogueFile, LeavesOutWhatHasNoPriceForAnythingCounted) {
  const CatalogueFile file = File(Models(R"(
      {"id": "ear", "match": {"equals": "ear"}, "prices": {"audio_hours": 0.36}},
      {"id": "none", "match": {"equals": "none"}, "prices": {}},
      {"id": "gift", "match": {"equals": "gift"}, "prices": {"input_mtok": 0, "output_mtok": 0}})"));
  EXPECT_THAT(file.unpriced, testing::ElementsAre("acme/ear", "acme/none"));
  ASSERT_EQ(file.providers.front().entries.size(), 1U);
  EXPECT_EQ(file.providers.front().entries.front().model, "gift");
}

TEST(CatalogueFile, MergesTiersOfDifferentBuckets) {
  const CatalogueFile file = File(Models(R"({"id": "m", "match": {"equals": "m"}, "prices": {
      "input_mtok": {"base": 1, "tiers": [{"start": 200, "price": 4}, {"start": 100, "price": 2}]},
      "output_mtok": {"base": 5, "tiers": [{"start": 150, "price": 6}]}}})"));
  const Price& price = file.providers.front().entries.front().prices.front().price;
  const auto cost = [&](std::uint64_t input) { return Cost(price, {.input = input, .output = 1}).value; };
  EXPECT_EQ(cost(100), 100 * 1000 + 5000);
  EXPECT_EQ(cost(101), 101 * 2000 + 5000);
  EXPECT_EQ(cost(151), 151 * 2000 + 6000);
  EXPECT_EQ(cost(201), 201 * 4000 + 6000);
}

TEST(CatalogueFile, TakesTheDearerOfWhatUsageDoesNotTellApart) {
  const CatalogueFile file = File(Models(R"({"id": "m", "match": {"equals": "m"}, "prices": {
      "input_mtok": 1, "input_image_mtok": 3, "output_mtok": 9, "output_image_mtok": 4,
      "web_searches_kcount": 10, "storage_searches_kcount": 2.5, "requests_kcount": 5}})"));
  const Price& price = file.providers.front().entries.front().prices.front().price;
  EXPECT_EQ(Cost(price, {.input = 1, .output = 1, .server_tool_calls = 1}).value, 3000 + 9000 + 10'000'000 + 5'000'000);
}

TEST(CatalogueFile, SaysWhatIsWrongAndWhere) {
  const auto with_prices = [](std::string_view prices) {
    return Models(std::string(R"({"id": "m", "match": {"equals": "m"}, "prices": )").append(prices).append("}"));
  };
  const auto with_match = [](std::string_view match) {
    return Models(std::string(R"({"id": "m", "prices": {"input_mtok": 1}, "match": )").append(match).append("}"));
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "JSON"},
      {"{}", "list of providers"},
      {"[]", "no prices in it"},
      {"[{}]", "needs an `id`"},
      {R"([{"id": "a", "models": []}])", "no prices in it"},
      {R"([{"id": "a", "models": []}, {"id": "a", "models": []}])", "twice"},
      {R"([{"id": "a", "models": {}}])", "`models` must be a list"},
      {R"([{"id": "a", "batch": 2, "models": []}])", "`batch`"},
      {Models("{}"), "every model needs an `id`"},
      {with_prices("3"), "acme/m: prices: must be an object"},
      {with_prices(R"({"input_mtok": -1})"), "acme/m: prices.input_mtok: must be a number of dollars"},
      {with_prices(R"({"input_mtok": "1"})"), "acme/m: prices.input_mtok: must be a number of dollars"},
      {with_prices(R"({"input_mtok": 1e99})"), "must be a number of dollars"},
      {with_prices(R"({"input_mtok": {"tiers": []}})"), "input_mtok.base: must be a number"},
      {with_prices(R"({"input_mtok": {"base": 1, "tiers": 7}})"), "tiers: must be a list"},
      {with_prices(R"({"input_mtok": {"base": 1, "tiers": [{"start": -1, "price": 1}]}})"), "`start`"},
      {with_prices(
           R"([{"prices": {"input_mtok": 1}}, {"prices": {"input_mtok": 2}, "constraint": {"start_date": "x"}}])"),
       "`start_date` must be a date"},
      {with_prices(
           R"([{"prices": {"input_mtok": 1}}, {"prices": {"input_mtok": 2}, "constraint": {"start_time": "25:00:00Z"}}])"),
       "`start_time` and `end_time`"},
      {with_match("7"), "acme/m: match: must be an object with one member"},
      {with_match(R"({"sounds_like": "m"})"), "unknown comparison `sounds_like`"},
      {with_match(R"({"equals": ""})"), "not empty"},
      {with_match(R"({"or": []})"), "not empty"},
      {with_match(R"x({"regex": "^(?!x)"})x"), "acme/m: match:"},
  };
  for (const auto& [json, problem] : cases) EXPECT_THAT(FileProblem(json), HasSubstr(problem)) << json;
}

TEST(DefaultCatalogue, IsWholeAndUpToDate) {
  const CatalogueFile file = File(DefaultCatalogueText());
  EXPECT_EQ(file.version, "2026-11-23");
  EXPECT_THAT(file.unpriced, testing::IsEmpty());
  std::size_t models = 0;
  for (const ProviderPrices& provider : file.providers) {
    models += provider.entries.size();
    for (const Entry& entry : provider.entries) {
      for (const DatedPrice& dated : entry.prices) {
        EXPECT_GT(WorstCase(dated.price, {.input_tokens = 1'000'000, .output_tokens = 1'000'000}).value, 0)
            << dated.price.id;
      }
    }
  }
  EXPECT_GT(models, 300U);
}

TEST(Override, ComesBeforeTheCatalogueInItsTime) {
  const auto catalogue = Make(kTwoModels, R"(
overrides:
  - { provider: acme, model: big, from: 2026-01-01, until: 2027-01-01, input: 7, output: 8.5, cache_read: 0.7 }
  - { provider: acme, model: { starts_with: new- }, input: 3, per_request: 0.001 }
)");
  const Price* now = catalogue->Find("acme", "big", kNow);
  EXPECT_EQ(now->origin, Price::Origin::kOverride);
  EXPECT_THAT(now->id, testing::MatchesRegex("override-[0-9a-f]{8}/acme/big"));
  EXPECT_EQ(Cost(*now, {.input = 10, .cache_read = 10, .output = 2}).value, 70'000 + 7'000 + 17'000);
  EXPECT_EQ(catalogue->Find("acme", "big", Day("2025-12-31"))->id, "v1/acme/big");
  EXPECT_EQ(catalogue->Find("acme", "big", Day("2027-01-01"))->id, "v1/acme/big");
  EXPECT_EQ(Cost(*catalogue->Find("acme", "NEW-1", kNow), {.input = 1}).value, 3'000 + 1'000'000);
}

TEST(Override, IsNamedByItsFigures) {
  const auto id = [](std::string_view yaml) { return IdOf(*Make(kTwoModels, yaml), "big"); };
  EXPECT_EQ(id("overrides: [{ provider: acme, model: big, input: 7 }]"),
            id("overrides: [{ provider: acme, model: big, input: 7.0 }]"));
  EXPECT_NE(id("overrides: [{ provider: acme, model: big, input: 7 }]"),
            id("overrides: [{ provider: acme, model: big, input: 7, output: 1 }]"));
}

TEST(Override, HasTiersAndABatchFactor) {
  const auto catalogue = Make(kTwoModels, R"(
overrides:
  - { provider: "*", model: big, input: 1, output: 2, batch: 0.25, tiers: [ { above: 100, input: 4 } ] }
)");
  const Price& price = *catalogue->Find("acme", "big", kNow);
  EXPECT_EQ(Cost(price, {.input = 100, .output = 1}).value, 102'000);
  EXPECT_EQ(Cost(price, {.input = 101, .output = 1}).value, 406'000);
  EXPECT_EQ(Cost(price, {.input = 101, .output = 1}, Delivery::kBatch).value, 101'500);
}

TEST(Override, GivesADeploymentThePricesOfItsModel) {
  const auto catalogue = Make(kTwoModels, "overrides: [{ provider: cloud, model: our-deployment, like: acme/big }]",
                              {{"cloud", "azure_openai"}});
  EXPECT_EQ(IdOf(*catalogue, "our-deployment", "cloud"), "v1/acme/big");
  EXPECT_EQ(IdOf(*catalogue, "another", "cloud"), "unknown");
}

TEST(Settings, SayWhosePricesAProviderHas) {
  const std::vector<PricedProvider> providers = {{"mine", "openai_compatible"}, {"theirs", "openai_compatible"}};
  const auto catalogue = Make(kTwoModels, "providers: { mine: acme }", providers);
  EXPECT_EQ(IdOf(*catalogue, "big", "mine"), "v1/acme/big");
  EXPECT_EQ(IdOf(*catalogue, "big", "theirs"), "unknown");
}

TEST(Settings, SayWhatAnUnknownModelIs) {
  EXPECT_EQ(IdOf(*Make(kTwoModels, "unknown: refuse"), "x"), "refused");
  EXPECT_EQ(IdOf(*Make(kTwoModels, "unknown: free"), "x"), "unknown");
  EXPECT_EQ(IdOf(*Make(kTwoModels, ""), "x"), "unknown");
  const auto catalogue = Make(kTwoModels, "{ unknown: default, default: { input: 30, output: 60 } }");
  const Price* price = catalogue->Find("acme", "x", kNow);
  EXPECT_EQ(price->origin, Price::Origin::kDefault);
  EXPECT_EQ(Cost(*price, {.input = 1, .output = 1}).value, 90'000);
}

TEST(Settings, RefusesWhatCannotBeMeant) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"unknown: maybe", "auto, refuse, default, free"},
      {"unknown: default", "needs a price under `prices.default`"},
      {"default: { input: 1 }", "only with `unknown: default`"},
      {"{ unknown: default, default: {} }", "needs at least one price"},
      {"overrides: [{ provider: a, model: m }]", "needs prices, or `like`"},
      {"overrides: [{ provider: a, model: m, input: 1, like: a/b }]", "and not both"},
      {"overrides: [{ model: m, input: 1 }]", "provider"},
      {"overrides: [{ provider: a, input: 1 }]", "model"},
      {"overrides: [{ provider: a, model: {}, input: 1 }]", "compares with nothing"},
      {"overrides: [{ provider: a, model: { regex: '(' }, input: 1 }]", "line 1"},
      {"overrides: [{ provider: a, model: m, input: -1 }]", "must be a number of dollars"},
      {"overrides: [{ provider: a, model: m, input: cheap }]", "must be a number of dollars"},
      {"overrides: [{ provider: a, model: m, input: 1, batch: 1.5 }]", "batch"},
      {"overrides: [{ provider: a, model: m, input: 1, from: soon }]", "must be a date"},
      {"overrides: [{ provider: a, model: m, input: 1, from: 2026-02-01, until: 2026-01-01 }]", "after `from`"},
      {"overrides: [{ provider: a, model: m, like: a/b, from: 2026-02-01 }]", "do not go with it"},
      {"overrides: [{ provider: a, model: m, input: 1, tiers: [{ above: 9 }, { above: 9 }] }]", "in the order"},
      {"overrides: [{ provider: a, model: m, input: 1, outptu: 2 }]", "did you mean `output`"},
  };
  for (const auto& [yaml, problem] : cases) EXPECT_THAT(SettingsProblem(yaml), HasSubstr(problem)) << yaml;
}

TEST(Catalogue, RefusesNamesThatNobodyHas) {
  const auto problem = [](std::string_view yaml) {
    const auto made = Catalogue::Make(File(Models(kTwoModels)), Read(yaml), {{"mine", "openai"}});
    return made.ok() ? "" : made.error().public_message;
  };
  EXPECT_THAT(problem("providers: { other: acme }"), HasSubstr("no provider is called `other`"));
  EXPECT_THAT(problem("providers: { mine: nobody }"), HasSubstr("the catalogue has no provider `nobody`"));
  EXPECT_THAT(problem("overrides: [{ provider: x, model: m, input: 1 }]"), HasSubstr("provider `x`"));
  EXPECT_THAT(problem("overrides: [{ provider: mine, model: m, like: acme/huge }]"), HasSubstr("`acme/huge`"));
}

TEST(Lookup, FindsWhatTheCatalogueFinds) {
  const auto catalogue = Make(kTwoModels);
  Lookup lookup(catalogue);
  for (int round = 0; round < 2; ++round) {
    for (const auto* name : {"big", "small-1", "other"}) {
      EXPECT_EQ(lookup.Find("acme", name, kNow), catalogue->Find("acme", name, kNow)) << name;
    }
  }
  // More names than it remembers.
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "small-" + std::to_string(i);
    ASSERT_EQ(lookup.Find("acme", name, kNow)->id, "v1/acme/small");
  }
}

TEST(Suspicions, NamesPricesThatVanishOrJump) {
  const auto before = Make(kTwoModels);
  EXPECT_THAT(Suspicions(*before, *Make(kTwoModels), kNow), testing::IsEmpty());
  const auto after = Make(R"(
      {"id": "small", "match": {"equals": "small"}, "prices": {"input_mtok": 0, "output_mtok": 3}})");
  EXPECT_THAT(Suspicions(*before, *after, kNow),
              testing::ElementsAre(HasSubstr("acme/small: input goes from 1 to 0 dollars"), HasSubstr("1 models")));
  const auto dear = Make(R"(
      {"id": "small", "match": {"equals": "small"}, "prices": {"input_mtok": 99.9, "output_mtok": 200}},
      {"id": "big", "match": {"equals": "big"}, "prices": {"input_mtok": 0.1, "output_mtok": 20}})");
  const auto lines = Suspicions(*before, *dear, kNow);
  ASSERT_FALSE(lines.empty());
  EXPECT_THAT(lines, testing::Contains(HasSubstr("acme/small: output goes from 2 to 200 dollars")));
  EXPECT_THAT(lines, testing::Contains(HasSubstr("acme/big: input goes from 10 to 0.1 dollars")));
  EXPECT_THAT(lines, testing::Not(testing::Contains(HasSubstr("acme/small: input"))));
}

}  // namespace
}  // namespace gatehouse::llm::price
