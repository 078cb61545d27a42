#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/money.h"
#include "llm/price/catalogue.h"

namespace gatehouse::llm::price {
namespace {

constexpr std::size_t kMostLines = 20;
constexpr std::int64_t kTooFar = 100;  // times

constexpr std::array<std::string_view, kBuckets> kNames = {
    "input",       "cache_read", "cache_write", "cache_write_30m", "cache_write_1h", "cache_write_12h",
    "input_audio", "tool_input", "output",      "reasoning",       "output_audio"};

bool LooksWrong(std::int64_t before, std::int64_t after) {
  if (before == 0) return false;
  return after == 0 || after / kTooFar >= before || before / kTooFar >= after;
}

using Models = std::map<std::string, const Entry*, std::less<>>;

Models ModelsOf(const Catalogue& catalogue) {
  Models models;
  for (const ProviderPrices& provider : catalogue.file().providers) {
    for (const Entry& entry : provider.entries) models.emplace(provider.id + "/" + entry.model, &entry);
  }
  return models;
}

void Compare(const std::string& model, const Price& before, const Price& after, std::vector<std::string>& lines) {
  const Rates& old_rates = before.bands.front().rates;
  const Rates& new_rates = after.bands.front().rates;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    if (!LooksWrong(old_rates.at(i), new_rates.at(i))) continue;
    lines.push_back(std::string(model)
                        .append(": ")
                        .append(kNames.at(i))
                        .append(" goes from ")
                        .append(base::FormatUsd({old_rates.at(i)}))
                        .append(" to ")
                        .append(base::FormatUsd({new_rates.at(i)}))
                        .append(" dollars for a million tokens"));
    return;  // gaps follow what they are filled with: one line says it
  }
}

}  // namespace

std::vector<std::string> Suspicions(const Catalogue& before, const Catalogue& after, base::WallTime now) {
  std::vector<std::string> lines;
  std::size_t gone = 0;
  const Models models = ModelsOf(after);
  for (const auto& [name, entry] : ModelsOf(before)) {
    const auto found = models.find(name);
    if (found == models.end()) {
      ++gone;
      continue;
    }
    const Price* was = entry->At(now);
    const Price* is = found->second->At(now);
    if (was != nullptr && is != nullptr && lines.size() < kMostLines) Compare(name, *was, *is, lines);
  }
  if (lines.size() >= kMostLines) lines.resize(kMostLines - 1);
  if (gone > 0) lines.push_back(std::to_string(gone) + " models of the catalogue before have no price in this one");
  return lines;
}

}  // namespace gatehouse::llm::price
