#include "features/ratelimit/selection.h"

#include <algorithm>
#include <utility>

namespace gatehouse::features::ratelimit {

std::shared_ptr<Concern> Selection::Of(const std::shared_ptr<const pipeline::Principal>& principal,
                                       std::string_view model, base::TimePoint now) {
  std::shared_ptr<Concern>* const known = known_.Find(principal.get(), model);
  if (known == nullptr) return known_.Add(principal, model, NewConcern(principal, model, now));
  if (now >= (*known)->until) *known = NewConcern(principal, model, now);
  return *known;
}

std::shared_ptr<Concern> Selection::NewConcern(const std::shared_ptr<const pipeline::Principal>& principal,
                                               std::string_view model, base::TimePoint now) const {
  auto concern = std::make_shared<Concern>(
      Concern{.principal = principal, .model = std::string(model), .until = now + kRemembered, .general = {}});
  rules_->Select(*principal, model, now, concern->general);
  return concern;
}

const Concern::Matches& Selection::Of(Concern& concern, std::string_view provider, base::TimePoint now) const {
  const auto known = std::ranges::find(concern.by_provider, provider, &Concern::OfProvider::provider);
  if (known != concern.by_provider.end()) return known->matches;
  auto& of_provider =
      concern.by_provider.emplace_back(Concern::OfProvider{.provider = std::string(provider), .matches = {}});
  rules_->SelectFor(provider, *concern.principal, concern.model, now, of_provider.matches);
  return of_provider.matches;
}

}  // namespace gatehouse::features::ratelimit
