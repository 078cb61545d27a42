#include "llm/price/catalogue_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "codec/cel/timestamp.h"
#include "codec/crypto/encoding.h"
#include "codec/crypto/hash.h"
#include "codec/json/document.h"
#include "llm/price/amount.h"

namespace gatehouse::llm::price {
namespace {

using codec::json::Value;

constexpr std::size_t kMaxBytes = std::size_t{32} * 1024 * 1024;
constexpr std::size_t kMaxDepth = 32;
constexpr std::int64_t kRegexMemory = 64 * 1024;
constexpr std::size_t kMaxName = 256;   // bytes of a provider's, model's or version's name
constexpr std::size_t kMaxBands = 16;   // tiers of a price
constexpr std::size_t kMaxPrices = 64;  // of a model, one after the other

// The file's words for buckets. An image's tokens are in no bucket of their own: where they cost more than text, all
// tokens of that direction are taken to be an image's.
struct RateKey {
  std::string_view name;
  Bucket bucket;
};
constexpr std::array<RateKey, 14> kRateKeys = {{{"input_mtok", Bucket::kInput},
                                                {"input_image_mtok", Bucket::kInput},
                                                {"input_video_mtok", Bucket::kInput},
                                                {"cache_read_mtok", Bucket::kCacheRead},
                                                {"cache_write_mtok", Bucket::kCacheWrite5m},
                                                {"cache_write_30m_mtok", Bucket::kCacheWrite30m},
                                                {"cache_write_1h_mtok", Bucket::kCacheWrite1h},
                                                {"cache_write_12h_mtok", Bucket::kCacheWrite12h},
                                                {"input_audio_mtok", Bucket::kInputAudio},
                                                {"tool_input_mtok", Bucket::kToolInput},
                                                {"output_mtok", Bucket::kOutput},
                                                {"output_image_mtok", Bucket::kOutput},
                                                {"output_video_mtok", Bucket::kOutput},
                                                {"output_reasoning_mtok", Bucket::kReasoning}}};
constexpr RateKey kOutputAudioKey = {"output_audio_mtok", Bucket::kOutputAudio};

base::Error Wrong(std::string_view where, std::string_view what) {
  return base::InvalidRequest(std::string(where).append(": ").append(what));
}

const RateKey* FindRateKey(std::string_view name) {
  if (name == kOutputAudioKey.name) return &kOutputAudioKey;
  const auto* found = std::ranges::find(kRateKeys, name, &RateKey::name);
  return found == kRateKeys.end() ? nullptr : found;
}

base::Result<std::int64_t> ReadRate(Value value, std::string_view where) {
  const auto amount = value.IsNumber() ? ReadAmount(value.raw()) : std::nullopt;
  if (!amount) return Wrong(where, "must be a number of dollars, from 0 to 1e9");
  return *amount;
}

// Rates by where they begin to hold.
using Steps = std::map<std::uint64_t, StatedRates>;

void RaiseTo(std::optional<std::int64_t>& rate, std::int64_t amount) { rate = std::max(rate.value_or(0), amount); }

// 3, or {"base": 3, "tiers": [{"start": 200000, "price": 6}]}.
base::Status ReadTieredRate(Value value, Bucket bucket, const std::string& where, Steps& steps) {
  const auto index = static_cast<std::size_t>(bucket);
  if (!value.IsObject()) {
    GH_TRY(const std::int64_t rate, ReadRate(value, where));
    RaiseTo(steps[0].at(index), rate);
    return base::Ok();
  }
  GH_TRY(const std::int64_t base_rate, ReadRate(value["base"], where + ".base"));
  RaiseTo(steps[0].at(index), base_rate);
  if (!value["tiers"].IsArray()) return Wrong(where + ".tiers", "must be a list");
  for (const auto& [key, tier, at] : value["tiers"]) {
    const auto start = tier["start"].AsInteger();
    if (!start || *start < 0) return Wrong(where + ".tiers", "`start` must be a number of tokens");
    GH_TRY(const std::int64_t rate, ReadRate(tier["price"], where + ".tiers"));
    RaiseTo(steps[static_cast<std::uint64_t>(*start)].at(index), rate);
    if (steps.size() > kMaxBands) return Wrong(where + ".tiers", "are too many: at most 15");
  }
  return base::Ok();
}

std::vector<Price::Band> BandsOf(const Steps& steps) {
  std::vector<Price::Band> bands;
  StatedRates so_far;
  for (const auto& [above, stated] : steps) {
    for (std::size_t i = 0; i < kBuckets; ++i) so_far.at(i) = stated.at(i) ? stated.at(i) : so_far.at(i);
    bands.push_back({.above = above, .rates = Complete(so_far)});
  }
  return bands;
}

// What a member of `prices` is: part of the price, or of a kind that nothing here counts.
enum class Known : std::uint8_t { kYes, kNo };

base::Result<Known> ReadMember(std::string_view name, Value value, const std::string& where, Price& price,
                               Steps& steps) {
  if (const RateKey* key = FindRateKey(name)) {
    GH_CHECK_OK(ReadTieredRate(value, key->bucket, where, steps));
    return Known::kYes;
  }
  if (name == "requests_kcount") {
    GH_TRY(price.thousand_requests, ReadRate(value, where));
    return Known::kYes;
  }
  // Usage does not tell the tools apart: the dearest counts for all of them.
  if (name == "web_searches_kcount" || name == "storage_searches_kcount" || name == "tool_calls_kcount") {
    GH_TRY(const std::int64_t rate, ReadRate(value, where));
    price.thousand_tool_calls = std::max(price.thousand_tool_calls, rate);
    return Known::kYes;
  }
  return Known::kNo;
}

// nullopt: nothing in it is of a kind that usage has. An empty object says nothing either: no price is not a price of
// zero.
base::Result<std::optional<Price>> ReadPrice(Value prices, const std::string& where, std::uint32_t batch) {
  if (!prices.IsObject()) return Wrong(where, "must be an object");
  Price price;
  price.batch_millionths = batch;
  Steps steps;
  Known any = Known::kNo;
  for (const auto& [name, value, at] : prices) {
    if (value.IsNull()) continue;
    GH_TRY(const Known known, ReadMember(name, value, where + "." + std::string(name), price, steps));
    if (known == Known::kYes) any = Known::kYes;
  }
  if (any == Known::kNo) return std::optional<Price>();
  if (!steps.empty()) price.bands = BandsOf(steps);
  if (price.bands.front().above != 0) return Wrong(where, "tiers need a `base`");
  return std::optional<Price>(std::move(price));
}

constexpr std::array<std::pair<std::string_view, ModelMatch::Kind>, 4> kComparisons = {
    {{"equals", ModelMatch::Kind::kEquals},
     {"starts_with", ModelMatch::Kind::kStartsWith},
     {"ends_with", ModelMatch::Kind::kEndsWith},
     {"contains", ModelMatch::Kind::kContains}}};

base::Result<ModelMatch> ReadMatch(Value value, const std::string& where);

base::Result<ModelMatch> ReadJoined(Value list, ModelMatch::Kind kind, const std::string& where) {
  std::vector<ModelMatch> parts;
  for (const auto& [key, part, at] : list) {
    GH_TRY(ModelMatch match, ReadMatch(part, where));
    parts.push_back(std::move(match));
  }
  if (!list.IsArray() || parts.empty()) return Wrong(where, "`or` and `and` are lists, and not empty");
  return ModelMatch::Of(kind, std::move(parts));
}

base::Result<ModelMatch> ReadMatch(Value value, const std::string& where) {
  if (!value.IsObject() || value.size() != 1) return Wrong(where, "must be an object with one member");
  const auto [name, operand, at] = *value.begin();
  if (name == "or") return ReadJoined(operand, ModelMatch::Kind::kAny, where);
  if (name == "and") return ReadJoined(operand, ModelMatch::Kind::kAll, where);
  if (name == "not") {
    std::vector<ModelMatch> part;
    GH_TRY(ModelMatch match, ReadMatch(operand, where));
    part.push_back(std::move(match));
    return ModelMatch::Of(ModelMatch::Kind::kNot, std::move(part));
  }
  if (!operand.IsString() || operand.string().empty()) return Wrong(where, "compares with a text that is not empty");
  for (const auto& [word, kind] : kComparisons) {
    if (name == word) return ModelMatch::Of(kind, operand.string());
  }
  if (name != "regex") return Wrong(where, "unknown comparison `" + std::string(name) + "`");
  auto pattern = ReadPattern(operand.string());
  if (!pattern.ok()) return Wrong(where, pattern.error().public_message);
  return std::move(pattern).value();
}

// "00:30:00Z", in seconds after midnight.
std::optional<std::uint32_t> ReadTimeOfDay(std::string_view text) {
  const auto time = codec::cel::ParseTimestamp(std::string("1970-01-01T").append(text));
  if (!time || time->seconds < 0 || time->seconds >= 24 * 3600) return {};
  return static_cast<std::uint32_t>(time->seconds);
}

base::Result<Validity> ReadConstraint(Value value, const std::string& where) {
  Validity validity;
  if (value.IsNullish()) return validity;
  const Value start = value["start_date"];
  if (!start.IsMissing()) {
    validity.from = ReadDate(start.string());
    if (!validity.from) return Wrong(where, "`start_date` must be a date such as 2026-11-01");
    return validity;
  }
  const auto begin = ReadTimeOfDay(value["start_time"].string());
  const auto end = ReadTimeOfDay(value["end_time"].string());
  if (!begin || !end) return Wrong(where, "must have `start_date`, or `start_time` and `end_time` such as 16:30:00Z");
  validity.daily = Validity::Daily{.begin = *begin, .end = *end};
  return validity;
}

std::string TimeOfDayText(std::uint32_t second) {
  std::string text = std::to_string(10'000 + second / 3600 * 100 + second % 3600 / 60).substr(1);
  return text.insert(2, ":");
}

std::string Suffix(const Validity& validity) {
  if (validity.from) return "@" + DateText(*validity.from);
  if (!validity.daily) return "";
  return "@" + TimeOfDayText(validity.daily->begin) + "-" + TimeOfDayText(validity.daily->end);
}

// Reads the models of one provider.
class ProviderReader {
 public:
  ProviderReader(CatalogueFile& file, ProviderPrices& provider) : file_(file), provider_(provider) {}

  base::Status Read(Value provider) {
    GH_TRY(batch_, ReadBatch(provider["batch"]));
    for (const auto& [key, name, at] : provider["fallback_model_providers"]) {
      provider_.fallback.emplace_back(name.string());
    }
    if (!provider["models"].IsArray()) return Wrong(provider_.id, "`models` must be a list");
    for (const auto& [key, model, at] : provider["models"]) GH_CHECK_OK(ReadModel(model));
    return base::Ok();
  }

 private:
  base::Result<std::uint32_t> ReadBatch(Value value) const {
    if (value.IsNullish()) return Price::kWhole;
    const auto factor = value.AsNumber();
    if (!factor || *factor < 0 || *factor > 1) return Wrong(provider_.id, "`batch` must be a number from 0 to 1");
    return static_cast<std::uint32_t>(std::llround(*factor * Price::kWhole));
  }

  base::Status ReadModel(Value model) {
    const std::string_view name = model["id"].string();
    if (name.empty() || name.size() > kMaxName) return Wrong(provider_.id, "every model needs an `id`");
    const std::string where = provider_.id + "/" + std::string(name);
    GH_TRY(ModelMatch match, ReadMatch(model["match"], where + ": match"));
    Entry entry{.provider = provider_.id, .model = std::string(name), .match = std::move(match), .prices = {}};
    GH_CHECK_OK(ReadPrices(model["prices"], where + ": prices", entry));
    if (entry.prices.empty()) {
      file_.unpriced.push_back(where);
      return base::Ok();
    }
    for (DatedPrice& dated : entry.prices) {
      dated.price.id = file_.version + "/" + where + Suffix(dated.validity);
    }
    provider_.entries.push_back(std::move(entry));
    return base::Ok();
  }

  base::Status ReadPrices(Value prices, const std::string& where, Entry& entry) const {
    if (!prices.IsArray()) return AddPrice(prices, {}, where, entry);
    if (prices.size() > kMaxPrices) return Wrong(where, "are too many: at most 64");
    for (const auto& [key, element, at] : prices) {
      GH_TRY(const Validity validity, ReadConstraint(element["constraint"], where));
      // Before all others hold, the first one does.
      GH_CHECK_OK(AddPrice(element["prices"], entry.prices.empty() ? Validity() : validity, where, entry));
    }
    return base::Ok();
  }

  base::Status AddPrice(Value prices, const Validity& validity, const std::string& where, Entry& entry) const {
    GH_TRY(std::optional<Price> price, ReadPrice(prices, where, batch_));
    if (price) entry.prices.push_back({.validity = validity, .price = std::move(*price)});
    return base::Ok();
  }

  CatalogueFile& file_;
  ProviderPrices& provider_;
  std::uint32_t batch_ = Price::kWhole;
};

std::string VersionOf(Value root, std::string_view json) {
  constexpr std::size_t kDigits = 12;
  const std::string_view stated = root["version"].string();
  if (!stated.empty() && stated.size() <= kMaxName) return std::string(stated);
  const codec::crypto::Digest digest = codec::crypto::Sha256(json);
  return codec::crypto::HexEncode(codec::crypto::AsText(digest)).substr(0, kDigits);
}

}  // namespace

std::optional<base::WallTime> ReadDate(std::string_view text) {
  const auto time =
      codec::cel::ParseTimestamp(text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text));
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(base::WallTime::max().time_since_epoch());
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(base::WallTime::min().time_since_epoch());
  if (!time || time->seconds >= kLast.count() || time->seconds < kFirst.count()) return {};
  return base::WallTime(std::chrono::seconds(time->seconds));
}

std::string DateText(base::WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch()).count();
  const std::string text = codec::cel::TimestampText({.seconds = seconds, .nanos = 0});
  constexpr std::string_view kMidnight = "T00:00:00Z";
  return text.ends_with(kMidnight) ? text.substr(0, text.size() - kMidnight.size()) : text;
}

base::Result<ModelMatch> ReadPattern(std::string_view pattern) {
  GH_TRY(codec::cel::Regex regex, codec::cel::Regex::Compile(std::string("(?i)").append(pattern), kRegexMemory));
  return ModelMatch::Of(std::move(regex));
}

base::Result<CatalogueFile> ReadCatalogueFile(std::string_view json) {
  if (json.size() > kMaxBytes) return base::InvalidRequest("a catalogue of prices has at most 32 MiB");
  codec::json::Document document;
  GH_CHECK_OK(document.Parse(json, {.depth = kMaxDepth}));
  const Value root = document.root();
  const Value providers = root.IsArray() ? root : root["providers"];
  if (!providers.IsArray()) return base::InvalidRequest("a catalogue of prices is a list of providers");
  CatalogueFile file{.version = VersionOf(root, json), .providers = {}, .unpriced = {}};
  std::set<std::string, std::less<>> names;
  for (const auto& [key, provider, at] : providers) {
    const std::string_view id = provider["id"].string();
    if (id.empty() || id.size() > kMaxName) return base::InvalidRequest("every provider of a catalogue needs an `id`");
    if (!names.emplace(id).second) return Wrong(id, "stands in the catalogue twice");
    ProviderPrices prices{.id = std::string(id), .fallback = {}, .entries = {}};
    GH_CHECK_OK(ProviderReader(file, prices).Read(provider));
    file.providers.push_back(std::move(prices));
  }
  const auto filled = [](const ProviderPrices& provider) { return !provider.entries.empty(); };
  if (std::ranges::none_of(file.providers, filled)) return base::InvalidRequest("the catalogue has no prices in it");
  return file;
}

}  // namespace gatehouse::llm::price
