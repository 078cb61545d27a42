#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "llm/price/catalogue_file.h"
#include "llm/price/entry.h"
#include "llm/price/settings.h"

namespace gatehouse::llm::price {

// A configured provider: its name, and its kind ("openai", "bedrock", ...), which says whose prices it has.
struct PricedProvider {
  std::string name;
  std::string kind;
};

// All prices that are in force: a catalogue's file, the operator's overrides, and what holds for the rest. Immutable
// and shared by all loops; what it returns lives as long as it does.
class Catalogue {
 public:
  // Errors are kInvalidRequest and name the setting: a provider or model that the file does not have.
  static base::Result<std::shared_ptr<const Catalogue>> Make(CatalogueFile file, Settings settings,
                                                             const std::vector<PricedProvider>& configured);
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;
  ~Catalogue() = default;

  // What the model costs at that provider at that time; `provider` is a configured provider's name, or the catalogue's
  // own word for one. For a model that nobody knows: nullptr where such are refused, otherwise a price whose origin
  // says so. Takes microseconds: see Lookup.
  const Price* Find(std::string_view provider, std::string_view model, base::WallTime when) const;

  // The entries that may hold for a model, the first one that has a price at a time wins.
  std::vector<const Entry*> Candidates(std::string_view provider, std::string_view model) const;
  const Price* Otherwise() const;
  // Of a model with those candidates, as Find().
  const Price* Of(const std::vector<const Entry*>& candidates, base::WallTime when) const;

  const std::string& version() const { return file_.version; }
  const CatalogueFile& file() const { return file_; }
  Settings::Unknown unknown() const { return settings_.unknown; }

 private:
  Catalogue(CatalogueFile file, Settings settings);
  base::Status Connect(const std::vector<PricedProvider>& configured);
  base::Status Resolve();
  const ProviderPrices* FindProvider(std::string_view id) const;
  const Entry* FindEntry(std::string_view provider_and_model) const;
  void AddListed(const ProviderPrices& provider, std::string_view model, std::vector<const Entry*>& found) const;

  CatalogueFile file_;
  Settings settings_;
  Price unknown_;
  std::map<std::string, const ProviderPrices*, std::less<>> sold_by_;  // configured name -> its prices
  std::vector<const Entry*> like_;                                     // by override; null: its own entry
};

const Price* PriceAt(const std::vector<const Entry*>& candidates, base::WallTime when);

// Finds prices for one loop, and remembers what names mean: a tenth of a microsecond for a name that was seen before.
class Lookup {
 public:
  explicit Lookup(std::shared_ptr<const Catalogue> catalogue) : catalogue_(std::move(catalogue)) {}

  // As Catalogue::Find.
  const Price* Find(std::string_view provider, std::string_view model, base::WallTime when);
  const Catalogue& catalogue() const { return *catalogue_; }

 private:
  static constexpr std::size_t kMostNames = 4096;

  std::shared_ptr<const Catalogue> catalogue_;
  std::unordered_map<std::string, std::vector<const Entry*>> known_;
  std::string key_;  // reused
};

// What a reload would change that looks like a mistake: a price that becomes nothing or a hundred times another, a
// model that has none any more. One line each, for a person; at most 20.
std::vector<std::string> Suspicions(const Catalogue& before, const Catalogue& after, base::WallTime now);

}  // namespace gatehouse::llm::price
