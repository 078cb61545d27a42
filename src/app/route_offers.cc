#include "app/route_offers.h"

namespace gatehouse::app {

RouteOffers::RouteOffers(const std::vector<features::routing::Route>& routes) {
  for (const auto& route : routes) {
    auto& offers = by_model_[route.model];
    for (const auto& target : route.targets) {
      offers.push_back({.provider = target.provider_name,
                        .model = target.model,
                        .context_tokens = target.context_tokens,
                        .max_output_tokens = target.max_output_tokens});
    }
  }
}

std::span<const pipeline::Offer> RouteOffers::Of(std::string_view model) const {
  const auto found = by_model_.find(model);
  return found == by_model_.end() ? std::span<const pipeline::Offer>() : std::span(found->second);
}

}  // namespace gatehouse::app
