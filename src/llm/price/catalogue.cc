#include "llm/price/catalogue.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gatehouse::llm::price {
namespace {

// Whose prices a kind of provider has, in the catalogue's words. What answers without an upstream costs nothing, and
// whoever speaks OpenAI's protocol can be anybody: then the provider's own name decides.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kKinds = {{{"anthropic", "anthropic"},
                                                                                  {"azure_openai", "azure"},
                                                                                  {"bedrock", "aws"},
                                                                                  {"cohere", "cohere"},
                                                                                  {"gemini", "google"},
                                                                                  {"openai", "openai"},
                                                                                  {"vertex", "google"}}};

std::string_view ListedAs(const PricedProvider& provider) {
  const auto* found =
      std::ranges::find(kKinds, std::string_view(provider.kind), &std::pair<std::string_view, std::string_view>::first);
  return found == kKinds.end() ? std::string_view(provider.name) : found->second;
}

Entry FreeEntry() {
  Price price;
  price.id = "simulated";
  return {.provider = "simulated",
          .model = "",
          .match = ModelMatch::Of(ModelMatch::Kind::kContains, ""),
          .prices = {{.validity = {}, .price = std::move(price)}}};
}

}  // namespace

Catalogue::Catalogue(CatalogueFile file, Settings settings) : file_(std::move(file)), settings_(std::move(settings)) {
  unknown_.id = "unknown";
  unknown_.origin = Price::Origin::kUnknown;
  const auto simulated = [](const ProviderPrices& provider) { return provider.id == "simulated"; };
  if (std::ranges::any_of(file_.providers, simulated)) return;
  ProviderPrices free{.id = "simulated", .fallback = {}, .entries = {}};
  free.entries.push_back(FreeEntry());
  file_.providers.push_back(std::move(free));
}

base::Result<std::shared_ptr<const Catalogue>> Catalogue::Make(CatalogueFile file, Settings settings,
                                                               const std::vector<PricedProvider>& configured) {
  std::shared_ptr<Catalogue> catalogue(new Catalogue(std::move(file), std::move(settings)));
  GH_CHECK_OK(catalogue->Connect(configured));
  GH_CHECK_OK(catalogue->Resolve());
  return std::shared_ptr<const Catalogue>(std::move(catalogue));
}

base::Status Catalogue::Connect(const std::vector<PricedProvider>& configured) {
  for (const PricedProvider& provider : configured) {
    const bool simulated = provider.kind == "simulated";
    sold_by_[provider.name] = FindProvider(simulated ? std::string_view("simulated") : ListedAs(provider));
  }
  for (const auto& [name, id] : settings_.providers) {
    const auto found = sold_by_.find(name);
    if (found == sold_by_.end()) return base::InvalidRequest("prices.providers: no provider is called `" + name + "`");
    const ProviderPrices* prices = FindProvider(id);
    if (prices == nullptr) return base::InvalidRequest("prices.providers: the catalogue has no provider `" + id + "`");
    found->second = prices;
  }
  return base::Ok();
}

base::Status Catalogue::Resolve() {
  for (const Settings::Override& one : settings_.overrides) {
    const bool known = one.provider == "*" || sold_by_.contains(one.provider) || FindProvider(one.provider) != nullptr;
    if (!known) {
      return base::InvalidRequest("prices.overrides: neither the configuration nor the catalogue has a provider `" +
                                  one.provider + "`");
    }
    like_.push_back(one.like.empty() ? nullptr : FindEntry(one.like));
    if (!one.like.empty() && like_.back() == nullptr) {
      return base::InvalidRequest("prices.overrides: the catalogue has no model `" + one.like +
                                  "`; write provider/model");
    }
  }
  return base::Ok();
}

const ProviderPrices* Catalogue::FindProvider(std::string_view id) const {
  const auto found = std::ranges::find(file_.providers, id, &ProviderPrices::id);
  return found == file_.providers.end() ? nullptr : &*found;
}

const Entry* Catalogue::FindEntry(std::string_view provider_and_model) const {
  const std::size_t slash = provider_and_model.find('/');
  if (slash == std::string_view::npos) return nullptr;
  const ProviderPrices* provider = FindProvider(provider_and_model.substr(0, slash));
  if (provider == nullptr) return nullptr;
  const std::string model = LowerCase(provider_and_model.substr(slash + 1));
  const auto matches = [&](const Entry& entry) { return entry.match.Matches(model); };
  const auto found = std::ranges::find_if(provider->entries, matches);
  return found == provider->entries.end() ? nullptr : &*found;
}

void Catalogue::AddListed(const ProviderPrices& provider, std::string_view model,
                          std::vector<const Entry*>& found) const {
  const auto add = [&](const ProviderPrices& from) {
    const auto matches = [&](const Entry& entry) { return entry.match.Matches(model); };
    const auto entry = std::ranges::find_if(from.entries, matches);
    if (entry == from.entries.end()) return false;
    found.push_back(&*entry);
    return true;
  };
  if (add(provider)) return;
  for (const std::string& other : provider.fallback) {
    const ProviderPrices* prices = FindProvider(other);
    if (prices != nullptr && add(*prices)) return;
  }
}

std::vector<const Entry*> Catalogue::Candidates(std::string_view provider, std::string_view model) const {
  const std::string name = LowerCase(model);
  const auto sold = sold_by_.find(provider);
  const ProviderPrices* listed = sold == sold_by_.end() ? FindProvider(provider) : sold->second;
  const std::string_view id = listed == nullptr ? std::string_view() : std::string_view(listed->id);
  std::vector<const Entry*> found;
  for (std::size_t i = 0; i < settings_.overrides.size(); ++i) {
    const Settings::Override& one = settings_.overrides[i];
    const bool meant = one.provider == "*" || one.provider == provider || one.provider == id;
    if (meant && one.entry.match.Matches(name)) found.push_back(like_[i] == nullptr ? &one.entry : like_[i]);
  }
  if (listed != nullptr) AddListed(*listed, name, found);
  return found;
}

const Price* Catalogue::Otherwise() const {
  switch (settings_.unknown) {
    case Settings::Unknown::kRefuse: return nullptr;
    case Settings::Unknown::kDefault: return &*settings_.otherwise;
    case Settings::Unknown::kAutomatic:
    case Settings::Unknown::kFree: return &unknown_;
  }
  return nullptr;
}

const Price* PriceAt(const std::vector<const Entry*>& candidates, base::WallTime when) {
  for (const Entry* entry : candidates) {
    if (const Price* price = entry->At(when)) return price;
  }
  return nullptr;
}

const Price* Catalogue::Of(const std::vector<const Entry*>& candidates, base::WallTime when) const {
  const Price* price = PriceAt(candidates, when);
  return price == nullptr ? Otherwise() : price;
}

const Price* Catalogue::Find(std::string_view provider, std::string_view model, base::WallTime when) const {
  return Of(Candidates(provider, model), when);
}

const Price* Lookup::Find(std::string_view provider, std::string_view model, base::WallTime when) {
  key_.assign(provider).append(1, '\0').append(model);
  auto found = known_.find(key_);
  if (found == known_.end()) {
    if (known_.size() >= kMostNames) known_.clear();
    found = known_.emplace(key_, catalogue_->Candidates(provider, model)).first;
  }
  return catalogue_->Of(found->second, when);
}

}  // namespace gatehouse::llm::price
