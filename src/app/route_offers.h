#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "features/routing/route.h"
#include "pipeline/offer.h"

namespace gatehouse::app {

// What the routes of a configuration offer, for stages that must know it before a target is chosen. Immutable; shared
// by the loops.
class RouteOffers final : public pipeline::Offers {
 public:
  explicit RouteOffers(const std::vector<features::routing::Route>& routes);
  std::span<const pipeline::Offer> Of(std::string_view model) const override;

 private:
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the name that the library looks for
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::vector<pipeline::Offer>, Hash, std::equal_to<>> by_model_;
};

}  // namespace gatehouse::app
