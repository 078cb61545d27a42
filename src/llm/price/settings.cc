#include "llm/price/settings.h"

#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "llm/price/amount.h"
#include "llm/price/catalogue_file.h"

namespace gatehouse::llm::price {
namespace {

using codec::config::Choice;
using codec::config::Node;

constexpr std::array<std::pair<const char*, Bucket>, kBuckets> kRateNames = {
    {{"input", Bucket::kInput},
     {"cache_read", Bucket::kCacheRead},
     {"cache_write", Bucket::kCacheWrite5m},
     {"cache_write_30m", Bucket::kCacheWrite30m},
     {"cache_write_1h", Bucket::kCacheWrite1h},
     {"cache_write_12h", Bucket::kCacheWrite12h},
     {"input_audio", Bucket::kInputAudio},
     {"tool_input", Bucket::kToolInput},
     {"output", Bucket::kOutput},
     {"reasoning", Bucket::kReasoning},
     {"output_audio", Bucket::kOutputAudio}}};
constexpr std::array<std::pair<const char*, ModelMatch::Kind>, 4> kComparisons = {
    {{"equals", ModelMatch::Kind::kEquals},
     {"starts_with", ModelMatch::Kind::kStartsWith},
     {"ends_with", ModelMatch::Kind::kEndsWith},
     {"contains", ModelMatch::Kind::kContains}}};
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

std::optional<std::int64_t> ReadMoney(const Node& node) {
  const auto text = node.AsString();
  if (!text) return {};
  const auto amount = ReadAmount(*text);
  if (!amount) node.AddProblem("must be a number of dollars, from 0 to 1e9");
  return amount;
}

StatedRates ReadRates(const Node& node) {
  StatedRates rates;
  for (const auto& [name, bucket] : kRateNames) rates.at(static_cast<std::size_t>(bucket)) = ReadMoney(node[name]);
  return rates;
}

bool IsEmpty(const StatedRates& rates) {
  for (const auto& rate : rates) {
    if (rate) return false;
  }
  return true;
}

void ReadTiers(const Node& list, StatedRates so_far, Price& price) {
  for (const Node& node : list.Elements()) {
    const auto above = node.Required("above").AsInteger({.min = 1, .max = kMostTokens});
    const StatedRates stated = ReadRates(node);
    for (std::size_t i = 0; i < kBuckets; ++i) so_far.at(i) = stated.at(i) ? stated.at(i) : so_far.at(i);
    const auto start = static_cast<std::uint64_t>(above.value_or(1));
    if (start <= price.bands.back().above) node.AddProblem("tiers stand in the order of `above`");
    price.bands.push_back({.above = start, .rates = Complete(so_far)});
  }
}

std::optional<Price> ReadPrice(const Node& node) {
  Price price;
  const StatedRates rates = ReadRates(node);
  price.bands.front().rates = Complete(rates);
  ReadTiers(node["tiers"], rates, price);
  constexpr std::int64_t kThousand = 1000;
  const auto call = ReadMoney(node["per_request"]);
  const auto tool_call = ReadMoney(node["per_tool_call"]);
  constexpr std::int64_t kDearestCall = 1'000'000 * base::NanoUsd::kPerUsd;
  if (call.value_or(0) > kDearestCall) node["per_request"].AddProblem("must be at most 1000000");
  if (tool_call.value_or(0) > kDearestCall) node["per_tool_call"].AddProblem("must be at most 1000000");
  price.thousand_requests = std::min(call.value_or(0), kDearestCall) * kThousand;
  price.thousand_tool_calls = std::min(tool_call.value_or(0), kDearestCall) * kThousand;
  if (const auto batch = node["batch"].AsNumber({.min = 0, .max = 1})) {
    price.batch_millionths = static_cast<std::uint32_t>(std::llround(*batch * Price::kWhole));
  }
  if (IsEmpty(rates) && !call && !tool_call) return {};
  return price;
}

ModelMatch ReadModel(const Node& node) {
  if (node.kind() == Node::Kind::kScalar) {
    return ModelMatch::Of(ModelMatch::Kind::kEquals, node.AsString().value_or(""));
  }
  std::vector<ModelMatch> matches;
  for (const auto& [name, kind] : kComparisons) {
    if (const auto text = node[name].AsString()) matches.push_back(ModelMatch::Of(kind, *text));
  }
  if (const auto text = node["regex"].AsString()) {
    auto pattern = ReadPattern(*text);
    if (!pattern.ok()) node["regex"].AddProblem(pattern.error().public_message);
    if (pattern.ok()) matches.push_back(std::move(pattern).value());
  }
  if (matches.empty() && node.IsPresent()) node.AddProblem("compares with nothing");
  return ModelMatch::Of(ModelMatch::Kind::kAll, std::move(matches));
}

std::string ModelText(const Node& node) {
  if (node.kind() == Node::Kind::kScalar) return node.AsString().value_or("");
  std::string text;
  for (const auto& member : node.Members()) {
    text.append(text.empty() ? "" : ",").append(member.key).append(":").append(member.value.AsString().value_or(""));
  }
  return text;
}

std::optional<base::WallTime> ReadDay(const Node& node) {
  const auto text = node.AsString();
  const auto date = text ? ReadDate(*text) : std::nullopt;
  if (text && !date) node.AddProblem("must be a date such as 2027-01-31 or 2027-01-31T12:00:00Z");
  return date;
}

void AppendNumber(std::string& out, std::uint64_t number) { out.append(std::to_string(number)).push_back(','); }

// Two overrides that differ in any figure differ in this: a ledger must not call two prices by one name.
std::string Fingerprint(const Price& price) {
  std::string figures;
  for (const Price::Band& band : price.bands) {
    AppendNumber(figures, band.above);
    for (const std::int64_t rate : band.rates) AppendNumber(figures, static_cast<std::uint64_t>(rate));
  }
  AppendNumber(figures, static_cast<std::uint64_t>(price.thousand_requests));
  AppendNumber(figures, static_cast<std::uint64_t>(price.thousand_tool_calls));
  AppendNumber(figures, price.batch_millionths);
  constexpr std::size_t kDigits = 8;
  const codec::crypto::Digest digest = codec::crypto::Sha256(figures);
  return codec::crypto::HexEncode(codec::crypto::AsText(digest)).substr(0, kDigits);
}

Settings::Override ReadOverride(const Node& node) {
  Settings::Override found;
  found.provider = node.Required("provider").AsString().value_or("");
  const Node model = node.Required("model");
  found.entry = {.provider = found.provider, .model = ModelText(model), .match = ReadModel(model), .prices = {}};
  found.like = node["like"].AsString().value_or("");
  const Validity validity{.from = ReadDay(node["from"]), .until = ReadDay(node["until"]), .daily = {}};
  if (validity.from && validity.until && *validity.from >= *validity.until)
    node["until"].AddProblem("must be after `from`");
  auto price = ReadPrice(node);
  if (price.has_value() != found.like.empty()) {
    node.AddProblem("needs prices, or `like` with the model whose prices it has, and not both");
  }
  if (!found.like.empty() && !validity.IsAlways())
    node["like"].AddProblem("holds always: `from` and `until` do not go with it");
  if (!price) return found;
  price->origin = Price::Origin::kOverride;
  price->id = "override-" + Fingerprint(*price) + "/" + found.provider + "/" + found.entry.model;
  found.entry.prices.push_back({.validity = validity, .price = std::move(*price)});
  return found;
}

void ReadUnknown(const Node& node, Settings& settings) {
  constexpr std::array<Choice<Settings::Unknown>, 4> kChoices = {{{"auto", Settings::Unknown::kAutomatic},
                                                                  {"refuse", Settings::Unknown::kRefuse},
                                                                  {"default", Settings::Unknown::kDefault},
                                                                  {"free", Settings::Unknown::kFree}}};
  settings.unknown = node["unknown"].AsEnum<Settings::Unknown>(kChoices).value_or(Settings::Unknown::kAutomatic);
  const Node otherwise = node["default"];
  if (otherwise.IsPresent()) {
    settings.otherwise = ReadPrice(otherwise);
    if (!settings.otherwise) otherwise.AddProblem("needs at least one price");
  }
  if (settings.otherwise) {
    settings.otherwise->origin = Price::Origin::kDefault;
    settings.otherwise->id = "default-" + Fingerprint(*settings.otherwise);
  }
  const bool needed = settings.unknown == Settings::Unknown::kDefault;
  if (needed && !otherwise.IsPresent()) node["unknown"].AddProblem("`default` needs a price under `prices.default`");
  if (!needed && otherwise.IsPresent()) otherwise.AddProblem("is used only with `unknown: default`");
}

}  // namespace

Settings ReadSettings(const Node& node) {
  Settings settings;
  settings.catalogue_file = node["catalogue"].AsString().value_or("");
  ReadUnknown(node, settings);
  for (const auto& member : node["providers"].Members()) {
    settings.providers[member.key] = member.value.AsString().value_or("");
  }
  for (const Node& element : node["overrides"].Elements()) settings.overrides.push_back(ReadOverride(element));
  return settings;
}

}  // namespace gatehouse::llm::price
